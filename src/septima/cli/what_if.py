"""The card beside what it would be with other weights, targets or values."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from septima.chapters.what_if import suppositions_of, what_if_answer
from septima.cli.output import Format, notices, print_json
from septima.cli.studies import print_study, write_study
from septima.schema import Language, SeptimaError
from septima.scorecard.snapshot import to_json
from septima.scorecard.what_if import save_scenario

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
    suppositions = suppositions_of(workspace, given)
    if not suppositions:
        raise SeptimaError("nothing is supposed; write --what-if ID.FIELD=NUMBER, such as nps.target=0.5")
    answer = what_if_answer(workspace, period, language, suppositions, name=save_as or "")
    if form is Format.json:
        now, then = to_json(answer.found.now), to_json(answer.found.then)
        print_json({"suppositions": [str(one) for one in suppositions], "now": now, "then": then})
    else:
        print_study(answer.study)
    if save_as is not None:
        notices.print(str(save_scenario(workspace.directory, save_as, suppositions)), soft_wrap=True)
    write_study(workspace, answer.study, language, report)
