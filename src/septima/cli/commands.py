"""The commands. Each opens a workspace, asks one room for something and hands it to `output`."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from septima.cli.backup import backup_commands
from septima.cli.benchmark import benchmark_commands
from septima.cli.cascade import cascade_commands
from septima.cli.check import check_commands
from septima.cli.closing import closing_commands, record_definitions
from septima.cli.connect import connect_commands
from septima.cli.forecast import forecast_commands
from septima.cli.goals import goal_commands
from septima.cli.journey import journey_commands
from septima.cli.model_commands import experiment_commands, model_commands
from septima.cli.options import (
    DataOption,
    Directory,
    EngineOption,
    FormatOption,
    FrameFormatOption,
    LanguageOption,
    PeriodOption,
    ReportOption,
    language_of,
    open_workspace,
    spoken_language,
)
from septima.cli.output import (
    Format,
    FrameFormat,
    console,
    notices,
    print_frame,
    print_json,
    print_load,
    print_rows,
    progress,
    say,
)
from septima.cli.processes import process_commands
from septima.cli.rollout import rollout_commands
from septima.cli.sensitivity import sensitivity_commands
from septima.cli.serve import serve_commands
from septima.cli.why import why_commands
from septima.schema import SeptimaError

application = typer.Typer(
    name="septima",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The open CRM scorecard: from the traces customers leave to metrics, and from metrics to one index. "
    "Add --debug to any command to see the traceback of an error.",
)

application.add_typer(forecast_commands)
application.add_typer(goal_commands)
application.add_typer(closing_commands)
application.add_typer(check_commands)
application.add_typer(why_commands)
application.add_typer(serve_commands)
application.add_typer(backup_commands)
application.add_typer(cascade_commands)
application.add_typer(model_commands)
application.add_typer(process_commands)
application.add_typer(journey_commands)
application.add_typer(
    experiment_commands, name="experiment", help="Plan, assign, check and analyse experiments with a control group."
)
application.add_typer(rollout_commands)
application.add_typer(
    connect_commands,
    name="connect",
    help="Read what databases, CRMs, mail and exports hold, again and again, each row once.",
)
application.add_typer(sensitivity_commands)
application.add_typer(
    benchmark_commands, name="benchmark", help="Share CKPIs as signed files, check those of others, and compare."
)


@application.callback(invoke_without_command=True)
def root(version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False) -> None:
    """Print the version where it is asked for."""
    from septima import __version__

    if version:
        console.print(__version__)
        raise typer.Exit


@application.command()
def init(
    directory: Directory,
    *,
    organisation: Annotated[
        str | None, typer.Option(help="Name that stands on the scorecard; the folder's where left out.")
    ] = None,
    currency: Annotated[str, typer.Option(help="ISO 4217 code, such as RUB or EUR.")] = "EUR",
    language: Annotated[str, typer.Option("--lang", metavar="en|ru", help="Language of reports.")] = "en",
    template: Annotated[
        str,
        typer.Option(
            metavar="TRADE",
            help="Scorecard to start from: general, online_shop, retail_chain, b2b_services, bank_telecom or public_service.",
        ),
    ] = "general",
    form: FormatOption = Format.table,
) -> None:
    """Make a workspace: settings, a starter scorecard for your trade and an empty lake."""
    from septima.scorecard.starter import TRADES, Trade
    from septima.workspace import Workspace

    known: dict[str, Trade] = {trade: trade for trade in TRADES}
    if template not in known:
        raise SeptimaError(f"there is no template {template!r}; write --template with one of: {', '.join(TRADES)}")
    workspace = Workspace.create(
        directory,
        organisation=organisation,
        currency=currency,
        language=spoken_language(language),
        trade=known[template],
    )
    if form is Format.json:
        print_json({"directory": str(workspace.directory), "organisation": workspace.settings.organisation})
        return
    say(f"Made a workspace in {directory}. Next, for each file of yours: septima draft {directory} FILE")


@application.command()
def draft(
    directory: Directory,
    *,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, Parquet, JSONL or XLSX, as your system exports it.")
    ],
    table: Annotated[str | None, typer.Option(help="Canonical table it is for; guessed where left out.")] = None,
    output: Annotated[Path | None, typer.Option(help="Mapping to write; FILE with .yaml where left out.")] = None,
    form: FormatOption = Format.table,
) -> None:
    """Write a first mapping for a file, guessed from its headings, for you to check."""
    from septima.lake.draft import draft as draft_mapping

    workspace = open_workspace(directory)
    path = output or file.with_suffix(".yaml")
    if path.exists():
        raise SeptimaError(f"{path} is there already; name another with --output, or remove it")
    text = draft_mapping(workspace.lake, file, table=table, currency=workspace.settings.currency)
    path.write_text(text, encoding="utf-8")
    if form is Format.json:
        print_json({"mapping": str(path)})
        return
    say(text)
    say(f"Written to {path}. Check it, then: septima load {directory} {path}")


@application.command()
def load(
    directory: Directory,
    *,
    mapping: Annotated[
        Path, typer.Argument(metavar="MAPPING.yaml", help="How the source's columns become canonical ones.")
    ],
    data: DataOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Load files by a mapping: read = loaded + updated + duplicate + quarantined."""
    from septima.lake.load import load as load_files
    from septima.lake.mapping import read_mapping

    workspace, wanted = open_workspace(directory), read_mapping(mapping)
    with progress(workspace.settings.language) as report:
        result = load_files(workspace.lake, wanted, data=data, progress=report, memory=workspace.settings.memory)
    print_load(directory, result.tables, form)


@application.command()
def quarantine(
    directory: Directory,
    *,
    retry: Annotated[bool, typer.Option("--retry", help="Read the sources again and load what was mended.")] = False,
    table: Annotated[str | None, typer.Option(help="Only entries meant for this table.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Entries to show.")] = 50,
    form: FormatOption = Format.table,
) -> None:
    """Show the rows that could not be loaded, each with file, row, column and reason; or load those mended."""
    from septima.lake.load import retry as retry_quarantined
    from septima.lake.quarantine import open_entries, quarantined

    workspace = open_workspace(directory)
    if retry:
        with progress(workspace.settings.language) as report:
            result = retry_quarantined(workspace.lake, progress=report, memory=workspace.settings.memory)
        print_load(directory, result.tables, form)
        if form is Format.table:
            say(
                f"Entries resolved: {result.resolved:,}. Still waiting: {sum(open_entries(workspace.lake).values()):,}."
            )
        return
    entries = quarantined(workspace.lake, table=table, limit=limit)
    if form is Format.json:
        print_json([asdict(entry) for entry in entries])
        return
    if not entries:
        say("The quarantine is empty: every row that was read was loaded.")
        return
    rows = [[e.file, str(e.row), e.table, e.column, e.value or "", e.reason] for e in entries]
    print_rows("", ["file", "row", "table", "column", "value", "reason"], rows, numeric=[1])
    waiting = sum(open_entries(workspace.lake).values())
    say(
        f"Shown {len(entries):,} of {waiting:,}. Mend the file or the mapping, then: septima quarantine {directory} --retry"
    )


@application.command()
def themes(
    directory: Directory,
    *,
    number: Annotated[
        int | None,
        typer.Option("--themes", min=2, max=50, help="Themes per language; by the number of answers where left out."),
    ] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Group the answers to «why» into themes, keep them, and show the loyalty of those who speak of each."""
    from septima.cli.themes import print_themes, theme_records
    from septima.lake.themes import find_themes

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    with progress(workspace.settings.language) as report:
        found = find_themes(workspace.lake, number=number, progress=report, memory=workspace.settings.memory)
    if form is Format.json:
        print_json({"answers": found.answers, "data_version": found.version, "themes": theme_records(workspace, found)})
    else:
        print_themes(workspace, found, words)


@application.command()
def identify(
    directory: Directory,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be merged.")] = False,
    probabilistic: Annotated[
        bool, typer.Option("--probabilistic", help="Also by likeness of names, dates of birth and so on.")
    ] = False,
    region: Annotated[
        str | None, typer.Option(metavar="RU", help="Country of telephone numbers written without its code.")
    ] = None,
    shared_limit: Annotated[
        int, typer.Option(min=1, help="An address or number that more customers than this have identifies nobody.")
    ] = 5,
    form: FormatOption = Format.table,
) -> None:
    """Find customers who are one person and merge them; each merge can be undone."""
    from septima.cli.identities import print_identified
    from septima.lake.identity import identify as find_persons

    workspace = open_workspace(directory)
    with progress(workspace.settings.language) as report:
        found = find_persons(
            workspace.lake,
            region=region,
            probabilistic=probabilistic,
            dry_run=dry_run,
            shared_limit=shared_limit,
            progress=report,
            memory=workspace.settings.memory,
        )
    if form is Format.json:
        print_json(asdict(found))
    else:
        print_identified(found, directory, region=region, dry_run=dry_run)


@application.command()
def merges(
    directory: Directory,
    *,
    undone: Annotated[bool, typer.Option("--all", help="The whole history, with what was undone.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Merges to show.")] = 50,
    form: FormatOption = Format.table,
) -> None:
    """List which customers are merged into which, by which rule and who decided it."""
    from septima.cli.identities import print_merges
    from septima.lake.identity import merges as merged_customers

    rows = merged_customers(open_workspace(directory).lake, undone=undone)
    if form is Format.json:
        print_json([row._asdict() for row in rows])
    else:
        print_merges(rows, limit)


@application.command()
def merge(
    directory: Directory,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Customer who is another one too.")],
    into: Annotated[str, typer.Argument(metavar="INTO", help="Customer under whose name both are to stand.")],
) -> None:
    """Declare that two customers are one person."""
    from septima.lake.identity import merge as merge_customers

    master = merge_customers(open_workspace(directory).lake, customer, into)
    say(f"{customer} and {into} are one person now, who stands under the name {master}.")


@application.command()
def unmerge(
    directory: Directory,
    customer: Annotated[
        str | None, typer.Argument(metavar="[CUSTOMER]", help="Customer who was merged into another.")
    ] = None,
    *,
    run: Annotated[int | None, typer.Option(metavar="RUN", help="Undo all that this run merged.")] = None,
    apart_from: Annotated[
        str | None, typer.Option(metavar="OTHER", help="Declare that CUSTOMER and OTHER are two persons.")
    ] = None,
) -> None:
    """Undo a merge, or all of a run; `identify` will not make it again."""
    from septima.lake.identity import keep_apart
    from septima.lake.identity import unmerge as undo

    lake = open_workspace(directory).lake
    if customer is not None and apart_from is not None:
        keep_apart(lake, customer, apart_from)
        say(f"{customer} and {apart_from} are two persons.")
        return
    say(f"Merges undone: {undo(lake, customer, run=run):,}.")


@application.command()
def tables(directory: Directory, form: FormatOption = Format.table) -> None:
    """List the tables of the lake with their rows and the time they span."""
    from septima.cli.inventory import inventory

    found = inventory(open_workspace(directory))
    if form is Format.json:
        print_json([asdict(held) for held in found])
        return
    rows = [[held.table, f"{held.rows:,}", held.first or "", held.last or "", held.meaning] for held in found]
    print_rows("", ["table", "rows", "from", "to", "meaning"], rows, numeric=[1])


@application.command()
def metrics(
    directory: Directory,
    metric_id: Annotated[str | None, typer.Argument(metavar="[METRIC]", help="Print the passport of this one.")] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Check the metrics of your own and say what was found.")
    ] = False,
    new: Annotated[
        str | None, typer.Option(metavar="ID", help="Write a commented file for a metric of your own to begin with.")
    ] = None,
    language: LanguageOption = None,
    form: FormatOption = Format.table,
) -> None:
    """List the metrics of the catalogue and your own, or print the passport of one."""
    from septima.cli.own_metrics import check_own_metrics, write_new_metric
    from septima.cli.passports import passport_rows, print_passport
    from septima.metrics import find_metric

    workspace = open_workspace(directory)
    words = language_of(language, workspace)
    if new is not None:
        write_new_metric(workspace, directory, new, form)
        return
    if check:
        check_own_metrics(workspace, words, form)
        return
    known = workspace.catalogue
    chosen = [find_metric(metric_id, known)] if metric_id else list(known.values())
    if form is Format.json:
        described = [passport_rows(metric, words) for metric in chosen]
        print_json(described[0] if metric_id else described)
    elif metric_id:
        print_passport(chosen[0], words)
    else:
        rows = [
            [
                metric.id,
                metric.passport.name.in_language(words),
                metric.passport.perspective,
                metric.passport.fingerprint or "",
            ]
            for metric in chosen
        ]
        heads = ["metric", "name", "perspective", "own"]
        own = any(row[-1] for row in rows)
        print_rows("", heads if own else heads[:-1], rows if own else [row[:-1] for row in rows])


@application.command()
def metric(
    directory: Directory,
    metric_id: Annotated[str, typer.Argument(metavar="METRIC", help="Id from `septima metrics DIR`.")],
    *,
    grain: Annotated[str, typer.Option(metavar="GRAIN", help="day, week, month, quarter, year or all.")] = "month",
    by: Annotated[
        list[str] | None, typer.Option(metavar="DIMENSION", help="Slice by it; may be given more than once.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(metavar="PERIOD", help="First period, such as 2026-Q1 or 2026-01.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="PERIOD", help="Last period, in it.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Goes before the passport's own; may be given more than once."),
    ] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FrameFormatOption = FrameFormat.table,
) -> None:
    """Compute a metric by period and slice: value, interval, n and the share of records it could not use."""
    from septima.cli.figures import print_figures
    from septima.metrics import GRAINS

    if grain not in GRAINS:
        raise SeptimaError(f"there is no grain {grain!r}; write one of: {', '.join(GRAINS)}")
    workspace = open_workspace(directory, engine)
    result = workspace.metric(
        metric_id,
        grain=grain,
        by=by or (),
        start=start,
        end=end,
        parameters=_parameters(parameter or []),
    )
    words = language_of(language, workspace)
    print_frame(result.to_pandas(), form, lambda _: print_figures(result, words, workspace.settings.currency))


@application.command()
def compute(
    directory: Directory,
    *,
    full: Annotated[bool, typer.Option("--full", help="All periods anew, not only what a change reaches.")] = False,
    grain: Annotated[
        list[str] | None,
        typer.Option(metavar="GRAIN", help="day, week, month, quarter or year; those of septima.yaml where left out."),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option(metavar="METRIC", help="Only this one; may be given more than once.")
    ] = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Bring the history of figures up to the data: compute what changed, and keep what came out differently."""
    from septima.cli.computing import print_update
    from septima.metrics import GRAINS, Grain

    known: dict[str, Grain] = {given: given for given in GRAINS if given != "all"}
    unknown = [given for given in grain or [] if given not in known]
    if unknown:
        raise SeptimaError(f"there is no history by {unknown[0]!r}; write one of: {', '.join(known)}")
    workspace = open_workspace(directory, engine)
    record_definitions(workspace)
    with progress(workspace.settings.language) as report:
        update = workspace.compute(
            metrics=metric or (), grains=[known[given] for given in grain or []], full=full, progress=report
        )
    if form is Format.json:
        print_json(asdict(update))
    else:
        print_update(update)
    if update.failures:
        raise typer.Exit(1)


@application.command()
def scorecard(
    directory: Directory,
    *,
    period: PeriodOption,
    explain: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Walk down: / (CKPIint), customer_support, or customer_support/nps."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows behind a KPI to show with --explain.")] = 10,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="ID.FIELD=NUMBER",
            help="Suppose another value, target or weight, such as nps.target=0.5, and see both cards; or a kept name. "
            "May be given more than once.",
        ),
    ] = None,
    save_as: Annotated[
        str | None, typer.Option("--save-as", metavar="NAME", help="Keep what is supposed under a name.")
    ] = None,
    report: ReportOption = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the card as a snapshot in DIR/snapshots.")] = False,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Print the scorecard of a period, or walk down from a figure to the rows behind it."""
    from septima.cli.cards import print_scorecard
    from septima.cli.explanations import print_explanation
    from septima.scorecard.snapshot import save_snapshot, to_json

    workspace = open_workspace(directory, engine)
    record_definitions(workspace)
    words = language_of(language, workspace)
    if explain is not None:
        explanation = workspace.explain(period, explain, limit=rows)
        if form is Format.json:
            print_json(asdict(explanation))
        else:
            print_explanation(explanation, words, workspace.settings.currency)
        return
    if what_if or save_as:
        from septima.cli.what_if import show_what_if

        if save:
            raise SeptimaError("a snapshot is a record of a period; keep what is supposed with --save-as NAME")
        show_what_if(workspace, period, what_if or [], save_as, words, form, report)
        return
    if report is not None:
        raise SeptimaError(
            f"--report goes with --what-if; for the card itself: septima report {directory} --period {period}"
        )
    card = workspace.scorecard(period)
    if form is Format.json:
        print_json(to_json(card))
    else:
        print_scorecard(card, words)
    if save:
        kept = save_snapshot(workspace.directory / "snapshots", card, author=getpass.getuser())
        notices.print(f"Kept as {kept}", soft_wrap=True)


@application.command()
def report(
    directory: Directory,
    *,
    period: Annotated[
        str | None,
        typer.Option(
            "--period", metavar="PERIOD", help="As for `scorecard`; not with --models, which take all days there are."
        ),
    ] = None,
    models: Annotated[
        bool,
        typer.Option("--models", help="Instead of the scorecard: lifetime value, attribution, experiments, loyalty."),
    ] = False,
    form: Annotated[
        str, typer.Option("--format", metavar="html|pdf|xlsx|json", help="json is the card for programs.")
    ] = "html",
    language: LanguageOption = None,
    output: Annotated[Path | None, typer.Option(help="File to write; in DIR/reports where left out.")] = None,
    engine: EngineOption = None,
) -> None:
    """Write the scorecard with a page per perspective, or what the models found, as HTML, PDF or XLSX."""
    from septima.cli.reports import write_models, write_report

    if models == (period is not None):
        raise SeptimaError("write either --period, for the scorecard of a period, or --models")
    workspace = open_workspace(directory, engine)
    record_definitions(workspace)
    words = language_of(language, workspace)
    if period is None:
        path = write_models(workspace, form, words, output)
    else:
        path = write_report(workspace, period, form, words, output)
    if form == Format.json:
        print_json({"report": str(path)})
    else:
        say(str(path))


@application.command()
def demo(
    directory: Directory,
    *,
    customers: Annotated[int, typer.Option(min=100, help="Customers of the company.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same company.")] = 7,
    form: FormatOption = Format.table,
) -> None:
    """Simulate a company with a known truth over three years and load it into a new workspace."""
    from septima.cli.benchmark import demo_peers
    from septima.demo import MAPPING_FILE, definition_texts, scorecard_text, simulate
    from septima.lake.load import load as load_files
    from septima.lake.mapping import read_mapping
    from septima.scorecard.benchmark.comparison import FOLDER as PEERS_FOLDER
    from septima.workspace import SCORECARD_FILE, Workspace

    workspace = Workspace.create(directory, organisation="Северный дом", currency="RUB", language="ru")
    (workspace.directory / SCORECARD_FILE).write_text(scorecard_text(customers), encoding="utf-8")
    for name, text in definition_texts().items():
        (workspace.directory / name).write_text(text, encoding="utf-8")
    source = workspace.directory / "source"
    with progress(workspace.settings.language) as report:
        truth = simulate(source, customers=customers, seed=seed)
        result = load_files(workspace.lake, read_mapping(source / MAPPING_FILE), progress=report)
    left_out = demo_peers(workspace.directory / PEERS_FOLDER, truth.quarters[-1], seed)
    print_load(directory, result.tables, form)
    if left_out is not None:
        notices.print(left_out, soft_wrap=True)
    if form is Format.table:
        say(f"The data end on {truth.end}. Next: septima scorecard {directory} --period {truth.quarters[-1]}")


def _parameters(given: list[str]) -> dict[str, object]:
    from ruamel.yaml import YAML

    parameters: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise SeptimaError(f"--parameter {text!r} has no value; write NAME=VALUE, such as active_days=60")
        parameters[name] = YAML(typ="safe").load(value)
    return parameters
