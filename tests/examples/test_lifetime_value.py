"""The example of lifetime value, on the data of the papers that it names."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from .loading import EXAMPLES


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["lifetime_value.py", *arguments])
    runpy.run_path(str(EXAMPLES / "lifetime_value.py"), run_name="__main__")


def test_it_prints_the_models_of_the_papers(
    real_data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(monkeypatch, str(real_data / "cdnow" / "cdnow_customers_summary_with_transactions.csv"))
    printed = capsys.readouterr().out
    # Fader, Hardie & Lee, 2005; Fader & Hardie, 2005.
    assert "BG/NBD {'r': 0.243, 'alpha': 4.414, 'a': 0.793, 'b': 2.426}" in printed
    assert "log-likelihood -9582.4" in printed
    found = re.search(r"Gamma-Gamma \{'p': ([\d.]+), 'q': ([\d.]+), 'gamma': ([\d.]+)\}", printed)
    assert found
    assert [float(number) for number in found.groups()] == pytest.approx([6.25, 3.74, 15.44], abs=0.02)


def test_a_file_that_is_not_there_ends_with_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"^[^\n]*nowhere\.csv[^\n]*$"):
        _run(monkeypatch, "nowhere.csv")
