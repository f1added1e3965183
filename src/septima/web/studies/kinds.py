"""The models of the section: what each is called, asked, and how its study is made in both languages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from septima.chapters.attribution import attribution_answer
from septima.chapters.experiments import Experiment, experiment_answer, plan_answer
from septima.chapters.lifetime import lifetime_answer
from septima.chapters.loyalty import loyalty_answer
from septima.metrics.attribution_sums import Scope
from septima.metrics.experiment_assignment import Eligible
from septima.metrics.experiment_outcomes import Window
from septima.metrics.lifetime import LifetimeError, LifetimeSettings
from septima.report.studies.attribution import attribution_study
from septima.report.studies.experiment import experiment_study, plan_study
from septima.report.studies.lifetime import lifetime_study
from septima.report.studies.loyalty import loyalty_study
from septima.report.studies.study import Study
from septima.schema import Language, Text
from septima.web.studies.forms import (
    AttributionForm,
    ExperimentForm,
    LifetimeForm,
    LoyaltyForm,
    OptionsForm,
    PlanForm,
    listed,
)
from septima.workspace import Workspace

Options = Mapping[str, Any]
Progress = Callable[[Text, int, int | None], None]
Studies = dict[Language, Study]
_RU: Language = "ru"


@dataclass(frozen=True)
class Kind:
    """A model: its name, the question it answers, the form of its options and the way to its studies."""

    id: str
    name: Text
    question: Text
    form: type[OptionsForm]
    tell: Callable[[Workspace, Options, Progress], Studies]


def _lifetime(workspace: Workspace, options: Options, progress: Progress) -> Studies:
    margin = options["margin"]
    settings = LifetimeSettings(
        horizon_days=options["horizon"],
        discount=options["discount"] / 100,
        margin=None if margin is None else margin / 100,
        by=options["by"] or None,
        business=options["business"],
    )
    try:
        found = lifetime_answer(workspace, _RU, settings, backtest=True, progress=progress).found
    except LifetimeError as error:
        # What there is may be too short to be parted for a test on held-out time, and long enough for the values.
        found = lifetime_answer(workspace, _RU, settings, progress=progress).found
        found = replace(found, notes=(*found.notes, error.statement))
    return {"ru": lifetime_study(found, "ru"), "en": lifetime_study(found, "en")}


def _attribution(workspace: Workspace, options: Options, progress: Progress) -> Studies:
    found = attribution_answer(
        workspace,
        _RU,
        Scope(options["by"], options["window"]),
        methods=options["methods"],
        start=options["start"],
        end=options["end"],
        value=options["value"],
        progress=progress,
    ).found
    return {
        "ru": attribution_study(found, "ru", options["value"]),
        "en": attribution_study(found, "en", options["value"]),
    }


def _loyalty(workspace: Workspace, options: Options, _: Progress) -> Studies:
    found = loyalty_answer(
        workspace,
        _RU,
        rule=options["rule"],
        days=options["days"],
        retention_factor=1 + options["retention_factor"] / 100,
        loyalty_change=options["loyalty_change"] / 100,
        discount_rate=options["discount"] / 100,
    ).found
    return {"ru": loyalty_study(found, "ru"), "en": loyalty_study(found, "en")}


def _plan(workspace: Workspace, options: Options, _: Progress) -> Studies:
    found = plan_answer(
        workspace,
        _RU,
        effect=options["effect"] / 100,
        control_share=options["control"] / 100,
        arms=options["arms"],
        power=options["power"] / 100,
        before_days=options["before_days"],
        eligible=Eligible(listed(options["segments"]), options["consent"]),
    ).found
    return {"ru": plan_study(found, "ru"), "en": plan_study(found, "en")}


def _experiment(workspace: Workspace, options: Options, _: Progress) -> Studies:
    found = experiment_answer(
        workspace,
        Experiment(options["experiment"], window=Window(options["days"], options["before_days"])),
        _RU,
        correction=options["correction"],
    ).found
    return {"ru": experiment_study(found, "ru"), "en": experiment_study(found, "en")}


KINDS: Mapping[str, Kind] = {
    one.id: one
    for one in (
        Kind(
            "lifetime",
            Text("Lifetime value", "Пожизненная ценность клиента (LTV)"),
            Text(
                "What are customers worth? Ten methods beside each other for the same customers, ranked on held-out time.",
                "Сколько стоят клиенты? Десять методов рядом для одних и\u00a0тех\u00a0же клиентов, с\u00a0проверкой на\u00a0отложенном "
                "времени.",
            ),
            LifetimeForm,
            _lifetime,
        ),
        Kind(
            "attribution",
            Text("Attribution", "Атрибуция"),
            Text(
                "Which channels, campaigns or chains is revenue due to? Rules, Markov chains and Shapley beside each other.",
                "Каким каналам, кампаниям и\u00a0цепочкам обязана выручка? Правила, марковские цепи и\u00a0вектор Шепли рядом.",
            ),
            AttributionForm,
            _attribution,
        ),
        Kind(
            "loyalty",
            Text("Economics of loyalty", "Экономика лояльности"),
            Text(
                "What is loyalty worth? Rules of thumb, each beside what is measured in this company.",
                "Чего стоит лояльность? Известные правила рядом с\u00a0тем, что измерено в\u00a0этой компании.",
            ),
            LoyaltyForm,
            _loyalty,
        ),
        Kind(
            "plan",
            Text("Plan of an experiment", "План эксперимента"),
            Text(
                "How many customers and days does it take to find an effect, by the company’s own past?",
                "Сколько клиентов и\u00a0дней нужно, чтобы найти эффект, судя по\u00a0прошлому самой компании?",
            ),
            PlanForm,
            _plan,
        ),
        Kind(
            "experiment",
            Text("Results of an experiment", "Результаты эксперимента"),
            Text(
                "What did it bring, against those who were left alone?",
                "Что он принёс по\u00a0сравнению с\u00a0теми, кого не\u00a0трогали?",
            ),
            ExperimentForm,
            _experiment,
        ),
    )
}
