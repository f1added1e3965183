"""Read `scorecard.yaml`; whatever is wrong in it is told with file, line and remedy."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ruamel.yaml.comments import CommentedMap

from septima.schema import Text
from septima.scorecard.composite import AGGREGATIONS
from septima.scorecard.definition import (
    OWN,
    PERSPECTIVES,
    KpiDefinition,
    PerspectiveDefinition,
    ScorecardDefinition,
    TargetRule,
)
from septima.scorecard.nodes import Node, load_node, near, plain, read_node
from septima.scorecard.normalise import (
    ENTRIES,
    NORMALISATIONS,
    SHAPES,
    Entry,
    Normalisation,
    Rule,
    Thresholds,
    Utility,
    missing_for,
)
from septima.scorecard.weighting import (
    DATA_METHODS,
    WEIGHTING_METHODS,
    Weighting,
    WeightingError,
    equal_weights,
    weights_by_budget,
    weights_by_comparison,
    weights_from_data,
)

if TYPE_CHECKING:
    from septima.metrics.definition import Metric

_FIELDS = ("perspectives", "weights", "own", "normalisation", "aggregation", "trend", "watch_band")
_PERSPECTIVE_FIELDS = ("id", "name", "weight", "weights", "kpis")
_TARGET_FIELDS = ("by_period", "formula", "plan", "otherwise")
_WEIGHTS_FIELDS = ("method", "comparisons", "points")
_OWN_FIELDS = (
    "id", "metric", "name", "parameters", "where", "by", "target", "member_targets", "worst", "best", "thresholds", "utility", "normalisation",
    "owner", "guard",
)  # fmt: skip
_KPI_FIELDS = (*_OWN_FIELDS, "weight", "entry")
_FRACTION = re.compile(r"([1-9])\s*/\s*([1-9])")
_TREND_MOST = 60


def read_definition(path: str | Path, metrics: "Mapping[str, Metric] | None" = None) -> ScorecardDefinition:
    """Read a scorecard definition from a YAML file.

    `metrics` are those that KPIs may name, by id; the catalogue where left out. Raises
    DefinitionError with file, line and remedy. Weights that do not average 1 are no error here: the
    card says so and leaves the composite undefined, while all that is right is shown.
    """
    node = read_node(
        Path(path),
        "perspectives",
        Text("`septima init` writes one to start from", "`septima init` запишет файл, с\u00a0которого можно начать"),
    )
    return _definition(node, metrics)


def parse_definition(
    text: str, *, file: str = "scorecard.yaml", metrics: "Mapping[str, Metric] | None" = None
) -> ScorecardDefinition:
    """Read a scorecard definition from YAML text; `file` is the name that errors give. See `read_definition`."""
    return _definition(load_node(text, file, "perspectives"), metrics)


def _definition(root: Node, metrics: "Mapping[str, Metric] | None") -> ScorecardDefinition:
    if metrics is None:
        from septima.metrics import catalogue  # noqa: PLC0415  the catalogue builds expressions; given metrics need none

        metrics = catalogue()
    root.only(_FIELDS)
    default = root.choice("normalisation", NORMALISATIONS) or "target"
    reader = _Kpis(metrics, default, {})
    perspectives = tuple(_perspective(item, reader) for item in root.items("perspectives"))
    if not perspectives:
        raise root.wrong(
            "perspectives",
            "the scorecard has no perspectives; list at least one with `id` and `kpis`",
            "в\u00a0карте нет перспектив; перечислите хотя\u00a0бы одну с\u00a0`id` и\u00a0`kpis`",
        )
    _refuse_repeated(root, perspectives)
    weights, weighting = _weights(root, perspectives, root.items("perspectives"))
    perspectives = tuple(replace(one, weight=weights[one.id]) for one in perspectives)
    own = tuple(reader.read(item, own=True) for item in root.items("own"))
    _refuse_unknown_references(root, perspectives, own, metrics)
    trend = root.number("trend", 8)
    if trend != int(trend) or not 2 <= trend <= _TREND_MOST:
        raise root.wrong(
            "trend",
            f"`trend` is {trend:g}; give a whole number of periods from 2 to {_TREND_MOST}",
            f"в\u00a0`trend` стоит {trend:g}; укажите целое число периодов от\u00a02 до\u00a0{_TREND_MOST}",
        )
    band = root.number("watch_band", 0.1)
    if not 0 <= band < 1:
        raise root.wrong(
            "watch_band",
            f"`watch_band` is {band:g}; give a share of the target from 0 to below 1, such as 0.1",
            f"в\u00a0`watch_band` стоит {band:g}; укажите долю цели от\u00a00, меньше 1, например 0.1",
        )
    return ScorecardDefinition(
        perspectives,
        own,
        default,
        root.choice("aggregation", AGGREGATIONS) or "arithmetic",
        int(trend),
        band,
        weighting,
        root.file,
    )


def _perspective(node: Node, reader: "_Kpis") -> PerspectiveDefinition:
    node.only(_PERSPECTIVE_FIELDS)
    identifier = node.identifier("id")
    if identifier is None:
        raise node.wrong(
            None,
            f"a perspective needs an `id`, such as {', '.join(PERSPECTIVES)}",
            f"перспективе нужен `id`, например {', '.join(PERSPECTIVES)}",
        )
    name = node.text("name") or PERSPECTIVES.get(identifier)
    if identifier == OWN:
        raise node.wrong(
            "id",
            f"{OWN!r} stands for the company's own KPIs; call the perspective otherwise",
            f"«{OWN}»\u00a0— это собственные показатели компании; назовите перспективу иначе",
        )
    if name is None:
        raise node.wrong(
            "id",
            f"unknown perspective {identifier!r}; {near(identifier, PERSPECTIVES).en}; a perspective of your own needs a `name`",
            f"неизвестная перспектива «{identifier}»; {near(identifier, PERSPECTIVES).ru}; собственной перспективе "
            "нужно `name`",
        )
    kpis = tuple(reader.read(item, own=False) for item in node.items("kpis"))
    if not kpis:
        raise node.wrong(
            "kpis",
            f"perspective {identifier!r} has no KPIs; list some under `kpis`, or remove the perspective",
            f"у\u00a0перспективы «{identifier}» нет показателей; перечислите их в\u00a0`kpis` или уберите перспективу",
        )
    weights, weighting = _weights(node, kpis, node.items("kpis"))
    kpis = tuple(replace(kpi, weight=weights[kpi.id]) for kpi in kpis)
    return PerspectiveDefinition(identifier, name, kpis, _weight(node), weighting, node.line())


@dataclass(frozen=True)
class _Kpis:
    """Reads KPIs; remembers on which line each id stands, for an id is unique in the whole file."""

    metrics: "Mapping[str, Metric]"
    normalisation: Normalisation
    seen: dict[str, int]

    def read(self, node: Node, *, own: bool) -> KpiDefinition:
        if own and "weight" in node.data:
            raise node.wrong(
                "weight",
                "a KPI of your own enters no composite and has no weight; remove `weight`",
                "собственный показатель не\u00a0входит в\u00a0индекс и\u00a0не\u00a0имеет веса; уберите `weight`",
            )
        node.only(_OWN_FIELDS if own else _KPI_FIELDS)
        metric_id = node.string("metric") or node.identifier("id")
        if metric_id is None:
            raise node.wrong(
                None,
                "a KPI needs a `metric`, the id of one that `septima metrics` lists",
                "показателю нужна `metric`\u00a0— id метрики из\u00a0списка `septima metrics`",
            )
        metric = self.metrics.get(metric_id)
        if metric is None:
            key = "metric" if "metric" in node.data else "id"
            raise node.wrong(
                key,
                f"unknown metric {metric_id!r}",
                f"неизвестная метрика «{metric_id}»",
                near(metric_id, self.metrics),
            )
        targets = _targets(node, "target")
        kpi = KpiDefinition(
            id=node.identifier("id") or metric_id,
            metric=metric_id,
            weight=0.0 if own else _weight(node),
            name=node.text("name"),
            parameters=_parameters(node, metric),
            where=_where(node, metric),
            by=_dimension(node, "by", node.string("by"), metric),
            target=None if targets is not None else node.optional_number("target"),
            targets=targets,
            member_targets=_member_targets(node),
            worst=node.optional_number("worst"),
            best=node.optional_number("best"),
            thresholds=_thresholds(node),
            utility=_utility(node),
            normalisation=node.choice("normalisation", NORMALISATIONS),
            entry=node.choice("entry", ENTRIES),
            owner=node.string("owner"),
            guard=node.string("guard"),
            line=node.line(),
        )
        if kpi.id in self.seen:
            raise node.wrong(
                "id",
                f"the id {kpi.id!r} is already taken on line {self.seen[kpi.id]}; give this KPI another `id`",
                f"id «{kpi.id}» уже занят в\u00a0строке {self.seen[kpi.id]}; дайте этому показателю другой `id`",
            )
        self.seen[kpi.id] = node.line("id")
        if kpi.by is not None and kpi.by in kpi.where:
            raise node.wrong(
                "by",
                f"`by: {kpi.by}` shows the members of a dimension that `where` holds to one; drop either",
                f"`by: {kpi.by}` показывает группы измерения, в\u00a0котором `where` оставляет одну; уберите одно "
                "из\u00a0двух",
            )
        if kpi.member_targets and kpi.by is None:
            raise node.wrong(
                "member_targets",
                "targets of members need `by`, the dimension whose members they are; add it",
                "целям групп нужен `by`\u00a0— измерение, группы которого имеются в\u00a0виду; добавьте его",
            )
        rule = kpi.rule(metric.passport.direction, self.normalisation)
        _check_rule(node, kpi, rule, needed=not own or kpi.normalisation is not None)
        if not own:
            _check_entry(node, kpi, kpi.enters_as(metric.passport.unit, rule.direction), metric)
        return kpi


def _check_rule(node: Node, kpi: KpiDefinition, rule: Rule, *, needed: bool) -> None:
    missing = [name for name in missing_for(rule) if name != "target" or not kpi.has_target]
    if missing and needed:
        quoted = [f"`{name}`" for name in missing]
        names, names_ru = " and ".join(quoted), " и\u00a0".join(quoted)
        raise node.wrong(
            None,
            f"KPI {kpi.id!r} needs {names} for the normalisation {rule.method!r}; add it or name another",
            f"показателю «{kpi.id}» для нормирования «{rule.method}» нужны {names_ru}; добавьте их или назовите "
            "другое нормирование",
        )
    targets = (kpi.target_rule.number, *kpi.target_rule.by_period.values())
    for target in targets if rule.method == "target" else ():
        if target is not None and target <= 0 and rule.direction != "target":
            raise node.wrong(
                "target",
                f"the achievement of a target of {target:g} has no meaning; use `normalisation: min_max`",
                f"достижение цели {target:g} не\u00a0имеет смысла; возьмите `normalisation: min_max`",
            )
        if target == 0:
            raise node.wrong(
                "target",
                "the distance from a target of 0 has no scale; use `normalisation: min_max` with `worst`",
                "у\u00a0расстояния до\u00a0цели 0 нет шкалы; возьмите `normalisation: min_max` с\u00a0`worst`",
            )
    falls = rule.direction == "less"
    if rule.direction == "target":
        if kpi.worst is not None and kpi.worst == kpi.target:
            raise node.wrong(
                "worst",
                f"`worst` must differ from `target` ({kpi.worst:g})",
                f"`worst` должен отличаться от\u00a0`target` ({kpi.worst:g})",
            )
        falls = True
    elif kpi.worst is not None and kpi.best is not None and not _ordered((kpi.worst, kpi.best), falls=falls):
        relation = Text("above", "больше") if falls else Text("below", "меньше")
        raise node.wrong(
            "worst",
            f"`worst` ({kpi.worst:g}) must be {relation.en} `best` ({kpi.best:g}) for metric {kpi.metric!r}",
            f"у\u00a0метрики «{kpi.metric}» `worst` ({kpi.worst:g}) должен быть {relation.ru} `best` ({kpi.best:g})",
        )
    thresholds = kpi.thresholds
    if thresholds and not _ordered((thresholds.bad, thresholds.watch, thresholds.good), falls=falls):
        order = Text("fall", "убывать") if falls else Text("rise", "возрастать")
        of_what = Text("values", "значения")
        if rule.direction == "target":
            of_what = Text("distances from the target", "расстояния до\u00a0цели")
        raise node.wrong(
            "thresholds",
            f"thresholds `bad`, `watch`, `good` of metric {kpi.metric!r} are {of_what.en} that must {order.en}",
            f"пороги `bad`, `watch`, `good` метрики «{kpi.metric}»\u00a0— это {of_what.ru}, которые должны {order.ru}",
        )


def _ordered(values: tuple[float, ...], *, falls: bool) -> bool:
    return all(first > second if falls else first < second for first, second in pairwise(values))


def _check_entry(node: Node, kpi: KpiDefinition, entry: Entry, metric: "Metric") -> None:
    if entry == "complement" and metric.passport.unit != "share":
        raise node.wrong(
            "entry",
            f"only a share enters as its complement; metric {kpi.metric!r} is of unit {metric.passport.unit!r}",
            f"дополнением до\u00a0единицы входит только доля, а\u00a0единица метрики «{kpi.metric}»\u00a0— "
            f"«{metric.passport.unit}»",
        )
    if entry != "achievement":
        return
    why = Text(
        f"KPI {kpi.id!r} enters the composite as the achievement of its target",
        f"показатель «{kpi.id}» входит в\u00a0индекс как достижение своей цели",
    )
    if not kpi.has_target:
        raise node.wrong(None, f"{why.en}; add `target`", f"{why.ru}; добавьте `target`")
    rule = kpi.target_rule
    for number in (rule.number, *rule.by_period.values()):
        if number is not None and (number == 0 or (number < 0 and metric.passport.direction != "target")):
            raise node.wrong(
                "target",
                f"{why.en}, which must be above 0, not {number:g}",
                f"{why.ru}, которая должна быть больше 0, а\u00a0не\u00a0{number:g}",
            )


def _targets(node: Node, key: str) -> TargetRule | None:
    """The rule that stands in the place of a number; None where a number stands there, or nothing."""
    if not isinstance(node.data.get(key), CommentedMap):
        return None
    inner = node.node(key) or node
    inner.only(_TARGET_FIELDS)
    ways = [name for name in _TARGET_FIELDS[:-1] if name in inner.data]
    if not ways or ("formula" in ways and "plan" in ways):
        raise node.wrong(
            key,
            f"`{key}` needs `by_period`, `formula` or `plan` (a formula or a plan, not both), or is one number",
            f"в\u00a0`{key}` нужны `by_period`, `formula` или `plan` (формула или план, не\u00a0оба сразу) либо одно "
            "число",
        )
    formula = inner.string("formula")
    if formula is not None:
        from septima.metrics.custom.expressions import ExpressionError  # noqa: PLC0415  it brings Ibis, see `_definition`
        from septima.scorecard.targets import read_target_formula  # noqa: PLC0415

        try:
            read_target_formula(formula)
        except ExpressionError as error:
            raise inner.wrong(
                "formula",
                f"{error}; figures of earlier periods are previous(ID) and previous_year(ID)",
                f"{error.statement.ru}; значения прежних периодов\u00a0— это previous(ID) и\u00a0previous_year(ID)",
            ) from error
    return TargetRule(inner.optional_number("otherwise"), _by_period(inner), formula, inner.string("plan"))


def _by_period(node: Node) -> dict[str, float]:
    inner = node.node("by_period")
    if inner is None:
        return {}
    from septima.metrics.period import Calendar, PeriodError  # noqa: PLC0415  the package brings Ibis, see `_definition`

    found: dict[str, float] = {}
    for key in inner.data:
        text = str(key)
        # Any year that begins elsewhere will do to see whether a fiscal period is one: its name is the same.
        calendar = Calendar(fiscal_year_start=4 if text.upper().startswith("FY") else 1)
        try:
            period = calendar.parse(text)
        except PeriodError as error:
            raise inner.wrong(key, error.statement.en, error.statement.ru) from error
        number = inner.optional_number(key)
        if number is None:
            raise inner.wrong(
                key,
                f"`{text}` has no number; give the target of that period",
                f"у\u00a0`{text}` нет числа; укажите цель этого периода",
            )
        found[period.id] = number
    return found


def _member_targets(node: Node) -> dict[str, TargetRule]:
    inner = node.node("member_targets")
    if inner is None:
        return {}
    found: dict[str, TargetRule] = {}
    for member in map(str, inner.data):
        rule = _targets(inner, member) or TargetRule(inner.optional_number(member))
        if rule == TargetRule():
            raise inner.wrong(
                member, f"`{member}` has no target; give a number", f"у\u00a0`{member}` нет цели; укажите число"
            )
        found[member] = rule
    return found


def _weight(node: Node) -> float:
    weight = node.number("weight", 1.0)
    if weight < 0:
        raise node.wrong(
            "weight",
            f"`weight` is {weight:g}; a weight must be 0 or more, and weights average 1",
            f"в\u00a0`weight` стоит {weight:g}; вес должен быть не\u00a0меньше 0, а\u00a0среднее весов\u00a0— 1",
        )
    return weight


def _weights(
    node: Node, parts: Sequence[KpiDefinition] | Sequence[PerspectiveDefinition], items: Sequence[Node]
) -> tuple[dict[str, float], Weighting | None]:
    """The weights of a group by id: those that stand with its parts, or those that `weights` makes of judgements."""
    given, inner = {part.id: part.weight for part in parts}, node.node("weights")
    if inner is None:
        return given, None
    inner.only(_WEIGHTS_FIELDS)
    for item in items:
        if "weight" in item.data:
            raise item.wrong(
                "weight",
                f"the group has `weights` on line {node.line('weights')}; remove one of the two",
                f"у\u00a0группы есть `weights` в\u00a0строке {node.line('weights')}; уберите одно из\u00a0двух",
            )
    method = inner.choice("method", WEIGHTING_METHODS)
    if method is None:
        raise node.wrong(
            "weights",
            f"`weights` needs a `method`: {', '.join(WEIGHTING_METHODS)}",
            f"в\u00a0`weights` нужен `method`: {', '.join(WEIGHTING_METHODS)}",
        )
    wanted = {"ahp": "comparisons", "budget": "points"}.get(method, "")
    for name in _WEIGHTS_FIELDS[1:]:
        if name in inner.data and name != wanted:
            raise inner.wrong(
                name,
                f"the method {method!r} takes no `{name}`; remove it",
                f"методу «{method}» не\u00a0нужен `{name}`; уберите его",
            )
    if method in DATA_METHODS:
        return weights_from_data(list(given), method)
    if not wanted:
        return equal_weights(list(given))
    judgements = inner.node(wanted)
    if judgements is None:
        raise inner.wrong("method", f"the method {method!r} needs `{wanted}`", f"методу «{method}» нужно `{wanted}`")
    try:
        if method == "ahp":
            return weights_by_comparison(list(given), _numbers(judgements))
        return weights_by_budget(list(given), _points(judgements))
    except WeightingError as error:
        key = error.key if error.key in judgements.data else None
        raise judgements.wrong(key, error.statement.en, error.statement.ru) from error


def _points(node: Node) -> dict[str, dict[str, float]]:
    """Points by person and id; of one person who is not named where they stand by id alone."""
    people = {
        name: inner
        for name in map(str, node.data)
        if isinstance(node.data[name], CommentedMap) and (inner := node.node(name))
    }
    if not people:
        return {"": _numbers(node)}
    if len(people) < len(node.data):
        raise node.wrong(
            None,
            "`points` must be by id, or all by person and id",
            "`points` должны быть все по\u00a0id или все по\u00a0людям и\u00a0id",
        )
    return {name: _numbers(inner) for name, inner in people.items()}


def _numbers(node: Node) -> dict[str, float]:
    """Numbers by name; a comparison may be written as a fraction, 1/3."""
    found: dict[str, float] = {}
    for name in map(str, node.data):
        value: object = node.data[name]
        fraction = _FRACTION.fullmatch(value) if isinstance(value, str) else None
        found[name] = int(fraction[1]) / int(fraction[2]) if fraction else node.number(name, math.nan)
        if math.isnan(found[name]):
            raise node.wrong(
                name,
                f"`{name}` has no number; give one, such as 3 or 1/3",
                f"у\u00a0`{name}` нет числа; укажите его, например 3 или 1/3",
            )
    return found


def _parameters(node: Node, metric: "Metric") -> dict[str, object]:
    parameters = node.mapping("parameters")
    known = metric.passport.parameters
    for name in parameters:
        if name not in known:
            inner = node.node("parameters") or node
            raise inner.wrong(
                name,
                f"metric {metric.id!r} has no parameter {name!r}",
                f"у\u00a0метрики «{metric.id}» нет параметра «{name}»",
                near(name, known),
            )
    return parameters


def _where(node: Node, metric: "Metric") -> dict[str, str | None]:
    where = node.mapping("where")
    inner = node.node("where") or node
    for name, member in where.items():
        _dimension(inner, name, name, metric)
        if member is not None and not isinstance(member, str):
            raise inner.wrong(
                name,
                f"the member of dimension {name!r} is {member!r}; give a text, in quotes if it looks like a number",
                f"в\u00a0измерении «{name}» указано «{member}»; укажите текст, а\u00a0похожий на\u00a0число\u00a0— "
                "в\u00a0кавычках",
            )
    return cast("dict[str, str | None]", where)


def _dimension(node: Node, key: str, name: str | None, metric: "Metric") -> str | None:
    if name is not None and name not in metric.dimensions:
        raise node.wrong(
            key,
            f"metric {metric.id!r} has no dimension {name!r}",
            f"у\u00a0метрики «{metric.id}» нет измерения «{name}»",
            near(name, metric.dimensions),
        )
    return name


def _thresholds(node: Node) -> Thresholds | None:
    inner = node.node("thresholds")
    if inner is None:
        return None
    inner.only(("bad", "watch", "good"))
    found = {name: inner.optional_number(name) for name in ("bad", "watch", "good")}
    bad, watch, good = found["bad"], found["watch"], found["good"]
    if bad is None or watch is None or good is None:
        absent = ", ".join(f"`{name}`" for name, value in found.items() if value is None)
        raise node.wrong(
            "thresholds",
            f"`thresholds` needs `bad`, `watch` and `good`; add {absent}",
            f"в\u00a0`thresholds` нужны `bad`, `watch` и\u00a0`good`; добавьте {absent}",
        )
    return Thresholds(bad, watch, good)


def _utility(node: Node) -> Utility | None:
    inner = node.node("utility")
    if inner is None:
        return None
    inner.only(("points", "shape"))
    points = tuple(_points_of_curve(inner))
    if len(points) < 2:
        raise inner.wrong(
            "points",
            "`utility` needs `points`, two or more, such as [[0.5, 0], [0.8, 70], [1, 100]]",
            "в\u00a0`utility` нужны `points`, не\u00a0меньше двух, например [[0.5, 0], [0.8, 70], [1, 100]]",
        )
    values, scores = zip(*points, strict=True)
    if not _ordered(values, falls=False):
        raise inner.wrong(
            "points",
            "the values of `points` must rise from each point to the next; put them in order",
            "значения в\u00a0`points` должны расти от\u00a0точки к\u00a0точке; расположите их по\u00a0порядку",
        )
    if min(scores) < 0 or max(scores) > 100:
        raise inner.wrong(
            "points",
            f"a score is from 0 to 100, not {min(scores) if min(scores) < 0 else max(scores):g}",
            f"балл\u00a0— от\u00a00 до\u00a0100, а\u00a0не\u00a0{min(scores) if min(scores) < 0 else max(scores):g}",
        )
    if len(set(scores)) == 1:
        raise inner.wrong(
            "points",
            "all `points` have one score, which tells no value from another; give them different ones",
            "у\u00a0всех `points` один балл, и\u00a0значения не\u00a0различить; дайте им разные",
        )
    return Utility(points, inner.choice("shape", SHAPES) or "straight")


def _points_of_curve(node: Node) -> Iterator[tuple[float, float]]:
    given = plain(node.data.get("points"))
    for pair in cast("list[object]", given) if isinstance(given, list) else ():
        numbers = cast("list[object]", pair) if isinstance(pair, list) else []
        match numbers:
            case [int() | float() as value, int() | float() as score] if math.isfinite(value) and math.isfinite(score):
                yield float(value), float(score)
            case _:
                raise node.wrong(
                    "points",
                    f"a point of `utility` is [value, score from 0 to 100], not {pair!r}",
                    "точка в\u00a0`utility`\u00a0— это [значение, балл от\u00a00 до\u00a0100], "
                    f"а\u00a0не\u00a0«{pair}»",
                )


def _refuse_repeated(root: Node, perspectives: tuple[PerspectiveDefinition, ...]) -> None:
    lines: dict[str, int | None] = {}
    for node, perspective in zip(root.items("perspectives"), perspectives, strict=True):
        if perspective.id in lines:
            first = lines[perspective.id]
            raise node.wrong(
                "id",
                f"perspective {perspective.id!r} is already on line {first}; put its KPIs together there",
                f"перспектива «{perspective.id}» уже есть в\u00a0строке {first}; соберите её показатели там",
            )
        lines[perspective.id] = perspective.line


def _refuse_unknown_references(
    root: Node,
    perspectives: tuple[PerspectiveDefinition, ...],
    own: tuple[KpiDefinition, ...],
    metrics: "Mapping[str, Metric]",
) -> None:
    """Refuse guards and formulas of targets that name what there is not."""
    kpis = (*(kpi for perspective in perspectives for kpi in perspective.kpis), *own)
    nodes = [*(kpi for node in root.items("perspectives") for kpi in node.items("kpis")), *root.items("own")]
    ids = [kpi.id for kpi in kpis]
    for node, kpi in zip(nodes, kpis, strict=True):
        others = [name for name in ids if name != kpi.id]
        if kpi.guard is not None and kpi.guard not in others:
            raise node.wrong(
                "guard",
                f"the guard of {kpi.id!r} must be another KPI of the file, not {kpi.guard!r}",
                f"сторожем «{kpi.id}» должен быть другой показатель файла, а\u00a0не\u00a0«{kpi.guard}»",
                near(kpi.guard, others),
            )
        for key, rules in (("target", [kpi.target_rule]), ("member_targets", list(kpi.member_targets.values()))):
            for name, same_period in _named(rules):
                if name == kpi.id and same_period:
                    raise node.wrong(
                        key,
                        f"the target of {kpi.id!r} is made of itself; write previous({name}) or previous_year({name})",
                        f"цель «{kpi.id}» составлена из\u00a0себя самой; пишите previous({name}) или "
                        f"previous_year({name})",
                    )
                if name not in ids and name not in metrics:
                    raise node.wrong(
                        key,
                        f"there is no KPI or metric {name!r}",
                        f"нет показателя или метрики «{name}»",
                        near(name, (*ids, *metrics)),
                    )


def _named(rules: Sequence[TargetRule]) -> list[tuple[str, bool]]:
    """The figures that formulas name, each with whether it is that of the target's own period."""
    formulas = [rule.formula for rule in rules if rule.formula is not None]
    if not formulas:
        return []
    from septima.scorecard.targets import read_target_formula  # noqa: PLC0415  it brings Ibis, see `_definition`

    read = (read_target_formula(formula) for formula in formulas)
    return [(name, step is None) for formula in read for name, step in formula.figures.values()]
