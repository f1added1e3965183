"""Erasing a person: what says who it was is removed, sums stay, and no file of any version holds the person any more.

In one commit rows of `links.REMOVED` go and every other row of the person stays under a random pseudonym, without its
personal columns, `properties` and texts. What is to be deleted is noted beside the lake before that commit is published;
after it the files that held the person, of all versions, are deleted and the certificate is written. Killed in between,
`finish_erasures` goes on from the note, which holds nothing personal.
"""

import hashlib
import json
import re
import secrets
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from septima.durable import flush, write_over
from septima.lake.links import CUSTOMER, CUSTOMER_COLUMNS, LINKS, REFERRER, REMOVED, SUPPRESSED
from septima.lake.person import PersonError, ids_of, mark_person, owned_tables, ownership
from septima.lake.sql import connect, count, identifier, parquet, text_literal
from septima.lake.stage import copy_parquet
from septima.lake.store import Lake, StoreError, Writing
from septima.lake.suppression import Suppression, read_suppression, record_suppression, salt_of
from septima.lake.tables import LAKE_TABLES, MERGES, QUARANTINE
from septima.lake.words import nothing_of
from septima.schema import Table, Text

_FOLDER = "erasures"
_LEAST_PART = 4


@dataclass(frozen=True)
class ErasedRows:
    """Rows of one table that were taken out, and those that stay under a pseudonym without anything personal."""

    erased: int
    pseudonymised: int


@dataclass(frozen=True)
class Certificate:
    """What was erased, when, by whom and why; nothing in it says who the person was.

    `person` are salted hashes of the ids; `files` are the deleted files; `versions` are those of the lake that can no
    longer be read whole. `hash` is SHA-256 over all the rest: `is_sound` compares it.
    """

    id: str
    at: str
    author: str
    reason: str
    person: tuple[str, ...]
    tables: Mapping[str, ErasedRows]
    files: tuple[str, ...]
    versions: tuple[int, ...]
    hash: str

    @property
    def is_sound(self) -> bool:
        """Whether nothing of it was changed since it was written."""
        return self.hash == _hash(_content(self))


def erase_person(lake: Lake, customer_id: str, *, author: str, reason: str) -> Certificate:
    """Erase a person, under all ids merged with `customer_id`, from every table and every version of the lake.

    Killed at any moment, another call finishes the work. Of who was erased already the certificate is given again.
    `reason` and `author` stand in the certificate, so they must not name the person. PersonError where the lake holds
    nothing of the customer or `reason` names the person; StoreError where another writes for too long.
    """
    finish_erasures(lake)
    erasure = uuid.uuid4().hex
    with lake.staging() as folder, connect(folder) as connection, lake.write("erase") as writing:
        suppression = read_suppression(lake, connection)
        suppression = Suppression(salt_of(lake), suppression.certificates)
        on_disk = {name: sorted(map(str, lake.table_folder(name).glob("*.parquet"))) for name in owned_tables()}
        ids = ids_of(lake, customer_id)
        pseudonyms = _mark(connection, ids, on_disk)
        if any(text.lower() in f"{author}\n{reason}".lower() for text in _named(connection, ids)):
            raise PersonError(
                Text(
                    "the reason or the author names the person; the certificate must not, so say it otherwise",
                    "в\u00a0причине или в\u00a0имени автора назван сам человек, а\u00a0в\u00a0свидетельстве этого быть не\u00a0должно; "
                    "напишите иначе",
                )
            )
        held = {name: _holding(connection, LAKE_TABLES[name], paths, pseudonyms) for name, paths in on_disk.items()}
        tables = {
            name: counts
            for name, paths in held.items()
            if paths
            and (counts := _rewrite(connection, writing, LAKE_TABLES[name], set(paths), pseudonyms)) is not None
        }
        if not any(held.values()):
            known = suppression.certificates.get(suppression.hash_of("customers", customer_id))
            if known is None:
                raise PersonError(nothing_of(customer_id))
            return certificate(lake, known)
        hashes = [("customers", suppression.hash_of("customers", one)) for one in ids]
        linked = [
            (name, suppression.hash_of(name, str(key)))
            for name in SUPPRESSED
            for (key,) in connection.execute(f"SELECT id FROM own_{name} ORDER BY id").fetchall()
        ]
        record_suppression(writing, [(kind, one, erasure) for kind, one in [*hashes, *linked]], author=author)
        _clean_labels(lake, ids)
        note = {
            "id": erasure,
            "version": lake.version + 1,
            "writer": writing.id,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "author": author,
            "reason": reason,
            "person": sorted(one for _, one in hashes),
            "tables": {name: vars(counts) for name, counts in tables.items()},
            "files": sorted(str(Path(path).relative_to(lake.root)) for paths in held.values() for path in paths),
        }
        write_over(_note_path(lake, erasure), json.dumps(note, ensure_ascii=False))
        writing.details.update({"erasure": erasure, "author": author})
    finish_erasures(lake)
    return certificate(lake, erasure)


def finish_erasures(lake: Lake) -> tuple[str, ...]:
    """Go on with erasures that were killed between their commit and their certificate; the ids of those finished."""
    notes = sorted((lake.root / _FOLDER).glob("*.note"))
    if not notes:
        return ()
    finished: list[str] = []
    with lake.write("finish erasure"):
        for path in notes:
            if not path.exists():
                continue  # another finished it meanwhile
            note = json.loads(path.read_text(encoding="utf-8"))
            try:
                published = lake.commit(note["version"]).writer == note["writer"]
            except StoreError:
                published = False
            if published:
                _finish(lake, note)
                finished.append(note["id"])
            path.unlink()
    return tuple(finished)


def certificate(lake: Lake, erasure: str) -> Certificate:
    """The certificate of that id; PersonError where there is none."""
    path = lake.root / _FOLDER / f"{erasure}.json"
    if not re.fullmatch(r"[0-9a-f]{32}", erasure) or not path.exists():
        raise PersonError(
            Text(
                f"there is no certificate {erasure!r} of an erasure",
                f"нет свидетельства об\u00a0удалении с\u00a0номером «{erasure}»; проверьте номер",
            )
        )
    content = json.loads(path.read_text(encoding="utf-8"))
    return Certificate(
        content["id"],
        content["at"],
        content["author"],
        content["reason"],
        tuple(content["person"]),
        {name: ErasedRows(**counts) for name, counts in content["tables"].items()},
        tuple(content["files"]),
        tuple(content["versions"]),
        content["hash"],
    )


def certificates(lake: Lake) -> list[Certificate]:
    """All certificates, oldest first."""
    found = [certificate(lake, path.stem) for path in (lake.root / _FOLDER).glob("*.json")]
    return sorted(found, key=lambda one: (one.at, one.id))


def lift_erasure(lake: Lake, customer_id: str, *, author: str) -> int:
    """Let an erased customer be loaded again, with all ids erased together; returns how many ids that are.

    What was erased stays so; the certificate stays too. PersonError where the id is not held back.
    """
    with lake.staging() as folder, connect(folder) as connection, lake.write("lift erasure") as writing:
        suppression = read_suppression(lake, connection)
        erasure = suppression.certificates.get(suppression.hash_of("customers", customer_id))
        if erasure is None:
            raise PersonError(
                Text(
                    f"customer {customer_id!r} is not held back; there is nothing to lift",
                    f"загрузка данных клиента «{customer_id}» не\u00a0запрещена; снимать нечего",
                )
            )
        freed = sorted(one for one, by in suppression.certificates.items() if by == erasure)
        record_suppression(writing, [("lifted", one, erasure) for one in freed], author=author, lifted=True)
        writing.details.update({"lifted": erasure, "author": author})
    return len(freed)


def verify_erased(lake: Lake, identifiers: Iterable[str]) -> tuple[Path, ...]:
    """The files below the lake, Parquet and JSON, that hold one of these ids, names, addresses or numbers; none where all is well.

    A text of four letters or more is looked for anywhere in a value, a shorter one as a whole value or word. Reads every file.
    """
    sought = sorted({text for text in identifiers if text})
    found: list[Path] = []
    with lake.staging() as folder, connect(folder) as connection:
        connection.execute("CREATE TEMP TABLE sought AS SELECT unnest(?) AS sought_text", [sought])
        for path in sorted(lake.root.rglob("*.parquet")):
            texts = [one.name for one in pq.read_schema(path) if str(one.type) in ("string", "large_string")]
            conditions = [
                f"{identifier(name)} = sought_text OR (length(sought_text) >= {_LEAST_PART} AND contains({identifier(name)}, sought_text))"
                for name in texts
            ]
            if not conditions:
                continue
            query = f"SELECT count(*) FROM {parquet([path])} JOIN sought ON {' OR '.join(conditions)}"
            if count(connection, query):
                found.append(path)
    words = "|".join(re.escape(text) if len(text) >= _LEAST_PART else rf"\b{re.escape(text)}\b" for text in sought)
    for path in sorted(lake.root.rglob("*.json")):
        if sought and "_delta_log" not in path.parts and re.search(words, path.read_text(encoding="utf-8")):
            found.append(path)
    return tuple(found)


def _mark(
    connection: duckdb.DuckDBPyConnection, ids: Sequence[str], files: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """The person's tables, and beside them own_texts: all, in small letters, that a text of the person may name.

    Gives a pseudonym for each id; own_pseudonyms holds them too.
    """
    mark_person(connection, ids, files)
    pseudonyms = {one: f"erased-{secrets.token_hex(8)}" for one in ids}
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE own_pseudonyms AS SELECT unnest(?) AS id, unnest(?) AS pseudonym",
        [list(pseudonyms), list(pseudonyms.values())],
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE own_texts AS SELECT text FROM own_identifiers UNION "
        f"SELECT lower(id) FROM own_customers WHERE length(id) >= {_LEAST_PART}"
    )
    if files.get("customers"):
        connection.execute(
            f"INSERT INTO own_texts SELECT DISTINCT lower(name) FROM {parquet(list(files['customers']))} "
            f"WHERE {CUSTOMER} IN (SELECT id FROM own_customers) AND length(name) >= {_LEAST_PART}"
        )
    return pseudonyms


def _word(ids: Collection[str]) -> str:
    """SQL of a pattern that finds one of the ids where it stands by itself, such as in the order `ID-17`."""
    listed = "|".join(re.escape(one) for one in sorted(ids))
    return text_literal(rf"(^|[^\p{{L}}\p{{N}}])({listed})($|[^\p{{L}}\p{{N}}])")


def _tells(one: str) -> bool:
    """Whether an id says whose it is where it stands in another text; of few digits alone it is any number."""
    return len(one) >= _LEAST_PART or not one.isdecimal()


def _named_keys(table: Table, ids: Collection[str]) -> dict[str, str]:
    """SQL of whether each column by which rows are told apart or hang on others holds an id of the person."""
    own, link = ownership(table), LINKS.get(table.name)
    telling = [one for one in ids if _tells(one)]
    if not telling:
        return {}
    kept = {} if table.name in (*REMOVED, MERGES.name, QUARANTINE.name) else dict.fromkeys(table.key, own)
    if link is not None and table.name not in REMOVED:
        kept[link.column] = f"coalesce({link.column} IN (SELECT id FROM own_{link.through}), false)"
    texts = {column.name for column in table.columns if column.type == "string"}
    return {
        name: f"({condition} AND regexp_matches({identifier(name)}, {_word(telling)}))"
        for name, condition in kept.items()
        if name in texts and name not in CUSTOMER_COLUMNS.get(table.name, (CUSTOMER,))
    }


def _named(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> list[str]:
    texts = [
        str(text) for (text,) in connection.execute("SELECT text FROM own_texts WHERE text IS NOT NULL").fetchall()
    ]
    return [*texts, *(one for one in ids if len(one) >= _LEAST_PART)]


def _scrubbed(table: Table, ids: Collection[str]) -> dict[str, str]:
    """SQL of whether each column of a person's row is to be emptied."""
    keep = {*table.key, CUSTOMER, "source", *(link.column for link in LINKS.values())}
    telling = [one for one in ids if _tells(one)]
    found: dict[str, str] = {}
    for column in table.columns:
        name = identifier(column.name)
        if column.required or column.name in keep:
            continue
        if column.personal or column.name == "properties":
            found[column.name] = f"{name} IS NOT NULL"
        elif column.type == "string" and not column.choices:
            held = f"list_filter((SELECT list(text) FROM own_texts), lambda x: contains(lower({name}), x))"
            word = f"regexp_matches({name}, {_word(telling)})" if telling else "false"
            found[column.name] = f"coalesce({word} OR len({held}) > 0, false)"
    return found


def _held(table: Table, ids: Collection[str]) -> str:
    """SQL of whether a row holds anything of the person; false of a row that was put right."""
    own = ownership(table)
    if table.name in (*REMOVED, MERGES.name, QUARANTINE.name):
        referred = (
            f" OR coalesce({REFERRER} IN (SELECT id FROM own_customers), false)"
            if REFERRER in table.column_names
            else ""
        )
        return f"({own}{referred})"
    left = " OR ".join(_scrubbed(table, ids).values()) or "false"
    keys = "".join(f" OR coalesce({condition}, false)" for condition in _named_keys(table, ids).values())
    named = (
        f"coalesce({CUSTOMER} IN (SELECT id FROM own_customers), false) OR " if CUSTOMER in table.column_names else ""
    )
    return f"({named}({own} AND ({left})){keys})"


def _holding(
    connection: duckdb.DuckDBPyConnection, table: Table, paths: Sequence[str], ids: Collection[str]
) -> list[str]:
    """Those of the files that hold anything of the person."""
    if not paths:
        return []
    query = f"SELECT DISTINCT filename FROM {parquet(list(paths), numbered=True)} WHERE {_held(table, ids)} ORDER BY filename"
    return [str(name) for (name,) in connection.execute(query).fetchall()]


def _rewrite(
    connection: duckdb.DuckDBPyConnection,
    writing: Writing,
    table: Table,
    held: set[str],
    pseudonyms: Mapping[str, str],
) -> ErasedRows | None:
    """Put clean files in the place of the present ones that hold the person; None where none of the present ones does."""
    erased = pseudonymised = 0
    present = [path for path in writing.files(table.name) if path in held]
    for path in present:
        stored = parquet([path])
        own = count(connection, f"SELECT count(*) FROM {stored} WHERE {ownership(table)}")
        removed = own if table.name in REMOVED else 0
        erased, pseudonymised = erased + removed, pseudonymised + own - removed
        where = f" WHERE NOT {ownership(table)}" if table.name in REMOVED else ""
        target = writing.new_file(table.name)
        rows = copy_parquet(connection, f"SELECT {_clean_columns(table, pseudonyms)} FROM {stored} t{where}", target)
        writing.remove(table.name, path)
        if rows:
            writing.add(table.name, target, rows)
        else:
            target.unlink()
    return ErasedRows(erased, pseudonymised) if present else None


def _clean_columns(table: Table, pseudonyms: Mapping[str, str]) -> str:
    """SQL of all columns, those of the person's rows without anything personal."""
    own, parts = ownership(table), list[str]()
    if table.name == QUARANTINE.name:
        emptied = {"value": "NULL", "record": "NULL", "resolved_at": "coalesce(resolved_at, loaded_at)"}
        for name in table.column_names:
            column = identifier(name)
            parts.append(
                f"CASE WHEN {own} THEN {emptied[name]} ELSE {column} END AS {column}" if name in emptied else column
            )
        return ", ".join(parts)
    columns, scrubbed = CUSTOMER_COLUMNS.get(table.name, (CUSTOMER,)), _scrubbed(table, pseudonyms)
    keys = _named_keys(table, pseudonyms)
    for name in table.column_names:
        column = identifier(name)
        if name in columns:
            pseudonym = f"(SELECT max(pseudonym) FROM own_pseudonyms WHERE id = t.{column})"
            parts.append(f"coalesce({pseudonym}, {column}) AS {column}")
        elif name in keys:
            # The same word becomes the same wherever it stands, so that what hung together still does.
            told = column
            for one, pseudonym in pseudonyms.items():
                put = text_literal(rf"\1{pseudonym}\3")
                told = f"regexp_replace({told}, {_word([one])}, {put}, 'g')"
            parts.append(f"CASE WHEN {keys[name]} THEN {told} ELSE {column} END AS {column}")
        elif name in scrubbed and table.name not in (*REMOVED, MERGES.name):
            parts.append(f"CASE WHEN {own} AND {scrubbed[name]} THEN NULL ELSE {column} END AS {column}")
        else:
            parts.append(column)
    return ", ".join(parts)


def _clean_labels(lake: Lake, ids: Sequence[str]) -> None:
    """Take the person's ids out of what commits are called, such as of a merge by hand; they are told by nothing else."""
    forms = ("merge {}", "unmerge {}", "keep {} apart")
    clean = {form.format(one): form.format("(erased)") for form in forms for one in ids}
    for version in range(1, lake.version + 1):
        path = lake.root / "commits" / f"{version:08d}.json"
        text = path.read_text(encoding="utf-8")
        content = json.loads(text)
        label = clean.get(str(content["label"]))
        if label is not None:
            write_over(path, json.dumps({**content, "label": label}, ensure_ascii=False, indent=1))


def _finish(lake: Lake, note: Mapping[str, object]) -> None:
    """Delete the files and write the certificate."""
    files = [str(name) for name in note["files"]]  # type: ignore[attr-defined]
    folders = {(lake.root / name).parent for name in files}
    versions = _versions_with(lake, files)
    for name in files:
        (lake.root / name).unlink(missing_ok=True)
    for folder in folders:
        flush(folder)
    content = {key: value for key, value in note.items() if key not in ("version", "writer")}
    content |= {"versions": versions}
    write_over(
        lake.root / _FOLDER / f"{note['id']}.json",
        json.dumps({**content, "hash": _hash(content)}, ensure_ascii=False, indent=1),
    )


def _versions_with(lake: Lake, files: Iterable[str]) -> list[int]:
    """Versions of the lake of which these files are a part."""
    gone: dict[str, set[str]] = {}
    for name in files:
        path = Path(name)
        gone.setdefault(path.parent.name, set()).add(path.name)
    broken = {table: _delta_versions_with(lake.table_folder(table), names) for table, names in gone.items()}
    return [
        commit.version
        for commit in lake.commits()
        if any(commit.tables.get(table) in versions for table, versions in broken.items())
    ]


def _delta_versions_with(folder: Path, names: set[str]) -> set[int]:
    """Delta versions of a table that have one of the files, read off its log."""
    there: set[str] = set()
    versions: set[int] = set()
    for path in sorted((folder / "_delta_log").glob("*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            action = json.loads(line)
            for kind in ("remove", "add"):
                name = Path(str(action.get(kind, {}).get("path", ""))).name
                if name in names:
                    (there.add if kind == "add" else there.discard)(name)
        if there:
            versions.add(int(path.stem))
    return versions


def _note_path(lake: Lake, erasure: str) -> Path:
    return lake.root / _FOLDER / f"{erasure}.note"


def _content(one: Certificate) -> dict[str, object]:
    tables = {name: vars(counts) for name, counts in one.tables.items()}
    given = {
        **vars(one),
        "tables": tables,
        "person": list(one.person),
        "files": list(one.files),
        "versions": list(one.versions),
    }
    return {name: value for name, value in given.items() if name != "hash"}


def _hash(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
