"""What is true of the simulated company: its parameters and what each metric should come to."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaincinv

from septima.demo.arrays import Floats
from septima.demo.calendar import DAY, QUARTERS, Calendar, DemoError
from septima.demo.model import Model
from septima.demo.process import buying
from septima.demo.surveys import c11_given_factor, csi_types, experience_shares, nps_shares
from septima.schema import Text

TRUTH_FILE = "truth.json"
ACTIVE_DAYS = 90
_FORM = 1
_FACTOR_NODES = 64

Series = tuple[float | None, ...]


@dataclass(frozen=True)
class Truth:
    """The truth of one simulated company. A `Series` is twelve numbers, one for each of `quarters`.

    - `seed`, `customers`, `start`, `end`: what was simulated, both days in.
    - `quarters`: their names, oldest first.
    - `rows`: by table, the rows that are right, each counted once. `repeated`: rows exported twice.
      `broken`: rows that no load can accept. `missing`: by table.column, right rows without a value.
    - `duplicate_customers`: customers who are second records of somebody already there.
    - `counted`: by quarter, what the simulation itself added up, exactly: revenue (roubles of orders
      that were neither cancelled nor returned), cost, orders, buyers, spend, message_cost
      (what the touches cost).
    - `expected`: by metric id, the value that follows from the parameters, by quarter; None where undefined.
      Besides metrics: orders, buyers, retention (1 − churn_rate; both with customers active for 90
      days after an order), complaints, c11_alpha, service_level_20s, resolved_share.
    - `expected_by`: the same by "metric/dimension" and then by value of the dimension.
    - `uplift`: by experiment, true incremental revenue per treated customer, roubles.
    - `stages`: by stage of deals, the median days that a won deal spends in it; `cycle` their mean sum,
      days; `mean_deal_amount` in roubles.
    - `alive_after_year`: by segment, the probability to be still a customer a year (52 weeks) after the
      first purchase. `second_purchase_within_year`: that a second order has followed by then.
    - `parameters`: the whole model.
    """

    seed: int
    customers: int
    start: date
    end: date
    quarters: tuple[str, ...]
    rows: Mapping[str, int]
    repeated: Mapping[str, int]
    broken: Mapping[str, int]
    missing: Mapping[str, int]
    duplicate_customers: int
    counted: Mapping[str, Series]
    expected: Mapping[str, Series]
    expected_by: Mapping[str, Mapping[str, Series]]
    uplift: Mapping[str, float]
    stages: Mapping[str, float]
    cycle: float
    mean_deal_amount: float
    alive_after_year: Mapping[str, float]
    second_purchase_within_year: Mapping[str, float]
    parameters: Mapping[str, Any]


def write_truth(truth: Truth, folder: Path) -> None:
    """Keep the truth beside the tables."""
    kept = {"form": _FORM, **asdict(truth), "start": truth.start.isoformat(), "end": truth.end.isoformat()}
    (folder / TRUTH_FILE).write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_truth(folder: Path) -> Truth:
    """Read the truth of the company simulated into `folder`; DemoError where there is none."""
    path = folder / TRUTH_FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DemoError(
            Text(
                f"{path}: there is no simulated company here; make one with: septima demo DIR",
                f"{path}: здесь нет данных симуляции; запустите её: septima demo DIR",
            )
        ) from None
    except ValueError as error:
        raise DemoError(
            Text(
                f"{path}: cannot be read ({error}); simulate the company again",
                f"{path}: файл не\u00a0прочитать ({error}); запустите симуляцию заново",
            )
        ) from error
    names = {field.name for field in fields(Truth)}
    if not isinstance(kept, dict) or kept.get("form") != _FORM or not names <= kept.keys():
        raise DemoError(
            Text(
                f"{path}: was written by another version; simulate the company again",
                f"{path}: файл записан другой версией программы; запустите симуляцию заново",
            )
        )
    values: dict[str, Any] = {name: kept[name] for name in names}
    values["start"], values["end"] = date.fromisoformat(kept["start"]), date.fromisoformat(kept["end"])
    values["quarters"] = tuple(kept["quarters"])
    for name in ("counted", "expected"):
        values[name] = _series(kept[name])
    values["expected_by"] = {name: _series(kept["expected_by"][name]) for name in kept["expected_by"]}
    return Truth(**values)


def _series(kept: Mapping[str, list[float | None]]) -> dict[str, Series]:
    return {name: tuple(numbers) for name, numbers in kept.items()}


@dataclass(frozen=True)
class Expectations:
    """Expected values of the metrics by quarter, and by the values of a dimension."""

    expected: dict[str, Series]
    expected_by: dict[str, dict[str, Series]]


def expect(model: Model, calendar: Calendar, customers: int) -> Expectations:
    """What the metrics of `customers` simulated customers should come to."""
    expected: dict[str, Series] = {}
    by: dict[str, dict[str, Series]] = {}
    _expect_purchases(expected, by, model, calendar, customers)
    _expect_surveys(expected, by, model)
    by.update(_expect_marketing(model))

    shares = [share for share, _ in model.carriers.values()]
    paths = np.array([path for _, path in model.carriers.values()])
    expected["on_time_delivery"] = _listed(np.array(shares) @ paths)
    by["on_time_delivery/carrier"] = {name: tuple(path) for name, (_, path) in model.carriers.items()}
    rates = {name: tuple(path) for name, path in model.complaints_per_1000.items()}
    total = np.array(list(rates.values())).sum(axis=0)
    by["complaints_per_1000_orders/category"] = dict(rates)
    expected["complaints_per_1000_orders"] = _listed(total)
    orders = np.array(expected["orders"], dtype=np.float64)
    complaints = total / 1000 * orders
    expected["complaints"] = _listed(complaints)
    expected["cci"] = (None, *_listed(1 - complaints[1:] / complaints[:-1]))
    expected["cci_per_1000_orders"] = (None, *_listed(1 - total[1:] / total[:-1]))
    expected["deal_win_rate"] = tuple(model.win_rate)
    waiting, patience = np.array(model.waiting_s), model.patience_s
    answered = patience / (patience + waiting)
    expected["answered_share"] = _listed(answered)
    expected["service_level_20s"] = _listed(answered * (1 - np.exp(-20 * (1 / waiting + 1 / patience))))
    expected["resolved_share"] = tuple(model.resolved_share)
    expected["first_response_time_median"] = _listed(np.log(2) * np.array(model.first_response_hours))
    expected["in_full_delivery"] = (model.in_full_share,) * QUARTERS
    expected["training_on_time"] = tuple(model.training_on_time)
    expected["milestones_on_plan"] = (model.milestones_on_plan,) * QUARTERS
    return Expectations(expected, by)


def deal_stages(model: Model) -> tuple[dict[str, float], float]:
    """Median days of each stage of a won deal, which are Gamma, and the mean length of any deal."""
    scale = model.stage_scale_days
    medians = {name: float(gammaincinv(shape, 0.5) * scale) for name, shape in model.stage_shapes.items()}
    return medians, scale * sum(model.stage_shapes.values())


def mean_deal_amount(model: Model) -> float:
    """Mean roubles of a deal, which are log-normal: median · e^(σ²/2)."""
    return model.median_deal_amount * float(np.exp(model.deal_amount_sigma**2 / 2))


def _expect_purchases(
    expected: dict[str, Series],
    by: dict[str, dict[str, Series]],
    model: Model,
    calendar: Calendar,
    customers: int,
) -> None:
    totals = {
        name: np.zeros(QUARTERS) for name in ("orders", "revenue", "cost", "buyers", "one_time", "active", "stayed")
    }
    promoted_value = np.zeros(QUARTERS)
    for experiment in model.experiments.values():
        promoted_value[experiment.quarter] = experiment.mean_value
    by_segment: dict[str, dict[str, Series]] = {}
    for name, segment in model.segments.items():
        buyers = customers * segment.share * (1 - model.prospect_share)
        buyer = buying(name, model, calendar, ACTIVE_DAYS)
        revenue = buyer.own_orders * segment.mean_value + (buyer.orders - buyer.own_orders) * promoted_value
        figures = {
            "orders": buyer.orders * buyers,
            "revenue": revenue * buyers,
            "cost": revenue * buyers * segment.cost_share,
            "buyers": buyer.buyers * buyers,
            "one_time": buyer.one_time * buyers,
            "active": buyer.active * buyers,
            "stayed": buyer.stayed * buyers,
        }
        by_segment[name] = _purchase_metrics(figures)
        for key, values in figures.items():
            totals[key] += values
    expected.update(_purchase_metrics(totals))
    for metric in expected:
        by[f"{metric}/segment"] = {name: figures[metric] for name, figures in by_segment.items()}


def _purchase_metrics(figures: Mapping[str, Floats]) -> dict[str, Series]:
    active = figures["active"]
    stayed = figures["stayed"][1:] / active[:-1]
    return {
        "orders": _listed(figures["orders"]),
        "revenue": _listed(figures["revenue"]),
        "average_order_value": _listed(figures["revenue"] / figures["orders"]),
        "gross_margin": _listed(1 - figures["cost"] / figures["revenue"]),
        "active_customers": _listed(active),
        "retention": (None, *_listed(stayed)),
        "churn_rate": (None, *_listed(1 - stayed)),
        "buyers": _listed(figures["buyers"]),
        "repeat_rate": _listed(1 - figures["one_time"] / figures["buyers"]),
    }


def _expect_surveys(expected: dict[str, Series], by: dict[str, dict[str, Series]], model: Model) -> None:
    shares = np.array([share for share, _ in model.nps_by_department.values()])
    for metric, groups in zip(("nps", "nps_classic"), nps_shares(model), strict=True):
        score = groups[..., 2] - groups[..., 0]
        expected[metric] = _listed(score @ shares)
        by[f"{metric}/department"] = {
            name: _listed(score[:, place]) for place, name in enumerate(model.nps_by_department)
        }
    expected["nps_heavy"] = tuple(model.buy_again_same_group * score for score in _known(expected["nps"]))
    names = ("retention_loyalty_index", "advocacy_loyalty_index", "purchasing_loyalty_index")
    expected.update(zip(names, (tuple(means) for means in model.rapid_means.values()), strict=True))
    feelings = np.arange(1, 6)
    expected["experience_gap"] = _listed(experience_shares(model) @ feelings - np.array(model.expectation) @ feelings)
    expected["imported_index"] = tuple(model.brand_index)
    types = csi_types(model)
    means = {name: types @ (np.array(rows) @ np.arange(1, 6)) for name, rows in model.csi_scores.items()}
    expected["csi"] = _listed(means["overall"])
    by["csi/question"] = {name: _listed(values) for name, values in means.items()}
    cli, alpha = zip(*(_loyalty(model, quarter) for quarter in range(QUARTERS)), strict=True)
    expected["cli"], expected["c11_alpha"] = tuple(cli), tuple(alpha)


def _loyalty(model: Model, quarter: int) -> tuple[float, float]:
    """Equal-weight loyalty index and Cronbach's alpha, by Gauss–Hermite quadrature over the factor."""
    points, weights = np.polynomial.hermite_e.hermegauss(_FACTOR_NODES)
    weights = weights / weights.sum()
    mean, square = c11_given_factor(model, quarter, points)
    centre = weights @ mean
    products = (mean * weights[:, None]).T @ mean
    products[np.diag_indices_from(products)] = weights @ square
    covariance = products - np.outer(centre, centre)
    k = len(centre)
    alpha = k / (k - 1) * (1 - np.trace(covariance) / covariance.sum())
    return float(centre.mean()), float(alpha)


def _expect_marketing(model: Model) -> dict[str, dict[str, Series]]:
    email = np.array(model.open_rate["email"])
    return {
        "open_rate/channel": {"email": _listed(email)},
        "click_through_rate/channel": {
            "email": _listed(email * np.array(model.click_given_open)),
            "sms": tuple(model.sms_click_rate),
        },
        "bounce_rate/channel": {name: (rate,) * QUARTERS for name, rate in model.bounce_rate.items()},
    }


def _known(series: Series) -> list[float]:
    return [value for value in series if value is not None]


def _listed(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def span(calendar: Calendar) -> tuple[date, date]:
    """The first and the last day."""
    first, last = (np.datetime64(int(at // DAY), "D").astype(object) for at in (calendar.start, calendar.end - 1))
    return first, last
