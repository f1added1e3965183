"""The benchmark on the command line, from one organisation's export to another's league."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.cli.benchmark import demo_peers
from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.workspace import Workspace
from tests.cli.conftest import Ended

SCORECARD = """perspectives:
- id: customer_support
  weight: 1
  kpis:
  - {id: nps, weight: 1, target: 0.5, normalisation: min_max, worst: -1, best: 1}
"""
MAPPING = """source: survey
files:
  - file: answers.csv
    tables:
      answers:
        columns: {answer_id: answer_id, customer_id: customer_id, at: at, score: score, instrument: {constant: nps}, question: {constant: recommend}}
"""


def company(folder: Path, name: str, promoters: int, answers: int = 60) -> Path:
    """A workspace with answers of one quarter, so many of them 9 and the others 2."""
    source = folder / f"{name}-source"
    source.mkdir()
    rows = [f"{name}{n},c{n},2026-08-{1 + n % 28:02d},{9 if n < promoters else 2}" for n in range(answers)]
    (source / "answers.csv").write_text("answer_id,customer_id,at,score\n" + "\n".join(rows) + "\n", encoding="utf-8")
    (source / "map.yaml").write_text(MAPPING, encoding="utf-8")
    workspace = Workspace.create(folder / name, organisation=name, currency="RUB", language="en")
    (workspace.directory / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    load(workspace.lake, read_mapping(source / "map.yaml"))
    return workspace.directory


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("companies")
    return company(folder, "alpha", 45), company(folder, "beta", 30)


def test_two_organisations_compare_by_files(
    companies: tuple[Path, Path], tmp_path: Path, septima: Callable[..., Ended]
) -> None:
    alpha, beta = companies
    file = tmp_path / "beta.json"
    made = septima(
        "benchmark",
        "export",
        beta,
        "--period",
        "2026-Q3",
        "--output",
        file,
        "--trade",
        "government",
        "--format",
        "json",
    )
    assert made.code == 0, made.err
    # 30 of 60 promoters and 30 detractors: NPS 0, which is 50 on 0–100.
    content = json.loads(made.out)["content"]
    assert content["integral"]["normalised"]["value"] == pytest.approx(50)
    assert content["integral"]["n"] == [50, 99]

    checked = septima("benchmark", "verify", file)
    assert checked.code == 0
    assert "beta" in checked.out

    told = septima("benchmark", "compare", alpha, file, "--period", "2026-Q3", "--format", "json")
    assert told.code == 0, told.err
    league = json.loads(told.out)["leagues"][0]
    # 45 of 60 promoters: NPS 0.5, which is 75 on 0–100.
    assert league["own"]["to_best"]["value"] == 0
    assert [round(place["figure"]["value"]) for place in league["places"]] == [75, 50]
    assert league["own"]["percentile"]["value"] == 75

    shown = septima("benchmark", "compare", alpha, file, "--period", "2026-Q3", "--report", tmp_path / "league.html")
    assert shown.code == 0, shown.err
    assert "nobody here has checked: beta" in shown.out
    assert "<svg" in (tmp_path / "league.html").read_text(encoding="utf-8")

    assert septima("benchmark", "trust", alpha, file).code == 0
    again = septima("benchmark", "compare", alpha, file, "--period", "2026-Q3")
    assert "nobody here has checked" not in again.out


def test_files_in_the_folder_make_a_chapter_of_the_report(
    companies: tuple[Path, Path], tmp_path: Path, septima: Callable[..., Ended]
) -> None:
    alpha, beta = company(tmp_path, "alpha", 45), companies[1]
    folder = alpha / "benchmark"
    septima("benchmark", "export", beta, "--period", "2026-Q3", "--output", folder / "beta.json")
    septima("benchmark", "export", alpha, "--period", "2026-Q3", "--output", folder / "ours.json")
    page = tmp_path / "card.html"
    made = septima("report", alpha, "--period", "2026-Q3", "--output", page)
    assert made.code == 0, made.err
    written = page.read_text(encoding="utf-8")
    assert "Beside other organisations" in written
    assert "beside 1 other" in written
    (folder / "beta.json").write_text("{}", encoding="utf-8")
    assert septima("report", alpha, "--period", "2026-Q3", "--output", page).code == 0
    assert "is no exchange file of a benchmark" in page.read_text(encoding="utf-8")


def test_an_altered_file_is_refused_by_name_and_remedy(
    companies: tuple[Path, Path], tmp_path: Path, septima: Callable[..., Ended]
) -> None:
    alpha, beta = companies
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    septima("benchmark", "export", beta, "--period", "2026-Q3", "--output", good)
    bad.write_bytes(good.read_bytes().replace(b"beta", b"beto"))
    ended = septima("benchmark", "verify", good, bad)
    assert ended.code == 1
    assert f"{bad}: the signature does not fit" in ended.out
    assert "ask the sender to send it again" in ended.out
    repeated = septima("benchmark", "verify", good, good, "--format", "json")
    assert repeated.code == 1
    assert "both speak of 'beta'" in json.loads(repeated.out)["refused"][0]
    refused = septima("benchmark", "compare", alpha, bad, "--period", "2026-Q3")
    assert refused.code == 1
    assert str(bad) in refused.err


def test_noise_is_paid_from_a_budget(tmp_path: Path, septima: Callable[..., Ended]) -> None:
    gamma = company(tmp_path, "gamma", 40)
    export = ("benchmark", "export", gamma, "--period", "2026-Q3", "--noise", "2", "--output")
    first = septima(*export, tmp_path / "a.json")
    assert first.code == 0, first.err
    assert "Spent 2 of the privacy budget of 3." in first.out
    second = septima(*export, tmp_path / "b.json")
    assert second.code == 1
    assert "2 of the privacy budget of 3 are spent and 2 more would pass it" in second.err
    assert not (tmp_path / "b.json").exists()
    assert septima(*export, tmp_path / "b.json", "--budget", "4").code == 0
    one, other = (json.loads((tmp_path / name).read_bytes())["content"] for name in ("a.json", "b.json"))
    assert one["integral"]["printed"] != other["integral"]["printed"]


def test_too_few_answers_are_not_shared(tmp_path: Path, septima: Callable[..., Ended]) -> None:
    small = company(tmp_path, "small", 3, answers=4)
    ended = septima("benchmark", "export", small, "--period", "2026-Q3", "--output", tmp_path / "a.json")
    assert ended.code == 1
    assert "nothing is left to share" in ended.err
    assert "too few" in ended.err
    assert not (small / "keys").exists()


def test_without_files_the_comparison_says_what_is_missing(
    companies: tuple[Path, Path], septima: Callable[..., Ended]
) -> None:
    ended = septima("benchmark", "compare", companies[0], "--period", "2026-Q3")
    assert ended.code == 1
    assert "there is no exchange file of 2026-Q3 to compare with" in ended.err


def test_without_cryptography_the_demo_and_the_report_say_what_to_install(
    companies: tuple[Path, Path], tmp_path: Path, septima: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha, beta = companies
    file = tmp_path / "beta.json"
    septima("benchmark", "export", beta, "--period", "2026-Q3", "--output", file)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    refused = septima("benchmark", "compare", alpha, file, "--period", "2026-Q3")
    assert refused.code == 1
    assert "pip install 'septima[exchange]'" in refused.err
    said = demo_peers(tmp_path / "peers", "2026-Q3", 7)
    assert said is not None
    assert said.startswith("Simulated organisations to compare with are left out")
    assert not list(tmp_path.glob("peers/*.json"))


def test_without_opendp_noise_says_what_to_install(
    companies: tuple[Path, Path], tmp_path: Path, septima: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opendp.domains", None)
    ended = septima(
        "benchmark", "export", companies[0], "--period", "2026-Q3", "--output", tmp_path / "a.json", "--noise", "1"
    )
    assert ended.code == 1
    assert "noise needs opendp" in ended.err
