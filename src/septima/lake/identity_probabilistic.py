"""Customers who are probably one person although no identifier agrees: Fellegi & Sunter (1969), by Splink.

Names, dates of birth, e-mail names, ends of telephone numbers and regions are compared; how much each
agreement weighs is learned from the data by expectation–maximisation (Winkler, 1988).
"""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING, Any

import duckdb

from septima.lake.identity_rules import IdentityError, Progress
from septima.lake.sql import count
from septima.schema import Text

if TYPE_CHECKING:
    from splink import Linker

MERGE_AT = 0.99
PROPOSE_AT = 0.9

_SEED = 7
_SAMPLED_PAIRS = 1e6
_TRAINING_PAIRS = 5e6
# The share of pairs of one person that agree in two columns whole, from which the first guess is made.
_EXPECTED_RECALL = 0.7
_LEAST_FILLED = 0.01
_FREQUENT_NAME = 50
# A phone is compared by its end: forms of one number differ at the beginning.
_PHONE_TAIL = 7
_START = 5
_TELLING = ("name", "birth_date", "email", "phone")
_LEARNING = Text("Learning to compare customers", "Обучение сравнению клиентов")
_COMPARING = Text("Comparing customers", "Сравнение клиентов")


def probable_links(
    connection: duckdb.DuckDBPyConnection, shared_limit: int, progress: Progress | None
) -> list[tuple[str, str, float, str]]:
    """Pairs of customers who are one person with a probability of 0.9 or more, likeliest first, and what agrees.

    Takes the tables that `prepare` made. IdentityError where customers have too little to be compared by.
    """
    _make_records(connection, shared_limit)
    customers = count(connection, "SELECT count(*) FROM records")
    filled = [
        name
        for name in (*_TELLING, "region")
        if count(connection, f"SELECT count({name}) FROM records") > _LEAST_FILLED * customers
        and count(connection, f"SELECT count(DISTINCT {name}) FROM records") > 1
    ]
    telling = [name for name in filled if name in _TELLING]
    if len(telling) < 2:
        raise IdentityError(
            Text(
                "customers have too little to be compared by: at least two of name, birth_date, email and phone must be "
                f"filled for more than {_LEAST_FILLED:.0%} of them; without --probabilistic exact identifiers are compared",
                "сравнивать клиентов почти не\u00a0по\u00a0чему: хотя\u00a0бы два столбца из\u00a0name, birth_date, email и\u00a0phone должны быть "
                f"заполнены больше чем у\u00a0{_LEAST_FILLED * 100:.0f}\u00a0% клиентов; без вероятностного сравнения "
                "(--probabilistic) сравниваются точные идентификаторы",
            )
        )
    # Splink wants a connection of its own; tables that are not temporary are seen by both.
    with _quietly(), connection.cursor() as own:
        linker = _linker(own, filled)
        if progress is not None:
            progress(_LEARNING, 0, None)
        if not _train(connection, linker, telling):
            return []
        if progress is not None:
            progress(_COMPARING, 0, None)
        predicted = linker.inference.predict(threshold_match_probability=PROPOSE_AT).physical_name
    agreeing = ", ".join(f"CASE WHEN gamma_{name} > 0 THEN '{name}' END" for name in filled)
    rows = connection.execute(
        "SELECT least(customer_id_l, customer_id_r) AS one, greatest(customer_id_l, customer_id_r) AS other, "
        f"round(match_probability, 6) AS score, concat_ws(', ', {agreeing}) FROM {predicted} ORDER BY score DESC, one, other"
    ).fetchall()
    return [(str(one), str(other), float(score), str(evidence)) for one, other, score, evidence in rows]


def _make_records(connection: duckdb.DuckDBPyConnection, shared_limit: int) -> None:
    """Make `records`: a customer a row, with what is compared; identifiers that many share are left out."""
    connection.execute(
        f"""CREATE TABLE records AS
        WITH owned AS (
            SELECT i.customer_id, i.kind, min(i.value) AS value FROM identifiers i
            ANTI JOIN (SELECT kind, value FROM owners WHERE customers > {int(shared_limit)}) o USING (kind, value)
            WHERE i.kind IN ('email', 'phone') GROUP BY ALL),
        described AS (
            SELECT p.customer_id, CAST(p.birth_date AS VARCHAR) AS birth_date, p.region,
                string_split_regex(nullif(trim(replace(lower(p.name), 'ё', 'е')), ''), '\\s+') AS words,
                split_part(e.value, '@', 1) AS email, right(split_part(t.value, ';', 1), {_PHONE_TAIL}) AS phone
            FROM people p
            LEFT JOIN owned e ON e.customer_id = p.customer_id AND e.kind = 'email'
            LEFT JOIN owned t ON t.customer_id = p.customer_id AND t.kind = 'phone'),
        named AS (SELECT *, array_to_string(list_sort(words), ' ') AS name, array_to_string(words, '') AS written FROM described)
        SELECT *, CASE WHEN count(*) OVER (PARTITION BY name) <= {_FREQUENT_NAME} THEN name END AS rare_name,
            substr(birth_date, 1, 4) AS birth_year, substr(birth_date, 6) AS birthday,
            substr(email, 1, {_START}) AS email_start, substr(phone, 1, {_START}) AS phone_start
        FROM named ORDER BY customer_id"""
    )


def _linker(connection: duckdb.DuckDBPyConnection, filled: list[str]) -> "Linker":
    try:
        import splink.comparison_level_library as levels
        import splink.comparison_library as comparisons
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    except ImportError:
        raise IdentityError(
            Text(
                "--probabilistic needs the library Splink 5: pip install 'septima[identity]'",
                "для вероятностного сравнения (--probabilistic) нужна библиотека Splink 5: "
                "pip install 'septima[identity]'",
            )
        ) from None

    def near(condition: str) -> Any:
        # A slip in the first letter of a word changes the order of the words, one in a space the words themselves.
        return levels.CustomLevel(
            " OR ".join(condition.format(f"{form}_l", f"{form}_r") for form in ("name", "written"))
        )

    compared: dict[str, Any] = {
        "name": comparisons.CustomComparison(
            output_column_name="name",
            comparison_levels=[
                levels.NullLevel("name"),
                levels.ExactMatchLevel("name", term_frequency_adjustments=True),
                # Counting edits is slow, so the quicker measure chooses what is worth it.
                near("CASE WHEN jaro_winkler_similarity({0}, {1}) >= 0.9 THEN damerau_levenshtein({0}, {1}) <= 1 END"),
                near("jaro_winkler_similarity({0}, {1}) >= 0.95"),
                near("jaro_winkler_similarity({0}, {1}) >= 0.88"),
                levels.ElseLevel(),
            ],
        ),
        "birth_date": comparisons.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        "email": comparisons.JaroWinklerAtThresholds("email", [0.9]),
        "phone": comparisons.DamerauLevenshteinAtThresholds("phone", [1]),
        "region": comparisons.ExactMatch("region").configure(term_frequency_adjustments=True),
    }
    blocks = [
        (block_on("birth_date", "words", arrays_to_explode=["words"]), {"birth_date", "name"}),
        (block_on("birth_date", "region"), {"birth_date", "region"}),
        (block_on("name", "birth_year"), {"name", "birth_date"}),
        (block_on("name", "birthday"), {"name", "birth_date"}),
        (block_on("email_start", "words", arrays_to_explode=["words"]), {"email", "name"}),
        (block_on("phone_start", "words", arrays_to_explode=["words"]), {"phone", "name"}),
        (block_on("rare_name"), {"name"}),
        (block_on("email"), {"email"}),
        (block_on("phone"), {"phone"}),
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="customer_id",
        comparisons=[compared[name] for name in filled],
        blocking_rules_to_generate_predictions=[rule for rule, needed in blocks if needed <= set(filled)],
    )
    return Linker(DuckDBAPI(connection).register("records"), settings, log_level=None)


def _train(connection: duckdb.DuckDBPyConnection, linker: "Linker", telling: list[str]) -> bool:
    """Learn how much each agreement weighs; False where no two customers agree in two columns, so that nothing can be learned."""
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    def pairs(*columns: str) -> int:
        return count(
            connection,
            f"SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM records WHERE {' AND '.join(f'{name} IS NOT NULL' for name in columns)} "
            f"GROUP BY {', '.join(columns)})",
        )

    rules = [columns for columns in combinations(telling, 2) if pairs(*columns)]
    if not rules:
        return False
    learning = linker.training
    learning.estimate_probability_two_random_records_match([block_on(*columns) for columns in rules], _EXPECTED_RECALL)
    learning.estimate_u_using_random_sampling(max_pairs=_SAMPLED_PAIRS, seed=_SEED)
    for column in telling:
        # What pairs are chosen by cannot be learned from them, so that each column teaches of the others.
        if pairs(column):
            try:
                learning.estimate_parameters_using_expectation_maximisation(block_on(column), max_pairs=_TRAINING_PAIRS)
            except EMTrainingException as error:
                why = " ".join(str(error).split())
                raise IdentityError(
                    Text(
                        f"customers cannot be compared by {column}: {why}",
                        f"клиентов не\u00a0сравнить по\u00a0столбцу {column}: {why}",
                    )
                ) from error
    return True


@contextmanager
def _quietly() -> Generator[None]:
    """Keep what the library logs on its way from what a command prints."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
