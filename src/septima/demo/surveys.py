"""What customers answer: NPS of both forms with «why», CSI, C11, RAPID, feelings, and an index from elsewhere."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from scipy.special import ndtr

from septima.demo.arrays import (
    Flags,
    Floats,
    Integers,
    instants,
    numbered,
    numbers,
    pick,
    pick_by_row,
    rank_within,
    same,
    words,
)
from septima.demo.calendar import DAY, QUARTERS, Calendar
from septima.demo.model import Model
from septima.demo.people import People
from septima.demo.purchases import Orders
from septima.demo.setting import Setting
from septima.demo.words import reasons

C11_QUESTIONS = tuple(f"q{number:02d}" for number in range(1, 12))
RAPID_QUESTIONS = tuple(f"{index}{item}" for index in "rap" for item in range(1, 4))


def nps_shares(model: Model) -> tuple[Floats, Floats]:
    """Probabilities of detractor, passive and promoter, [quarter, department, group], of the seed and classic forms."""
    score = np.array([path for _, path in model.nps_by_department.values()]).T
    forms: list[Floats] = []
    for lower_by in (0.0, model.nps_classic_lower_by):
        promoters = (1 - model.nps_passive + score - lower_by) / 2
        detractors = (1 - model.nps_passive - score + lower_by) / 2
        forms.append(np.stack((detractors, np.full_like(promoters, model.nps_passive), promoters), axis=-1))
    return forms[0], forms[1]


# Within a group the grades have fixed probabilities, so that NPS depends on the groups alone.
_SEED_GRADES = ((1, (0.25, 0.30, 0.45)), (4, (0.10, 0.22, 0.30, 0.38)), (8, (0.40, 0.32, 0.28)))
_CLASSIC_GRADES = ((0, (0.07, 0.04, 0.06, 0.10, 0.13, 0.26, 0.34)), (7, (0.45, 0.55)), (9, (0.52, 0.48)))


def grade_shares(groups: Floats, *, classic: bool) -> Floats:
    """Probabilities of the grades 0 … 10, given those of the three groups along the last axis."""
    grades = np.zeros((*groups.shape[:-1], 11))
    for group, (first, within) in enumerate(_CLASSIC_GRADES if classic else _SEED_GRADES):
        for step, share in enumerate(within):
            grades[..., first + step] += groups[..., group] * share
    return grades


def csi_types(model: Model) -> Floats:
    """Probabilities of an unhappy, a middling and a happy customer, [quarter, type]."""
    unhappy, happy = np.array(model.csi_unhappy), np.array(model.csi_happy)
    return np.column_stack((unhappy, 1 - unhappy - happy, happy))


def write_answers(setting: Setting, orders: Orders, people: People) -> None:
    """Write the answers to all surveys."""
    _write_nps(setting, orders, people)
    _write_csi(setting, orders, people)
    _write_c11(setting, orders, people)
    _write_rapid(setting, orders, people)
    _write_feelings(setting, orders, people)
    _write_brand_index(setting, orders, people)


def _respondents(
    chance: np.random.Generator, orders: Orders, share: float, calendar: Calendar
) -> tuple[Integers, Integers]:
    order = np.flatnonzero(chance.random(len(orders)) < share)
    at = orders.at[order] + ((1 + chance.exponential(1.0, len(order))) * DAY).astype(np.int64)
    kept = at < calendar.end
    return order[kept], at[kept]


def _write_nps(setting: Setting, orders: Orders, people: People) -> None:
    model, calendar, chance = setting.model, setting.calendar, setting.chance("nps")
    order, at = _respondents(chance, orders, model.nps_responses_per_order, calendar)
    size = len(order)
    names = list(model.nps_by_department)
    department = pick(chance, [share for share, _ in model.nps_by_department.values()], size)
    cell = calendar.quarter_of(at) * len(names) + department
    classic = chance.random(size) < model.nps_classic_share
    draws = [
        pick_by_row(chance, grade_shares(shares, classic=bool(form)).reshape(QUARTERS * len(names), 11), cell)
        for form, shares in enumerate(nps_shares(model))
    ]
    score = np.where(classic, draws[1], draws[0])
    group = np.where(classic, (score >= 7) + 0 + (score >= 9), (score >= 4) + 0 + (score >= 8))
    number = setting.numbers(size)
    common = {
        "survey_id": words(calendar.quarter_of(at), [f"nps-{label}" for label in calendar.labels]),
        "response_id": numbered("RN", number, 10),
        "instrument": words(classic.astype(np.int64), ["nps", "nps_classic"]),
        "customer_id": numbered("C", people.number[orders.owner[order]]),
        "at": instants(at),
        "channel": words(pick(chance, [0.4, 0.2, 0.25, 0.15], size), ["email", "sms", "app", "call_centre"]),
        "department": words(department, names),
    }
    setting.exporter.write(
        "answers",
        {
            "answer_id": numbered("AN", number, 10),
            "question": same("recommend", size),
            "score": numbers(score),
            "text": pa.nulls(size, pa.string()),
            **common,
        },
    )
    _write_buy_again(setting, common, ~classic, group)
    sentences, places = reasons()
    place = np.array([[places[name, which] for which in range(3)] for name in names])[department, group]
    sentence = place[:, 0] + (chance.random(size) * place[:, 1]).astype(np.int64)
    why = pa.array(chance.random(size) < model.why_share)
    explained = {
        "answer_id": numbered("AW", number, 10),
        "question": same("why", size),
        "score": pa.nulls(size, pa.float64()),
        "text": words(sentence, sentences),
        **common,
    }
    setting.exporter.write("answers", {name: column.filter(why) for name, column in explained.items()})


def _write_buy_again(setting: Setting, common: Mapping[str, pa.Array], asked: Flags, group: Integers) -> None:
    """The second question of the heavy form: mostly of the same group as the first."""
    model, chance = setting.model, setting.chance("buy again")
    size = len(group)
    asked = asked & (chance.random(size) < model.buy_again_share)
    moved = np.where(chance.random(size) < model.buy_again_same_group, 0, chance.integers(1, 3, size))
    grades = grade_shares(np.eye(3), classic=False)
    score = pick_by_row(chance, grades, (group + moved) % 3)
    second = {
        "answer_id": numbered("AB", setting.numbers(size), 10),
        "question": same("buy_again", size),
        "score": numbers(score),
        "text": pa.nulls(size, pa.string()),
        **common,
    }
    setting.exporter.write("answers", {name: column.filter(pa.array(asked)) for name, column in second.items()})


def _write_csi(setting: Setting, orders: Orders, people: People) -> None:
    model, calendar, chance = setting.model, setting.calendar, setting.chance("csi")
    order, at = _respondents(chance, orders, model.csi_responses_per_order, calendar)
    kind = pick_by_row(chance, csi_types(model), calendar.quarter_of(at))
    scores = {name: pick_by_row(chance, np.array(rows), kind) + 1 for name, rows in model.csi_scores.items()}
    _write_questionnaire(setting, "csi", scores, at, people.number[orders.owner[order]])


def _write_c11(setting: Setting, orders: Orders, people: People) -> None:
    model, calendar, chance = setting.model, setting.calendar, setting.chance("c11")
    order, at = _respondents(chance, orders, model.c11_responses_per_order, calendar)
    loading = np.array(model.c11_loadings)
    factor = chance.standard_normal((len(order), 1))
    own = chance.standard_normal((len(order), len(loading)))
    level = np.array(model.c11_level)[calendar.quarter_of(at)][:, None] + np.array(model.c11_offsets)
    latent = level + loading * factor + np.sqrt(1 - loading**2) * own
    scores = 1 + (latent[..., None] > np.array(model.c11_thresholds)).sum(axis=-1)
    named = dict(zip(C11_QUESTIONS, scores.T, strict=True))
    _write_questionnaire(setting, "c11", named, at, people.number[orders.owner[order]])


def _write_rapid(setting: Setting, orders: Orders, people: People) -> None:
    """Each index of a person has a level from a beta distribution; its items are binomial about that level."""
    model, calendar, chance = setting.model, setting.calendar, setting.chance("rapid")
    order, at = _respondents(chance, orders, model.rapid_responses_per_order, calendar)
    quarter = calendar.quarter_of(at)
    levels = {
        index: _beta_about(chance, np.array(means)[quarter] / 10, model.rapid_spread)
        for index, means in model.rapid_means.items()
    }
    scores = {question: chance.binomial(10, levels[question[0]]) for question in RAPID_QUESTIONS}
    _write_questionnaire(setting, "rapid", scores, at, people.number[orders.owner[order]])


def experience_shares(model: Model) -> Floats:
    """Probabilities of the five feelings after the purchase, worst first, [quarter, feeling]."""
    good = np.array(model.experience_good)[:, None]
    return good * np.array(model.experience_fine) + (1 - good) * np.array(model.experience_bad)


def _write_feelings(setting: Setting, orders: Orders, people: People) -> None:
    model, calendar, chance = setting.model, setting.calendar, setting.chance("feelings")
    order, at = _respondents(chance, orders, model.feelings_responses_per_order, calendar)
    scores = {
        "expectation": pick(chance, model.expectation, len(at)) + 1,
        "experience": pick_by_row(chance, experience_shares(model), calendar.quarter_of(at)) + 1,
    }
    _write_questionnaire(setting, "feelings", scores, at, people.number[orders.owner[order]])


def _write_brand_index(setting: Setting, orders: Orders, people: People) -> None:
    """An index that a research agency computes: 0–100 for each person asked."""
    model, calendar, chance = setting.model, setting.calendar, setting.chance("brand index")
    order, at = _respondents(chance, orders, model.index_responses_per_order, calendar)
    level = np.array(model.brand_index)[calendar.quarter_of(at)] / 100
    score = np.round(100 * _beta_about(chance, level, model.brand_index_spread), 1)
    _write_questionnaire(setting, "index", {"brand_health": score}, at, people.number[orders.owner[order]])


def _beta_about(chance: np.random.Generator, mean: Floats, spread: float) -> Floats:
    return chance.beta(mean * spread, (1 - mean) * spread)


def c11_given_factor(model: Model, quarter: int, factor: Floats) -> tuple[Floats, Floats]:
    """Mean and mean square of each question's grade 0 … 1, [factor, question], given the factor."""
    loading = np.array(model.c11_loadings)
    centre = model.c11_level[quarter] + np.array(model.c11_offsets) + loading * factor[:, None]
    above = ndtr((centre - np.array(model.c11_thresholds)[:, None, None]) / np.sqrt(1 - loading**2))
    odd = (2 * np.arange(1, 5) - 1)[:, None, None]
    return above.sum(axis=0) / 4, (odd * above).sum(axis=0) / 16


def _write_questionnaire(
    setting: Setting, instrument: str, scores: Mapping[str, Integers | Floats], at: Integers, customer: Integers
) -> None:
    width, calendar = len(scores), setting.calendar
    row = np.repeat(np.arange(len(at)), width)
    number = setting.numbers(len(at))[row]
    question = rank_within(row)
    setting.exporter.write(
        "answers",
        {
            "answer_id": numbered(f"A{instrument}-", number * width + question, 11),
            "question": words(question, list(scores)),
            "score": numbers(np.column_stack([np.asarray(score, np.float64) for score in scores.values()]).ravel()),
            "text": pa.nulls(len(row), pa.string()),
            "survey_id": words(calendar.quarter_of(at)[row], [f"{instrument}-{label}" for label in calendar.labels]),
            "response_id": numbered(f"R{instrument}-", number, 10),
            "instrument": same(instrument, len(row)),
            "customer_id": numbered("C", customer[row]),
            "at": instants(at[row]),
            "channel": same("email", len(row)),
            "department": pa.nulls(len(row), pa.string()),
        },
    )
