"""Lifetime value by the package `lifetimes`, in a Python of its own that has it, pandas and pyarrow."""

import time
import warnings
from pathlib import Path

import pyarrow.parquet as pq
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import ConvergenceError, summary_data_from_transaction_data

from benchmarks.measure import Told, tell


def _fits(folder: Path) -> Told:
    """Summary, BG/NBD and Gamma-Gamma from the same file of orders, as its user guide has it."""
    warnings.simplefilter("ignore")
    begun = time.perf_counter()
    table = pq.read_table(folder / "orders.parquet", columns=["customer_id", "ordered_at", "revenue"])
    # Decimals would reach pandas as slow Python objects, which the package is not to be charged with.
    orders = table.set_column(2, "revenue", table.column("revenue").cast("double")).to_pandas()
    summary = summary_data_from_transaction_data(orders, "customer_id", "ordered_at", monetary_value_col="revenue")
    summed = time.perf_counter()
    bought = BetaGeoFitter().fit(summary["frequency"], summary["recency"], summary["T"])
    fitted = time.perf_counter()
    again = summary[(summary["frequency"] > 0) & (summary["monetary_value"] > 0)]
    model = GammaGammaFitter()
    try:
        spent = model.fit(again["frequency"], again["monetary_value"]).params_
    except ConvergenceError:  # it advises to try again with a penalty, which is not charged to it
        spent = {}
    ended = time.perf_counter()
    parts = {"summary": summed - begun, "bg_nbd": fitted - summed, "gamma_gamma": ended - fitted}
    return {**parts, "seconds": ended - begun, **bought.params_, **{f"spend_{k}": v for k, v in spent.items()}}


if __name__ == "__main__":
    tell({"fits": _fits})
