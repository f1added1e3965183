"""The command `check`: which alert rules hold, told on the terminal and by the channels of `alerts.yaml`."""

from collections.abc import Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.closing import record_definitions
from septima.cli.options import Directory, EngineOption, FormatOption, LanguageOption, language_of, open_workspace
from septima.cli.output import Format, notices, print_json, print_rows, say
from septima.schema import Language, SeptimaError
from septima.schema.spoken import spoken

if TYPE_CHECKING:
    from septima.scorecard.alerts.definition import Alert, CheckReport

check_commands = typer.Typer(rich_markup_mode=None)

NOT_EVALUATED = 3


@check_commands.command()
def check(
    directory: Directory,
    *,
    period: Annotated[
        str | None,
        typer.Option(
            "--period", metavar="PERIOD", help="The newest that is over, by the `grain` of alerts.yaml, where left out."
        ),
    ] = None,
    send: Annotated[bool, typer.Option("--send", help="Also tell by the channels of alerts.yaml.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Write a commented alerts.yaml to begin with.")] = False,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Check the alert rules: exit code 0 nothing, 1 warnings, 2 something critical, 3 a rule or channel failed.

    Made for cron: with --send, alerts go out by e-mail and webhook, and are not repeated while they are `quiet`.
    """
    try:
        code = _check(directory, period, language, engine, form, send=send, new=new)
    except (SeptimaError, OSError) as error:  # 1 and 2 speak of the figures, so that an error needs a code of its own
        notices.print(f"septima: {' '.join(str(error).split())}", soft_wrap=True)
        code = NOT_EVALUATED
    if code:
        raise typer.Exit(code)


def _check(
    directory: Path,
    period: str | None,
    language: str | None,
    engine: str | None,
    form: Format,
    *,
    send: bool,
    new: bool,
) -> int:
    from septima.chapters.telling import tell_alerts
    from septima.cli.starter_files import write_starter
    from septima.scorecard.alerts.definition import FILE
    from septima.scorecard.alerts.telling import quiet_alerts

    workspace = open_workspace(directory, engine)
    if new:
        text = resources.files("septima.scorecard.alerts").joinpath("starter.yaml").read_text(encoding="utf-8")
        write_starter(workspace.directory / FILE, text, f"septima check {directory}", form)
        return 0
    words = language_of(language, workspace)
    definition = workspace.alerts
    record_definitions(workspace)
    report = workspace.check(period)
    quiet = quiet_alerts(workspace.directory, definition, report.alerts, report.checked_at)
    told = tell_alerts(workspace, report) if send else None
    if form is Format.json:
        content = {**spoken(report, words), "exit_code": report.exit_code}
        content["quiet"] = [alert.key for alert in quiet]
        content["told"] = told and {
            **asdict(told),
            "new": [alert.key for alert in told.new],
            "quiet": [alert.key for alert in told.quiet],
        }
        print_json(content)
    else:
        _print(report, quiet, words)
    if told is not None:
        for failure in told.failures:
            notices.print(failure, soft_wrap=True)
        notices.print(f"Sent {told.sent} messages; waiting in {workspace.directory / 'alerts' / 'outbox'}: {told.waiting}.", soft_wrap=True)  # fmt: skip
    return NOT_EVALUATED if told is not None and told.failures else report.exit_code


def _print(report: "CheckReport", quiet: "Sequence[Alert]", language: Language) -> None:
    from septima.report.alert_words import SEVERITY, sentence

    if not report.alerts and not report.failures:
        say(f"{report.period}: no rule holds.")
    ordered = sorted(report.alerts, key=lambda alert: alert.severity != "critical")
    rows = [
        [
            SEVERITY[alert.severity].in_language(language),
            alert.rule,
            sentence(alert, language, report.currency),
            alert.who.in_language(language) if alert.who else "",
            "quiet" if alert in quiet else "",
        ]
        for alert in ordered
    ]
    if rows:
        print_rows(report.period_label.in_language(language), ["severity", "rule", "what", "who", ""], rows)
    for failure in report.failures:
        say(f"Rule {failure.rule!r} could not be evaluated: {failure.why.in_language(language)}.")
