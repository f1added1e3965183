"""What is proved of a card: in which revisions its period was closed, what differs between them, and who changed what."""

from collections.abc import Mapping, Sequence

from septima.report.number_forms import moment
from septima.report.studies.study import Cell, Measure, Section, Study, Table, bare, heads, word
from septima.schema import Language, Text
from septima.scorecard.audit import Entry, plain_json
from septima.scorecard.card import Scorecard
from septima.scorecard.closing import Revision, figure_differences, revision_differences

TITLE = Text("Closed periods and changes", "Закрытые периоды и\u00a0изменения")
_MOST = 12
_CELL = 60
_DECIMALS = 4
_ENDINGS: Mapping[str, Text] = {
    " on 0–100": Text(" on\u00a00–100", " по\u00a0шкале\u00a00–100"),
    " target": Text(", target", ", цель"),
}
_W: Mapping[str, Text] = {
    "question": Text(
        "What was said of this period, and who changed which definition?",
        "Что говорилось об\u00a0этом периоде и\u00a0кто менял какие определения?",
    ),
    "revisions": Text("Revisions of this period", "Редакции этого периода"),
    "differences": Text("What differs from the revision before", "Чем отличается от\u00a0предыдущей редакции"),
    "changes": Text("Who changed what", "Кто что менял"),
    "closed": Text("Periods closed", "Закрыто периодов"),
    "changed": Text("Changes noted", "Изменений записано"),
    "revision": Text("revision", "редакция"),
    "at": Text("at", "когда"),
    "author": Text("author", "автор"),
    "data": Text("data version", "версия данных"),
    "definition": Text("definition", "определение"),
    "note": Text("note", "примечание"),
    "what": Text("what", "что"),
    "file": Text("file", "файл"),
    "before": Text("before", "было"),
    "after": Text("after", "стало"),
    "open": Text("This period is not closed.", "Этот период не\u00a0закрыт."),
    "same": Text(
        "The card of this report says what the newest revision says.",
        "Карта этого отчёта совпадает с\u00a0последней редакцией.",
    ),
    "other": Text(
        "The card of this report differs from the newest revision in {} places: data or definition have changed since.",
        "Карта этого отчёта отличается от\u00a0последней редакции (мест:\u00a0{}): с\u00a0тех пор изменились данные или\u00a0определение.",
    ),
    "more": Text("And {} earlier ones: septima audit DIR", "И\u00a0ещё {} более ранних: septima audit DIR"),
    "rest": Text("And {} more: septima periods DIR", "И\u00a0ещё {}: septima periods DIR"),
}


def proof_study(card: Scorecard, revisions: Sequence[Revision], entries: Sequence[Entry], language: Language) -> Study:
    """The study of what is closed (`revisions` of all periods) and of the audit log, for the period of a card."""
    own = [one for one in revisions if one.period == card.period]
    changed = [(entry, change) for entry in entries for change in entry.changes]
    return Study(
        TITLE.in_language(language),
        card.period_label.in_language(language),
        word(_W, "question", language),
        (
            Measure(word(_W, "closed", language), bare(len({one.period for one in revisions}), 0, language)),
            Measure(word(_W, "changed", language), bare(len(changed), 0, language)),
        ),
        (_revisions(card, own, language), *_changes(entries, language)),
        (),
    )


def _revisions(card: Scorecard, own: Sequence[Revision], language: Language) -> Section:
    if not own:
        return Section(word(_W, "revisions", language), lead=(word(_W, "open", language),))
    count = len(figure_differences(own[-1].card, card))
    said = word(_W, "other", language).format(count) if count else word(_W, "same", language)
    rows = tuple(
        (
            str(one.number),
            moment(one.closed_at, language),
            one.author,
            str(one.card.data_version),
            one.card.definition,
            one.note or "",
        )
        for one in own[-_MOST:]
    )
    columns = ("revision", "at", "author", "data", "definition", "note")
    tables = [Table("", heads(_W, columns, language), rows)]
    if len(own) > 1:
        differ = revision_differences(own[-2], own[-1])
        shown = tuple(
            (_named(one.path, language), _value(one.old, language), _value(one.new, language)) for one in differ[:_MOST]
        )
        left = len(differ) - len(shown)
        notes = (word(_W, "rest", language).format(left),) if left else ()
        tables.append(
            Table(
                word(_W, "differences", language), heads(_W, ("what", "before", "after"), language), shown, notes=notes
            )
        )
    return Section(word(_W, "revisions", language), lead=(said,), tables=tuple(tables))


def _changes(entries: Sequence[Entry], language: Language) -> tuple[Section, ...]:
    rows = [
        (
            moment(entry.at, language),
            entry.author,
            entry.subject,
            change.path,
            _short(change.old),
            _short(change.new),
        )
        for entry in entries
        for change in entry.changes
    ]
    if not rows:
        return ()
    shown = tuple(rows[::-1][:_MOST])
    left = len(rows) - len(shown)
    columns = ("at", "author", "file", "what", "before", "after")
    notes = (word(_W, "more", language).format(left),) if left else ()
    return (
        Section(word(_W, "changes", language), tables=(Table("", heads(_W, columns, language), shown, notes=notes),)),
    )


def _named(path: str, language: Language) -> str:
    """The path of a figure in words; that of a field as it stands in its file."""
    for ending, said in _ENDINGS.items():
        if path.endswith(ending):
            return _named(path.removesuffix(ending), language) + said.in_language(language)
    return "CKPIint" if path == "/" else path


def _value(value: object, language: Language) -> Cell:
    """A figure as a number; else as `_short`."""
    return bare(value, _DECIMALS, language) if isinstance(value, float) else _short(value)


def _short(value: object) -> str:
    """A value of a field; a long one, such as a whole KPI that was put in, is cut to what a cell can hold."""
    text = plain_json(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
