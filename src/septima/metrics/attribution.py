"""Which channels, campaigns or chains the company's conversions and revenue are due to, by eight methods.

`attribute` asks the engine for counted steps, sets and credits (see `attribution_sums`), hands them to the models, and
says what the figures leave out. What is handed out and what stays unattributed sum to the revenue exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd

from septima.metrics.attribution_calibration import Calibration, calibrated, holdouts
from septima.metrics.attribution_sums import (
    LABELS,
    Members,
    PathSums,
    Scope,
    Totals,
    coalition_sums,
    highest_order,
    members,
    path_sums,
    totals,
)
from septima.metrics.definition import NOTES, Request
from septima.models.attribution.building import from_credits, without_figures
from septima.models.attribution.chain import MOST_ORDER
from septima.models.attribution.markov import Order, from_transitions
from septima.models.attribution.results import Attribution, Attributions
from septima.models.attribution.shapley import from_coalitions
from septima.models.attribution.words import (
    METHODS,
    NO_CONVERSIONS,
    NO_TOUCHES,
    RULES,
    AttributionError,
    Method,
    Rule,
    Worth,
)
from septima.schema import Text

Progress = Callable[[Text, int, int | None], None]

NO_TOUCH = Text("no touch", "без\u00a0касаний")
_STEP = Text("Attribution", "Атрибуция")


@dataclass(frozen=True)
class Coverage:
    """What the figures rest on, and what they leave out.

    `conversions` are purchases: all that one customer ordered at one moment (an order of an unknown customer is its
    own). `converted`, `nulls` and `open` count paths that ended in one, that came to nothing, and whose window has not
    run out; `revenue` is all of the period. `missing_share` is that of orders without customer or amount.
    """

    orders: int
    conversions: int
    converted: int
    nulls: int
    open: int
    revenue: Decimal | None
    unknown_customers: int
    unknown_amounts: int
    refunds: int
    refunded: Decimal
    missing_share: float


@dataclass(frozen=True)
class CompanyAttribution:
    """Attribution over the company's own paths.

    `start` and `end` (the day after the last) bound the purchases; None is without bound. `members` has each credited
    name with its touches, `online` and `offline`. `calibrations` are by method, none where no member has a holdout.
    """

    scope: Scope
    start: date | None
    end: date | None
    currency: str | None
    attributions: Attributions
    members: pd.DataFrame = field(repr=False)
    coverage: Coverage
    calibrations: dict[Method, Calibration]
    statements: tuple[Text, ...]

    def __getitem__(self, method: Method) -> Attribution:
        return self.attributions[method]

    def frame(self) -> pd.DataFrame:
        """One row per method and member, and per method one (`channel` None) with what stays unattributed.

        Columns as of `models.attribution.Attribution.frame`; conversions and value of a method sum to all there were.
        """
        parts: list[Any] = []
        for method, attribution in self.attributions.methods.items():
            rest = {
                "method": method,
                "channel": None,
                "conversions": self.attributions.unattributed_conversions,
                "value": self.attributions.unattributed_value,
            }
            frame: Any = attribution.frame().astype({"channel": object})
            frame.loc[len(frame)] = {name: rest.get(name, float("nan")) for name in frame.columns}
            parts.append(frame)
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def label(name: str | None) -> Text:
    """A member's name as people read it; None is what no touch came before."""
    if name is None:
        return NO_TOUCH
    return LABELS.get(name, Text(name, name))


def attribute(
    request: Request,
    scope: Scope | None = None,
    *,
    methods: Sequence[Method] = METHODS,
    order: Order = "auto",
    worth: Worth = "conversions",
    seed: int = 0,
    calibrate: bool = True,
    progress: Progress | None = None,
) -> CompanyAttribution:
    """Attribution of the purchases between the bounds of `request`.

    `order` is that of the Markov chain, `worth` that of a coalition in the Shapley value, `seed` that of sampled
    permutations. With `calibrate`, members that have an experiment of the same name are set beside their incremental
    revenue. AttributionError or MetricError names an option that does not fit.
    """
    scope = scope or Scope()
    chosen = _checked(methods, order)
    steps = 2 + ("shapley" in chosen) + (set(chosen) != {"shapley"})
    done = _reporter(progress, steps + 1)
    whole = totals(request)
    of = members(request, scope)
    done(1)
    found, sums, notes = _found(request, scope, whole, of, chosen, order, worth, seed, done)
    valued = not whole.mixed_currencies
    attributions = Attributions(
        found,
        of.names,
        sums.converted,
        sums.nulls,
        Decimal(whole.purchases - sums.converted),
        whole.revenue - sums.revenue if valued else None,
    )
    coverage = Coverage(
        whole.orders,
        whole.purchases,
        sums.converted,
        sums.nulls,
        sums.open,
        whole.revenue if valued else None,
        whole.unknown_customers,
        whole.unknown_amounts,
        whole.refunds,
        whole.refunded,
        whole.unusable / whole.orders if whole.orders else float("nan"),
    )
    calibrations: dict[Method, Calibration] = {}
    if calibrate and valued:
        tested = holdouts(request, scope.by, of.names)
        campaigns = None
        if scope.by == "channel" and len(tested.frame):
            inner = replace(scope, by="campaign", keep=tested.campaigns)
            campaigns = attribute(
                request, inner, methods=chosen, order=order, worth=worth, seed=seed, calibrate=False
            ).attributions
        calibrations = calibrated(attributions, tested, campaigns, whole.revenue)
    done(steps + 1)
    statements = (*_statements(request, whole, of, sums), *notes)
    return CompanyAttribution(
        scope,
        request.start,
        request.end,
        request.currency,
        attributions,
        of.frame,
        coverage,
        calibrations,
        statements,
    )


def _found(
    request: Request,
    scope: Scope,
    whole: Totals,
    of: Members,
    methods: Sequence[Method],
    order: Order,
    worth: Worth,
    seed: int,
    done: Callable[[int], None],
) -> tuple[dict[Method, Attribution], PathSums, list[Text]]:
    """The attributions of all methods, the sums over all paths, and what limits them."""
    notes: list[Text] = []
    sums = PathSums({}, {}, None, 0, 0, 0, Decimal(0))
    known_until = whole.known_until
    rules: list[Rule] = [rule for rule in RULES if rule in methods]
    coalitions = None
    memory = 0
    if "markov" in methods:
        memory = highest_order(of, MOST_ORDER) if order == "auto" else order
        if order == "auto" and memory < MOST_ORDER:
            notes.append(_few_orders(len(of.names), memory))
    if known_until is not None and of.names:
        if "shapley" in methods:
            coalitions, sums = coalition_sums(request, scope, of, known_until)
            done(2)
        if rules or memory:
            sums = path_sums(request, scope, of, known_until, rules, memory)
            done(2 + (coalitions is not None))
    total = (Decimal(sums.converted), None if whole.mixed_currencies else sums.revenue)
    found: dict[Method, Attribution] = {}
    for method in methods:
        if not sums.converted:
            found[method] = without_figures(method, of.names, NO_TOUCHES if whole.purchases else NO_CONVERSIONS)
        elif method == "markov" and sums.transitions is not None:
            found[method] = from_transitions(sums.transitions, order, total[1])
        elif method == "shapley" and coalitions is not None:
            found[method] = from_coalitions(coalitions, total[1], worth=worth, seed=seed)
        elif method in sums.conversions:
            found[method] = from_credits(method, of.names, total, sums.conversions[method], sums.value[method])
    return found, sums, notes


def _checked(methods: Sequence[Method], order: Order) -> list[Method]:
    unknown = [method for method in methods if method not in METHODS]
    if unknown:
        raise AttributionError(
            Text(
                f"there is no method {unknown[0]!r}; use one of: {', '.join(METHODS)}",
                f"нет метода «{unknown[0]}»; выберите из\u00a0следующих: {', '.join(METHODS)}",
            )
        )
    if order != "auto" and order not in range(1, MOST_ORDER + 1):
        raise AttributionError(
            Text(
                f"the order of a chain must be 1 to {MOST_ORDER} or 'auto', not {order!r}",
                f"порядок цепи\u00a0— от\u00a01 до\u00a0{MOST_ORDER} или «auto», а\u00a0указано «{order}»",
            )
        )
    return [method for method in METHODS if method in methods]


def _reporter(progress: Progress | None, steps: int) -> Callable[[int], None]:
    def done(step: int) -> None:
        if progress is not None:
            progress(_STEP, step, steps)

    done(0)
    return done


def _statements(request: Request, whole: Totals, of: Members, sums: PathSums) -> list[Text]:
    """What the figures leave out, where there is any."""
    found: list[Text] = []
    if whole.mixed_currencies:
        found.append(NOTES["mixed_currencies" if request.currency is None else "no_rate"])
        found.append(
            Text(
                "So revenue is not handed out, only the number of conversions.",
                "Поэтому распределена не выручка, а только число конверсий.",
            )
        )
    told = (
        (
            whole.unknown_customers,
            "Orders of unknown customers, which no touch can be set before and which stay unattributed: {}.",
            "Заказы неизвестных клиентов, которым нельзя сопоставить касания и которые остались без канала: {}.",
        ),
        (
            whole.unknown_amounts,
            "Orders of unknown amount, which count as conversions without money: {}.",
            "Заказы без суммы, учтённые как конверсии без денег: {}.",
        ),
        (
            whole.refunds,
            "Orders below zero, which are no conversions and whose money stays unattributed: {}.",
            "Заказы с отрицательной суммой — не конверсии; их деньги остались без канала: {}.",
        ),
        (
            sums.open,
            "Paths whose window has not run out where the data end, left out: {}.",
            "Пути, окно которых к концу данных ещё не истекло, не учтены: {}.",
        ),
        (
            of.gathered,
            "Members with few touches that are gathered into “all others”: {}.",
            "Объединены в «все остальные» из-за малого числа касаний: {}.",
        ),
    )
    for count, en, ru in told:
        if count:
            found.append(Text(en.format(f"{count:,}"), ru.format(f"{count:,}".replace(",", " "))))
    return found


def _few_orders(size: int, memory: int) -> Text:
    return Text(
        f"With {size} members, chains of an order above {memory} have too many states and are not compared.",
        f"Участников {size}: у цепей порядка выше {memory} слишком много состояний, они не сравнивались.",
    )
