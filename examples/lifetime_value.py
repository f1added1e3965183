"""Lifetime value of CDNOW's customers by BG/NBD and Gamma-Gamma, from Python.

    python examples/lifetime_value.py FILE

FILE is the customers' summary that Fader and Hardie published with their papers: a row per customer with `x` repeat
purchases, `t_x` the week of the last and `T` the weeks observed since the first, and `zbar` the mean amount.
"""
# ruff: noqa: T201 - an example shows what it finds

import sys

import pandas as pd

from septima.models.lifetime import fit_bg_nbd, fit_gamma_gamma, spend_independence
from septima.schema import SeptimaError


def main(file: str) -> None:
    """Print both models with their standard errors, and what the best customers will bring in a year."""
    customers = pd.read_csv(file)
    histories = customers["x"], customers["t_x"], customers["T"]
    purchases = fit_bg_nbd(*histories)
    print("BG/NBD", {name: round(value, 3) for name, value in purchases.params.items()})
    print("standard errors", {name: round(value, 3) for name, value in purchases.standard_errors.items()})
    print(f"log-likelihood {purchases.log_likelihood:.1f}")

    # Gamma-Gamma holds where what customers spend has nothing to do with how often they buy.
    repeat = customers[customers["x"] > 0]
    independence = spend_independence(repeat["x"], repeat["zbar"])
    print(f"correlation of spend and frequency {independence.correlation:.2f}")
    amounts = fit_gamma_gamma(repeat["x"], repeat["zbar"])
    print("Gamma-Gamma", {name: round(value, 2) for name, value in amounts.params.items()})

    customers["alive"] = purchases.p_alive(*histories)
    customers["purchases"] = purchases.expected_purchases(52, *histories)
    customers["value"] = customers["purchases"] * amounts.expected_value(customers["x"], customers["zbar"])
    best = customers.nlargest(5, "value")[["ID", "x", "alive", "purchases", "value"]]
    print(best.round(2).to_string(index=False))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (OSError, SeptimaError) as error:
        sys.exit(str(error))
