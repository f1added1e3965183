"""Which form the dates and numbers of a column are written in, told from a sample of its values.

A form is taken where it reads more of the sample than any other. Where two forms read equally much
and read it differently (03/04/2024; 1,234), nobody can tell, and the mapping is asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from septima.lake.forms import TIMES, NumberForm, moment
from septima.lake.sql import LoadError
from septima.schema import Text

_DAYS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y.%m.%d",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d",
    "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_COMPACT = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%Y%m%d %H:%M", "%Y%m%d %H:%M:%S", "%Y%m%dT%H%M%S")
_MOST_FORMS = 3
_SAMPLE_VALUES = 5_000
_NUMBER_FORMS = (NumberForm(".", None), NumberForm(",", None), NumberForm(".", ","), NumberForm(",", "."))


@dataclass(frozen=True)
class _Family:
    """Forms of one way to write a day, with and without a time of day."""

    name: str
    forms: tuple[str, ...]


def _families(excel: bool) -> list[_Family]:
    families = [_Family("iso", ("iso",)), _Family(_COMPACT[0], _COMPACT)]
    families += [_Family(form, tuple(form + time for time in TIMES)) for form in _DAYS]
    return [*families, _Family("excel", ("excel",))] if excel else families


def date_forms(
    connection: duckdb.DuckDBPyConnection, sample: str, alias: str, where: Text, *, excel: bool = False
) -> tuple[str, ...]:
    """The forms in which the column `alias` of the SQL `sample` holds dates; `iso` where it holds none.

    `where` names file and column for the LoadError that asks for `dates:` where days and months
    can't be told apart. `excel` also considers serial numbers of a spreadsheet.
    """
    values = f"SELECT DISTINCT {alias} AS v FROM ({sample}) WHERE {alias} IS NOT NULL LIMIT {_SAMPLE_VALUES}"
    families = _families(excel)
    reads = ", ".join(f"{moment('v', family.forms, 'UTC')} AS f{index}" for index, family in enumerate(families))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE date_sample AS SELECT v, {reads} FROM ({values})")
    chosen: list[int] = []
    while len(chosen) < _MOST_FORMS:
        left = " AND ".join(f"f{index} IS NULL" for index in chosen) or "true"
        counts = _counts(connection, [f"f{index} IS NOT NULL" for index in range(len(families))], left)
        best = max(range(len(families)), key=lambda index: counts[index])
        if counts[best] == 0:
            break
        rivals = [index for index in range(len(families)) if index != best and counts[index] == counts[best]]
        differ = _counts(connection, [f"f{index} <> f{best}" for index in rivals], left)
        for rival, different in zip(rivals, differ, strict=True):
            if different:
                raise _ambiguous(connection, where, families[best], families[rival], f"f{rival} <> f{best} AND {left}")
        if any(sorted(families[best].name) == sorted(families[index].name) for index in chosen):
            break  # the parts of the form chosen in another order: dirt, such as a month 13, not a second form
        chosen.append(best)
    if not chosen:
        return ("iso",)
    return tuple(form for index in chosen for form in _used(connection, families[index], f"f{index}"))


def _counts(connection: duckdb.DuckDBPyConnection, conditions: list[str], where: str) -> list[int]:
    if not conditions:
        return []
    counted = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions)
    row = connection.execute(f"SELECT {counted} FROM date_sample WHERE {where}").fetchone()
    return [int(number) for number in row or ()]


def _used(connection: duckdb.DuckDBPyConnection, family: _Family, alias: str) -> tuple[str, ...]:
    """The forms of a family, those that the sample needs first."""
    reads = [f"{moment('v', (form,), 'UTC')} IS NOT NULL" for form in family.forms]
    counts = _counts(connection, reads, f"{alias} IS NOT NULL")
    order = sorted(range(len(counts)), key=lambda index: -counts[index])
    return tuple(family.forms[index] for index in order)


def _ambiguous(
    connection: duckdb.DuckDBPyConnection, where: Text, one: _Family, other: _Family, condition: str
) -> LoadError:
    row = connection.execute(f"SELECT v FROM date_sample WHERE {condition} ORDER BY v LIMIT 1").fetchone()
    example = str(row[0]) if row else ""
    asked = f'dates: "{one.name}"'
    said = Text(
        f"dates such as {example!r} can be read as {one.name} or as {other.name}, and no value decides; "
        f"write the form in the mapping: {asked}",
        f"даты вроде «{example}» можно прочитать и\u00a0как {one.name}, и\u00a0как {other.name}, и\u00a0ни\u00a0одно значение этого не\u00a0решает; "
        f"укажите вид дат в\u00a0сопоставлении: {asked}",
    )
    return LoadError(said.after(": ").after(where))


def number_form(values: Sequence[str], where: Text, known: Sequence[NumberForm] = _NUMBER_FORMS) -> NumberForm:
    """The form in which the values are numbers; the plain one where they are none.

    `known` are the forms to choose among. LoadError asks for `decimal:` where it can't be told.
    """
    cleaned = [_bare(value) for value in values]
    counts = [sum(_read(value, form) is not None for value in cleaned) for form in known]
    best = max(counts, default=0)
    if best == 0:
        return known[0]
    top = [form for form, hits in zip(known, counts, strict=True) if hits == best]
    if NumberForm() in top:
        # 1.234 with nothing to say otherwise is what a program writes: a point before decimals.
        return NumberForm()
    for form in top[1:]:
        for value in cleaned:
            if _read(value, form) != _read(value, top[0]):
                one, other = _read(value, top[0]), _read(value, form)
                said = Text(
                    f"numbers such as {value!r} can be read as {one} or as {other}; "
                    f'write in the mapping which it is: decimal: "{top[0].decimal}" or decimal: "{form.decimal}"',
                    f"числа вроде «{value}» можно прочитать и\u00a0как {one}, и\u00a0как {other}; "
                    f'укажите в\u00a0сопоставлении, как верно: decimal: "{top[0].decimal}" или decimal: "{form.decimal}"',
                )
                raise LoadError(said.after(": ").after(where))
    return top[0]


def forms_with(decimal: str | None, thousands: str | None) -> list[NumberForm]:
    """The number forms that agree with what a mapping says."""
    if decimal is not None and thousands is not None:
        return [NumberForm(decimal, thousands)]
    if thousands is not None:
        return [NumberForm("," if thousands == "." else ".", thousands)]
    return [form for form in _NUMBER_FORMS if decimal in (None, form.decimal)]


def _bare(value: str) -> str:
    spaced = re.sub(r"[\u00a0\u202f\u2009\u2007\t]", " ", value).replace("−", "-")
    bare = re.sub(r"[€$£₽¥₴₸₹]|руб\.?|р\.|RUB|USD|EUR|GBP", "", spaced).strip()
    return "-" + bare.strip("()") if bare.startswith("(") and bare.endswith(")") else bare


def _read(value: str, form: NumberForm) -> float | None:
    if not value or not re.fullmatch(form.pattern, value):
        return None
    text = re.sub(r"[ '’]", "", value)
    text = text.replace(form.thousands, "") if form.thousands else text
    try:
        return float(text.replace(form.decimal, "."))
    except ValueError:
        return None
