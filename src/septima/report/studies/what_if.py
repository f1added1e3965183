"""The card beside what it would be with other weights, targets or values, as a study."""

from collections.abc import Iterator, Mapping

from septima.metrics.estimated import Estimated
from septima.report.number_forms import NumberStyle, number_style
from septima.report.studies.study import (
    Cell,
    Interval,
    Measure,
    Number,
    Section,
    Study,
    Table,
    bare,
    dots_of,
    told,
    word,
)
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, Figure, Scorecard

TITLE = Text("What if", "Что, если")
_W: Mapping[str, Text] = {
    "question": Text(
        "What would the card be with other values, targets or weights?",
        "Какой была\u00a0бы карта при других значениях, целях или весах?",
    ),
    "now": Text("now", "сейчас"),
    "then": Text("then", "станет"),
    "interval": Text("95 % interval", "интервал 95 %"),
    "difference": Text("difference", "разница"),
    "scale": Text("0–100", "0–100"),
    "figure": Text("index or KPI", "индекс или показатель"),
    "differences": Text("What differs", "Что изменится"),
    "drawn": Text("Indices on 0–100, now and then", "Индексы по\u00a0шкале 0–100: сейчас и\u00a0станет"),
    "nothing": Text("Nothing on the card changes.", "На\u00a0карте ничего не\u00a0меняется."),
    "integral_now": Text("CKPIint now", "CKPIint сейчас"),
    "integral_then": Text("CKPIint then", "CKPIint станет"),
}


def what_if_study(now: Scorecard, then: Scorecard, language: Language, *, name: str = "") -> Study:
    """The study of what would change; `name` is that under which the suppositions are kept."""
    rows = [row for row in _rows(now, then, language) if _differs(row)]
    style = number_style("index", now.integral.printed, language, others=(then.integral.printed.value,))
    said = then.statements[0].in_language(language)
    table = Table("", _heads(language), tuple(rows))
    drawn = dots_of(word(_W, "drawn", language), list(_dots(now, then, language)), word(_W, "drawn", language))
    return Study(
        TITLE.in_language(language) + (f": {name}" if name else ""),
        now.period_label.in_language(language),
        word(_W, "question", language),
        tuple(
            Measure(word(_W, key, language), Number(part.printed.value, style), Interval(part.printed, style))
            for key, part in (("integral_now", now.integral), ("integral_then", then.integral))
        ),
        (
            Section(
                word(_W, "differences", language),
                lead=(said, *(() if rows else (word(_W, "nothing", language),))),
                drawings=(drawn,) if drawn is not None and rows else (),
                tables=(table,) if rows else (),
                remarks=tuple(_new_statements(now, then, language)),
            ),
        ),
        (),
    )


def stale_study(name: str, why: Text, language: Language) -> Study:
    """What stands in the place of suppositions that the card of today cannot take."""
    return Study(f"{TITLE.in_language(language)}: {name}", "", why.in_language(language), (), (), ())


def _rows(now: Scorecard, then: Scorecard, language: Language) -> Iterator[tuple[Cell, ...]]:
    yield _composite(now.integral, then.integral, language)
    for before, after in zip(now.perspectives, then.perspectives, strict=True):
        yield _composite(before.composite, after.composite, language)
    kpis = [
        *(pair for one, other in zip(now.perspectives, then.perspectives, strict=True) for pair in zip(one.kpis, other.kpis, strict=True)),
        *zip(now.own, then.own, strict=True),
    ]  # fmt: skip
    for one, other in kpis:
        style = number_style(one.unit, one.figure, language, currency=now.currency, others=(other.figure.value,))
        yield _row(one.name, one.figure, other.figure, one.normalised, other.normalised, style, language)


def _composite(now: CompositeCard, then: CompositeCard, language: Language) -> tuple[Cell, ...]:
    style = number_style("index", now.printed, language, others=(then.printed.value,))
    return _row(now.name, now.printed, then.printed, now.normalised, then.normalised, style, language)


def _row(
    name: Text,
    old: Figure,
    new: Figure,
    old_scaled: Figure,
    new_scaled: Figure,
    style: NumberStyle,
    language: Language,
) -> tuple[Cell, ...]:
    difference = None if old.value is None or new.value is None else new.value - old.value
    return (
        name.in_language(language),
        Number(old.value, style),
        Interval(old, style),
        Number(new.value, style),
        Interval(new, style),
        Number(difference, style, signed=True),
        bare(old_scaled.value, 0, language),
        bare(new_scaled.value, 0, language),
    )


def _differs(row: tuple[Cell, ...]) -> bool:
    """Whether anything that the row shows is another number."""
    _, now, interval, then, other, _, scaled, rescaled = row
    return (now, interval, scaled) != (then, other, rescaled)


def _dots(now: Scorecard, then: Scorecard, language: Language) -> Iterator[tuple[str, Number, Interval]]:
    pairs = [(now.integral, then.integral)]
    pairs += [(one.composite, two.composite) for one, two in zip(now.perspectives, then.perspectives, strict=True)]
    for before, after in pairs:
        if before.normalised == after.normalised:
            continue
        for key, part in (("now", before), ("then", after)):
            figure = part.normalised
            number, interval = told("score_0_100", Estimated(figure.value, figure.lower, figure.upper), language)
            yield f"{part.name.in_language(language)}, {word(_W, key, language)}", number, interval


def _new_statements(now: Scorecard, then: Scorecard, language: Language) -> Iterator[str]:
    before = {text for part in (now.integral, *(one.composite for one in now.perspectives)) for text in part.statements}
    for part in (then.integral, *(one.composite for one in then.perspectives)):
        for text in part.statements:
            if text not in before:
                yield f"{part.name.in_language(language)}: {text.in_language(language)}"


def _heads(language: Language) -> tuple[str, ...]:
    names = ("figure", "now", "interval", "then", "interval", "difference", "scale", "then")
    return tuple(word(_W, name, language) for name in names)
