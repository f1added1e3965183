"""NPS: in the seed form with any cuts, in the classic form, and in the heavy form of two questions."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir
import numpy as np

from septima.metrics import answers, estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    Measure,
    Metric,
    MetricError,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import count_true, records
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

_FORM = {"promoter_from": 8.0, "passive_from": 4.0, "scale": [1, 10]}
_BOTH = ("recommend", "buy_again")

_SEED = Source(
    "answers_nps",
    answers.graded("nps", answers.given_scale, "recommend"),
    answers.THEMED,
    of_customers=True,
    parameters=("scale",),
    settles_days=answers.FILLED_IN_DAYS,  # the words of «why» may follow the grade
)
_CLASSIC = Source(
    "answers_nps_classic",
    answers.graded("nps_classic", answers.between(0, 10), "recommend"),
    answers.THEMED,
    of_customers=True,
    settles_days=answers.FILLED_IN_DAYS,
)


def _cuts(parameters: Parameters) -> tuple[float, float]:
    """From which grade on people promote the company and from which they are passive; MetricError where they do not fit."""
    lowest, highest = answers.given_scale(parameters)
    promoter_from, passive_from = float(parameters["promoter_from"]), float(parameters["passive_from"])
    if not lowest < passive_from <= promoter_from <= highest:
        raise MetricError(
            Text(
                f"the cuts of NPS must ascend on the scale from {lowest:g} to {highest:g}: passive_from {passive_from:g}, "
                f"then promoter_from {promoter_from:g}",
                f"границы NPS должны возрастать по\u00a0шкале от\u00a0{lowest:g} до\u00a0{highest:g}: сначала "
                f"passive_from {passive_from:g}, затем promoter_from {promoter_from:g}",
            )
        )
    return promoter_from, passive_from


def _measures(source: Source, cuts: Callable[[Parameters], tuple[float, float]]) -> dict[str, Measure]:
    return {
        "promoters": Measure(source, lambda rows, parameters: rows.count(where=rows["grade"] >= cuts(parameters)[0])),
        "detractors": Measure(source, lambda rows, parameters: rows.count(where=rows["grade"] < cuts(parameters)[1])),
        "usable": count_true(source, "usable"),
        "answers": records(source),
    }


def _nps(cells: Cells, _: Parameters) -> Estimate:
    promoters, detractors, n = cells["promoters"], cells["detractors"], cells["usable"]
    lower, upper = intervals.net_share(promoters, detractors, n)
    value = divide(promoters - detractors, n)
    return Estimate(value, n, lower, upper, estimates.missing(n, cells["answers"]))


def _heavy(request: Request) -> ir.Table:
    """One row per questionnaire that asked both questions: `usable` where both have a grade, and its `group`."""
    rows = request.rows("answers")
    rows = rows.filter(rows["instrument"] == "nps", rows["question"].isin(_BOTH))
    lowest, highest = answers.given_scale(request.parameters)
    rows = rows.mutate(grade=answers.on_scale(rows, lowest, highest).ifelse(rows["score"], None))

    def grade(question: str) -> Callable[[Rows], Expression]:
        return lambda rows: rows["grade"].max(where=rows["question"] == question)

    rows = answers.questionnaires(
        request,
        rows,
        {
            **{question: grade(question) for question in _BOTH},
            "asked": lambda rows: rows.count(where=rows["question"] == "buy_again"),
        },
    )
    rows = rows.filter(rows["asked"] > 0)
    first, second = (_level(rows[question], request.parameters) for question in _BOTH)
    usable = rows["recommend"].notnull() & rows["buy_again"].notnull()
    return rows.mutate(usable=usable, group=usable.ifelse(first + "_" + second, None))


def _level(grade: Expression, parameters: Parameters) -> Expression:
    promoter_from, passive_from = _cuts(parameters)
    return ibis.cases((grade >= promoter_from, "promoter"), (grade >= passive_from, "passive"), else_="detractor")


# Sliced by their groups the questionnaires give shares, and NPS by group would only repeat its name.
_HEAVY, _HEAVY_GROUPS = (
    Source(
        name,
        _heavy,
        (*answers.THEMED, *own),
        of_customers=True,
        parameters=tuple(_FORM),
        settles_days=answers.FILLED_IN_DAYS,
    )
    for name, own in (("questionnaires_nps_heavy", ()), ("questionnaires_nps_heavy_groups", ("group",)))
)


def _of_group(name: str) -> Measure:
    return Measure(_HEAVY, lambda rows, _: rows.count(where=(rows["group"] == name).fill_null(False)))


def _heavy_groups(cells: Cells, _: Parameters) -> Estimate:
    """Share of each group among the questionnaires with both grades; those without are no group."""
    whole, questionnaires = cells.whole("usable", "group"), cells.whole("answers", "group")
    no_group = cells.frame["group"].isna().to_numpy() if "group" in cells.keys else np.zeros(whole.shape, dtype=bool)
    hits, n = np.where(no_group, 0.0, cells["usable"]), np.where(no_group, 0.0, whole)
    lower, upper = intervals.wilson(hits, n)
    return Estimate(divide(hits, n), n, lower, upper, estimates.missing(n, questionnaires))


_MULTINOMIAL = Text(
    "Multinomial interval of a difference of two shares of one sample, 95 % (Bonett & Price, 2012)",
    "Мультиномиальный интервал разности двух долей одной выборки, 95\u00a0% (Bonett & Price, 2012)",
)
_PAIRED_DATA = (*answers.PRIMARY_DATA, "answers.response_id", "answers.customer_id")

METRICS = (
    Metric(
        Passport(
            id="nps",
            version=1,
            name=Text("NPS (1–10)", "NPS (1–10)"),
            description=Text(
                "How many more customers would recommend the company than would warn against it.",
                "На\u00a0сколько доля клиентов, готовых рекомендовать компанию, больше доли тех, кто не\u00a0советует её.",
            ),
            use=Text(
                "Follows loyalty between periods and compares channels and departments; read the answers to “why” beside it.",
                "Следит за\u00a0лояльностью по\u00a0периодам, сравнивает каналы и\u00a0подразделения; рядом читайте ответы на\u00a0вопрос «почему».",
            ),
            unit="index",
            direction="more",
            method=Text(
                "One question, “would you recommend us?”, from 1 to 10. Promoters answer 8–10, passives from 4 to below 8, "
                "detractors below 4; `promoter_from`, `passive_from` and `scale` set other cuts. The share of promoters "
                "less the share of detractors, from −1 to 1. Answers without a grade or off the scale are missing.",
                "Один вопрос, «порекомендуете ли вы нас?», от\u00a01 до\u00a010. Сторонники отвечают 8–10, нейтральные\u00a0— "
                "от\u00a04 до\u00a08 (не\u00a0включая), критики\u00a0— ниже\u00a04; другие границы задают `promoter_from`, "
                "`passive_from` и\u00a0`scale`. Доля сторонников минус доля критиков, от\u00a0−1 до\u00a01. Ответы без оценки "
                "или вне шкалы считаются пропусками.",
            ),
            formula="(promoters − detractors) / all",
            formula_source="Reichheld, Harvard Business Review, 2003; cuts 8 and 4 on 1–10 by the CRM methodology",
            interval=_MULTINOMIAL,
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-1.0, 1.0),
            parameters=_FORM,
        ),
        _measures(_SEED, _cuts),
        _nps,
    ),
    Metric(
        Passport(
            id="nps_classic",
            version=1,
            name=Text("NPS, classic (0–10)", "NPS, классический (0–10)"),
            description=Text(
                "Net Promoter Score by the classic cuts, comparable with other companies.",
                "Индекс чистой поддержки с\u00a0классическими границами, сравнимый с\u00a0другими компаниями.",
            ),
            use=Text(
                "Compares with published figures; for the company’s own course use one form and keep to it.",
                "Служит для сравнения с\u00a0опубликованными значениями; для собственной динамики держитесь одной формы.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "One question, “would you recommend us?”, from 0 to 10. Promoters answer 9–10, detractors 0–6 (below 7). "
                "The share of promoters less the share of detractors, from −1 to 1. Answers without a grade or off the "
                "scale are missing.",
                "Один вопрос, «порекомендуете ли вы нас?», от\u00a00 до\u00a010. Сторонники отвечают 9–10, критики\u00a0— "
                "0–6 (ниже\u00a07). Доля сторонников минус доля критиков, от\u00a0−1 до\u00a01. Ответы без оценки или "
                "вне шкалы считаются пропусками.",
            ),
            formula="(promoters − detractors) / all",
            formula_source="Reichheld, Harvard Business Review, 2003",
            interval=_MULTINOMIAL,
            primary_data=answers.PRIMARY_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-1.0, 1.0),
        ),
        _measures(_CLASSIC, lambda _: (9, 7)),
        _nps,
    ),
    Metric(
        Passport(
            id="nps_heavy",
            version=1,
            name=Text("NPS, heavy form", "NPS, тяжёлая форма"),
            description=Text(
                "How many more customers would both recommend the company and buy again than would do neither.",
                "На\u00a0сколько доля тех, кто и\u00a0порекомендует компанию, и\u00a0купит снова, больше доли тех, "
                "кто не\u00a0сделает ни\u00a0того, ни\u00a0другого.",
            ),
            use=Text(
                "Asks deeds beside words: who recommends and does not come back is no promoter here.",
                "Проверяет слова делом: кто рекомендует, но\u00a0сам не\u00a0возвращается, здесь не\u00a0сторонник.",
            ),
            unit="index",
            direction="more",
            method=Text(
                "Questionnaires that ask both “would you recommend us?” and “would you buy again?”, cut alike: promoters from "
                "`promoter_from`, passives from `passive_from` on the `scale`. The share of promoters on both questions less "
                "the share of detractors on both, from −1 to 1. Questionnaires in which a grade is absent or off the "
                "scale are missing.",
                "Анкеты с\u00a0двумя вопросами: «порекомендуете ли вы нас?» и\u00a0«купите ли снова?»; границы одни: сторонники "
                "от\u00a0`promoter_from`, нейтральные от\u00a0`passive_from` на\u00a0шкале `scale`. Доля сторонников по\u00a0обоим "
                "вопросам минус доля критиков по\u00a0обоим, от\u00a0−1 до\u00a01. Анкеты, где одной из\u00a0оценок нет или она "
                "вне шкалы, считаются пропусками.",
            ),
            formula="(promoters of both − detractors of both) / all",
            formula_source="heavy form of NPS of the CRM methodology, after Reichheld, 2003",
            interval=_MULTINOMIAL,
            primary_data=_PAIRED_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            bounds=(-1.0, 1.0),
            parameters=_FORM,
        ),
        {
            "promoters": _of_group("promoter_promoter"),
            "detractors": _of_group("detractor_detractor"),
            "usable": count_true(_HEAVY, "usable"),
            "answers": records(_HEAVY),
        },
        _nps,
    ),
    Metric(
        Passport(
            id="nps_heavy_groups",
            version=1,
            name=Text("NPS, groups of the heavy form", "NPS, группы тяжёлой формы"),
            description=Text(
                "How customers spread over the nine groups of recommending and buying again.",
                "Как клиенты распределены по\u00a0девяти группам: рекомендация и\u00a0повторная покупка.",
            ),
            use=Text(
                "Slice by `group`: promoter_detractor praise and leave, detractor_promoter stay and complain; either needs "
                "its own remedy.",
                "Смотрите срез `group`: promoter_detractor хвалят, но\u00a0уходят, detractor_promoter ругают, но\u00a0остаются; "
                "лечить их надо по-разному.",
            ),
            unit="share",
            direction="target",
            method=Text(
                "Questionnaires that ask both “would you recommend us?” and “would you buy again?”. The group is the level on the "
                "first question and on the second: promoter from `promoter_from`, passive from `passive_from`, else "
                "detractor. Questionnaires of the group divided by all with both grades.",
                "Анкеты с\u00a0двумя вопросами: «порекомендуете ли вы нас?» и\u00a0«купите ли снова?». Группа\u00a0— уровень "
                "по\u00a0первому вопросу и\u00a0по\u00a0второму: promoter от\u00a0`promoter_from`, passive от\u00a0`passive_from`, "
                "иначе detractor. Анкеты группы, делённые на\u00a0все анкеты с\u00a0обеими оценками.",
            ),
            formula="count(group) / all",
            formula_source="heavy form of NPS of the CRM methodology, after Reichheld, 2003",
            interval=estimates.WILSON,
            primary_data=_PAIRED_DATA,
            perspective="customer_support",
            group="loyalty",
            owner_role=roles.CUSTOMER_SERVICE,
            minimum_sample=30,
            parameters=_FORM,
        ),
        {"usable": count_true(_HEAVY_GROUPS, "usable"), "answers": records(_HEAVY_GROUPS)},
        _heavy_groups,
    ),
)
