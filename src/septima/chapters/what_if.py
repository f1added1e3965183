"""A card beside what it would be with other weights, targets or values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from septima.chapters.answer import Answer
from septima.report.studies.study import Study
from septima.report.studies.what_if import stale_study, what_if_study
from septima.schema import Language
from septima.scorecard.card import Scorecard
from septima.scorecard.what_if import Supposition, WhatIfError, kept_scenarios, read_scenario, read_supposition
from septima.workspace import Workspace


@dataclass(frozen=True)
class Supposed:
    """What was supposed, the card as it is `now`, and as it would be `then`."""

    suppositions: tuple[Supposition, ...]
    now: Scorecard
    then: Scorecard


def suppositions_of(workspace: Workspace, given: Sequence[str]) -> tuple[Supposition, ...]:
    """What a person supposes, each as `nps.target=0.5` or as the name under which suppositions are kept.

    WhatIfError says what cannot be read, and names what is kept.
    """
    read: list[Supposition] = []
    for text in given:
        if "=" in text or "." in text:
            read.append(read_supposition(text))
        else:
            read.extend(read_scenario(workspace.directory, text))
    return tuple(read)


def what_if_answer(
    workspace: Workspace, period: str, language: Language, suppositions: Sequence[Supposition], *, name: str = ""
) -> Answer[Supposed]:
    """The card of a period beside what it would be; `name` is that of the suppositions. WhatIfError where they cannot be."""
    card_by = workspace.supposed(period)
    found = Supposed(tuple(suppositions), card_by(()), card_by(suppositions))
    return Answer(found, what_if_study(found.now, found.then, language, name=name))


def what_if_chapters(workspace: Workspace, card: Scorecard, language: Language) -> Iterator[Study]:
    """A chapter of a card's report for each name under which suppositions are kept, or why they can no longer be."""
    names = kept_scenarios(workspace.directory)
    if not names:
        return
    card_by = workspace.supposed(card.period)
    for name in names:
        try:
            then = card_by(read_scenario(workspace.directory, name))
        except WhatIfError as error:  # what was kept may speak of a KPI that is gone; the rest of the report stands
            yield stale_study(name, error.statement, language)
        else:
            yield what_if_study(card, then, language, name=name)
