"""The card beside what it would be with other weights, targets or values."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from septima.cli.output import Format, notices, print_json
from septima.cli.studies import print_study, write_study
from septima.report.studies.study import Study
from septima.report.studies.what_if import stale_study, what_if_study
from septima.schema import Language, SeptimaError
from septima.scorecard.card import Scorecard
from septima.scorecard.snapshot import to_json
from septima.scorecard.what_if import (
    Supposition,
    WhatIfError,
    kept_scenarios,
    read_scenario,
    read_supposition,
    save_scenario,
)

if TYPE_CHECKING:
    from septima.workspace import Workspace


def show_what_if(
    workspace: "Workspace",
    period: str,
    given: Sequence[str],
    save_as: str | None,
    language: Language,
    form: Format,
    report: Path | None,
) -> None:
    """Print what would change, now and as supposed, and keep the suppositions where a name is given."""
    suppositions = tuple(_read(workspace, given))
    if not suppositions:
        raise SeptimaError("nothing is supposed; write --what-if ID.FIELD=NUMBER, such as nps.target=0.5")
    card_by = workspace.supposed(period)
    now, then = card_by(()), card_by(suppositions)
    study = what_if_study(now, then, language, name=save_as or "")
    if form is Format.json:
        print_json({"suppositions": [str(one) for one in suppositions], "now": to_json(now), "then": to_json(then)})
    else:
        print_study(study)
    if save_as is not None:
        notices.print(str(save_scenario(workspace.directory, save_as, suppositions)), soft_wrap=True)
    write_study(workspace, study, language, report)


def what_if_chapters(workspace: "Workspace", card: Scorecard, language: Language) -> Iterator[Study]:
    """A chapter of a card's report for each name under which suppositions are kept."""
    names = kept_scenarios(workspace.directory)
    if not names:
        return
    card_by = workspace.supposed(card.period)
    for name in names:
        try:
            then = card_by(read_scenario(workspace.directory, name))
        except WhatIfError as error:  # what was kept may speak of a KPI that is gone; the rest of the report stands
            yield stale_study(name, str(error), language)
        else:
            yield what_if_study(card, then, language, name=name)


def _read(workspace: "Workspace", given: Sequence[str]) -> Iterator[Supposition]:
    for text in given:
        if "=" in text or "." in text:
            yield read_supposition(text)
        else:
            yield from read_scenario(workspace.directory, text)
