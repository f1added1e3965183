"""Finding a customer by what a person at a desk knows: an id, a name, an e-mail address, a telephone number.

One Ibis expression, which the engine works; the text sought is a value in it and never part of a statement.
"""

import re
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from septima.lake.resolved import Tables, masters
from septima.lake.tables import MERGES

_LEAST_DIGITS = 4
_MOST_WORDS = 8
_WHOLE_NUMBER = 10
_BETWEEN_WORDS = r"[^\p{L}\p{N}]+"


@dataclass(frozen=True)
class FoundCustomer:
    """A person found: `customer_id` is the master's where records were merged, `matched_id` the record that was hit.

    `matched` is what was hit: id, email, phone, identifier or name. The other columns are those of the master's record, and
    personal data.
    """

    customer_id: str
    matched_id: str
    matched: str
    name: str | None
    email: str | None
    phone: str | None
    segment: str | None
    region: str | None


def find_customers(tables: Tables, text: str, limit: int = 20) -> tuple[FoundCustomer, ...]:
    """At most `limit` persons who fit `text`, the surest first: by id, e-mail, telephone, other identifiers, then name.

    `tables` gives the tables of the lake as Ibis tables, without merges applied. Ids fit whole; an e-mail address or an
    identifier fits whole or by its beginning, without case; a text that is a number fits a telephone by at least four digits that stand together, +7 and 8
    before ten digits being one; any other text fits a name where each word sought begins one of its words, without case, ё being е. Nothing is
    found for a blank text.
    """
    hits = customers_found(tables, text, limit)
    if hits is None:
        return ()
    rows: list[dict[str, Any]] = hits.to_pyarrow().to_pylist()
    return tuple(FoundCustomer(**{name: row[name] for name in FoundCustomer.__dataclass_fields__}) for row in rows)


def customers_found(tables: Tables, text: str, limit: int = 20) -> ir.Table | None:
    """The expression of `find_customers`: its columns and `rank`; None where the text says nothing."""
    sought = text.strip()
    words = [word for word in re.split(r"[\W_]+", sought.lower().replace("ё", "е")) if word][:_MOST_WORDS]
    if not words:
        return None
    customers: Any = tables("customers")
    identities: Any = tables("identities")
    hits = _customers(customers, sought, words).union(_identities(identities, sought))
    merged = masters(tables(MERGES.name)).select(merged_id="customer_id", merged_into="master_id")
    hits = hits.left_join(merged, hits["matched_id"] == merged["merged_id"])
    hits = hits.select(
        "matched_id", "matched", "rank", customer_id=ibis.coalesce(hits["merged_into"], hits["matched_id"])
    )
    order = [hits["rank"], hits["matched_id"], hits["matched"]]
    best = hits.mutate(place=ibis.row_number().over(ibis.window(group_by=hits["customer_id"], order_by=order)))
    best = best.filter(best["place"] == 0)
    # Few are left here, so that the join with all customers is a look-up.
    best = best.order_by([best["rank"], best["customer_id"]]).limit(max(0, limit))
    shown = customers.select("name", "email", "phone", "segment", "region", record_id="customer_id")
    told = best.left_join(shown, best["customer_id"] == shown["record_id"])
    told = told.select("customer_id", "matched_id", "matched", "name", "email", "phone", "segment", "region", "rank")
    return told.order_by([told["rank"], told["customer_id"]])


def _ranked(rows: Any, likely: Any, conditions: list[tuple[Any, int]]) -> Any:
    """What was hit and how surely, of those rows that a cheap look leaves."""
    names = {0: "id", 1: "email", 2: "phone", 3: "identifier", 4: "email", 5: "phone", 6: "identifier", 7: "name"}
    rank = ibis.cases(*((condition.fill_null(False), number) for condition, number in conditions))
    found = rows.filter(likely).select(matched_id="customer_id", rank=rank)
    found = found.filter(found["rank"].notnull())
    matched = ibis.cases(*((found["rank"] == number, name) for number, name in names.items()))
    return found.mutate(matched=matched).select("matched_id", "matched", "rank")


def _customers(rows: Any, sought: str, words: list[str]) -> Any:
    known = (rows["customer_id"] == sought, 0)
    number = _national(sought)
    if number is not None:
        conditions = [known, *_number(rows["phone"], number, 2, 5)]
        return _ranked(rows, known[0] | _digits(rows["phone"]).contains(number), conditions)
    mails = _address(rows["email"], sought, 1, 4)
    small = rows["name"].lower().replace("ё", "е")
    held, spaced = ibis.literal(True), ibis.literal(" ") + small.re_replace(_BETWEEN_WORDS, " ")
    named = ibis.literal(True)
    for word in words:
        held &= small.contains(word)
        named &= spaced.contains(" " + word)
    return _ranked(rows, known[0] | mails[1][0] | held, [known, *mails, (named, 7)])


def _identities(rows: Any, sought: str) -> Any:
    value, kind, number = rows["id_value"], rows["id_type"].lower(), _national(sought)
    mail, phone = kind.contains("mail"), kind.contains("phone") | kind.contains("mobile") | kind.contains("tel")
    likely = value.lower().startswith(sought.lower())
    conditions = [(mail & one, rank) for one, rank in _address(value, sought, 1, 4)]
    if number is not None:
        conditions += [(phone & one, rank) for one, rank in _number(value, number, 2, 5)]
        likely |= phone & _digits(value).contains(number)
    conditions += [(~phone & one, rank) for one, rank in _address(value, sought, 3, 6)]
    return _ranked(rows, likely, conditions)


def _address(column: Any, sought: str, whole: int, start: int) -> list[tuple[Any, int]]:
    wanted = sought.lower()
    return [(column.lower() == wanted, whole), (column.lower().startswith(wanted), start)]


def _national(sought: str) -> str | None:
    """The digits of a telephone number without Russia's +7 or 8; None where the text is no number."""
    digits = re.sub(r"\D", "", sought)
    if len(digits) < _LEAST_DIGITS or re.search(r"[^0-9\s()+.\-–/]", sought):
        return None
    return digits[1:] if re.fullmatch(r"[78]\d{10}", digits) else digits


def _number(column: Any, wanted: str, whole: int, part: int) -> list[tuple[Any, int]]:
    own = _digits(column)
    russian = (own.length() == _WHOLE_NUMBER + 1) & own.substr(0, 1).isin(["7", "8"])
    bare: Any = ibis.ifelse(russian, own.substr(1), own)
    return [(bare == wanted, whole), (bare.contains(wanted), part)]


def _digits(column: Any) -> Any:
    """A number without what is written between its digits; plain replacing is quicker than an expression."""
    for sign in " -()+./–\u00a0":
        column = column.replace(sign, "")
    return column
