"""A query in SQL as the rows of a company's own metric, where an administrator allowed it.

What is not on the list is refused: each sort of part, with each of its arguments, has to be named here. Tables are
the canonical ones and the query's own `with` parts, nothing else, so no file, no network and no setting can be read.
The query is checked against the canonical columns, written anew out of its parts and put over the workspace's tables.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import ibis
import ibis.expr.operations as ops
from sqlglot import exp, parse
from sqlglot.errors import SqlglotError
from sqlglot.expressions.core import Expr
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from septima.metrics.custom.definition import OwnTable
from septima.metrics.custom.expressions import Field, Kind, shown
from septima.metrics.definition import Request, Rows
from septima.schema import SeptimaError, Text
from septima.schema.wording import hinted, near

MOMENT = "at"
LONGEST = 20_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
}
_IBIS_TYPES: dict[Kind, str] = {
    "text": "string",
    "number": "float64",
    "boolean": "boolean",
    "timestamp": "timestamp",
    "date": "date",
}
_CAST_TYPES = frozenset(
    (
        exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.INT, exp.DType.BIGINT,
        exp.DType.DECIMAL, exp.DType.BOOLEAN, exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ,
    )
)  # fmt: skip
_UNITS = frozenset(("YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND"))
_BINARY = ("this", "expression")

_ALLOWED: dict[type[Expr], tuple[str, ...]] = {
    exp.Select: ("expressions", "from_", "joins", "where", "group", "having", "with_", "distinct"),
    exp.With: ("expressions",),
    exp.CTE: ("this", "alias"),
    exp.TableAlias: ("this",),
    exp.From: ("this",),
    exp.Join: ("this", "side", "kind", "on", "using"),
    exp.Table: ("this", "alias"),
    exp.Subquery: ("this", "alias"),
    exp.Where: ("this",),
    exp.Group: ("expressions",),
    exp.Having: ("this",),
    exp.Distinct: ("expressions",),
    exp.Alias: ("this", "alias"),
    exp.Column: ("this", "table"),
    exp.Identifier: ("this", "quoted"),
    exp.Star: (),
    exp.Literal: ("this", "is_string"),
    exp.Boolean: ("this",),
    exp.Null: (),
    exp.Paren: ("this",),
    exp.Tuple: ("expressions",),
    exp.Neg: ("this",),
    exp.Add: _BINARY,
    exp.Sub: _BINARY,
    exp.Mul: _BINARY,
    exp.Div: (*_BINARY, "typed", "safe"),
    exp.Mod: _BINARY,
    exp.EQ: _BINARY,
    exp.NEQ: _BINARY,
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.And: _BINARY,
    exp.Or: _BINARY,
    exp.Not: ("this",),
    exp.Is: _BINARY,
    exp.In: ("this", "expressions", "query"),
    exp.Exists: ("this",),
    exp.Between: ("this", "low", "high"),
    exp.Like: (*_BINARY, "negate"),
    exp.Case: ("this", "ifs", "default"),
    exp.If: ("this", "true", "false"),
    exp.Coalesce: ("this", "expressions"),
    exp.Nullif: _BINARY,
    exp.Greatest: ("this", "expressions", "ignore_nulls"),
    exp.Least: ("this", "expressions", "ignore_nulls"),
    exp.Lower: ("this",),
    exp.Upper: ("this",),
    exp.Trim: ("this",),
    exp.Length: ("this",),
    exp.Abs: ("this",),
    exp.Round: ("this", "decimals"),
    exp.Floor: ("this",),
    exp.Ceil: ("this",),
    exp.Year: ("this",),
    exp.Month: ("this",),
    exp.Day: ("this",),
    exp.Hour: ("this",),
    exp.TimestampTrunc: ("this", "unit"),
    exp.DateTrunc: ("this", "unit"),
    exp.Interval: ("this", "unit"),
    exp.Var: ("this",),
    exp.Cast: ("this", "to"),
    exp.DataType: ("this", "expressions"),
    exp.DataTypeParam: ("this",),
    exp.Sum: ("this",),
    exp.Avg: ("this",),
    exp.Min: ("this",),
    exp.Max: ("this",),
    exp.Count: ("this", "big_int"),
    exp.Window: ("this", "partition_by", "order", "over"),
    exp.Order: ("expressions",),
    exp.Ordered: ("this", "desc", "nulls_first"),
    exp.RowNumber: (),
    exp.Lag: ("this", "offset"),
    exp.Lead: ("this", "offset"),
}


class QueryError(SeptimaError):
    """The query is not one plain SELECT over canonical tables; the message says which part."""


@dataclass(frozen=True)
class _Query:
    tree: Expr
    tables: tuple[str, ...]
    kinds: Mapping[str, Kind]


def read_query(text: str, tables: Mapping[str, OwnTable]) -> OwnTable:
    """Check a query over `tables` and give its answer as a table; QueryError names the part that is not allowed.

    The answer needs a column `at`, the moment or day of a row.
    """
    query = _checked(text, tables)
    fields = {name: Field(kind) for name, kind in query.kinds.items()}
    if MOMENT not in fields or fields[MOMENT].kind not in ("timestamp", "date"):
        raise QueryError(
            Text(
                f"the query must give a column `{MOMENT}`, the moment or day of each row: ordered_at as {MOMENT}",
                f"запрос должен давать столбец `{MOMENT}`, момент или день каждой строки: ordered_at as {MOMENT}",
            )
        )
    data = tuple(f"{name}.*" for name in query.tables)
    return OwnTable("the query", fields, lambda request: _rows(query, tables, request), MOMENT, data, settled=False)


def _checked(text: str, tables: Mapping[str, OwnTable]) -> _Query:
    if len(text) > LONGEST or "\0" in text:
        raise QueryError(
            Text(
                f"a query has at most {LONGEST:,} characters and no zero byte",
                f"в\u00a0запросе может быть не\u00a0больше {LONGEST} символов и\u00a0ни\u00a0одного нулевого байта",
            )
        )
    try:
        statements = parse(text, read="duckdb")
    except SqlglotError as error:
        detail = str(error).replace("\x1b[4m", "").replace("\x1b[0m", "").split(". Line", maxsplit=1)[0]
        raise QueryError(
            Text(
                f"the query is not understood: {' '.join(detail.split())}",
                f"запрос не\u00a0разобрать: {' '.join(detail.split())}",
            )
        ) from None
    except (RecursionError, ValueError, TypeError, AttributeError, LookupError):
        raise QueryError(
            Text("the query is not understood", "запрос не\u00a0разобрать; проверьте скобки и\u00a0кавычки")
        ) from None
    if len(statements) != 1 or type(statements[0]) is not exp.Select:
        raise QueryError(
            Text(
                "write one SELECT, which may begin with `with`, and nothing else",
                "нужен один SELECT, который может начинаться с\u00a0`with`, и\u00a0больше ничего",
            )
        )
    tree = statements[0]
    for node in tree.walk():
        _check_part(node)
    named = _check_tables(tree, tables)
    schema: dict[str, object] = {
        name: {column: _SQL_TYPES[found.kind] for column, found in tables[name].fields.items()} for name in named
    }
    try:
        tree = annotate_types(qualify(tree, schema=schema, dialect="duckdb"), schema=schema, dialect="duckdb")
    except SqlglotError as error:
        detail = " ".join(str(error).split(". Line", maxsplit=1)[0].split())
        raise QueryError(
            Text(f"the query does not fit the tables: {detail}", f"запрос не\u00a0подходит к\u00a0таблицам: {detail}")
        ) from None
    except (RecursionError, ValueError, TypeError, AttributeError, LookupError):
        raise QueryError(
            Text(
                "the query is not understood; write each column as table.column",
                "запрос не\u00a0разобрать; пишите каждый столбец как таблица.столбец",
            )
        ) from None
    return _Query(_divisions_guarded(tree), named, _kinds(tree))


def _check_part(node: Expr) -> None:
    allowed = _ALLOWED.get(type(node))
    if allowed is None:
        raise QueryError(Text(f"«{_short(node)}» is not allowed in a query", f"«{_short(node)}» в\u00a0запросе нельзя"))
    for name, value in node.args.items():
        if name not in allowed and value not in (None, False, []):
            raise QueryError(
                Text(
                    f"«{_short(node)}»: the form `{name.strip('_')}` is not allowed in a query",
                    f"«{_short(node)}»: форма `{name.strip('_')}` в\u00a0запросе не\u00a0допускается",
                )
            )
    if isinstance(node, exp.DataType) and node.this not in _CAST_TYPES:
        raise QueryError(
            Text(
                f"«{_short(node)}»: values are cast to texts, numbers, booleans, dates and timestamps only",
                f"«{_short(node)}»: значения преобразуются только в\u00a0тексты, числа, логические значения, дни "
                "и\u00a0моменты времени",
            )
        )
    if isinstance(node, exp.Var) and str(node.this).upper().removesuffix("S") not in _UNITS:
        raise QueryError(
            Text(f"«{_short(node)}» is no unit of time", f"«{_short(node)}»\u00a0— не\u00a0единица времени")
        )
    if isinstance(node, exp.Join) and str(node.args.get("kind", "")).upper() not in ("", "INNER", "OUTER", "CROSS"):
        raise QueryError(
            Text(
                f"«{_short(node)}»: joins are inner, left, right, full and cross",
                f"«{_short(node)}»: соединения бывают inner, left, right, full и\u00a0cross",
            )
        )
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        raise QueryError(
            Text(
                f"«{_short(node)}» is not a table; functions that give tables are not allowed",
                f"«{_short(node)}»\u00a0— не\u00a0таблица; функции, дающие таблицы, не\u00a0допускаются",
            )
        )
    if isinstance(node, exp.Identifier) and not _NAME.fullmatch(str(node.this)):
        raise QueryError(
            Text(
                f"«{_short(node)}»: names are of Latin letters, digits and _",
                f"«{_short(node)}»: имена состоят из\u00a0латинских букв, цифр и\u00a0_",
            )
        )


def _check_tables(tree: Expr, tables: Mapping[str, OwnTable]) -> tuple[str, ...]:
    """The canonical tables that the query names. Its own parts stand at its head alone, each after those it reads.

    A name that could stand for anything but these would be looked up by the engine, among files too.
    """
    head = tree.args.get("with_")
    parts = [] if head is None else list(head.expressions)
    if any(node is not head for node in tree.find_all(exp.With)):
        raise QueryError(
            Text("`with` stands at the head of the query only", "`with` может стоять только в\u00a0начале запроса")
        )
    named: dict[str, None] = {}
    before: dict[str, None] = {}
    for part in [*parts, tree]:
        for table in part.find_all(exp.Table):
            if part is tree and any(table.find_ancestor(exp.CTE) is one for one in parts):
                continue
            if table.name in tables:
                named[table.name] = None
            elif table.name not in before:
                raise QueryError(
                    hinted(
                        f"there is no table {table.name!r}",
                        f"нет таблицы «{table.name}»",
                        near(table.name, [*before, *tables]),
                    )
                )
        if part is not tree:
            if part.alias in tables or part.alias in before:
                raise QueryError(
                    Text(
                        f"`with {part.alias}` hides another table; choose another name",
                        f"`with {part.alias}` закрывает другую таблицу; возьмите другое имя",
                    )
                )
            before[part.alias] = None
    return tuple(named)


def _kinds(tree: Expr) -> dict[str, Kind]:
    kinds: dict[str, Kind] = {}
    for column in cast("exp.Select", tree).selects:
        name, type_ = column.alias_or_name, column.type
        kind = _kind(type_)
        if kind is None:
            raise QueryError(
                Text(
                    f"the type of column {name!r} cannot be told; write cast(… as double), or another type",
                    f"тип столбца «{name}» не\u00a0определить; пишите cast(… as double) или другой тип",
                )
            )
        if name in kinds:
            raise QueryError(
                Text(
                    f"the query gives two columns {name!r}; name one of them otherwise",
                    f"в\u00a0запросе два столбца «{name}»; назовите один из\u00a0них иначе",
                )
            )
        kinds[name] = kind
    return kinds


def _kind(type_: Any) -> Kind | None:
    if type_ is None:
        return None
    if type_.this in exp.DataType.TEXT_TYPES:
        return "text"
    if type_.this in exp.DataType.NUMERIC_TYPES:
        return "number"
    if type_.this == exp.DType.BOOLEAN:
        return "boolean"
    if type_.this == exp.DType.DATE:
        return "date"
    return "timestamp" if type_.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ) else None


def _divisions_guarded(tree: Expr) -> Expr:
    """A division by zero is null: engines otherwise disagree between null, infinity and an error."""

    def guarded(node: Expr) -> Expr:
        if isinstance(node, exp.Div | exp.Mod):
            node.set("expression", exp.Nullif(this=exp.paren(node.expression), expression=exp.Literal.number(0)))
        return node

    return tree.transform(guarded)


def _rows(query: _Query, tables: Mapping[str, OwnTable], request: Request) -> Rows:
    """The query's answer by the engine that holds the tables."""
    given = {name: request.rows(name) for name in query.tables}
    held = next((rows for rows in given.values() if not _is_empty(rows)), None)
    if held is None:
        empty = {name: _IBIS_TYPES[kind] for name, kind in query.kinds.items()}
        return ibis.memtable(ibis.schema(empty).to_pyarrow().empty_table())
    backend: Any = held.get_backend()
    tree = query.tree.copy()
    dialect = backend.dialect
    parts = [_part(name, rows, tables[name], backend) for name, rows in given.items()]
    head = tree.args.get("with_")
    tree.set("with_", exp.With(expressions=[*parts, *([] if head is None else head.expressions)]))
    sources = exp.Subquery(this=tree, alias=exp.TableAlias(this=exp.to_identifier("answer", quoted=True)))
    columns = [
        exp.alias_(exp.cast(exp.column(name, quoted=True), _SQL_TYPES[kind], dialect="duckdb"), name, quoted=True)
        for name, kind in query.kinds.items()
    ]
    whole = exp.select(*columns).from_(sources)
    schema = {name: _IBIS_TYPES[kind] for name, kind in query.kinds.items()}
    return backend.sql(whole.sql(dialect=dialect, comments=False), schema=schema)


def _is_empty(rows: Rows) -> bool:
    return isinstance(rows.op(), ops.InMemoryTable)


def _part(name: str, rows: Rows, table: OwnTable, backend: Any) -> Expr:
    """A canonical table as the head of the query: no other than its own rows can be meant by its name."""
    if _is_empty(rows):
        nothing = [
            exp.alias_(exp.cast(exp.null(), _SQL_TYPES[found.kind], dialect="duckdb"), column, quoted=True)
            for column, found in table.fields.items()
        ]
        content: Expr = exp.select(*nothing).where(exp.false())
    else:
        content = parse(backend.compile(rows), read=backend.dialect)[0] or exp.null()
    return exp.CTE(this=content, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _short(node: Expr) -> str:
    text = shown(node)
    return text if len(text) <= 80 else f"{text[:77]}…"
