"""What the rules of a schedule do."""

from collections.abc import Callable
from typing import Any

from septima.chapters.telling import tell_alerts
from septima.connect.definition import connection_names
from septima.connect.errors import missing_package
from septima.lake.load import TableCounts, load
from septima.lake.mapping import read_mapping
from septima.schema import SeptimaError, Text
from septima.web.common.language import current_language
from septima.web.common.workspaces import open_workspace
from septima.web.data.asking import begin_computing
from septima.web.data.works import compute_figures
from septima.web.schedule.planning import SCHEDULED
from septima.web.schedule.rules import ALL, mapping_path
from septima.web.scorecards.background import ask_for_report
from septima.web.scorecards.cards import card_of
from septima.web.scorecards.choice import read_choice
from septima.web.work.kinds import Kind, Tell, register
from septima.web.work.models import Work


class RuleError(SeptimaError):
    """What a rule says cannot be done."""


def _fetch(work: Work, tell: Tell) -> dict[str, Any]:
    """Fetch by one connection or by each; what one of them refuses keeps no other from being fetched."""
    try:
        from septima.connect.fetch import fetch  # noqa: PLC0415 - a site without connections does without its libraries
    except ModuleNotFoundError as error:
        raise missing_package(error.name) from error
    workspace, what = open_workspace(work.organisation), str(work.options["what"])
    before = workspace.lake.version
    tables: dict[str, TableCounts] = {}
    refused: list[Text] = []
    for name in connection_names(workspace.directory) if what == ALL else [what]:
        try:
            found = fetch(workspace, name, tell)
        except SeptimaError as error:
            refused.append(error.statement)
            continue
        for table, counts in found.tables.items():
            tables[table] = tables.get(table, TableCounts()) + counts
    _compute_if_changed(work, before)
    if refused:
        raise RuleError(_joined(refused))
    return {"tables": {name: vars(counts) for name, counts in tables.items()}, "version": workspace.lake.version}


def _load(work: Work, tell: Tell) -> dict[str, Any]:
    workspace = open_workspace(work.organisation)
    before = workspace.lake.version
    mapping = read_mapping(mapping_path(workspace, str(work.options["what"])))
    result = load(workspace.lake, mapping, progress=tell, memory=workspace.settings.memory)
    _compute_if_changed(work, before)
    return {"tables": {name: vars(counts) for name, counts in result.tables.items()}, "version": result.version}


def _tell_alerts(work: Work, tell: Tell) -> dict[str, Any]:
    workspace = open_workspace(work.organisation)
    tell(Text("Checking the rules", "Проверка правил"), 0, None)
    report = workspace.check()
    told = tell_alerts(workspace, report)
    wrong = [failure.why for failure in report.failures] + [Text(failure, failure) for failure in told.failures]
    if wrong:
        raise RuleError(_joined(wrong))
    return {"alerts": len(report.alerts), "new": len(told.new), "sent": told.sent, "waiting": told.waiting}


def _make_report(work: Work, tell: Tell) -> dict[str, Any]:
    """Have the report on the newest card made, for the page of reports."""
    organisation, workspace = work.organisation, open_workspace(work.organisation)
    tell(Text("Computing the card", "Вычисление карты"), 0, None)
    choice = read_choice({}, workspace.settings.calendar)
    card = card_of(organisation, workspace, choice)
    made = ask_for_report(organisation, card.key, choice, current_language(), str(work.options["what"]), work.who)
    return {"report": made.pk}


def _joined(said: list[Text]) -> Text:
    return Text("; ".join(each.en for each in said), "; ".join(each.ru for each in said))


def _compute_if_changed(work: Work, before: int) -> None:
    version = open_workspace(work.organisation).lake.version
    if version != before:
        begin_computing(work.organisation, work.who, version)


_DO: dict[str, Callable[[Work, Tell], dict[str, Any]]] = {
    "fetch": _fetch,
    "load": _load,
    "compute": compute_figures,
    "alerts": _tell_alerts,
    "report": _make_report,
}


def do_rule(work: Work, tell: Tell) -> dict[str, Any]:
    """Do what a rule says."""
    return _DO[str(work.options["do"])](work, tell)


register(Kind(SCHEDULED, Text("By the schedule", "По\u00a0расписанию"), do_rule))
