"""The example of uplift: what it prints of Hillstrom's e-mails is what tea-tasting finds in the file's rows."""

import re
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest
import tea_tasting as tt

from .loading import EXAMPLES

NUMBER = r"([-+\d.,e]+)"
LINE = re.compile(rf"  (.*): {NUMBER} \({NUMBER} to {NUMBER}\), p {NUMBER}; {NUMBER}% .*; {NUMBER} in all \(.*\)")


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["uplift.py", *arguments])
    runpy.run_path(str(EXAMPLES / "uplift.py"), run_name="__main__")


def test_it_prints_the_effects_that_tea_tasting_finds(
    real_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = real_data / "hillstrom" / "hillstrom.csv"
    _run(monkeypatch, str(path))
    head, *parts = re.split(r"^(\w+): ([\d.]+) per customer without e-mail\n", capsys.readouterr().out, flags=re.M)
    assert head == "arms of equal size: p = 0.90\n"

    file = pd.read_csv(path)
    plain = {}
    for outcome, _, lines in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        found = {
            match[1]: [float(one.replace(",", "")) for one in match.groups()[1:]] for match in LINE.finditer(lines)
        }
        assert set(found) == {"Mens E-Mail", "Womens E-Mail"}
        tests = {
            arm: tt.Mean(outcome, "history", equal_var=False, use_t=True).analyze(
                file, "No E-Mail", arm, variant="segment"
            )
            for arm in found
        }
        for arm, (difference, lower, upper, _, relative, total) in found.items():
            test = tests[arm]
            assert (difference, lower, upper) == pytest.approx(
                (test.effect_size, test.effect_size_ci_lower, test.effect_size_ci_upper), abs=6e-5
            )
            assert relative == pytest.approx(100 * test.rel_effect_size, abs=0.6)
            assert total == pytest.approx(test.effect_size * (file["segment"] == arm).sum(), abs=0.6)
        # Holm's of two: the smaller p twice, the larger as it is or as much.
        low, high = sorted(test.pvalue for test in tests.values())
        assert sorted(row[3] for row in found.values()) == pytest.approx([2 * low, max(2 * low, high)], rel=0.04)
        plain[outcome] = tests["Mens E-Mail"].control
    assert list(plain) == ["visit", "conversion", "spend"]
    assert [float(value) for value in parts[1::3]] == pytest.approx(list(plain.values()), abs=6e-5)


def test_arms_of_another_size_than_planned_end_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arms = [*["No E-Mail"] * 600, *["Mens E-Mail"] * 400, *["Womens E-Mail"] * 500]
    (tmp_path / "broken.csv").write_text("segment\n" + "\n".join(arms))
    with pytest.raises(SystemExit, match="not as large as planned"):
        _run(monkeypatch, str(tmp_path / "broken.csv"))


def test_a_file_that_is_not_there_ends_with_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"^[^\n]*nowhere\.csv[^\n]*$"):
        _run(monkeypatch, "nowhere.csv")
