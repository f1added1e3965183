"""A person with the README alone gets from three CSV files to a scorecard and a PDF in Russian."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pypdfium2
import pytest

from tests.docs.blocks import ROOT, Block, section

README = ROOT / "README.md"
_INSTALL = ["make setup", ". .venv/bin/activate"]


@pytest.fixture(scope="module")
def walk() -> list[Block]:
    """The walk without its first block, which installs: the tests run in what it made."""
    installing, *walk = section(README, "Five minutes with your own files")
    assert installing.text.splitlines() == _INSTALL
    return walk


@pytest.mark.slow
def test_the_walk_of_the_readme_leads_to_a_report_in_russian(walk: list[Block], tmp_path: Path):
    script, expected = _script(walk)
    environment = {**os.environ, "HOME": str(tmp_path), "COLUMNS": "120", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}  # fmt: skip

    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    for number, output in expected.items():
        printed = " ".join(run.stdout.split(f"<{number}>")[1].split())
        for line in output.splitlines():
            for part in line.split("…"):
                assert " ".join(part.split()) in printed, f"the README shows {line!r}; printed was: {printed}"
    reports = list((tmp_path / "warm-house/shop/reports").iterdir())
    assert [report.name for report in reports] == ["scorecard-2026-Q3-ru.pdf"]
    text = _text(reports[0])
    for words in ("Тёплый дом", "3-й квартал 2026 года", "Поддержка клиентов", "Продажи", "Выручка"):
        assert words in text


def test_the_figures_of_the_walk_are_right(walk: list[Block]):
    """NPS of the sample answers, counted by hand: third quarter 8, 10, 9 against 2; second 9 and 8 against 3."""
    shown = next(block.text for block in walk if block.text.startswith("NPS"))
    values = dict(re.findall(r"^(Q\d) 2026 +(\S+)", shown, re.MULTILINE))
    assert values == {"Q2": f"{(2 - 1) / 4:.2f}", "Q3": f"{(3 - 1) / 4:.2f}"}


def test_the_readme_installs_by_targets_that_there_are():
    for target in ("setup", "demo", "test", "docs"):
        made = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr


def _script(walk: list[Block]) -> tuple[str, dict[int, str]]:
    """The walk as one shell script, and what it should print after the marks of its command blocks."""
    lines: list[str] = []
    expected: dict[int, str] = {}
    commands = 0
    for block in walk:
        if block.name is not None:
            lines.append(f"cat > {block.name} <<'END'\n{block.text}END")
        elif block.language == "sh":
            commands += 1
            lines.append(f"echo '<{commands}>'\n{block.text}")
        else:  # what the commands before it print
            expected[commands] = block.text
    return "\n".join([*lines, f"echo '<{commands + 1}>'"]), expected


def _text(path: Path) -> str:
    document = pypdfium2.PdfDocument(path)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())
    finally:
        document.close()
