"""Calls, complaints, the answers of customers, and what employees did with them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import ndtr

from septima.demo.arrays import (
    Floats,
    Integers,
    flags,
    instants,
    numbered,
    numbers,
    pick,
    pick_by_row,
    rank_within,
    same,
    words,
)
from septima.demo.calendar import DAY, HOUR, QUARTERS, SECOND, Calendar
from septima.demo.export import COMPLAINT_TIME_FORM, COMPLAINT_TIME_ZONE, SEVERITY_WORDS, break_rows
from septima.demo.marketing import write_call_touches
from septima.demo.model import Model
from septima.demo.people import People
from septima.demo.purchases import Orders
from septima.demo.setting import Setting
from septima.demo.words import reasons

COMPLAINT_DEPARTMENTS = {
    "delivery": "delivery", "quality": "claims", "service": "support", "payment": "online_shop", "returns": "claims",
}  # fmt: skip
C11_QUESTIONS = tuple(f"q{number:02d}" for number in range(1, 12))
_COMPLAINT_STEPS = (("register", "support", 1.0), ("investigate", "claims", 3.0), ("answer", "support", 4.0))
_FULFILMENT_STEPS = (("pick", "stores", 0.5), ("hand_over", "delivery", 1.0), ("confirm", "online_shop", 1.5))


@dataclass(frozen=True)
class Complaints:
    """The complaints of a block; arrays of one length."""

    order: Integers
    category: Integers
    opened_at: Integers
    ids: pa.StringArray


def write_calls(setting: Setting, orders: Orders, people: People) -> None:
    """Write calls: Poisson per order; answered where the exponential waiting ends before the exponential patience."""
    model, calendar, staff = setting.model, setting.calendar, setting.staff
    chance = setting.chance("calls")
    order = np.repeat(np.arange(len(orders)), chance.poisson(model.calls_per_order, len(orders)))
    at = orders.at[order] + (chance.exponential(1.5, len(order)) * DAY).astype(np.int64)
    kept = at < calendar.end - HOUR
    order, at = order[kept], at[kept]
    size = len(order)
    quarter = calendar.quarter_of(at)
    waiting = chance.exponential(np.array(model.waiting_s)[quarter])
    patience = chance.exponential(model.patience_s, size)
    waited: Floats = np.minimum(waiting, patience)
    answered = waiting < patience
    resolved = chance.random(size) < np.array(model.resolved_share)[quarter]
    employee = np.where(answered, staff.serving(chance, "support", at), -1)
    customer = people.number[orders.owner[order]]
    number = setting.numbers(size)
    columns = {
        "call_id": numbered("L", number, 10),
        "customer_id": numbered("C", customer),
        "at": instants(at),
        "waited_s": numbers(np.round(waited, 3)),
        "talked_s": numbers(chance.lognormal(np.log(170), 0.6, size).round(1), answered),
        "answered": flags(answered),
        "resolved": flags(resolved, answered),
        "department": same("support", size),
        "employee_id": numbered("E", employee, 5, employee >= 0),
    }
    broken = break_rows(chance, columns, model.broken_share, "call_id", "B", waited_s=-1.0) if size else None
    setting.exporter.write("calls", columns, broken=("calls", broken) if broken else None)
    write_call_touches(setting, number, customer, at, employee)

    opened = np.flatnonzero((employee >= 0) & (chance.random(size) < model.cards_opened_per_call))
    setting.exporter.write(
        "accesses",
        {
            "employee_id": numbered("E", employee[opened], 5),
            "customer_id": numbered("C", customer[opened]),
            "at": instants(at[opened] + 5 * SECOND),
        },
    )


def write_complaints(setting: Setting, orders: Orders, people: People) -> Complaints:
    """Write complaints: each order brings one of a category by the rate of the quarter in which it is opened."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("complaints")
    rates = np.array(list(model.complaints_per_1000.values())).T / 1000
    most = rates.sum(axis=1).max()
    order = np.flatnonzero(chance.random(len(orders)) < most)
    opened = orders.at[order] + (chance.exponential(model.complaint_lag_days, len(order)) * DAY).astype(np.int64)
    opened = opened // SECOND * SECOND
    quarter = calendar.quarter_of(opened)
    shares = np.column_stack((rates / most, 1 - rates.sum(axis=1) / most))
    category = pick_by_row(chance, shares, quarter)
    kept = (category < rates.shape[1]) & (opened < calendar.end)
    order, opened, category, quarter = order[kept], opened[kept], category[kept], quarter[kept]
    size = len(order)
    closed = opened + (chance.gamma(2.0, np.array(model.complaint_days)[quarter] / 2) * DAY).astype(np.int64)
    ids = numbered("K", setting.numbers(size), 10)
    categories = list(model.complaints_per_1000)
    utc = pc.call_function(
        "assume_timezone", [instants(opened).cast(pa.timestamp("s"))], pc.AssumeTimezoneOptions("UTC")
    )
    moscow = utc.cast(pa.timestamp("s", COMPLAINT_TIME_ZONE))
    columns = {
        "complaint_id": ids,
        "customer_id": numbered("C", people.number[orders.owner[order]]),
        "opened_at": pc.call_function("strftime", [moscow], pc.StrftimeOptions(COMPLAINT_TIME_FORM)),
        "closed_at": instants(closed, closed < calendar.end),
        "channel": words(pick(chance, [0.5, 0.2, 0.2, 0.1], size), ["call_centre", "email", "web", "store"]),
        "category": words(category, categories),
        "department": words(category, [COMPLAINT_DEPARTMENTS[name] for name in categories]),
        "severity": words(pick(chance, [0.35, 0.42, 0.18, 0.05], size), list(SEVERITY_WORDS.values())),
        "reopened": flags(chance.random(size) < np.array(model.reopened_share)[quarter]),
        "order_id": orders.ids.take(pa.array(order)),
    }
    share = model.broken_share
    broken = break_rows(chance, columns, share, "complaint_id", "B", opened_at="31.02.2026 25:61:00") if size else None
    setting.exporter.write("complaints", columns, broken=("complaints", broken) if broken else None)
    return Complaints(order, category, opened, ids)


def write_steps(setting: Setting, orders: Orders, complaints: Complaints, people: People) -> None:
    """Write the steps of two processes: every complaint is handled, and a sample of orders is followed through."""
    model, calendar = setting.model, setting.calendar
    chance = setting.chance("steps")
    sample = np.flatnonzero(chance.random(len(orders)) < model.fulfilment_sample)
    processes = (
        ("complaint_handling", _COMPLAINT_STEPS, complaints.opened_at, complaints.ids, complaints.order),
        ("order_fulfilment", _FULFILMENT_STEPS, orders.at[sample], orders.ids.take(pa.array(sample)), sample),
    )
    for process, steps, begun, case, order in processes:
        for step, department, days in steps:
            size = len(begun)
            due = begun + int(days * DAY)
            on_time = chance.random(size) < model.steps_on_time[department]
            early = (chance.random(size) * 0.5 * DAY).astype(np.int64)
            late = (chance.exponential(DAY, size) + HOUR).astype(np.int64)
            done = np.where(on_time, due - early, due + late)
            setting.exporter.write(
                "process_steps",
                {
                    "process": same(process, size),
                    "case_id": case,
                    "step": same(step, size),
                    "customer_id": numbered("C", people.number[orders.owner[order]]),
                    "department": same(department, size),
                    "due_at": instants(due),
                    "done_at": instants(done, done < calendar.end),
                },
            )


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
    """Write the answers to NPS of both forms with the open question, CSI and C11."""
    _write_nps(setting, orders, people)
    _write_csi(setting, orders, people)
    _write_c11(setting, orders, people)


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


def c11_given_factor(model: Model, quarter: int, factor: Floats) -> tuple[Floats, Floats]:
    """Mean and mean square of each question's grade 0 … 1, [factor, question], given the factor."""
    loading = np.array(model.c11_loadings)
    centre = model.c11_level[quarter] + np.array(model.c11_offsets) + loading * factor[:, None]
    above = ndtr((centre - np.array(model.c11_thresholds)[:, None, None]) / np.sqrt(1 - loading**2))
    odd = (2 * np.arange(1, 5) - 1)[:, None, None]
    return above.sum(axis=0) / 4, (odd * above).sum(axis=0) / 16


def _write_questionnaire(
    setting: Setting, instrument: str, scores: Mapping[str, Integers], at: Integers, customer: Integers
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
            "score": numbers(np.column_stack(list(scores.values())).ravel()),
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
