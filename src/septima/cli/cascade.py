"""The command `cascade`: who answers for which part of CKPIint, and the card of a department, team, person or role."""

from typing import TYPE_CHECKING, Annotated

import typer

from septima.cli.options import (
    Directory,
    EngineOption,
    FormatOption,
    LanguageOption,
    ReportOption,
    language_of,
    open_workspace,
)
from septima.cli.output import Format
from septima.schema import Language, SeptimaError

if TYPE_CHECKING:
    from septima.report.studies.study import Study
    from septima.scorecard.card import Scorecard
    from septima.scorecard.cascade.result import Cascade, MemberCard
    from septima.workspace import Workspace

cascade_commands = typer.Typer(rich_markup_mode=None)


@cascade_commands.command()
def cascade(
    directory: Directory,
    *,
    period: Annotated[
        str | None, typer.Option("--period", metavar="PERIOD", help="Whose card is shared out, such as 2026-Q3.")
    ] = None,
    department: Annotated[
        str | None, typer.Option("--department", metavar="ID", help="The card of a department.")
    ] = None,
    team: Annotated[
        str | None, typer.Option("--team", metavar="ID", help="The card of a team, with its people.")
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="EMPLOYEE_ID", help="The card of a person: what the role sees.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", metavar="ROLE", help="The KPIs that a role sees.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Write a commented cascade to begin with.")] = False,
    report: ReportOption = None,
    language: LanguageOption = None,
    engine: EngineOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Share CKPIint out over departments, teams and people who answer for its KPIs."""
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
    from septima.report.studies.cascade import cascade_study, member_study
    from septima.scorecard.cascade.facts import departments_of
    from septima.scorecard.cascade.reading import FILE
    from septima.scorecard.cascade.starter import starter_cascade

    workspace = open_workspace(directory, engine)
    words = language_of(language, workspace)
    if new:
        text = starter_cascade(workspace.definition, departments_of(workspace.tables()))
        write_starter(workspace.directory / FILE, text, f"septima cascade {directory} --period PERIOD", form)
        return
    if period is None:
        raise SeptimaError("write --period, whose card is shared out, such as 2026-Q3; or --new")
    if sum(one is not None for one in (department, team, person, role)) > 1:
        raise SeptimaError("give one of --department, --team, --person and --role")
    found = workspace.cascade(workspace.scorecard(period))
    member = _member(found, department, team, person, role)
    study = cascade_study(found, words) if member is None else member_study(found, member, words)
    answer_study(workspace, study, _answer(found) if member is None else member, words, form, report)


def cascade_chapter(workspace: "Workspace", card: "Scorecard", language: Language) -> "Study | None":
    """The chapter of a card's report, without people; None where the workspace has no cascade."""
    from septima.report.studies.cascade import cascade_study
    from septima.scorecard.cascade.reading import FILE

    if not (workspace.directory / FILE).exists():
        return None
    return cascade_study(workspace.cascade(card), language)


def _member(
    found: "Cascade", department: str | None, team: str | None, person: str | None, role: str | None
) -> "MemberCard | None":
    if department is not None:
        return found.department(department)
    if team is not None:
        return found.team(team)
    if person is not None:
        return found.person(person)
    return None if role is None else found.role(role)


def _answer(found: "Cascade") -> dict[str, object]:
    """The cascade for programs, down to teams: people are given one by one, or by their team's id."""
    return {
        "period": found.card.period,
        "before": found.before,
        "ckpi_integral": found.card.integral.printed,
        "departments": found.departments(),
        "teams": found.teams(),
        "unreconciled": found.responsibility.unreconciled(),
        "remarks": found.responsibility.remarks,
    }
