"""A metric that an analyst adds appears in Python, on the command line, on the scorecard and in reports alike."""

import json
import textwrap
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from scipy import stats

from septima.lake.load import load
from septima.lake.mapping import read_mapping
from septima.metrics import MetricError, catalogue
from septima.metrics.custom import OwnMetricsError
from septima.report import render
from septima.workspace import Workspace

from .cli.conftest import Ended
from .cli.conftest import septima as _septima

septima = _septima

CALLS = "call_id,at,answered,department\n" + "".join(
    f"c{number},2026-0{1 + number % 3}-10T12:00:00,{'true' if number % 4 else 'false'},{'sales' if number % 2 else 'help'}\n"
    for number in range(120)
)
MAPPING = "source: shop\nfiles:\n  - file: calls.csv\n    tables:\n      calls:\n        columns: {call_id: call_id, at: at, answered: answered, department: department}\n"
METRICS = """\
metrics:
  - id: answered_calls_share
    name: {en: Share of answered calls, ru: Доля отвеченных звонков}
    description: {en: Calls that were answered., ru: "Звонки, на которые ответили."}
    unit: share
    direction: more
    perspective: customer_support
    kind: ratio
    table: calls
    numerator: {filter: answered}
    denominator: {}
    by: [department]
"""
SCORECARD = """\
trend: 2
perspectives:
  - id: customer_support
    kpis:
      - {id: answered_calls_share, target: 0.8, by: department}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")
    (tmp_path / "calls.yaml").write_text(MAPPING, encoding="utf-8")
    workspace = Workspace.create(tmp_path / "shop", organisation="Shop")
    load(workspace.lake, read_mapping(tmp_path / "calls.yaml"))
    (workspace.directory / "metrics").mkdir()
    (workspace.directory / "metrics" / "calls.yaml").write_text(METRICS, encoding="utf-8")
    (workspace.directory / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    return workspace


def test_one_number_everywhere(shop: Workspace, septima: Callable[..., Ended]) -> None:
    # Calls of February are 1, 4, 7 … 118: forty, of which 4, 16, 28 … 112 were not answered.
    value, bounds = 30 / 40, stats.binomtest(30, 40).proportion_ci(method="wilson")
    frame = shop.metric("answered_calls_share", start="2026-02", end="2026-02").to_pandas()
    assert frame["value"].tolist() == [value]
    assert (frame["lower"][0], frame["upper"][0]) == pytest.approx((bounds.low, bounds.high))
    printed = json.loads(
        septima(
            "metric",
            shop.directory,
            "answered_calls_share",
            "--start",
            "2026-02",
            "--end",
            "2026-02",
            "--format",
            "json",
        ).out
    )
    assert printed[0]["value"] == value
    card = shop.scorecard("2026-02")
    kpi = card.perspectives[0].kpis[0]
    assert (kpi.figure.value, kpi.n) == (value, 40)
    definition = shop.catalogue["answered_calls_share"].passport.definition
    assert kpi.definition == definition
    assert (
        json.loads(septima("scorecard", shop.directory, "--period", "2026-02", "--format", "json").out)["perspectives"][
            0
        ]["kpis"][0]["figure"]["value"]
        == value
    )
    html = render(card, format="html", language="ru").decode()
    assert "Доля отвеченных звонков" in html
    assert definition in html
    assert "75\u00a0%" in html
    cells = [
        cell
        for sheet in load_workbook(BytesIO(render(card, format="xlsx", language="en")))
        for row in sheet.values
        for cell in row
    ]
    assert value in cells
    assert definition in cells
    explanation = shop.explain("2026-02", "customer_support/answered_calls_share", limit=5)
    assert explanation.passport is not None
    assert explanation.passport.definition == definition
    assert len(explanation.rows[0].rows) == 5


def test_the_catalogue_lists_it_and_prints_its_passport(shop: Workspace, septima: Callable[..., Ended]) -> None:
    assert set(shop.catalogue) == {*catalogue(), "answered_calls_share"}
    fingerprint = shop.catalogue["answered_calls_share"].passport.fingerprint
    assert fingerprint in septima("metrics", shop.directory).out
    passport = septima("metrics", shop.directory, "answered_calls_share", "--lang", "ru").out
    assert "Доля отвеченных звонков" in passport
    assert f"Отпечаток            {fingerprint}".split() == next(
        line.split() for line in passport.splitlines() if "Отпечаток" in line
    )


def test_a_change_of_the_file_is_seen_at_once(shop: Workspace) -> None:
    before = shop.catalogue["answered_calls_share"].passport.definition
    text = METRICS.replace("filter: answered", "filter: not answered")
    (shop.directory / "metrics" / "calls.yaml").write_text(text, encoding="utf-8")
    assert shop.catalogue["answered_calls_share"].passport.definition != before
    assert shop.metric("answered_calls_share", start="2026-02", end="2026-02").to_pandas()["value"].tolist() == [0.25]


def test_a_near_own_metric_is_named(shop: Workspace) -> None:
    with pytest.raises(MetricError, match="did you mean answered_calls_share"):
        shop.metric("answered_call_share")


def test_broken_files_are_refused_wherever_metrics_are_used(shop: Workspace, septima: Callable[..., Ended]) -> None:
    (shop.directory / "metrics" / "worse.yaml").write_text(
        METRICS.replace("table: calls", "table: call"), encoding="utf-8"
    )
    with pytest.raises(OwnMetricsError) as error:
        _ = shop.catalogue
    assert len(error.value.mistakes) == 2  # the table, and an id that is taken
    for arguments in (
        ("metrics",),
        ("metric", "revenue"),
        ("scorecard", "--period", "2026-02"),
        ("report", "--period", "2026-02"),
    ):
        command, *rest = arguments
        ended = septima(command, shop.directory, *rest)
        assert ended.code == 1
        assert "metrics/worse.yaml, line 9: there is no table 'call'; did you mean 'calls'?" in ended.err
    checked = septima("metrics", shop.directory, "--check")
    assert checked.code == 1
    assert [line.partition(":")[0] for line in checked.out.splitlines()[:2]] == [
        "metrics/worse.yaml, line 2",
        "metrics/worse.yaml, line 9",
    ]
    assert json.loads(septima("metrics", shop.directory, "--check", "--format", "json").out)["mistakes"][1].startswith(
        "metrics/worse.yaml, line 9"
    )


def test_check_says_what_was_found(shop: Workspace, septima: Callable[..., Ended]) -> None:
    ended = septima("metrics", shop.directory, "--check")
    assert ended.code == 0
    assert "answered_calls_share v1" in ended.out
    assert "Metrics: 1, files: 1, no mistakes." in ended.out


def test_a_new_file_to_begin_with_is_used_at_once(shop: Workspace, septima: Callable[..., Ended]) -> None:
    ended = septima("metrics", shop.directory, "--new", "quick_answers")
    assert ended.code == 0
    assert "quick_answers" in shop.catalogue
    assert shop.metric("quick_answers", start="2026-02", end="2026-02").to_pandas()["value"].tolist() == [0.75]
    assert septima("metrics", shop.directory, "--new", "quick_answers").code == 1
    assert "already" in septima("metrics", shop.directory, "--new", "revenue").err
    assert "cannot be an id" in septima("metrics", shop.directory, "--new", "../x").err


def test_sql_is_a_setting(shop: Workspace) -> None:
    text = METRICS.replace("table: calls", "sql: select at, answered, department from calls where department = 'help'")
    (shop.directory / "metrics" / "calls.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(OwnMetricsError, match="`sql` is switched off"):
        _ = shop.catalogue
    settings = shop.directory / "septima.yaml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace("allow_sql: false", "allow_sql: true"), encoding="utf-8"
    )
    opened = Workspace.open(shop.directory)
    # Of February's calls of the help desk, 4, 10, 16 … 118, every second was not answered.
    assert opened.metric("answered_calls_share", start="2026-02", end="2026-02").to_pandas()["value"].tolist() == [0.5]
    settings.write_text("organisation: Shop\nallow_sql: maybe\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2: `allow_sql` is true or false, not 'maybe'"):
        Workspace.open(shop.directory)


def test_parameters_of_the_workspace_hold_for_own_metrics_and_their_parts(shop: Workspace) -> None:
    words = "name: A, description: A, direction: more, perspective: sales"
    text = textwrap.dedent(f"""\
        metrics:
          - {{id: calls_of, {words}, kind: count, table: calls, filter: department = :team, parameters: {{team: sales}}}}
          - {{id: doubled, {words}, unit: count, kind: derived, formula: 2 * calls_of}}
        """)
    (shop.directory / "metrics" / "calls.yaml").write_text(text, encoding="utf-8")
    (shop.directory / "scorecard.yaml").write_text(
        SCORECARD.replace("answered_calls_share", "doubled").replace(", by: department", ""), encoding="utf-8"
    )
    (shop.directory / "septima.yaml").write_text(
        "organisation: Shop\nmetrics: {calls_of: {team: nobody}}\n", encoding="utf-8"
    )
    opened = Workspace.open(shop.directory)
    assert opened.metric("calls_of", grain="year").to_pandas()["value"].tolist() == []
    assert shop.metric("doubled", grain="year").to_pandas()["value"].tolist() == [120]
    assert opened.metric("doubled", grain="year", parameters={"calls_of.team": "help"}).to_pandas()[
        "value"
    ].tolist() == [120]
