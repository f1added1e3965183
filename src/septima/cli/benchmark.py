"""The commands of the benchmark: share our figures, check and trust those of others, and compare."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.options import (
    Directory,
    EngineOption,
    FormatOption,
    LanguageOption,
    PeriodOption,
    ReportOption,
    language_of,
    open_workspace,
)
from septima.cli.output import Format, console, notices, print_json, print_rows, say
from septima.schema import Language, Text

if TYPE_CHECKING:
    from septima.scorecard.benchmark.exchange import Exchange

benchmark_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
Files = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]…", help="Exchange files of others.")]
_WHY = {
    "too_few": Text("rests on fewer than {} records", "меньше {} записей"),
    "undefined": Text("is undefined", "не\u00a0определён"),
    "unbounded": Text(
        "has no bound on what one record can change, so noise cannot protect it",
        "одна запись может изменить его неограниченно, и\u00a0шум его не\u00a0защитит",
    ),
}
_FORMS = {
    "printed": Text("printed form", "печатная форма"),
    "normalised": Text("0–100", "0–100"),
    "value": Text("metric", "метрика"),
    "all": Text("all of it", "целиком"),
}
_EXACT_BEFORE = Text(
    "Figures without noise were shared before; noise does not protect what those told already.",
    "Раньше показатели уже отправлялись без шума; шум не\u00a0защитит того, что тогда было сказано.",
)


@benchmark_commands.command("export")
def export(
    directory: Directory,
    *,
    period: PeriodOption,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to write the signed file.")],
    trade: Annotated[
        str, typer.Option(metavar="TRADE", help="What the organisation does, such as retail_chain.")
    ] = "other",
    country: Annotated[str | None, typer.Option(metavar="CC", help="Two letters of ISO 3166, such as KZ.")] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Pseudonym; the organisation's name if none.")
    ] = None,
    metrics: Annotated[
        bool, typer.Option("--metrics", help="Also the catalogue's metrics on the card, save for amounts.")
    ] = False,
    k: Annotated[int, typer.Option("--k", metavar="N", help="Fewest records behind any figure; 5 or more.")] = 5,
    noise: Annotated[
        float | None, typer.Option(metavar="EPSILON", help="Differential privacy: add noise; less is more noise.")
    ] = None,
    budget: Annotated[float, typer.Option(metavar="EPSILON", help="Most that all exports may spend together.")] = 3.0,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Write our CKPIs of a period as a signed file for partners: aggregates of at least k records, nothing else."""
    from septima.scorecard.benchmark.files import to_content, write_exchange
    from septima.scorecard.benchmark.privacy import Spent, read_ledger, spend
    from septima.scorecard.benchmark.signature import fingerprint, own_key

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    exchange = workspace.exchange(
        period, trade=trade, country=country, name=name, k=k, with_metrics=metrics, epsilon=noise
    )
    key = own_key(workspace.directory)
    exact_before = any(line.epsilon is None for line in read_ledger(workspace.directory))
    # What a file costs is written down before it is there: a crash between the two never hides a cost.
    total = spend(workspace.directory, Spent(exchange.made_at, exchange.period, noise), budget)
    write_exchange(output, exchange, key)
    if form is Format.json:
        print_json(
            {
                "file": str(output),
                "fingerprint": fingerprint(key.public),
                "spent": total,
                "content": to_content(exchange),
            }
        )
        return
    _print_export(exchange, output, fingerprint(key.public), words)
    if noise is not None:
        said = Text(
            f"Spent {total:g} of the privacy budget of {budget:g}.",
            f"Израсходовано {total:g} из\u00a0бюджета приватности {budget:g}.",
        )
        say(said.in_language(words))
        if exact_before:
            notices.print(_EXACT_BEFORE.in_language(words), soft_wrap=True)


@benchmark_commands.command("verify")
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Exchange files.")],
    *,
    form: FormatOption = Format.table,
) -> None:
    """Check signature, form, least group and clock of exchange files; ends with code 1 where one is refused."""
    from septima.scorecard.benchmark.errors import BenchmarkError
    from septima.scorecard.benchmark.files import Signed, read_exchange, repeated

    good: list[Signed] = []
    wrong: list[str] = []
    for path in files:
        try:
            good.append(read_exchange(path))
        except BenchmarkError as error:
            wrong.append(str(error))
    wrong += [
        f"{one.path} and {other.path} both speak of {other.content.organisation!r} in {other.content.period}; keep one"
        for one, other in repeated(good)
    ]
    if form is Format.json:
        described = [
            {
                "file": str(file.path),
                "organisation": file.content.organisation,
                "trade": file.content.trade,
                "period": file.content.period,
                "k": file.content.k,
                "fingerprint": file.fingerprint,
            }
            for file in good
        ]
        print_json({"good": described, "refused": wrong})
    else:
        rows = [
            [str(file.path), file.content.organisation, file.content.trade, file.content.period, file.fingerprint[:16]]
            for file in good
        ]
        if rows:
            print_rows("", ["file", "organisation", "trade", "period", "key"], rows)
        for problem in wrong:
            say(problem)
    if wrong:
        raise typer.Exit(1)


@benchmark_commands.command("compare")
def compare(
    directory: Directory,
    files: Files = None,
    *,
    period: PeriodOption,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="All *.json of it; DIR/benchmark where nothing is named.")
    ] = None,
    trade: Annotated[str | None, typer.Option(metavar="TRADE", help="Only organisations of this trade.")] = None,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Set our card beside those of others: percentile, distances, and a league table with ranks as intervals."""
    from septima.chapters.benchmark import benchmark_answer
    from septima.cli.studies import answer_study

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    answer = benchmark_answer(workspace, period, words, files=files or (), folder=folder, trade=trade)
    answer_study(workspace, answer.study, answer.found, words, form, report)


@benchmark_commands.command("trust")
def trust(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An exchange file that the partner sent.")],
    *,
    name: Annotated[str | None, typer.Option(metavar="NAME", help="Whose key it is; as the file says if none.")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Keep the key of a partner's file as known: compare the fingerprint by another way first, such as by telephone."""
    from septima.scorecard.benchmark.files import read_exchange
    from septima.scorecard.benchmark.trust import trust as keep

    workspace = open_workspace(directory)
    signed = read_exchange(file)
    kept = keep(workspace.directory, signed, name or signed.content.organisation)
    if form is Format.json:
        print_json({"known": str(kept), "name": name or signed.content.organisation, "fingerprint": signed.fingerprint})
        return
    say(f"{name or signed.content.organisation}: {signed.fingerprint}")
    say(f"Kept in {kept}. Have the partner read the fingerprint to you.")


def _print_export(exchange: "Exchange", output: Path, key: str, language: Language) -> None:
    console.print(f"{exchange.organisation} · {exchange.period} · {exchange.trade}", style="bold", soft_wrap=True)
    rows = [
        [
            one.name.in_language(language),
            _shown(one.normalised.value),
            _shown(one.printed.value),
            f"{one.n[0]}–{one.n[1]}",
        ]
        for one in exchange.composites
    ]
    rows += [[one.id, "", _shown(one.figure.value), f"{one.n[0]}–{one.n[1]}"] for one in exchange.metrics]
    heads = (Text("figure", "показатель"), Text("0–100", "0–100"), Text("value", "значение"), Text("n", "n"))
    print_rows("", [head.in_language(language) for head in heads], rows, numeric=(1, 2, 3))
    for one in exchange.left_out:
        why = _WHY[one.why].in_language(language).format(exchange.k)
        told = Text(
            f"Left out: {one.id}, {_FORMS[one.form].en}: {why}.",
            f"Не\u00a0вошло: {one.id}, {_FORMS[one.form].ru}: {why}.",
        )
        say(told.in_language(language))
    said = Text(f"Written to {output}. Key: {key}", f"Записано в\u00a0{output}. Ключ: {key}")
    say(said.in_language(language))


def _shown(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def demo_peers(folder: Path, period_id: str, seed: int) -> str | None:
    """Write the simulated peers of the demo company; why not, where what signs them is not installed."""
    from septima.demo.peers import write_peers
    from septima.metrics import parse_period
    from septima.scorecard.benchmark.errors import BenchmarkError

    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        write_peers(folder, parse_period(period_id), seed=seed, now=now)
    except BenchmarkError as error:
        return f"Simulated organisations to compare with are left out: {error}"
    return None
