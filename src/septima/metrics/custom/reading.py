"""Read the company's own metrics from YAML; all that is wrong is told at once, each with file, line and remedy."""

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast, get_args

from septima.metrics import roles
from septima.metrics.custom.definition import METRIC_ID, Cumulative, OwnKind, OwnMetric, OwnRows, OwnTable
from septima.metrics.custom.expressions import (
    ExpressionError,
    Field,
    Kind,
    OwnExpression,
    joined,
    kind_of_value,
    read_expression,
)
from septima.metrics.custom.formula import Formula, read_formula
from septima.metrics.custom.nodes import Node, plain, read_yaml
from septima.metrics.custom.query import QueryError, read_query
from septima.metrics.definition import CUSTOMER_DIMENSIONS, Metric, Unit
from septima.schema import TABLES, Table, Text, Type, line_of
from septima.schema.wording import near

GROUP = "own"
FORMULA_SOURCE = "the company’s own definition"

_COMMON = (
    "id", "version", "name", "description", "use", "unit", "direction", "perspective", "group", "owner", "minimum_sample",
    "source", "kind", "parameters", "bounds",
)  # fmt: skip
_OF_ROWS = ("table", "sql", "at", "filter", "by")
_KEYS: dict[OwnKind, tuple[str, ...]] = {
    "count": (*_OF_ROWS, "distinct", "cumulative"),
    "sum": (*_OF_ROWS, "column", "expression", "cumulative"),
    "mean": (*_OF_ROWS, "column", "expression", "cumulative"),
    "quantile": (*_OF_ROWS, "column", "expression", "q"),
    "ratio": (*_OF_ROWS, "numerator", "denominator", "cumulative"),
    "conversion": ("base", "target", "within", "by", "cumulative"),
    "derived": ("formula",),
}
_PART_KEYS = ("table", "sql", "at", "filter", "sum")
_EVENT_KEYS = ("table", "sql", "at", "filter")
_UNITS: dict[OwnKind, Unit] = {"count": "count", "conversion": "share"}
_KINDS: dict[Type, Kind] = {
    "string": "text",
    "timestamp": "timestamp",
    "date": "date",
    "decimal": "number",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
}
_PARAMETER = re.compile(r"[A-Za-z_]\w*")
_WITHIN = re.compile(r"(?P<number>\d+(\.\d+)?) *(?P<unit>days?|hours?)")
_LONGEST_WITHIN = 3650.0
_USE = Text("A metric of the company’s own.", "Собственный показатель компании.")


@dataclass
class OwnFiles:
    """What stands in the files: metrics that can be built, ids of all that are named, and what is wrong."""

    metrics: dict[str, OwnMetric] = field(default_factory=dict[str, OwnMetric])
    places: dict[str, Text] = field(default_factory=dict[str, Text])
    mistakes: list[Text] = field(default_factory=list[Text])


def read_files(files: Sequence[tuple[str, str]], known: Mapping[str, Metric], *, allow_sql: bool) -> OwnFiles:
    """Read files given as pairs of name and text; `known` are the metrics whose ids are taken."""
    found = OwnFiles()
    reader = _Reader(known, allow_sql)
    for name, text in files:
        root = read_yaml(text, name, found.mistakes)
        if root is None:
            continue
        root.only(("metrics",))
        if not root.has("metrics"):
            root.wrong(
                None,
                "the file has no `metrics:`; list the metrics below it, each after a dash",
                "в\u00a0файле нет `metrics:`; перечислите под ним метрики, каждую после дефиса",
            )
            continue
        for node in root.items("metrics"):
            before = len(found.mistakes)
            metric = reader.metric(node, found.places)
            if metric is not None and len(found.mistakes) == before:
                found.metrics[metric.id] = metric
    return found


def canonical_table(declared: Table) -> OwnTable:
    """A canonical table as expressions see it."""
    fields = {
        column.name: Field(_KINDS[column.type], column.choices, column.unit == "currency", column.personal)
        for column in declared.columns
        if column.type in _KINDS
    }
    return OwnTable(declared.name, fields, lambda request: request.rows(declared.name), declared.time)


@dataclass(frozen=True)
class _Reader:
    known: Mapping[str, Metric]
    allow_sql: bool

    def metric(self, node: Node, places: dict[str, Text]) -> OwnMetric | None:
        """The metric that a node describes; what is wrong is noted in the node's mistakes."""
        id_ = self._id(node, places)
        kind = node.choice("kind", get_args(OwnKind))
        if kind is None:
            if not node.has("kind"):
                node.wrong(None, "a metric needs a `kind`", "метрике нужен `kind`", near("", get_args(OwnKind)))
            return None
        self._check_keys(node, kind)
        parameters = _parameters(node, dotted=kind == "derived")
        metric = self._words(node, id_ or "?", kind, parameters)
        if kind == "derived":
            metric = replace(metric, formula=_formula(node, parameters))
        elif kind == "conversion":
            metric = self._conversion(node, metric)
        elif kind == "ratio":
            metric = self._ratio(node, metric)
        else:
            metric = self._of_rows(node, metric)
        return metric

    def _id(self, node: Node, places: dict[str, Text]) -> str | None:
        id_ = node.string("id")
        if id_ is None:
            if not node.has("id"):
                node.wrong(
                    None,
                    "a metric needs an `id`, such as resolved_calls",
                    "метрике нужен `id`, например resolved_calls",
                )
            return None
        if not METRIC_ID.fullmatch(id_):
            node.wrong(
                "id",
                f"`id` is {id_!r}; use small Latin letters, digits and _, such as resolved_calls",
                f"в\u00a0`id` стоит «{id_}»; берите строчные латинские буквы, цифры и\u00a0_, например resolved_calls",
            )
        elif id_ in self.known:
            node.wrong(
                "id",
                f"the catalogue has a metric {id_!r} already; choose another id",
                f"в\u00a0каталоге уже есть метрика «{id_}»; возьмите другой id",
            )
        elif id_ in places:
            node.wrong(
                "id",
                f"the id {id_!r} is already taken in {places[id_].en}; choose another id",
                f"id «{id_}» уже занят: {places[id_].ru}; возьмите другой id",
            )
        else:
            places[id_] = line_of(node.file, node.line("id"))
        return id_

    @staticmethod
    def _check_keys(node: Node, kind: OwnKind) -> None:
        known = (*_COMMON, *_KEYS[kind])
        others = [key for keys in _KEYS.values() for key in keys if key not in known]
        for key in node.data:
            if key in others:
                node.wrong(
                    str(key),
                    f"`{key}` has no meaning for kind {kind!r}, which has {', '.join(_KEYS[kind])}; remove it",
                    f"`{key}` не\u00a0имеет смысла для метрик вида «{kind}», у\u00a0которых есть "
                    f"{', '.join(_KEYS[kind])}; уберите его",
                )
            elif key not in known:
                node.wrong(str(key), f"unknown key {key!r}", f"неизвестный ключ «{key}»", near(str(key), known))

    def _words(self, node: Node, id_: str, kind: OwnKind, parameters: Mapping[str, Any]) -> OwnMetric:
        name, description = node.text("name"), node.text("description")
        for key, words in (("name", name), ("description", description)):
            if words is None and not node.has(key):
                node.wrong(
                    None,
                    f"metric {id_!r} needs a `{key}`: a text, or {{en: …, ru: …}}",
                    f"метрике «{id_}» нужен `{key}`: текст или {{en: …, ru: …}}",
                )
        unit = node.choice("unit", get_args(Unit)) or _UNITS.get(kind)
        if kind in _UNITS and unit != _UNITS[kind]:
            node.wrong(
                "unit",
                f"a metric of kind {kind!r} is of unit {_UNITS[kind]!r}; remove `unit`",
                f"у\u00a0метрик вида «{kind}» единица измерения всегда «{_UNITS[kind]}»; уберите `unit`",
            )
        direction = node.choice("direction", ("more", "less", "target"))
        perspective = node.choice(
            "perspective", _ordered(metric.passport.perspective for metric in self.known.values())
        )
        needed = {
            "unit": (unit, get_args(Unit)),
            "direction": (direction, ("more", "less", "target")),
            "perspective": (perspective, _ordered(metric.passport.perspective for metric in self.known.values())),
        }
        for key, (value, choices) in needed.items():
            if value is None and not node.has(key):
                node.wrong(
                    None,
                    f"metric {id_!r} needs `{key}`, one of: {', '.join(choices)}",
                    f"метрике «{id_}» нужен ключ `{key}`, одно из: {', '.join(choices)}",
                )
        groups = (GROUP, *_ordered(metric.passport.group for metric in self.known.values()))
        return OwnMetric(
            id=id_,
            version=_at_least_one(node, "version", 1),
            name=name or Text(id_, id_),
            description=description or Text(id_, id_),
            use=node.text("use") or _USE,
            unit=unit or "count",
            direction=direction or "more",
            perspective=perspective or "",
            group=node.choice("group", groups) or GROUP,
            owner=node.text("owner") or roles.CRM,
            minimum_sample=_at_least_one(node, "minimum_sample", 30),
            formula_source=node.string("source") or FORMULA_SOURCE,
            kind=kind,
            parameters=parameters,
            by=(),
            place=line_of(node.file, node.line("id")),
            fingerprint=_fingerprint(node),
            bounds=_bounds(node),
            cumulative=_cumulative(node),
        )

    def _of_rows(self, node: Node, metric: OwnMetric) -> OwnMetric:
        table = self._table(node)
        if table is None:
            return metric
        rows = self._rows(node, table, metric.parameters)
        distinct = node.string("distinct")
        if distinct is not None and distinct not in table.fields:
            node.wrong(
                "distinct",
                f"table {table.name!r} has no column {distinct!r}",
                f"в\u00a0таблице «{table.name}» нет столбца «{distinct}»",
                near(distinct, table.fields),
            )
        value = None if metric.kind == "count" else self._value(node, table, metric)
        by = _dimensions(node, table)
        q = node.number("q", 0.5) if metric.kind == "quantile" else 0.5
        if not 0 < q < 1:
            node.wrong(
                "q",
                f"`q` is {q:g}; give a share between 0 and 1: 0.5 is the median, 0.9 the ninth decile",
                f"в\u00a0`q` стоит {q:g}; укажите долю от\u00a00 до\u00a01: 0.5\u00a0— медиана, 0.9\u00a0— девятый "
                "дециль",
            )
        rows = None if rows is None else replace(rows, value=value, distinct=distinct)
        return replace(metric, rows=rows, by=by, quantile=q)

    def _value(self, node: Node, table: OwnTable, metric: OwnMetric) -> OwnExpression | None:
        given = [key for key in ("column", "expression") if node.has(key)]
        if len(given) != 1:
            node.wrong(
                None,
                f"metric {metric.id!r} of kind {metric.kind!r} needs either `column` or `expression`",
                f"метрике «{metric.id}» вида «{metric.kind}» нужно либо `column`, либо `expression`",
            )
            return None
        return _expression(node, given[0], table, metric.parameters, ("number",))

    def _ratio(self, node: Node, metric: OwnMetric) -> OwnMetric:
        asked = node.has("table") or node.has("sql")
        above = self._table(node) if asked else None
        shared = None if above is None else self._rows(node, above, metric.parameters)
        if not asked and (node.has("filter") or node.has("at")):
            key = "filter" if node.has("filter") else "at"
            node.wrong(
                key,
                f"`{key}` speaks of a `table` that is not named beside it; name it, or put it into the parts",
                f"`{key}` относится к\u00a0`table`, а\u00a0она рядом не\u00a0названа; назовите её или перенесите "
                f"`{key}` в\u00a0части",
            )
        parts: list[OwnRows | None] = []
        for key in ("numerator", "denominator"):
            part = node.child(key)
            if part is None:
                if not node.has(key):
                    node.wrong(
                        None,
                        f"metric {metric.id!r} needs a `{key}`, such as {{filter: …}}, or {{}} for all rows",
                        f"метрике «{metric.id}» нужен `{key}`, например {{filter: …}}, или {{}} для всех строк",
                    )
                parts.append(None)
                continue
            part.only(_PART_KEYS)
            own = part.has("table") or part.has("sql")
            # What is wrong above is told there; a part that builds on it cannot be read.
            parts.append(self._part(part, shared, metric.parameters) if own or shared or not asked else None)
        numerator, denominator = parts
        if numerator is None or denominator is None:
            return metric
        by = _dimensions(node, denominator.table, numerator.table)
        return replace(metric, rows=denominator, against=numerator, by=by)

    def _part(self, node: Node, shared: OwnRows | None, parameters: Mapping[str, Any]) -> OwnRows | None:
        """A numerator or denominator: rows of a table of its own, or of those that stand above."""
        if node.has("table") or node.has("sql") or shared is None:
            table = self._table(node)
            rows = None if table is None else self._rows(node, table, parameters)
        else:
            at = _moment(node, shared.table, parameters) if node.has("at") else shared.at
            condition = joined(shared.condition, _condition(node, shared.table, parameters))
            rows = None if at is None else OwnRows(shared.table, at, condition)
        if rows is None or not node.has("sum"):
            return rows
        return replace(rows, value=_expression(node, "sum", rows.table, parameters, ("number",)))

    def _conversion(self, node: Node, metric: OwnMetric) -> OwnMetric:
        events: list[OwnRows | None] = []
        for key in ("base", "target"):
            event = node.child(key)
            if event is None:
                if not node.has(key):
                    node.wrong(
                        None,
                        f"metric {metric.id!r} needs `{key}`, such as {{table: orders}}",
                        f"метрике «{metric.id}» нужен `{key}`, например {{table: orders}}",
                    )
                events.append(None)
                continue
            event.only(_EVENT_KEYS)
            table = self._table(event)
            rows = None if table is None else self._rows(event, table, metric.parameters)
            if table is not None and not table.of_customers:
                event.wrong(
                    "table",
                    f"table {table.name!r} has no customer_id, by which the events are joined",
                    f"в\u00a0таблице «{table.name}» нет customer_id, по\u00a0которому соединяются события; возьмите "
                    "другую таблицу",
                )
            events.append(rows)
        base, target = events
        days = _within(node, metric.id)
        if base is None or target is None or days is None:
            return metric
        return replace(metric, rows=base, against=target, within_days=days, by=_dimensions(node, base.table))

    def _table(self, node: Node) -> OwnTable | None:
        if node.has("sql"):
            return self._query(node)
        name = node.string("table")
        if name is None:
            if not node.has("table"):
                node.wrong(None, "`table` is not named", "не\u00a0названа `table`", near("", TABLES))
            return None
        if name not in TABLES:
            node.wrong("table", f"there is no table {name!r}", f"нет таблицы «{name}»", near(name, TABLES))
            return None
        return canonical_table(TABLES[name])

    def _query(self, node: Node) -> OwnTable | None:
        if node.has("table"):
            node.wrong("sql", "`sql` gives the rows itself; remove `table`", "`sql` сам даёт строки; уберите `table`")
            return None
        if not self.allow_sql:
            node.wrong(
                "sql",
                "`sql` is switched off; an administrator may write `allow_sql: true` in septima.yaml",
                "`sql` выключен; администратор может написать `allow_sql: true` в\u00a0septima.yaml",
            )
            return None
        text = node.string("sql")
        if text is None:
            return None
        try:
            return read_query(text, {name: canonical_table(table) for name, table in TABLES.items()})
        except QueryError as error:
            node.wrong("sql", error.statement.en, error.statement.ru)
            return None

    def _rows(self, node: Node, table: OwnTable, parameters: Mapping[str, Any]) -> OwnRows | None:
        condition = _condition(node, table, parameters)
        at = _moment(node, table, parameters)
        return None if at is None else OwnRows(table, at, condition)


def _condition(node: Node, table: OwnTable, parameters: Mapping[str, Any]) -> OwnExpression | None:
    return _expression(node, "filter", table, parameters, ("boolean",)) if node.has("filter") else None


def _moment(node: Node, table: OwnTable, parameters: Mapping[str, Any]) -> OwnExpression | None:
    if node.has("at"):
        return _expression(node, "at", table, parameters, ("timestamp", "date"))
    if table.time is None:
        moments = [name for name, found in table.fields.items() if found.kind in ("timestamp", "date")]
        node.wrong(
            "table",
            f"{table.name!r} has no moment of its own; give `at`, one of its columns: {', '.join(moments)}",
            f"у\u00a0«{table.name}» нет своего момента времени; укажите `at`, один из\u00a0её столбцов: "
            f"{', '.join(moments)}",
        )
        return None
    return read_expression(table.time, table.fields, parameters, ("timestamp", "date"))


def _expression(
    node: Node, key: str, table: OwnTable, parameters: Mapping[str, Any], wanted: Collection[Kind]
) -> OwnExpression | None:
    text = node.string(key)
    if text is None:
        return None
    if key == "column" and text not in table.fields:
        node.wrong(
            key,
            f"table {table.name!r} has no column {text!r}",
            f"в\u00a0таблице «{table.name}» нет столбца «{text}»",
            near(text, table.fields),
        )
        return None
    try:
        return read_expression(text, table.fields, parameters, wanted)
    except ExpressionError as error:
        node.wrong(
            key, f"`{key}` over {table.name!r}: {error}", f"`{key}` для таблицы «{table.name}»: {error.statement.ru}"
        )
        return None


def _formula(node: Node, parameters: Mapping[str, Any]) -> Formula | None:
    text = node.string("formula")
    if text is None:
        if not node.has("formula"):
            node.wrong(
                None,
                "a derived metric needs a `formula`, such as revenue / active_customers",
                "производной метрике нужна `formula`, например revenue / active_customers",
            )
        return None
    try:
        return read_formula(text, parameters)
    except ExpressionError as error:
        node.wrong("formula", f"`formula`: {error}", f"`formula`: {error.statement.ru}")
        return None


def _dimensions(node: Node, *tables: OwnTable) -> tuple[str, ...]:
    """The columns named in `by`, which every one of the tables must have."""
    found: list[str] = []
    for name in node.names("by"):
        lacking = next((table for table in tables if name not in table.fields), None)
        if lacking is not None:
            if name in CUSTOMER_DIMENSIONS and all(table.of_customers for table in tables):
                continue
            node.wrong(
                "by",
                f"table {lacking.name!r} has no column {name!r}",
                f"в\u00a0таблице «{lacking.name}» нет столбца «{name}»",
                near(name, lacking.fields),
            )
            continue
        described = tables[0].fields[name]
        if described.personal:
            node.wrong(
                "by",
                f"column {name!r} identifies a person and makes no slices; remove it",
                f"по\u00a0столбцу «{name}» узнаётся человек, и\u00a0срезов по\u00a0нему нет; уберите его",
            )
        elif described.kind not in ("text", "boolean"):
            node.wrong(
                "by",
                f"column {name!r} is of kind {described.kind}; slices are columns of texts, or true and false",
                f"в\u00a0столбце «{name}» значения вида «{described.kind}»; срезы бывают по\u00a0столбцам "
                "с\u00a0текстами или с\u00a0true и\u00a0false",
            )
        else:
            found.append(name)
    return tuple(found)


def _parameters(node: Node, *, dotted: bool) -> dict[str, Any]:
    found = node.mapping("parameters")
    inner = node.child("parameters")
    for name, value in found.items():
        if inner is None:
            break
        if not _PARAMETER.fullmatch(name) and not (dotted and "." in name):
            inner.wrong(
                name,
                f"the parameter {name!r} must be a name of Latin letters, digits and _",
                f"имя параметра «{name}» должно состоять из\u00a0латинских букв, цифр и\u00a0_",
            )
        elif kind_of_value(value) is None:
            inner.wrong(
                name,
                f"the parameter {name!r} is {value!r}; give a number, a text, true or false, or a day",
                f"в\u00a0параметре «{name}» стоит «{value}»; укажите число, текст, true или false либо день",
            )
    return found


def _cumulative(node: Node) -> Cumulative | None:
    value = plain(node.data.get("cumulative"))
    if value in (None, False):
        return None
    if value is True:
        return "all"
    if value == {"over": "year"}:
        return "year"
    node.wrong(
        "cumulative",
        f"`cumulative` is {value!r}; write true, or {{over: year}} to begin anew every year",
        f"в\u00a0`cumulative` стоит «{value}»; пишите true или {{over: year}}, чтобы каждый год начинать заново",
    )
    return None


def _bounds(node: Node) -> tuple[float | None, float | None] | None:
    value = plain(node.data.get("bounds"))
    if value is None:
        return None
    if isinstance(value, list):
        ends = cast("list[object]", value)
        if len(ends) == 2 and all(end is None or (kind_of_value(end) == "number") for end in ends):
            least, greatest = (None if end is None else float(cast(float, end)) for end in ends)
            if least is None or greatest is None or least < greatest:
                return (least, greatest)
    node.wrong(
        "bounds",
        f"`bounds` is {value!r}; give the least and the greatest value there can be, such as [0, null]",
        f"в\u00a0`bounds` стоит «{value}»; укажите наименьшее и\u00a0наибольшее возможные значения, например [0, null]",
    )
    return None


def _within(node: Node, id_: str) -> float | None:
    value = plain(node.data.get("within"))
    if value is None:
        node.wrong(
            None, f"metric {id_!r} needs `within`, such as 7 days", f"метрике «{id_}» нужен `within`, например 7 days"
        )
        return None
    read = _WITHIN.fullmatch(value.strip()) if isinstance(value, str) else None
    days = 0.0
    if read is not None:
        days = float(read["number"]) / (24 if read["unit"].startswith("hour") else 1)
    if not 0 < days <= _LONGEST_WITHIN:
        node.wrong(
            "within",
            f"`within` is {value!r}; write a stretch of time such as 7 days or 12 hours",
            f"в\u00a0`within` стоит «{value}»; пишите отрезок времени, например 7 days или 12 hours",
        )
        return None
    return days


def _at_least_one(node: Node, key: str, default: int) -> int:
    number = node.number(key, default, whole=True)
    if number < 1:
        node.wrong(
            key,
            f"`{key}` is {number:g}; give a whole number from 1 on",
            f"в\u00a0`{key}` стоит {number:g}; укажите целое число от\u00a01",
        )
    return int(number)


def _fingerprint(node: Node) -> str:
    content = json.dumps(plain(node.data), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:8]


def _ordered(names: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
