"""Identity resolution: which customers of the lake are one person.

What is decided goes to the table `merges`, which is only ever added to: who was merged into whom, by
which rule, on what evidence, and what was undone. An undone merge is not made again but by hand.
"""

import getpass
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from septima.lake.identity_groups import (
    BY_HAND,
    RULES,
    Age,
    Groups,
    Link,
    Merge,
    accept,
    after,
    links_in_force,
    next_rows,
    pairs_apart,
    state,
    undoing,
)
from septima.lake.identity_probabilistic import MERGE_AT, probable_links
from septima.lake.identity_rules import IdentityError, Progress, Shared, exact_links, prepare
from septima.lake.sql import DEFAULT_MEMORY, connect, count, parquet
from septima.lake.store import Lake, Writing, arrow_schema
from septima.lake.tables import MERGES
from septima.schema import Text

SHARED_LIMIT = 5
_COMPARING = Text("Comparing identifiers", "Сравнение идентификаторов")
_PUBLISHING = Text("Publishing", "Публикация")


@dataclass(frozen=True)
class Proposal:
    """Two customers who may be one person, for somebody to decide: `score` is the probability, `evidence` what agrees."""

    customer_id: str
    other_id: str
    score: float
    evidence: str


@dataclass(frozen=True)
class Identified:
    """What a run of `identify` found.

    `customers` records stand for `persons` people; `merged` counts by rule the records that this run brought
    to another. `shared` are identifiers that too many have; `unread_phones` different numbers were not
    understood; `refused` links would have made again what a person undid. `run` is None where nothing was written.
    """

    customers: int
    persons: int
    merged: Mapping[str, int]
    proposals: Sequence[Proposal] = ()
    shared: Sequence[Shared] = ()
    unread_phones: int = 0
    refused: int = 0
    run: int | None = None


def identify(
    lake: Lake,
    *,
    region: str | None = None,
    probabilistic: bool = False,
    dry_run: bool = False,
    shared_limit: int = SHARED_LIMIT,
    author: str | None = None,
    progress: Progress | None = None,
    memory: str = DEFAULT_MEMORY,
) -> Identified:
    """Find customers who are one person and record it; with `dry_run` only tell.

    Exact identifiers always decide; with `probabilistic` also likeness, from a probability of 0.99 on,
    and from 0.9 on as proposals. `region` is that of telephone numbers written without a country code.
    An identifier that more than `shared_limit` customers have identifies nobody. IdentityError where a
    library is absent or customers have too little to be compared by; StoreError where another writes.
    """
    author, version = author or getpass.getuser(), lake.version
    with lake.staging() as folder, connect(folder, memory) as connection:
        # In the order of the rows, so that the same customers give the same model.
        connection.execute("SET preserve_insertion_order = true")
        unread = prepare(connection, lake, version, folder, region=region, progress=progress)
        if progress is not None:
            progress(_COMPARING, 0, None)
        found, shared = exact_links(connection, shared_limit)
        candidates = [(one, other, rule, 1.0, evidence) for one, other, rule, evidence in found]
        if probabilistic:
            likely = probable_links(connection, shared_limit, progress)
            candidates += [(one, other, "probabilistic", score, evidence) for one, other, score, evidence in likely]
        customers = count(
            connection,
            "SELECT count(*) FROM (SELECT customer_id FROM people UNION SELECT customer_id FROM named)",
        )
        if dry_run:
            history = _history(connection, lake.files(MERGES.name))
            resolved = _resolve(history, candidates, version + 1, author)
        else:
            if progress is not None:
                progress(_PUBLISHING, 0, None)
            with lake.write("identify") as writing:
                history = _history(connection, writing.files(MERGES.name))
                resolved = _resolve(history, candidates, lake.version + 1, author)
                if resolved.taken:
                    ages = _ages(connection, lake, lake.version, resolved.links)
                    _add(writing, next_rows(history, resolved.links, ages, resolved.moment))
                    writing.details.update({"merged": resolved.merged, "refused": resolved.refused})
    return Identified(
        customers,
        customers - len(resolved.links),
        resolved.merged,
        resolved.proposals,
        shared,
        unread,
        resolved.refused,
        resolved.run if resolved.taken and not dry_run else None,
    )


def merge(lake: Lake, customer: str, into: str, *, author: str | None = None) -> str:
    """Declare by hand that `customer` is the same person as `into`; returns the master of their group.

    IdentityError where one of them is unknown or they are one person already.
    """
    with _desk(lake, f"merge {customer}", author) as desk:
        _check_two_known(desk, customer, into)
        links = links_in_force(desk.history)
        if _joined(links).together(customer, into):
            raise IdentityError(
                Text(
                    f"customers {customer!r} and {into!r} are one person already",
                    f"клиенты «{customer}» и\u00a0«{into}» уже объединены в\u00a0одного человека",
                )
            )
        links.append(Link(customer, into, BY_HAND, 1.0, "", desk.run, desk.moment, desk.author))
        rows = next_rows(desk.history, links, _ages(desk.connection, lake, lake.version, links), desk.moment)
        _add(desk.writing, rows)
    return state([*desk.history, *rows])[customer].master_id


def unmerge(lake: Lake, customer: str | None = None, *, run: int | None = None, author: str | None = None) -> int:
    """Undo the merge of `customer`, or all merges that `run` made; returns how many were undone.

    A customer who was merged because of this one stays with it. `identify` will not merge them again.
    IdentityError where there is nothing to undo.
    """
    if (customer is None) == (run is None):
        raise IdentityError(
            Text(
                "say what to undo: either a customer or, with --run, a run",
                "укажите, что отменить: клиента или, с\u00a0--run, целый запуск",
            )
        )
    with _desk(lake, f"unmerge {customer if run is None else f'run {run}'}", author) as desk:
        now = [row for row in state(desk.history).values() if row.in_force]
        undone = [row for row in now if (row.customer_id == customer if run is None else row.run == run)]
        if not undone:
            raise IdentityError(_nothing_to_undo(customer, run, now))
        gone = {row.customer_id for row in undone}
        links = [row.link for row in now if row.customer_id not in gone]
        rows = [undoing(row, desk.author, desk.moment) for row in undone]
        ages = _ages(desk.connection, lake, lake.version, links)
        rows += next_rows([*desk.history, *rows], links, ages, desk.moment + timedelta(microseconds=1))
        _add(desk.writing, rows)
    return len(undone)


def keep_apart(lake: Lake, customer: str, other: str, *, author: str | None = None) -> None:
    """Declare by hand that two customers are two persons, so that `identify` neither proposes nor merges them.

    IdentityError where one of them is unknown or they are merged.
    """
    with _desk(lake, f"keep {customer} apart", author) as desk:
        _check_two_known(desk, customer, other)
        links = links_in_force(desk.history)
        if _joined(links).together(customer, other):
            raise IdentityError(
                Text(
                    f"customers {customer!r} and {other!r} are merged; undo that first: septima unmerge",
                    f"клиенты «{customer}» и\u00a0«{other}» объединены; сначала отмените это "
                    "(в\u00a0командной строке: septima unmerge)",
                )
            )
        moment, later = desk.moment, desk.moment + timedelta(microseconds=1)
        apart = Merge(customer, other, other, BY_HAND, 0.0, "", desk.run, moment, desk.author, moment, moment)
        ages = _ages(desk.connection, lake, lake.version, links)
        # The row about the pair is the customer's newest, so one that says where the customer belongs follows it.
        _add(desk.writing, [apart, *next_rows([*desk.history, apart], links, ages, later)])


def merges(lake: Lake, *, undone: bool = False) -> list[Merge]:
    """The merges in force, by master and customer; with `undone` every row that was ever written, in order."""
    with lake.staging() as folder, connect(folder) as connection:
        history = _history(connection, lake.files(MERGES.name))
    if undone:
        return history
    current = [row for row in state(history).values() if row.in_force]
    return sorted(current, key=lambda row: (row.master_id, row.customer_id))


@dataclass(frozen=True)
class _Resolved:
    """What holds: all links in force, those just taken, and what is left for a person."""

    links: list[Link]
    taken: list[Link]
    proposals: list[Proposal]
    refused: int
    run: int
    moment: datetime

    @property
    def merged(self) -> dict[str, int]:
        counts = Counter(link.rule for link in self.taken)
        return {rule: counts[rule] for rule in RULES if counts[rule]}


@dataclass(frozen=True)
class _Desk:
    """Where one decision is made by hand, while the writer's lock is held."""

    connection: duckdb.DuckDBPyConnection
    writing: Writing
    history: list[Merge]
    run: int
    moment: datetime
    author: str


def _resolve(
    history: list[Merge], candidates: Iterable[tuple[str, str, str, float, str]], run: int, author: str
) -> _Resolved:
    """Which candidates hold beside what was decided before."""
    moment = after(history, _now())
    links = links_in_force(history)
    groups = _joined(links, pairs_apart(history))
    found = [Link(*candidate, run, moment, author) for candidate in candidates]
    taken, refused = accept((link for link in found if link.score >= MERGE_AT), groups)
    proposals = [
        Proposal(link.one, link.other, link.score, link.evidence)
        for link in found
        if link.score < MERGE_AT
        and not groups.together(link.one, link.other)
        and not groups.hostile(link.one, link.other)
    ]
    return _Resolved([*links, *taken], taken, proposals, len(refused), run, moment)


@contextmanager
def _desk(lake: Lake, label: str, author: str | None) -> Generator[_Desk]:
    with lake.staging() as folder, connect(folder) as connection, lake.write(label) as writing:
        history = _history(connection, writing.files(MERGES.name))
        moment = after(history, _now())
        yield _Desk(connection, writing, history, lake.version + 1, moment, author or getpass.getuser())


def _joined(links: Iterable[Link], apart: Iterable[frozenset[str]] = ()) -> Groups:
    groups = Groups(apart)
    for link in links:
        groups.join(link.one, link.other)
    return groups


def _check_two_known(desk: _Desk, one: str, other: str) -> None:
    if one == other:
        raise IdentityError(
            Text(
                f"{one!r} is one customer; name two",
                f"«{one}»\u00a0— один и\u00a0тот\u00a0же клиент; назовите двух разных",
            )
        )
    lake = desk.writing.lake
    known = _known(desk.connection, lake, lake.version, {one, other})
    for customer in (one, other):
        if customer not in known:
            raise IdentityError(
                Text(
                    f"there is no customer {customer!r}; `septima identify` and the orders show which there are",
                    f"нет клиента «{customer}»; какие есть, видно по\u00a0заказам и\u00a0по\u00a0septima identify",
                )
            )


def _nothing_to_undo(customer: str | None, run: int | None, now: Sequence[Merge]) -> Text:
    if run is not None:
        runs = ", ".join(map(str, sorted({row.run for row in now})))
        return Text(
            f"no merge of run {run} is in force; runs with merges: {runs or 'none'}",
            f"ни\u00a0одно объединение запуска {run} не\u00a0действует; запуски с\u00a0объединениями: {runs or 'таких нет'}",
        )
    merged = sorted(row.customer_id for row in now if row.master_id == customer)
    if merged:
        some = ", ".join(merged[:5]) + (", …" if len(merged) > 5 else "")
        return Text(
            f"{customer!r} is the master of its group; undo the merge of one who was merged into it: {some}",
            f"«{customer}»\u00a0— главный в\u00a0своей группе; отмените объединение того, кто был к\u00a0нему присоединён: {some}",
        )
    return Text(
        f"customer {customer!r} is not merged into another",
        f"клиент «{customer}» не\u00a0объединён ни\u00a0с\u00a0кем; отменять нечего",
    )


def _ages(connection: duckdb.DuckDBPyConnection, lake: Lake, version: int, links: Iterable[Link]) -> dict[str, Age]:
    """When each customer of the links became known; those of an unknown moment are the youngest."""
    named = {name for link in links for name in (link.one, link.other)}
    known = _known(connection, lake, version, named)
    return {name: (known.get(name) is None, known.get(name), name) for name in named}


def _known(
    connection: duckdb.DuckDBPyConnection, lake: Lake, version: int, named: set[str]
) -> dict[str, datetime | None]:
    """Those of `named` whom the tables of customers and identities hold, with the moment they became known."""
    wanted = pa.table({"customer_id": pa.array(sorted(named), pa.string())})
    found: dict[str, datetime | None] = {}
    with connection.cursor() as cursor:
        cursor.register("wanted", wanted)
        for table, moment in (("identities", "CAST(NULL AS TIMESTAMP)"), ("customers", "created_at")):
            files = lake.files(table, version)
            if files:
                query = f"SELECT customer_id, {moment} FROM {parquet(files)} SEMI JOIN wanted USING (customer_id)"
                found.update(cursor.execute(query).fetchall())
    return found


def _history(connection: duckdb.DuckDBPyConnection, files: list[str]) -> list[Merge]:
    """Every row of the table, in the order of recording."""
    if not files:
        return []
    columns = ", ".join(MERGES.column_names)
    rows = connection.execute(f"SELECT {columns} FROM {parquet(files)} ORDER BY recorded_at, customer_id").fetchall()
    return [Merge(*row) for row in rows]


def _add(writing: Writing, rows: Sequence[Merge]) -> None:
    """Make `rows` part of the table."""
    if not rows:
        return
    schema = arrow_schema(MERGES)
    columns = dict(zip(schema.names, zip(*rows, strict=True), strict=True))
    path = writing.new_file(MERGES.name)
    pq.write_table(pa.table(columns, schema), path)
    writing.add(MERGES.name, path, len(rows))


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
