"""The program on the page about attribution runs and tells what it says."""

from pathlib import Path

import pytest

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.test_attribution import MAPPING, ORDERS, TOUCHES
from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "attribution.md"


def test_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, content in {"orders.csv": ORDERS, "touches.csv": TOUCHES, "shop.yaml": MAPPING}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    load(Workspace.create(tmp_path / "shop", currency="RUB").lake, read_mapping(tmp_path / "shop.yaml"))
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    (program,) = (block.text for block in blocks(PAGE) if block.language == "python")
    exec(compile(program, PAGE.name, "exec"), names)  # noqa: S102 - the page is ours
    assert capsys.readouterr().out.splitlines()[0] == "True"
    # Anna's 100 go half to email and half to search, Boris's 300 to search; before Clara's 50 there was no touch.
    linear = names["frame"].query("method == 'linear'")
    found = {row["channel"] or "none": float(row["value"]) for row in linear.to_dict(orient="records")}
    assert found == {"email": 50, "search": 350, "none": 50}
