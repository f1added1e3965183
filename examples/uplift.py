"""What each e-mail of Hillstrom's test brought against no e-mail, from Python.

    python examples/uplift.py FILE

FILE is the test that MineThatData published: a row per customer with the `segment` (arm) that chance gave them, what
they had spent in the year before (`history`), and their `visit`, `conversion` and `spend` in the two weeks after.
"""
# ruff: noqa: T201 - an example shows what it finds

import sys

import pandas as pd

from septima.models.incrementality import Moments, compare, holm
from septima.models.uplift import MISMATCH, sample_ratio_p_value
from septima.schema import SeptimaError

CONTROL = "No E-Mail"
OUTCOMES = ("visit", "conversion", "spend")


def main(file: str) -> None:
    """Print whether the arms are as large as planned, and then what each e-mail changed."""
    customers = pd.read_csv(file)
    arms = dict(list(customers.groupby("segment")))
    treated = [arm for arm in arms if arm != CONTROL]

    p_value = float(sample_ratio_p_value(customers["segment"].value_counts().to_numpy(float), [1, 1, 1]))
    print(f"arms of equal size: p = {p_value:.2f}")
    if p_value < MISMATCH:
        sys.exit("the arms are not as large as planned, so the effects are not to be trusted")

    for outcome in OUTCOMES:
        # What customers spent before takes away the part of the variance that it explains (CUPED).
        sums = {arm: Moments.of(rows[outcome], rows["history"]) for arm, rows in arms.items()}
        effects = [compare(sums[CONTROL], sums[arm]) for arm in treated]
        # Of two e-mails one may seem to work by chance alone, so their p-values are raised.
        raised = holm([effect.p_value for effect in effects])
        print(f"{outcome}: {effects[0].control_mean:.4f} per customer without e-mail")
        for arm, effect, p in zip(treated, effects, raised, strict=True):
            print(
                f"  {arm}: {effect.difference:+.4f} ({effect.lower:.4f} to {effect.upper:.4f}), p {p:.1e}; "
                f"{effect.relative:+.0%} ({effect.relative_lower:.0%} to {effect.relative_upper:.0%}); "
                f"{effect.total:,.0f} in all ({effect.total_lower:,.0f} to {effect.total_upper:,.0f})"
            )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except (OSError, SeptimaError) as error:
        sys.exit(str(error))
