"""A scorecard file: what is read from it, and what is told of each mistake."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.schema import Text
from septima.scorecard.definition import DefinitionError
from septima.scorecard.normalise import Thresholds
from septima.scorecard.reading import parse_definition, read_definition

from ..both_languages import check_both
from .stand_ins import METRICS

GOOD = """\
    normalisation: min_max
    aggregation: geometric
    trend: 6
    watch_band: 0.05
    perspectives:
      - id: customer_support
        weight: 1.5
        kpis:
          - {id: cli, weight: 1.2, target: 0.75, worst: 0, best: 1}
          - id: nps_web
            metric: nps
            name: {en: NPS of the site, ru: NPS сайта}
            weight: 0.8
            target: 0.4
            where: {channel: web}
            by: region
            normalisation: piecewise
            thresholds: {bad: 0, watch: 0.3, good: 0.5}
            owner: Head of the site
      - id: logistics
        name: Logistics
        weight: 0.5
        kpis:
          - {id: complaints, target: 20, normalisation: target}
    own:
      - {id: churn_rate, parameters: {active_days: 30}}
    """


def read(text: str) -> object:
    return parse_definition(textwrap.dedent(text), metrics=METRICS)


def test_everything_in_the_file_is_read() -> None:
    definition = parse_definition(textwrap.dedent(GOOD), metrics=METRICS)
    assert (definition.normalisation, definition.aggregation) == ("min_max", "geometric")
    assert (definition.trend, definition.watch_band) == (6, 0.05)
    support, logistics = definition.perspectives
    assert (support.name, support.weight) == (Text("Customer support", "Поддержка клиентов"), 1.5)
    assert (logistics.name, logistics.weight) == (Text("Logistics", "Logistics"), 0.5)
    cli, nps = support.kpis
    assert (cli.metric, cli.weight, cli.target, cli.worst, cli.best) == ("cli", 1.2, 0.75, 0, 1)
    assert (nps.id, nps.metric, nps.name) == ("nps_web", "nps", Text("NPS of the site", "NPS сайта"))
    assert (nps.where, nps.by, nps.thresholds) == ({"channel": "web"}, "region", Thresholds(0, 0.3, 0.5))
    assert (nps.normalisation, nps.owner, nps.line) == ("piecewise", "Head of the site", 10)
    assert (definition.own[0].parameters, definition.own[0].weight) == ({"active_days": 30}, 0)


def test_the_version_follows_the_content_and_nothing_else() -> None:
    text = textwrap.dedent(GOOD)
    version = parse_definition(text, metrics=METRICS).version
    assert parse_definition("# a comment\n\n" + text, file="other.yaml", metrics=METRICS).version == version
    assert parse_definition(text.replace("0.75", "0.76"), metrics=METRICS).version != version
    assert len(version) == 12


KPI = """\
    perspectives:
      - id: customer_support
        kpis:
          - %s
    """


@pytest.mark.parametrize(
    ("kpi", "line", "message"),
    [
        ("{id: ncp, target: 1}", 4, "unknown metric 'ncp'; did you mean 'nps'?"),
        ("{id: x, metric: zzz, target: 1}", 4, "unknown metric 'zzz'; there are: cci, churn_rate"),
        ("{weight: 1}", 4, "a KPI needs a `metric`"),
        (
            "{id: nps, target: 1, normalisation: utility}",
            4,
            "KPI 'nps' needs `utility` for the normalisation 'utility'",
        ),
        ("{id: nps, target: 1, utility: {points: [[0, 0]]}}", 4, "needs `points`, two or more"),
        ("{id: nps, target: 1, utility: {}}", 4, "needs `points`, two or more"),
        ("{id: nps, target: 1, utility: {points: [[1, 0], [0, 100]]}}", 4, "must rise from each point to the next"),
        ("{id: nps, target: 1, utility: {points: [[0, 0], [1, 101]]}}", 4, "a score is from 0 to 100, not 101"),
        ("{id: nps, target: 1, utility: {points: [[0, 40], [1, 40]]}}", 4, "all `points` have one score"),
        ("{id: nps, target: 1, utility: {points: [[0, 0], [1, x]]}}", 4, "a point of `utility` is [value, score"),
        ("{id: nps, target: 1, utility: {points: [[0, 0], 1]}}", 4, "a point of `utility` is [value, score"),
        ("{id: nps, target: 1, utility: {points: [[0, 0], [1, .inf]]}}", 4, "a point of `utility` is [value, score"),
        ("{id: nps, target: 1, utility: [[0, 0], [1, 1]]}", 4, "`utility` must hold `name: value` pairs"),
        ("{id: nps, target: 1, utility: {points: [[0, 0], [1, 1]], shape: round}}", 4, "there are: smooth, straight"),
        ("{id: nps, target: 1, utility: {curve: 1}}", 4, "unknown field 'curve'"),
        ("{id: nps, tagret: 1}", 4, "unknown field 'tagret'; did you mean 'target'?"),
        ("{id: nps, target: '0,4'}", 4, "`target` is '0,4'; give a number with a decimal point"),
        ("{id: nps, target: .inf}", 4, "`target` is inf"),
        ("{id: nps, target: 1" + "0" * 400 + "}", 4, "give a number with a decimal point"),
        ("{id: nps, target: true}", 4, "`target` is True"),
        ("{id: nps, target: 0.4, weight: -1}", 4, "`weight` is -1; a weight must be 0 or more"),
        ("{id: nps}", 4, "KPI 'nps' needs `target` for the normalisation 'target'"),
        ("{id: nps, normalisation: min_max}", 4, "needs `worst` and `best` for the normalisation 'min_max'"),
        ("{id: nps, normalisation: piecewise}", 4, "needs `thresholds`"),
        ("{id: nps, normalisation: zscore}", 4, "`normalisation` is 'zscore'; did you mean 'z_score'?"),
        ("{id: nps, target: -0.1}", 4, "achievement of a target of -0.1 has no meaning; use `normalisation: min_max`"),
        ("{id: nps, normalisation: min_max, worst: 1, best: 0}", 4, "`worst` (1) must be below `best` (0)"),
        (
            "{id: churn_rate, normalisation: min_max, worst: 0, best: 1}",
            4,
            "`worst` (0) must be above `best` (1) for metric 'churn_rate'",
        ),
        ("{id: stock, normalisation: min_max, target: 5, worst: 5}", 4, "`worst` must differ from `target` (5)"),
        (
            "{id: nps, normalisation: piecewise, thresholds: {bad: 1, watch: 2, good: 0}}",
            4,
            "are values that must rise",
        ),
        ("{id: nps, normalisation: piecewise, thresholds: {bad: 1}}", 4, "add `watch`, `good`"),
        (
            "{id: revenue, normalisation: z_score}",
            4,
            "enters the composite as the achievement of its target; add `target`",
        ),
        (
            "{id: nps, target: 0.4, entry: complement}",
            4,
            "only a share enters as its complement; metric 'nps' is of unit 'index'",
        ),
        ("{id: nps, target: 0.4, by: chanel}", 4, "has no dimension 'chanel'; did you mean 'channel'?"),
        ("{id: nps, target: 0.4, where: {shop: a}}", 4, "has no dimension 'shop'; there are: channel, region"),
        ("{id: nps, target: 0.4, where: {channel: 7}}", 4, "the member of dimension 'channel' is 7; give a text"),
        ("{id: nps, target: 0.4, where: {channel: web}, by: channel}", 4, "drop either"),
        ("{id: churn_rate, target: 0.1, parameters: {days: 3}}", 4, "no parameter 'days'; there are: active_days"),
        ("{id: a/b, metric: nps, target: 1}", 4, "`id` is 'a/b'; use letters, digits, - and _ only"),
        ("{id: 5, metric: nps, target: 1}", 4, "`id` is 5; give a word, in quotes if it looks like a number"),
        ("{id: nps, target: 1, name: {de: NPS}}", 4, "`name` must be a text, or one text per language"),
        ("nps", 4, "an entry of `kpis` must have fields such as `id: …`, not 'nps'"),
    ],
)
def test_a_mistake_in_a_kpi_is_told_with_its_line_and_remedy(kpi: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(KPI % kpi)
    assert str(refused.value).startswith(f"scorecard.yaml, line {line}: ")
    assert message in check_both(refused.value).en


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("perspectives: []", 1, "the scorecard has no perspectives"),
        ("trend: 5", 1, "the scorecard has no perspectives"),
        ("persectives:\n  - id: sales", 1, "unknown field 'persectives'; did you mean 'perspectives'?"),
        (
            "perspectives:\n  - id: marketting\n    kpis: []",
            2,
            "unknown perspective 'marketting'; did you mean 'marketing'?",
        ),
        ("perspectives:\n  - id: own\n    name: Own", 2, "call the perspective otherwise"),
        ("perspectives:\n  - weight: 1", 2, "a perspective needs an `id`"),
        ("perspectives:\n  - id: sales\n    kpis: []", 3, "perspective 'sales' has no KPIs"),
        ("perspectives:\n  - id: sales\n    kpis: nps", 3, "`kpis` must be a list; begin each entry with a dash"),
        (
            "perspectives:\n  - id: hr\n    kpis:\n      - {id: nps, target: 1}\n      - {id: nps, target: 2}",
            5,
            "the id 'nps' is already taken on line 4; give this KPI another `id`",
        ),
        (
            "perspectives:\n  - id: hr\n    kpis: [{id: nps, target: 1}]\n\n  - id: hr\n    kpis: [{id: cli, target: 1}]",
            5,
            "perspective 'hr' is already on line 2",
        ),
        (
            "perspectives:\n  - id: hr\n    kpis:\n      - {id: nps, target: 1}\nown:\n  - {id: cli, weight: 1}",
            6,
            "enters no composite and has no weight",
        ),
        ("perspectives:\n  - id: hr\n    kpis:\n      - {id: nps, target: 1}\ntrend: 1", 5, "periods from 2 to 60"),
        ("perspectives:\n  - id: hr\n    kpis:\n      - {id: nps, target: 1}\ntrend: 2.5", 5, "`trend` is 2.5"),
        ("perspectives:\n  - id: hr\n    kpis:\n      - {id: nps, target: 1}\nwatch_band: 10", 5, "`watch_band` is 10"),
        ("perspectives:\n  - id: hr\n   kpis: x", 3, "cannot be read as YAML"),
        ("trend: 3\ntrend: 4", 2, "cannot be read as YAML: found duplicate key"),
        ("- a\n- b", 1, "the file must hold fields, `perspectives:` among them"),
        ("", 1, "the file must hold fields, `perspectives:` among them"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_line_and_remedy(text: str, line: int, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        read(text)
    assert str(refused.value).startswith(f"scorecard.yaml, line {line}: ")
    assert message in check_both(refused.value).en


def test_own_kpis_need_no_target() -> None:
    definition = parse_definition(
        textwrap.dedent(KPI % "{id: nps, target: 1}") + "own:\n  - {id: revenue}\n", metrics=METRICS
    )
    assert definition.own[0].target is None


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="there is no such file"):
        read_definition(tmp_path / "none.yaml", METRICS)
    path = tmp_path / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00perspectives")
    with pytest.raises(DefinitionError, match=r"binary\.yaml: cannot be read as UTF-8"):
        read_definition(path, METRICS)


@given(st.text(max_size=60) | st.text("-:{}[] \nperspctivkdo,'\"#&*!|>", max_size=120))
def test_any_text_is_read_or_refused_with_its_file_named(text: str) -> None:
    # None of these texts is a scorecard; what counts is that no other error comes out.
    with pytest.raises(DefinitionError, match=r"^scorecard\.yaml"):
        parse_definition(text, metrics=METRICS)


def test_fields_taken_over_by_a_yaml_anchor_are_read_and_mistakes_in_them_told() -> None:
    text = KPI % "&base {id: nps, target: 0.4, weight: 1}"
    merged = text + "      - {<<: *base, id: nps_web, metric: nps, where: {channel: web}, weight: %s}\n"
    definition = parse_definition(textwrap.dedent(merged % "1"), metrics=METRICS)
    assert [kpi.target for kpi in definition.kpis] == [0.4, 0.4]
    with pytest.raises(DefinitionError, match="line 5: `weight` is -1"):
        parse_definition(textwrap.dedent(merged % "-1"), metrics=METRICS)
    with pytest.raises(DefinitionError, match="line 5: KPI 'cli' needs `worst` and `best`"):
        read(text + "      - {<<: *base, id: cli, metric: cli, normalisation: min_max}\n")
