"""Attributed revenue beside what a control group shows to be incremental: only the latter is caused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from septima.metrics.attribution_sums import By
from septima.metrics.catalogue import find_metric
from septima.metrics.compute import compute
from septima.metrics.definition import Request
from septima.models.attribution.results import Attributions
from septima.models.attribution.words import Method
from septima.models.intervals import divide
from septima.schema import Text

_METRIC = "incremental_revenue"
_BROKEN = ("sample_ratio_mismatch", "no_control", "mixed_currencies", "no_rate", "none_usable", "no_data")

ASSUMPTIONS = (
    Text(
        "Incremental revenue is that of the days after the assignment, of customers who were treated; attributed revenue "
        "is that of the paths within the look-back window. Where windows differ much, so do they.",
        "Дополнительная выручка\u00a0— за\u00a0дни после распределения, у\u00a0клиентов, с\u00a0которыми работали; приписанная\u00a0— по\u00a0путям "
        "внутри окна. Если окна сильно различаются, различаются и\u00a0они.",
    ),
    Text(
        "An experiment tells of the campaign of the same name. Of a channel only its tested campaigns are replaced by what "
        "they proved; all else keeps what was attributed, unproven.",
        "Эксперимент относится к кампании с тем же названием. В канале доказанным заменены только проверенные кампании; "
        "остальное сохраняет приписанное, без доказательств.",
    ),
)


@dataclass(frozen=True)
class Holdouts:
    """Experiments that tell of members: `frame` has `member`, `campaign`, `incremental`, the `half` of its interval, `customers`."""

    by: By
    frame: pd.DataFrame

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The tested campaigns (or chains)."""
        return tuple(self.frame["campaign"])


@dataclass(frozen=True)
class Calibration:
    """One method's revenue by member, beside the revenue that experiments show to be incremental.

    `frame` has one row per member: `channel`, `attributed` (of the whole member), `tested` (attributed to its tested
    campaigns), `incremental` with 95 % bounds `lower` and `upper`, `customers` in the experiments, `ratio` (incremental ÷
    tested) with `ratio_lower` and `ratio_upper`, `calibrated` (attributed − tested + incremental) and
    `calibrated_share` of all revenue. `base` is the revenue that is left: as far as is known it would have come anyway.
    """

    method: Method
    frame: pd.DataFrame = field(repr=False)
    base: float
    base_share: float
    assumptions: tuple[Text, ...] = ASSUMPTIONS


def holdouts(request: Request, by: By, names: tuple[str, ...]) -> Holdouts:
    """The experiments that tell of the members called `names`; of channels by the campaigns that they run."""
    results = compute(
        [find_metric(_METRIC)],
        request.unconverted or request.tables,
        grain="all",
        by=["experiment_id"],
        start=request.start,
        end=request.end,
        calendar=request.calendar,
        currency=request.currency,
    )
    found: Any = results[_METRIC].frame
    found = found[found["value"].notna() & ~found["note"].isin(_BROKEN)]
    found = pd.DataFrame(
        {
            "campaign": found["experiment_id"].astype(object),
            "incremental": found["value"].astype("float64"),
            "half": ((found["upper"] - found["lower"]) / 2).astype("float64"),
            "customers": found["n"].astype("float64"),
        }
    ).reset_index(drop=True)
    if by == "channel" and len(found):
        campaigns = request.rows("campaigns")
        known: Any = (
            campaigns.filter(campaigns["campaign_id"].isin(list(found["campaign"])), campaigns["channel"].notnull())
            .select("campaign_id", "channel")
            .to_pandas()
        )
        channel = dict(zip(known["campaign_id"], known["channel"], strict=True))
        found["member"] = [channel.get(campaign) for campaign in found["campaign"]]
    else:
        found["member"] = found["campaign"]
    return Holdouts(by, found[found["member"].isin(names)].reset_index(drop=True))


def calibrated(
    attributions: Attributions, tested: Holdouts, campaigns: Attributions | None, revenue: Decimal
) -> dict[Method, Calibration]:
    """Each method's revenue beside the incremental one; `campaigns` are the attributions that channels are tested by.

    None of a method where no member has a holdout or where there is no revenue to hand out.
    """
    found: dict[Method, Calibration] = {}
    for method, attribution in attributions.methods.items():
        inner = attributions if campaigns is None else campaigns
        if attribution.value is None or not len(tested.frame) or not revenue > 0:
            continue
        amounts = dict(zip(attribution.channels, map(float, attribution.value.amounts), strict=True))
        by_campaign = _amounts(inner, method)
        experiments = tested.frame.assign(tested=[by_campaign.get(name, 0.0) for name in tested.frame["campaign"]])
        found[method] = _of_method(method, amounts, experiments, float(revenue))
    return found


def _amounts(attributions: Attributions, method: Method) -> Mapping[str, float]:
    attribution = attributions.methods[method]
    if attribution.value is None:
        return {}
    return dict(zip(attribution.channels, map(float, attribution.value.amounts), strict=True))


def _of_method(method: Method, amounts: Mapping[str, float], experiments: Any, revenue: float) -> Calibration:
    # Experiments of one member are independent, so that the squares of their half-widths add up.
    sums: Any = (
        experiments.assign(square=experiments["half"] ** 2)
        .groupby("member")[["tested", "incremental", "square", "customers"]]
        .sum(min_count=1)
    )
    frame: Any = pd.DataFrame({"channel": list(amounts), "attributed": list(amounts.values())})
    frame = frame.join(sums, on="channel")
    half = np.sqrt(frame.pop("square").to_numpy(np.float64))
    incremental, base = frame["incremental"].to_numpy(np.float64), frame["tested"].to_numpy(np.float64)
    frame["lower"], frame["upper"] = incremental - half, incremental + half
    for name, bound in (
        ("ratio", incremental),
        ("ratio_lower", incremental - half),
        ("ratio_upper", incremental + half),
    ):
        frame[name] = divide(bound, base)
    frame["calibrated"] = frame["attributed"] + (frame["incremental"] - frame["tested"]).fillna(0.0)
    frame["calibrated_share"] = frame["calibrated"] / revenue
    rest = revenue - float(frame["calibrated"].sum())
    columns = [
        "channel", "attributed", "tested", "incremental", "lower", "upper", "customers",
        "ratio", "ratio_lower", "ratio_upper", "calibrated", "calibrated_share",
    ]  # fmt: skip
    return Calibration(method, frame[columns], rest, rest / revenue)


__all__ = ["ASSUMPTIONS", "Calibration", "Holdouts", "calibrated", "holdouts"]
