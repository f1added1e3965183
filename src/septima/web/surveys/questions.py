"""What a questionnaire asks: its questions, how they are kept, and what an answer to each may be."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from septima.schema import LANGUAGES, Language, SeptimaError, Text
from septima.web.common.numerals import whole_number

Kind = Literal["scale", "single", "several", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FREE = "free"
"""The instrument of questions that no metric of the catalogue reads."""
LONGEST_TEXT = 4_000
"""Letters that an answer in words may have."""
MOST_QUESTIONS = 60
MOST_OPTIONS = 30
_LONGEST_WORDING = 500
_NO_WORDS = Text("", "")

Answer = int | str | list[int]
Answers = dict[str, Answer]
"""Answers by key of question: a grade, the number of an option from 1, numbers of options, or words."""


class QuestionError(SeptimaError):
    """A question that cannot be asked so."""


@dataclass(frozen=True)
class Question:
    """A question: `key` names it within the survey; `instrument` and `question` are what the lake's answers are filed under.

    A scale has whole grades from `lowest` to `highest`, with words at both ends or, as `options`, at every grade. The
    options of a choice are numbered from 1.
    """

    key: str
    kind: Kind
    text: Text
    instrument: str = FREE
    question: str = ""
    required: bool = False
    lowest: int = 1
    highest: int = 5
    low: Text = _NO_WORDS
    high: Text = _NO_WORDS
    options: tuple[Text, ...] = ()

    @property
    def filed_as(self) -> str:
        """The name of the question in the lake."""
        return self.question or self.key

    @property
    def grades(self) -> range:
        """The grades of a scale."""
        return range(self.lowest, self.highest + 1)

    @property
    def is_own(self) -> bool:
        """Whether the company added it to what the instrument asks."""
        return self.instrument == FREE

    @property
    def form(self) -> tuple[object, ...]:
        """What must stay as it is once somebody has answered: all but the words."""
        sizes = (self.lowest, self.highest, len(self.options))
        return (self.key, self.kind, self.instrument, self.filed_as, self.required, *sizes)


def checked(question: Question, languages: Sequence[Language]) -> Question:
    """The question if it can be asked in these languages; QuestionError says what is wrong with it."""
    for language in languages:
        words = [question.text, *question.options]
        if any(not text.in_language(language).strip() for text in words):
            raise _wrong(
                question,
                f" has words missing in language {language!r}",
                f": не\u00a0хватает слов на\u00a0языке «{language}»; впишите их",
            )
    if any(
        len(words) > _LONGEST_WORDING for text in (question.text, *question.options) for words in (text.en, text.ru)
    ):
        raise _wrong(
            question,
            f": no wording may be longer than {_LONGEST_WORDING} letters",
            f": в\u00a0формулировке может быть не\u00a0больше {_LONGEST_WORDING} знаков",
        )
    if question.kind == "scale":
        if not 0 <= question.lowest < question.highest <= 10:
            raise _wrong(
                question,
                ": a scale goes up, from 0 at the least to 10 at the most",
                ": шкала должна возрастать, начинаться не\u00a0ниже 0 и\u00a0кончаться не\u00a0выше 10",
            )
        if question.options and len(question.options) != len(question.grades):
            grades = len(question.grades)
            raise _wrong(
                question,
                f" needs words for all of its {grades} grades",
                f": нужны слова для каждой из\u00a0оценок ({grades})",
            )
    elif question.kind in ("single", "several") and not 2 <= len(question.options) <= MOST_OPTIONS:
        raise _wrong(
            question,
            f" needs from 2 to {MOST_OPTIONS} options to choose from",
            f": вариантов ответа должно быть от\u00a02 до\u00a0{MOST_OPTIONS}",
        )
    return question


def _wrong(question: Question, english: str, russian: str) -> QuestionError:
    return QuestionError(Text(f"question {question.key!r}{english}", f"вопрос «{question.key}»{russian}"))


def to_json(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """Questions as the database keeps them."""
    return [
        {
            "key": one.key,
            "kind": one.kind,
            "instrument": one.instrument,
            "question": one.filed_as,
            "required": one.required,
            "text": _pair(one.text),
            "lowest": one.lowest,
            "highest": one.highest,
            "low": _pair(one.low),
            "high": _pair(one.high),
            "options": [_pair(option) for option in one.options],
        }
        for one in questions
    ]


def from_json(kept: Iterable[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Questions as the database keeps them, the other way."""
    return tuple(
        Question(
            key=one["key"],
            kind=one["kind"],
            instrument=one["instrument"],
            question=one["question"],
            required=one["required"],
            text=Text(**one["text"]),
            lowest=one["lowest"],
            highest=one["highest"],
            low=Text(**one["low"]),
            high=Text(**one["high"]),
            options=tuple(Text(**option) for option in one["options"]),
        )
        for one in kept
    )


def free_key(questions: Iterable[Question]) -> str:
    """A key that no question has yet."""
    taken = {one.key for one in questions}
    return next(key for key in (f"own{number}" for number in range(1, len(taken) + 2)) if key not in taken)


def moved(questions: Sequence[Question], key: str, by: int) -> tuple[Question, ...]:
    """The questions with one of them `by` places further down."""
    order = list(questions)
    place = next(index for index, one in enumerate(order) if one.key == key)
    order.insert(max(0, min(len(order) - 1, place + by)), order.pop(place))
    return tuple(order)


def reworded(question: Question, new: Question) -> Question:
    """The question in the words of the other, its form untouched."""
    options = new.options if len(new.options) == len(question.options) else question.options
    return replace(question, text=new.text, low=new.low, high=new.high, options=options)


def read_answer(question: Question, given: Sequence[str]) -> Answer | None:
    """What was given in a form, as an answer; None where nothing was.

    QuestionError where it is no answer to this question.
    """
    filled = [value for value in given if value.strip()]
    if not filled:
        return None
    if question.kind == "text":
        text = filled[0].replace("\r\n", "\n").replace("\x00", "").strip()
        if len(text) > LONGEST_TEXT:
            raise QuestionError(
                Text("too long", f"слишком длинно; в\u00a0ответе может быть не\u00a0больше {LONGEST_TEXT} знаков")
            )
        return text or None
    allowed = question.grades if question.kind == "scale" else range(1, len(question.options) + 1)
    numbers = {whole_number(value) for value in filled}
    chosen = sorted(number for number in numbers if number is not None and number in allowed)
    if len(chosen) < len(numbers) or (question.kind != "several" and len(chosen) > 1):
        raise QuestionError(Text("no such answer", "такого ответа нет; выберите из\u00a0предложенных"))
    return chosen if question.kind == "several" else chosen[0]


def lake_rows(
    questions: Iterable[Question], answers: Mapping[str, Answer], before: Iterable[str], common: Mapping[str, object]
) -> list[dict[str, object]]:
    """The rows of the table `answers` for one questionnaire; `common` are the columns that all of them share.

    A row of a question that was answered before and no longer is says so by having neither grade nor words. The
    chosen one of options is its number; of several each option has a row, 1 where it was chosen, else 0.
    """
    rows, earlier = list[dict[str, object]](), set(before)
    for question in questions:
        answer = answers.get(question.key)
        if answer is None and question.key not in earlier:
            continue
        if question.kind == "several":
            chosen = cast("list[int]", answer or [])
            for number, option in enumerate(question.options, start=1):
                score = None if answer is None else float(number in chosen)
                rows.append(
                    _row(question, f"{question.filed_as}_{number}", common, score=score, option=option.en or option.ru)
                )
        elif question.kind == "text":
            rows.append(_row(question, question.filed_as, common, text=answer))
        else:
            score = None if answer is None else float(cast("int", answer))
            option = question.options[cast("int", answer) - 1] if question.kind == "single" and answer else None
            rows.append(
                _row(question, question.filed_as, common, score=score, option=option and (option.en or option.ru))
            )
    return rows


def said_in(text: Text, language: Language) -> str:
    """A text in one language, or in the other where it has none."""
    return text.in_language(language) or text.en or text.ru


def known_languages(given: Iterable[str]) -> list[Language]:
    """Those of the languages that are spoken here, in the order of the house."""
    wanted = set(given)
    return [language for language in LANGUAGES if language in wanted]


def _row(
    question: Question,
    name: str,
    common: Mapping[str, object],
    *,
    score: float | None = None,
    text: object = None,
    option: str | None = None,
) -> dict[str, object]:
    row: dict[str, object] = {
        **common,
        "answer_id": f"{common['response_id']}-{question.instrument}-{name}",
        "instrument": question.instrument,
        "question": name,
        "score": score,
        "text": text,
    }
    if option:
        row["option"] = option
    return row


def _pair(text: Text) -> dict[str, str]:
    return {"en": text.en, "ru": text.ru}
