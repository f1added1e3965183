"""The card beside what it would be with other weights, targets or values."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from septima.cli.output import Format, notices, print_json, print_rows, say
from septima.report.number_forms import NumberStyle, number_style, plain
from septima.schema import Language, SeptimaError, Text
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.snapshot import to_json
from septima.scorecard.what_if import Supposition, read_scenario, read_supposition, save_scenario

if TYPE_CHECKING:
    from septima.workspace import Workspace

_COLUMNS = (
    Text("", ""),
    Text("now", "сейчас"),
    Text("95 % interval", "интервал 95 %"),
    Text("then", "станет"),
    Text("95 % interval", "интервал 95 %"),
    Text("difference", "разница"),
    Text("0–100", "0–100"),
    Text("then", "станет"),
)
_NOTHING = Text("Nothing on the card changes.", "На\u00a0карте ничего не\u00a0меняется.")


def show_what_if(
    workspace: "Workspace", period: str, given: Sequence[str], save_as: str | None, language: Language, form: Format
) -> None:
    """Print the figures that change, now and as supposed, and keep the suppositions where a name is given."""
    suppositions = tuple(_read(workspace, given))
    if not suppositions:
        raise SeptimaError("nothing is supposed; write --what-if ID.FIELD=NUMBER, such as nps.target=0.5")
    now = workspace.scorecard(period)
    then = workspace.scorecard(period, suppositions=suppositions)
    if form is Format.json:
        print_json({"suppositions": [str(one) for one in suppositions], "now": to_json(now), "then": to_json(then)})
    else:
        _print(now, then, language)
    if save_as is not None:
        notices.print(str(save_scenario(workspace.directory, save_as, suppositions)), soft_wrap=True)


def _read(workspace: "Workspace", given: Sequence[str]) -> Iterator[Supposition]:
    for text in given:
        if "=" in text or "." in text:
            yield read_supposition(text)
        else:
            yield from read_scenario(workspace.directory, text)


def _print(now: Scorecard, then: Scorecard, language: Language) -> None:
    say(then.statements[0].in_language(language))
    rows = [row for row in _rows(now, then, language) if row[1:3] != row[3:5] or row[6] != row[7]]
    if not rows:
        say(_NOTHING.in_language(language))
        return
    title = f"{then.organisation} · {then.period_label.in_language(language)}"
    print_rows(title, [column.in_language(language) for column in _COLUMNS], rows, numeric=range(1, 8))
    before = {text for part in (now.integral, *(one.composite for one in now.perspectives)) for text in part.statements}
    for part in (then.integral, *(one.composite for one in then.perspectives)):
        for text in part.statements:
            if text not in before:
                say(f"{part.name.in_language(language)}: {text.in_language(language)}")


def _rows(now: Scorecard, then: Scorecard, language: Language) -> Iterator[list[str]]:
    yield _row(
        now.integral.name,
        "index",
        now.integral.printed,
        then.integral.printed,
        now.integral.normalised,
        then.integral.normalised,
        language,
    )
    for before, after in zip(now.perspectives, then.perspectives, strict=True):
        old, new = before.composite, after.composite
        yield _row(old.name, "index", old.printed, new.printed, old.normalised, new.normalised, language)
        for one, other in zip(before.kpis, after.kpis, strict=True):
            yield _row(
                one.name,
                one.unit,
                one.figure,
                other.figure,
                one.normalised,
                other.normalised,
                language,
                now.currency,
                indent="  ",
            )
    for one, other in zip(now.own, then.own, strict=True):
        yield _row(
            one.name, one.unit, one.figure, other.figure, one.normalised, other.normalised, language, now.currency
        )


def _row(
    name: Text,
    unit: str,
    old: Figure,
    new: Figure,
    old_scaled: Figure,
    new_scaled: Figure,
    language: Language,
    currency: str | None = None,
    *,
    indent: str = "",
) -> list[str]:
    style: NumberStyle = number_style(unit, old, language, currency=currency, others=(new.value,))
    difference = None if old.value is None or new.value is None else new.value - old.value
    return [
        indent + name.in_language(language),
        style.value(old.value),
        style.interval(old),
        style.value(new.value),
        style.interval(new),
        style.change(difference),
        plain(old_scaled.value, 0, language),
        plain(new_scaled.value, 0, language),
    ]
