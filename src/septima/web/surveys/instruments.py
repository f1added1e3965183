"""Ready questionnaires: the instruments that metrics of the catalogue read, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from septima.metrics.answers import given_scale
from septima.metrics.c11 import QUESTIONS as C11_QUESTIONS
from septima.metrics.catalogue import catalogue
from septima.schema import Text
from septima.web.surveys.questions import FREE, Question

IMPORTANCE = "csi_importance"
"""The instrument of how important each attribute of CSI is: its questions are those of CSI."""


@dataclass(frozen=True)
class Instrument:
    """A questionnaire to begin with, and the metrics that its answers feed."""

    name: Text
    use: Text
    questions: tuple[Question, ...]
    metrics: tuple[str, ...] = ()


_UNLIKELY, _LIKELY = Text("not at all likely", "точно нет"), Text("extremely likely", "точно да")
_WHY = Question(
    "why",
    "text",
    Text("What is the main reason for your grade?", "Почему вы поставили именно такую оценку?"),
)


def _scale(instrument: str, key: str, en: str, ru: str, *, lowest: int, highest: int, **more: Any) -> Question:
    return Question(
        key, "scale", Text(en, ru), instrument=instrument, required=True, lowest=lowest, highest=highest, **more
    )


def _why(instrument: str) -> Question:
    return replace(_WHY, instrument=instrument)


def _recommend(instrument: str, lowest: int) -> Question:
    return _scale(
        instrument,
        "recommend",
        "How likely is it that you would recommend us to a friend or a colleague?",
        "Насколько вероятно, что вы\u00a0порекомендуете нас другу или коллеге?",
        lowest=lowest,
        highest=10,
        low=_UNLIKELY,
        high=_LIKELY,
    )


_BUY_AGAIN = _scale(
    "nps",
    "buy_again",
    "How likely is it that you would buy from us again?",
    "Насколько вероятно, что вы\u00a0снова купите у\u00a0нас?",
    lowest=1,
    highest=10,
    low=_UNLIKELY,
    high=_LIKELY,
)

_POOR, _EXCELLENT = Text("very poor", "очень плохо"), Text("excellent", "отлично")
_ATTRIBUTES = (
    ("delivery", "How was the delivery?", "Как прошла доставка?", "Delivery", "Доставка"),
    ("quality", "How do you find the quality of the goods?", "Как вам качество товара?", "Quality of the goods", "Качество товара"),
    ("price", "How do you find the prices?", "Как вам цены?", "Prices", "Цены"),
    ("service", "How did our people serve you?", "Как вас обслужили наши сотрудники?", "Service by our people", "Работа сотрудников"),
)  # fmt: skip


def attribute(key: str, text: Text) -> Question:
    """A question about an attribute of the service, of CSI."""
    return _scale("csi", key, text.en, text.ru, lowest=1, highest=5, low=_POOR, high=_EXCELLENT)


def importance(key: str, subject: Text) -> Question:
    """The question how important that attribute is."""
    return Question(
        f"importance_{key}",
        "scale",
        Text(
            f"How important is this to you: {_lower(subject.en)}?",
            f"Насколько это важно для вас: {_lower(subject.ru)}?",
        ),
        instrument=IMPORTANCE,
        question=key,
        low=Text("not important", "не\u00a0важно"),
        high=Text("very important", "очень важно"),
    )


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


_CSI = (
    attribute(
        "overall", Text("How satisfied are you with us on the whole?", "Насколько вы довольны нами в\u00a0целом?")
    ),
    *(attribute(key, Text(en, ru)) for key, en, ru, _, _ in _ATTRIBUTES),
    *(importance(key, Text(en, ru)) for key, _, _, en, ru in _ATTRIBUTES),
    _why("csi"),
)

_C11_WORDS = (
    ("I am satisfied with the company", "Я\u00a0доволен компанией"),
    ("I will keep buying from it", "Я\u00a0буду и\u00a0дальше покупать у\u00a0неё"),
    ("I would advise it to my friends", "Я\u00a0посоветую её друзьям"),
    ("I always trust this brand", "Я\u00a0всегда доверяю этой марке"),
    ("Its advertising matches what I get", "Её реклама соответствует тому, что я\u00a0получаю"),
    ("It is easy to use what it offers", "Пользоваться её товарами и\u00a0услугами легко"),
    ("I believe that it solves problems when they arise", "Я\u00a0уверен, что возникшие проблемы она решит"),
    ("I am proud to own what I bought from it", "Я\u00a0горжусь тем, что купил у\u00a0неё"),
    ("It treats me with respect", "Она относится ко\u00a0мне с\u00a0уважением"),
    ("It offers exactly what I need", "Она предлагает именно то, что мне нужно"),
    ("I cannot imagine my life without it", "Я\u00a0не\u00a0представляю жизни без неё"),
)
_AGREEMENT = (
    Text("Strongly disagree", "Совсем не\u00a0согласен"),
    Text("Disagree", "Не\u00a0согласен"),
    Text("Neither", "Трудно сказать"),
    Text("Agree", "Согласен"),
    Text("Strongly agree", "Полностью согласен"),
)
_C11 = tuple(
    _scale("c11", key, en, ru, lowest=1, highest=5, options=_AGREEMENT)
    for key, (en, ru) in zip(C11_QUESTIONS, _C11_WORDS, strict=True)
)

_RAPID_WORDS = (
    ("r1", "How likely are you to stay with us for the next year?", "Насколько вероятно, что вы\u00a0останетесь с\u00a0нами ещё на\u00a0год?"),
    ("r2", "How likely are you to prefer us to competitors?", "Насколько вероятно, что вы\u00a0предпочтёте нас конкурентам?"),
    ("r3", "How likely are you to come back after a break?", "Насколько вероятно, что вы\u00a0вернётесь к\u00a0нам после перерыва?"),
    ("a1", "How likely are you to recommend us?", "Насколько вероятно, что вы\u00a0порекомендуете нас?"),
    ("a2", "How likely are you to choose us again for the first time?", "Насколько вероятно, что вы\u00a0выбрали\u00a0бы нас, если\u00a0бы выбирали впервые?"),
    ("a3", "How likely are you to speak well of us?", "Насколько вероятно, что вы\u00a0хорошо отзовётесь о\u00a0нас?"),
    ("p1", "How likely are you to buy more often?", "Насколько вероятно, что вы\u00a0будете покупать чаще?"),
    ("p2", "How likely are you to buy other goods from us?", "Насколько вероятно, что вы\u00a0купите у\u00a0нас другие товары?"),
    ("p3", "How likely are you to spend more with us?", "Насколько вероятно, что вы\u00a0потратите у\u00a0нас больше?"),
)  # fmt: skip
_RAPID = tuple(
    _scale("rapid", key, en, ru, lowest=0, highest=10, low=_UNLIKELY, high=_LIKELY) for key, en, ru in _RAPID_WORDS
)

_FEELINGS = (
    Text("Outrage", "Возмущение"),
    Text("Displeasure", "Недовольство"),
    Text("Satisfaction", "Удовлетворение"),
    Text("Joy", "Радость"),
    Text("Delight", "Восторг"),
)

INSTRUMENTS: dict[str, Instrument] = {
    "nps": Instrument(
        Text("NPS, 1–10", "NPS, 1–10"),
        Text(
            "Would they recommend you, and why: one grade from 1 to 10 and a few words.",
            "Порекомендуют\u00a0ли вас и\u00a0почему: одна оценка от\u00a01 до\u00a010 и\u00a0несколько слов.",
        ),
        (_recommend("nps", 1), _why("nps")),
        ("nps",),
    ),
    "nps_classic": Instrument(
        Text("NPS, classic 0–10", "NPS, классический 0–10"),
        Text(
            "The form that other companies publish, to compare with them.",
            "Форма, которую публикуют другие компании,\u00a0— чтобы сравнивать с\u00a0ними.",
        ),
        (_recommend("nps_classic", 0), _why("nps_classic")),
        ("nps_classic",),
    ),
    "nps_heavy": Instrument(
        Text("NPS, heavy form", "NPS, тяжёлая форма"),
        Text(
            "Would they recommend you, and would they buy again: who praises and leaves is found out.",
            "Порекомендуют\u00a0ли и\u00a0купят\u00a0ли снова: видно, кто хвалит, но\u00a0уходит.",
        ),
        (_recommend("nps", 1), _BUY_AGAIN, _why("nps")),
        ("nps", "nps_heavy"),
    ),
    "csi": Instrument(
        Text("CSI, satisfaction", "CSI, удовлетворённость"),
        Text(
            "The whole and its attributes from 1 to 5, and how important each attribute is.",
            "Оценки в\u00a0целом и\u00a0по\u00a0свойствам от\u00a01 до\u00a05 и\u00a0важность каждого свойства.",
        ),
        _CSI,
        ("csi", "csi_top_2_box", "csi_weighted"),
    ),
    "c11": Instrument(
        Text("C11, loyalty by eleven questions", "C11, лояльность по\u00a0одиннадцати вопросам"),
        Text(
            "What loyalty is made of: eleven statements with five grades of agreement.",
            "Из\u00a0чего складывается лояльность: одиннадцать утверждений, пять степеней согласия.",
        ),
        _C11,
        ("cli", "cli_reliability"),
    ),
    "rapid": Instrument(
        Text("RAPID, three loyalty indices", "RAPID, три индекса лояльности"),
        Text(
            "Staying, recommending and buying more: nine grades from 0 to 10.",
            "Удержание, рекомендации и\u00a0рост покупок: девять оценок от\u00a00 до\u00a010.",
        ),
        _RAPID,
        ("retention_loyalty_index", "advocacy_loyalty_index", "purchasing_loyalty_index"),
    ),
    "feelings": Instrument(
        Text("Expectation and experience", "Ожидание и\u00a0впечатление"),
        Text(
            "One of five feelings before the purchase and after it.",
            "Одно из\u00a0пяти чувств до\u00a0покупки и\u00a0после неё.",
        ),
        (
            _scale("feelings", "expectation", "What did you expect to feel before the purchase?", "Какие чувства вы\u00a0ожидали до\u00a0покупки?", lowest=1, highest=5, options=_FEELINGS),
            _scale("feelings", "experience", "What do you feel after it?", "Какие чувства вы\u00a0испытали после неё?", lowest=1, highest=5, options=_FEELINGS),
        ),
        ("experience_gap", "exceeded_expectations", "delighted_share"),
    ),
    FREE: Instrument(
        Text("Own questions", "Свои вопросы"),
        Text(
            "Scales, choices and words of your own; results show how the answers are distributed.",
            "Ваши собственные шкалы, варианты и\u00a0открытые вопросы; в\u00a0результатах\u00a0— распределение ответов.",
        ),
        (),
    ),
}  # fmt: skip


def questions_of(instrument: str, parameters: Mapping[str, Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions to begin with; NPS by the scale that the company's settings give it (`parameters` by metric id)."""
    questions = INSTRUMENTS[instrument].questions
    if instrument not in ("nps", "nps_heavy"):
        return questions
    metric = catalogue()[instrument]
    lowest, highest = given_scale({**metric.passport.parameters, **parameters.get(instrument, {})})
    return tuple(
        replace(one, lowest=int(lowest), highest=int(highest)) if one.kind == "scale" else one for one in questions
    )
