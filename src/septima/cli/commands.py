"""The commands. Each opens a workspace, asks one room for something and hands it to `output`."""

import getpass
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.output import Format, FrameFormat, console, notices, print_frame, print_json, print_rows, progress, say
from septima.schema import LANGUAGES, Language, SeptimaError

if TYPE_CHECKING:
    from septima.lake.load import TableCounts
    from septima.workspace import Workspace

application = typer.Typer(
    name="septima",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The open CRM scorecard: from the traces customers leave to metrics, and from metrics to one index. "
    "Add --debug to any command to see the traceback of an error.",
)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the workspace.")]
FormatOption = Annotated[Format, typer.Option("--format", help="table for people, json for programs.")]
FrameFormatOption = Annotated[FrameFormat, typer.Option("--format", help="table for people, csv or json for programs.")]
LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="en|ru", help="The workspace's own where left out.")
]
EngineOption = Annotated[str | None, typer.Option("--engine", metavar="ENGINE", help="duckdb, local[n], spark://… or sc://…; goes before septima.yaml.")]  # fmt: skip
PeriodOption = Annotated[
    str,
    typer.Option(
        "--period", metavar="PERIOD", help="2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15; FY2026, FY2026-Q3."
    ),
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Folder of the source files; that of the mapping where left out.")]  # fmt: skip
experiment_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
application.add_typer(
    experiment_commands, name="experiment", help="Plan, assign, check and analyse experiments with a control group."
)
Experiment = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its name in `assignments`.")]
ControlArmOption = Annotated[str, typer.Option("--control-arm", metavar="ARM", help="Arm that was left alone.")]
PlannedSharesOption = Annotated[
    list[str] | None,
    typer.Option("--share", metavar="ARM=SHARE", help="Planned share of an arm, for each; those kept where left out."),
]
CampaignsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--campaign", metavar="CAMPAIGN", help="Whose touches the arms got; the one called as it where left out."
    ),
]
DaysOption = Annotated[int, typer.Option("--days", min=1, max=3650, help="Days after the assignment that count.")]
BeforeDaysOption = Annotated[
    int, typer.Option("--before-days", min=0, max=3650, help="Days before it that are the covariate; 0 is none.")
]
SegmentsOption = Annotated[
    list[str] | None,
    typer.Option("--segment", metavar="SEGMENT", help="Only these customers; may be given more than once."),
]
ConsentOption = Annotated[bool, typer.Option("--consent", help="Only customers who agreed to promotion.")]


def _workspace(directory: Path, engine: str | None = None) -> "Workspace":
    from septima.workspace import Workspace

    return Workspace.open(directory, engine=engine)


def _spoken(given: str) -> Language:
    if given not in LANGUAGES:
        raise SeptimaError(f"language {given!r} is not spoken here; write --lang with one of: {', '.join(LANGUAGES)}")
    return given


def _language(given: str | None, workspace: "Workspace") -> Language:
    return workspace.settings.language if given is None else _spoken(given)


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
    form: FormatOption = Format.table,
) -> None:
    """Make a workspace: settings, a starter scorecard and an empty lake."""
    from septima.workspace import Workspace

    workspace = Workspace.create(directory, organisation=organisation, currency=currency, language=_spoken(language))
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

    workspace = _workspace(directory)
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

    workspace, wanted = _workspace(directory), read_mapping(mapping)
    with progress(workspace.settings.language) as report:
        result = load_files(workspace.lake, wanted, data=data, progress=report, memory=workspace.settings.memory)
    _print_load(directory, result.tables, form)


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

    workspace = _workspace(directory)
    if retry:
        with progress(workspace.settings.language) as report:
            result = retry_quarantined(workspace.lake, progress=report, memory=workspace.settings.memory)
        _print_load(directory, result.tables, form)
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

    workspace = _workspace(directory, engine)
    words = _language(language, workspace)
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

    workspace = _workspace(directory)
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

    rows = merged_customers(_workspace(directory).lake, undone=undone)
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

    master = merge_customers(_workspace(directory).lake, customer, into)
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

    lake = _workspace(directory).lake
    if customer is not None and apart_from is not None:
        keep_apart(lake, customer, apart_from)
        say(f"{customer} and {apart_from} are two persons.")
        return
    say(f"Merges undone: {undo(lake, customer, run=run):,}.")


@application.command()
def tables(directory: Directory, form: FormatOption = Format.table) -> None:
    """List the tables of the lake with their rows and the time they span."""
    from septima.cli.inventory import inventory

    found = inventory(_workspace(directory))
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

    workspace = _workspace(directory)
    words = _language(language, workspace)
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
    workspace = _workspace(directory, engine)
    result = workspace.metric(
        metric_id,
        grain=grain,
        by=by or (),
        start=start,
        end=end,
        parameters=_parameters(parameter or []),
    )
    words = _language(language, workspace)
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
    workspace = _workspace(directory, engine)
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
    save: Annotated[bool, typer.Option("--save", help="Keep the card as a snapshot in DIR/snapshots.")] = False,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Print the scorecard of a period, or walk down from a figure to the rows behind it."""
    from septima.cli.cards import print_scorecard
    from septima.cli.explanations import print_explanation
    from septima.scorecard.snapshot import save_snapshot, to_json

    workspace = _workspace(directory, engine)
    words = _language(language, workspace)
    if explain is not None:
        explanation = workspace.explain(period, explain, limit=rows)
        if form is Format.json:
            print_json(asdict(explanation))
        else:
            print_explanation(explanation, words, workspace.settings.currency)
        return
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
    period: PeriodOption,
    form: Annotated[
        str, typer.Option("--format", metavar="html|pdf|xlsx|json", help="json is the card for programs.")
    ] = "html",
    language: LanguageOption = None,
    output: Annotated[Path | None, typer.Option(help="File to write; in DIR/reports where left out.")] = None,
    engine: EngineOption = None,
) -> None:
    """Write the scorecard with a page per perspective as HTML, PDF or XLSX."""
    from septima.cli.reports import write_report

    workspace = _workspace(directory, engine)
    path = write_report(workspace, period, form, _language(language, workspace), output)
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
    from septima.demo import MAPPING_FILE, scorecard_text, simulate
    from septima.lake.load import load as load_files
    from septima.lake.mapping import read_mapping
    from septima.workspace import SCORECARD_FILE, Workspace

    workspace = Workspace.create(directory, organisation="Северный дом", currency="RUB", language="ru")
    (workspace.directory / SCORECARD_FILE).write_text(scorecard_text(customers), encoding="utf-8")
    source = workspace.directory / "source"
    with progress(workspace.settings.language) as report:
        truth = simulate(source, customers=customers, seed=seed)
        result = load_files(workspace.lake, read_mapping(source / MAPPING_FILE), progress=report)
    _print_load(directory, result.tables, form)
    if form is Format.table:
        say(f"The data end on {truth.end}. Next: septima scorecard {directory} --period {truth.quarters[-1]}")


@experiment_commands.command("plan")
def experiment_plan(
    directory: Directory,
    *,
    effect: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Relative effect to be found, such as 5%.")
    ] = None,
    control: Annotated[str, typer.Option(metavar="SHARE", help="Share of the control group.")] = "5%",
    arms: Annotated[int, typer.Option(min=1, max=20, help="Treated arms beside the control.")] = 1,
    power: Annotated[str, typer.Option(metavar="SHARE", help="Chance to find such an effect.")] = "80%",
    before_days: BeforeDaysOption = 90,
    segment: SegmentsOption = None,
    consent: ConsentOption = False,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell from your own past which effect can be found, and the customers and days that it takes."""
    from septima.cli.experiments import plan_experiment

    workspace = _workspace(directory, engine)
    plan_experiment(
        workspace,
        _language(language, workspace),
        form,
        effect=effect,
        control=control,
        arms=arms,
        power=power,
        before_days=before_days,
        segments=segment or (),
        consent=consent,
    )


@experiment_commands.command("assign")
def experiment_assign(
    directory: Directory,
    experiment: Experiment,
    *,
    control: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Share of the control group; 5% where left out.")
    ] = None,
    arm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SHARE]", help="A treated arm; may be given more than once. One, `treated`, where left out."
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="ATTRIBUTE", help="Keep the shares within each segment, region or acquisition_channel."),
    ] = None,
    salt: Annotated[
        str | None, typer.Option(help="Text that the hash is salted with; the name where left out.")
    ] = None,
    segment: SegmentsOption = None,
    consent: ConsentOption = False,
    at: Annotated[
        datetime | None, typer.Option(metavar="MOMENT", help="Moment of the assignment in UTC; now where left out.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the list for the mailing tool: .csv or .xlsx.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Column of `customers` to add to the list, such as email."),
    ] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Put customers into arms by a salted hash; again, it adds newcomers and moves nobody.

    The experiment `global_control` is a group that every later campaign leaves alone.
    """
    from septima.cli.experiments import assign_experiment

    workspace = _workspace(directory, engine)
    assign_experiment(
        workspace,
        _language(language, workspace),
        form,
        experiment=experiment,
        control=control,
        arms=arm or (),
        by=by or (),
        salt=salt,
        segments=segment or (),
        consent=consent,
        at=at,
        export=export,
        columns=column or (),
    )


@experiment_commands.command("check")
def experiment_check(
    directory: Directory,
    experiment: Experiment,
    *,
    control_arm: ControlArmOption = "control",
    share: PlannedSharesOption = None,
    campaign: CampaignsOption = None,
    days: DaysOption = 30,
    before_days: BeforeDaysOption = 90,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell whether an experiment was run as planned: sizes of the arms, balance before it, whom the campaign reached."""
    from septima.cli.experiments import check_experiment

    workspace = _workspace(directory, engine)
    check_experiment(
        workspace,
        _language(language, workspace),
        form,
        experiment=experiment,
        control=control_arm,
        shares=share or (),
        campaigns=campaign or (),
        days=days,
        before_days=before_days,
    )


@experiment_commands.command("analyse")
def experiment_analyse(
    directory: Directory,
    experiment: Experiment,
    *,
    control_arm: ControlArmOption = "control",
    share: PlannedSharesOption = None,
    campaign: CampaignsOption = None,
    days: DaysOption = 30,
    before_days: BeforeDaysOption = 90,
    correction: Annotated[
        str, typer.Option(metavar="holm|bh", help="For several arms: Holm, or Benjamini and Hochberg.")
    ] = "holm",
    expected: Annotated[
        int | None,
        typer.Option(
            min=1, help="Customers at which the always-valid interval is narrowest; choose it before looking."
        ),
    ] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Tell what an experiment brought, per customer and in all, with intervals; or why no figure is honest."""
    from septima.cli.experiments import analyse_experiment

    workspace = _workspace(directory, engine)
    analyse_experiment(
        workspace,
        _language(language, workspace),
        form,
        experiment=experiment,
        control=control_arm,
        shares=share or (),
        campaigns=campaign or (),
        days=days,
        before_days=before_days,
        correction=correction,
        expected=expected,
    )


@application.command("loyalty-economics")
def loyalty_economics(
    directory: Directory,
    *,
    retention: Annotated[
        str, typer.Option(metavar="CHANGE", help="What if retention were other: +5% of itself, or +5pp.")
    ] = "+5%",
    loyalty: Annotated[
        str, typer.Option(metavar="CHANGE", help="What if the share of loyal customers were other: +2% of itself.")
    ] = "+2%",
    loyal: Annotated[
        str,
        typer.Option("--loyal", metavar="nps|cli|repeat", help="Who is loyal: by NPS, by C11, or by number of orders."),
    ] = "nps",
    least: Annotated[
        float | None,
        typer.Option(help="From which on: 8 of 10 for nps, 0.75 for cli, 2 orders for repeat where left out."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Last days of the data by which they are compared.")] = 180,
    period_days: Annotated[int, typer.Option(min=1, max=3650, help="Days of a period of retention.")] = 365,
    discount_rate: Annotated[str, typer.Option(metavar="SHARE", help="Discount of money to come, a year.")] = "10%",
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Set rules of thumb about loyalty beside what your own data say, and tell what another retention would bring."""
    from septima.cli.loyalty import loyalty_economics as tell_loyalty_economics

    workspace = _workspace(directory, engine)
    tell_loyalty_economics(
        workspace,
        _language(language, workspace),
        form,
        retention=retention,
        loyalty=loyalty,
        loyal=loyal,
        least=least,
        days=days,
        period_days=period_days,
        discount_rate=discount_rate,
    )


@application.command()
def ltv(
    directory: Directory,
    *,
    method: Annotated[
        list[str] | None,
        typer.Option(metavar="METHOD", help="all, or such as pareto_nbd or kaplan_meier; may be given more than once."),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="DIMENSION", help="segment, region, acquisition_channel or cohort.")
    ] = None,
    horizon: Annotated[str, typer.Option(metavar="LENGTH", help="90d, 26w, 12m or 2y.")] = "12m",
    discount: Annotated[float, typer.Option(metavar="SHARE", help="A year’s discount of money to come.")] = 0.1,
    margin: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Margin in revenue; measured from costs where left out.")
    ] = None,
    active_days: Annotated[
        int, typer.Option(min=1, help="Days without a purchase after which a customer is no longer active.")
    ] = 90,
    business: Annotated[
        str, typer.Option(metavar="KIND", help="contractual, non-contractual, or auto: as the data say.")
    ] = "auto",
    backtest: Annotated[
        bool, typer.Option("--backtest", help="Fit to the first part of the time line, compare with the rest, rank.")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="Keep each customer’s prediction by the one method in `predictions`.")
    ] = False,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FrameFormatOption = FrameFormat.table,
) -> None:
    """Value customers by ten methods over the same horizon, discount and margin, and say why they differ."""
    from septima.cli.lifetime import lifetime_settings, value_customers

    settings = lifetime_settings(horizon, discount, margin, active_days, by, business)
    workspace = _workspace(directory, engine)
    words = _language(language, workspace)
    value_customers(workspace, settings, method or ["all"], words, form, backtest=backtest, save=save)


@application.command()
def attribution(
    directory: Directory,
    *,
    method: Annotated[
        str,
        typer.Option(
            metavar="METHOD",
            help="last, last_non_direct, first, linear, time_decay, position, markov or shapley; all of them.",
        ),
    ] = "all",
    by: Annotated[str, typer.Option(metavar="channel|campaign|chain", help="What is credited.")] = "channel",
    window: Annotated[int, typer.Option(metavar="DAYS", help="How long before a purchase a touch counts.")] = 30,
    order: Annotated[
        str, typer.Option(metavar="auto|1..4", help="Touches that the Markov chain remembers; held-out paths decide.")
    ] = "auto",
    value: Annotated[str, typer.Option(metavar="revenue|conversions", help="What is shown.")] = "revenue",
    kind: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND",
            help="Kind of touch that counts; may be given more than once. What customers did, where left out.",
        ),
    ] = None,
    worth: Annotated[
        str, typer.Option(metavar="conversions|rate", help="What channels together are worth in the Shapley value.")
    ] = "conversions",
    since: Annotated[str | None, typer.Option(metavar="PERIOD", help="First period or day of purchases.")] = None,
    until: Annotated[str | None, typer.Option(metavar="PERIOD", help="Last one, in it.")] = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FrameFormatOption = FrameFormat.table,
) -> None:
    """Tell which channels, campaigns or chains revenue is due to, by eight methods, beside what control groups prove."""
    from septima.cli.attribution import run_attribution

    workspace = _workspace(directory, engine)
    run_attribution(
        workspace,
        _language(language, workspace),
        form,
        method=method,
        by=by,
        window=window,
        order=order,
        value=value,
        kinds=kind or (),
        worth=worth,
        since=since,
        until=until,
    )


def _print_load(directory: Path, counts: "Mapping[str, TableCounts]", form: Format) -> None:
    """Print what became of the rows, table by table."""
    names = ("read", "loaded", "updated", "duplicate", "quarantined")
    by_table = {table: asdict(count) for table, count in counts.items()}
    if form is Format.json:
        print_json(by_table)
        return
    rows = [[table, *(f"{count[name]:,}" for name in names)] for table, count in by_table.items()]
    print_rows("", ["table", *names], rows, numeric=range(1, 6))
    if any(count["quarantined"] for count in by_table.values()):
        say(f"Rows that could not be read wait in quarantine: septima quarantine {directory}")


def _parameters(given: list[str]) -> dict[str, object]:
    from ruamel.yaml import YAML

    parameters: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise SeptimaError(f"--parameter {text!r} has no value; write NAME=VALUE, such as active_days=60")
        parameters[name] = YAML(typ="safe").load(value)
    return parameters
