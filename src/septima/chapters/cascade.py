"""Who answers for which part of CKPIint, and the card of a department, team, person or role."""

from typing import Literal

from septima.chapters.answer import Answer
from septima.report.studies.cascade import cascade_study, member_study
from septima.report.studies.study import Study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.cascade.reading import FILE
from septima.scorecard.cascade.result import Cascade, MemberCard
from septima.workspace import Workspace

MemberKind = Literal["department", "team", "person", "role"]


def cascade_answer(workspace: Workspace, card: Scorecard, language: Language) -> Answer[Cascade]:
    """A card shared out over departments and teams; DefinitionError where `cascade.yaml` is absent or wrong.

    The study names no people, whom the cascade that was found holds.
    """
    found = workspace.cascade(card)
    return Answer(found, cascade_study(found, language))


def member_answer(
    workspace: Workspace, card: Scorecard, language: Language, kind: MemberKind, member: str
) -> Answer[MemberCard]:
    """The part of a card that one department, team, person or role answers for; DefinitionError as of `cascade_answer`.

    CascadeError names the members there are where there is no such.
    """
    cascade = workspace.cascade(card)
    find = {
        "department": cascade.department,
        "team": cascade.team,
        "person": cascade.person,
        "role": cascade.role,
    }
    found = find[kind](member)
    return Answer(found, member_study(cascade, found, language))


def cascade_chapter(workspace: Workspace, card: Scorecard, language: Language) -> Study | None:
    """The chapter of a card's report, without people; None where there is no cascade, DefinitionError where it is wrong."""
    if not (workspace.directory / FILE).exists():
        return None
    return cascade_answer(workspace, card, language).study
