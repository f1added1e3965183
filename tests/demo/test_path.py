"""The whole path: simulated files → lake → metrics, and there the truth again."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from septima.demo import MAPPING_FILE, Truth, simulate
from septima.lake.load import LoadResult, TableCounts, load
from septima.lake.mapping import read_mapping
from septima.metrics import compute, find_metric
from septima.metrics.compute import request_of
from septima.metrics.experiment_analysis import analyse
from septima.metrics.experiment_outcomes import Window
from septima.schema import TABLES
from septima.workspace import Workspace

CUSTOMERS = 4_000
START, END = date(2023, 10, 1), date(2026, 10, 1)
IDS = (
    "revenue", "average_order_value", "gross_margin", "repeat_rate", "active_customers", "churn_rate", "open_rate",
    "nps", "nps_classic", "csi", "cli", "complaints_per_1000_orders", "cci", "on_time_delivery", "deal_win_rate",
    "training_on_time", "milestones_on_plan", "staff_turnover", "cost_per_order", "funnel_velocity",
)  # fmt: skip


@dataclass(frozen=True)
class Loaded:
    truth: Truth
    result: LoadResult
    workspace: Workspace
    frames: dict[str, pd.DataFrame]

    def frame(self, metric: str, *by: str) -> pd.DataFrame:
        tables = self.workspace.tables()
        return compute([find_metric(metric)], tables, grain="quarter", by=by, start=START, end=END)[metric].frame


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    folder: Path = tmp_path_factory.mktemp("path")
    truth = simulate(folder / "files", customers=CUSTOMERS, seed=11)
    workspace = Workspace.create(folder / "workspace")
    result = load(workspace.lake, read_mapping(folder / "files" / MAPPING_FILE))
    results = compute([find_metric(name) for name in IDS], workspace.tables(), grain="quarter", start=START, end=END)
    return Loaded(truth, result, workspace, {name: result.frame for name, result in results.items()})


def values(frame: pd.DataFrame, column: str = "value") -> np.ndarray:
    return frame[column].to_numpy(dtype=float)


def truth_of(loaded: Loaded, metric: str) -> np.ndarray:
    return np.array(loaded.truth.expected[metric], dtype=float)


def within(measured: np.ndarray, expected: np.ndarray, error: np.ndarray, errors: float = 4.0) -> None:
    known = ~np.isnan(expected)
    assert known.sum() >= 11
    assert np.all(np.abs(measured - expected)[known] < errors * error[known]), (measured, expected, error)


def test_every_row_is_accounted_for_as_the_truth_says(loaded):
    truth = loaded.truth
    assert loaded.result.tables.keys() == truth.rows.keys()
    for name, counts in loaded.result.tables.items():
        right, twice, broken = truth.rows[name], truth.repeated.get(name, 0), truth.broken.get(name, 0)
        assert counts == TableCounts(right + twice + broken, right, 0, twice, broken), name


def test_loading_again_changes_nothing(loaded, tmp_path):
    workspace = Workspace.create(tmp_path / "again")
    truth = simulate(tmp_path / "files", customers=200, seed=5)
    mapping = read_mapping(tmp_path / "files" / MAPPING_FILE)
    load(workspace.lake, mapping)
    for name, counts in load(workspace.lake, mapping).tables.items():
        assert (counts.loaded, counts.updated) == (0, 0), name
        assert counts.duplicate == truth.rows[name] + truth.repeated.get(name, 0), name


def test_periods_are_the_quarters_of_the_truth(loaded):
    for name, frame in loaded.frames.items():
        assert [f"{at.year}-Q{at.quarter}" for at in frame["period"]] == list(loaded.truth.quarters), name


def test_revenue_is_exact(loaded):
    frame = loaded.frames["revenue"]
    assert values(frame) == pytest.approx(loaded.truth.counted["revenue"], abs=0.01)
    assert values(frame, "n") == pytest.approx(loaded.truth.counted["orders"])
    average = np.array(loaded.truth.counted["revenue"]) / loaded.truth.counted["orders"]
    assert values(loaded.frames["average_order_value"]) == pytest.approx(average)
    margin = 1 - np.array(loaded.truth.counted["cost"]) / loaded.truth.counted["revenue"]
    assert values(loaded.frames["gross_margin"]) == pytest.approx(margin)


@pytest.mark.parametrize(
    "metric",
    ["repeat_rate", "churn_rate", "on_time_delivery", "deal_win_rate", "training_on_time", "milestones_on_plan"],
)
def test_shares_lie_at_their_truth(loaded, metric):
    frame, truth = loaded.frames[metric], truth_of(loaded, metric)
    within(values(frame), truth, np.sqrt(truth * (1 - truth) / values(frame, "n")))


def test_active_customers_lie_at_their_truth(loaded):
    truth = truth_of(loaded, "active_customers")
    within(values(loaded.frames["active_customers"]), truth, np.sqrt(truth))


@pytest.mark.parametrize("metric", ["nps", "nps_classic"])
def test_nps_lies_at_its_truth(loaded, metric):
    frame, truth = loaded.frames[metric], truth_of(loaded, metric)
    engaged = 1 - loaded.truth.parameters["nps_passive"]
    within(values(frame), truth, np.sqrt((engaged - truth**2) / values(frame, "n")))


def test_csi_and_loyalty_lie_at_their_truth(loaded):
    for metric, deviation in (("csi", 1.15), ("cli", 0.22)):
        frame = loaded.frames[metric]
        within(values(frame), truth_of(loaded, metric), deviation / np.sqrt(values(frame, "n")))


def test_open_and_click_rates_lie_at_their_truth_by_channel(loaded):
    for metric in ("open_rate", "click_through_rate"):
        for channel, series in loaded.truth.expected_by[f"{metric}/channel"].items():
            frame = loaded.frame(metric, "channel")
            frame = frame[frame["channel"] == channel]
            truth = np.array(series, dtype=float)
            within(values(frame), truth, np.sqrt(truth * (1 - truth) / values(frame, "n")))


def test_complaints_lie_at_their_truth(loaded):
    per_1000, orders = truth_of(loaded, "complaints_per_1000_orders"), np.array(loaded.truth.counted["orders"])
    error = np.sqrt(per_1000 / 1000 / orders) * 1000
    within(values(loaded.frames["complaints_per_1000_orders"]), per_1000, error)
    complaints = truth_of(loaded, "complaints")
    # The ratio of two Poisson counts, by the delta method.
    ratio = complaints[1:] / complaints[:-1]
    error = np.append(np.nan, ratio * np.sqrt(1 / complaints[1:] + 1 / complaints[:-1]))
    within(values(loaded.frames["cci"]), truth_of(loaded, "cci"), error, errors=5.0)


def test_uplift_of_each_experiment_is_in_the_interval_that_the_metric_gives(loaded):
    frame = loaded.frame("incremental_revenue_per_customer", "experiment_id")
    for experiment, uplift in loaded.truth.uplift.items():
        row = frame[(frame["experiment_id"] == experiment) & frame["value"].notna()]
        assert len(row) == 1, experiment
        # 95 % intervals widened to four standard errors: three of them, and a fixed seed.
        half = 4 / 1.96 * (row["upper"].item() - row["lower"].item()) / 2
        assert abs(row["value"].item() - uplift) < half, experiment


def test_uplift_of_each_experiment_is_in_the_interval_of_its_analysis_with_cuped(loaded):
    request = request_of(loaded.workspace.tables(), loaded.workspace.settings.calendar, "RUB")
    for name, parameters in loaded.truth.parameters["experiments"].items():
        shares = {"control": parameters["control_share"], "treated": 1 - parameters["control_share"]}
        window = Window(parameters["days"], 180)
        found = analyse(request, name, shares=shares, window=window, outcomes=("revenue",), months=False)
        assert found.check.sound
        (effect,) = found.effects
        truth = loaded.truth.uplift[name]
        assert effect.difference.lower < truth < effect.difference.upper, name
        assert effect.total.lower < truth * effect.treated_customers < effect.total.upper
        assert effect.anytime.lower < effect.difference.lower


def test_turnover_follows_the_hazards(loaded):
    departments = loaded.truth.parameters["departments"]
    hazard = sum(share * rate for share, rate in departments.values()) / 4
    frame = loaded.frames["staff_turnover"]
    within(values(frame)[1:], np.full(11, hazard), np.sqrt(hazard / values(frame, "n")[1:]))


def test_what_is_rare_is_shown_as_rare(loaded):
    frame = loaded.frame("training_on_time", "department")
    few = values(frame, "n") < 20
    assert few.any()
    assert not few.all()
    assert (frame["note"] == "too_few").tolist() == few.tolist()


def test_cells_without_value_are_counted_exactly(loaded):
    truth = loaded.truth
    frame = loaded.frame("completeness", "table")
    frame = frame[frame["table"] == "customers"]
    filled, cells = np.nansum(values(frame) * values(frame, "n")), np.nansum(values(frame, "n"))
    optional = len(TABLES["customers"].columns) - len(TABLES["customers"].key) - 3
    assert cells == truth.rows["customers"] * optional
    missing = sum(count for name, count in truth.missing.items() if name.startswith("customers."))
    assert filled == pytest.approx(cells - missing)


def test_cost_per_order_is_exact(loaded):
    counted = loaded.truth.counted
    cost = np.array(counted["spend"]) + counted["message_cost"]
    assert values(loaded.frames["cost_per_order"]) == pytest.approx(cost / counted["orders"])


def test_funnel_velocity_follows_amount_and_cycle(loaded):
    truth, frame = loaded.truth, loaded.frames["funnel_velocity"]
    frame = frame[frame["n"] >= 10]
    won = values(frame, "n")
    assert len(won) >= 8
    # A sum of n log-normal amounts over a mean of n Gamma lengths (shape 8), by the delta method.
    sigma = truth.parameters["deal_amount_sigma"]
    mean = won * truth.mean_deal_amount / truth.cycle
    error = mean * np.sqrt((np.expm1(sigma**2) + 1 / 8) / won)
    assert np.all(np.abs(values(frame) - mean) < 4 * error)
