"""The blocks of the page on models run, one after another within a section, and print what stands below them."""

import re
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, section

PAGE = ROOT / "docs" / "how-to" / "models.md"
SECTIONS = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
FILES = {
    "Lifetime value": "cdnow/cdnow_customers_summary_with_transactions.csv",
    "Uplift": "hillstrom/hillstrom.csv",
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[-+]\d+)?")


@pytest.mark.parametrize("heading", SECTIONS)
def test_it_prints_what_it_says(
    heading: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if heading in FILES:
        file: Path = request.getfixturevalue("real_data") / FILES[heading]
        (tmp_path / file.name).symlink_to(file)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    shown = section(PAGE, heading)
    assert [block.language for block in shown] == ["python", "text"] * (len(shown) // 2)
    for code, output in zip(shown[::2], shown[1::2], strict=True):
        exec(compile(code.text, PAGE.name, "exec"), names)  # noqa: S102 - the page is ours
        printed = capsys.readouterr().out
        assert _NUMBER.sub("#", printed) == _NUMBER.sub("#", output.text)
        # The last digit may differ between processors.
        numbers, expected = (list(map(float, _NUMBER.findall(text))) for text in (printed, output.text))
        assert numbers == pytest.approx(expected, rel=2e-3)
