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
from septima.schema import SeptimaError

if TYPE_CHECKING:
    from septima.chapters.cascade import MemberKind
    from septima.scorecard.cascade.result import Cascade

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
    from septima.chapters.cascade import cascade_answer, member_answer
    from septima.cli.starter_files import write_starter
    from septima.cli.studies import answer_study
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
    asked: dict[MemberKind, str | None] = {"department": department, "team": team, "person": person, "role": role}
    members: list[tuple[MemberKind, str]] = [(kind, name) for kind, name in asked.items() if name is not None]
    if len(members) > 1:
        raise SeptimaError("give one of --department, --team, --person and --role")
    card = workspace.scorecard(period)
    if members:
        one = member_answer(workspace, card, words, *members[0])
        answer_study(workspace, one.study, one.found, words, form, report)
        return
    whole = cascade_answer(workspace, card, words)
    answer_study(workspace, whole.study, _record(whole.found), words, form, report)


def _record(found: "Cascade") -> dict[str, object]:
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
