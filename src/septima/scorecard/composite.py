"""The printed composites CKPI and CKPIint, and the aggregation of normalised values."""

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, get_args

from septima.schema import SeptimaError, Text

Aggregation = Literal["arithmetic", "geometric"]
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)

WEIGHT_TOLERANCE = 1e-9
GEOMETRIC_FLOOR = 1.0
"""The least normalised value (of 100) that a geometric mean takes: at 0 one KPI would erase all the others."""

_WEIGHT_STEP = Decimal("0.0001")
_KPI = Text("KPI", "показатель")
_COMPOSITE = Text("the composite", "сводного индекса")


class CompositeError(SeptimaError):
    """Values or weights from which no composite can be made; the message names the remedy."""


def ckpi(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The composite of one business function, Σ A_i·x_i / n, over values by KPI id.

    The weights A must average 1, that is Σ A = n; for customer support this is the printed
    (A_l·CLI + A_p·NPS + A_c·CCI) / 3. Raises CompositeError (a ValueError) with the remedy where the
    ids differ, a value is not finite, a weight is negative or the weights do not average 1.
    """
    return _weighted(values, weights, composite=Text("CKPI", "CKPI"), each=_KPI)


def ckpi_integral(composites: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The composite of the company, Σ A_i·CKPI_i / n, over composites by perspective id.

    With the seven perspectives of the methodology n = 7. The weights must average 1; errors as of `ckpi`.
    """
    return _weighted(composites, weights, composite=Text("CKPIint", "CKPIint"), each=Text("perspective", "перспективу"))


def aggregate(normalised: Mapping[str, float], weights: Mapping[str, float], method: Aggregation) -> float:
    """Join normalised values (0–100) by a weighted mean: arithmetic, or geometric (OECD/JRC handbook, 2008, step 6).

    A geometric mean lets a strong KPI make up for a weak one only in part. It is defined above 0, so
    values under `GEOMETRIC_FLOOR` enter as that floor. Errors as of `ckpi`.
    """
    if method == "arithmetic":
        return _weighted(normalised, weights, composite=_COMPOSITE, each=_KPI)
    logarithms = {key: math.log(max(value, GEOMETRIC_FLOOR)) for key, value in normalised.items()}
    return math.exp(_weighted(logarithms, weights, composite=_COMPOSITE, each=_KPI))


def rescale(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights in the given proportions that average 1, of four decimals that add up exactly.

    What rounding leaves over goes to the largest weight. Weights that are all 0 become 1 each.
    Raises CompositeError where a weight is negative or not finite, or there are none.
    """
    for key, weight in weights.items():
        _check_weight(key, weight)
    if not weights:
        raise CompositeError(
            Text("there are no weights; give one weight to each value", "нет весов; дайте каждому значению вес")
        )
    total = math.fsum(weights.values())
    if total == 0:
        return dict.fromkeys(weights, 1.0)
    count = len(weights)
    rounded = {
        key: (Decimal(weight) * count / Decimal(total)).quantize(_WEIGHT_STEP, ROUND_HALF_EVEN)
        for key, weight in weights.items()
    }
    largest = max(rounded, key=lambda key: rounded[key])
    rounded[largest] += count - sum(rounded.values())
    return {key: float(weight) for key, weight in rounded.items()}


def weights_average_one(weights: Mapping[str, float]) -> bool:
    """Whether the sum of the weights is their number, within 1e-9."""
    return abs(math.fsum(weights.values()) - len(weights)) <= WEIGHT_TOLERANCE


def _weighted(values: Mapping[str, float], weights: Mapping[str, float], *, composite: Text, each: Text) -> float:
    if not values:
        raise CompositeError(
            Text(f"{composite.en} needs at least one value", f"для {composite.ru} нужно хотя\u00a0бы одно значение")
        )
    _check_ids(values, weights, each)
    for key, value in values.items():
        if not math.isfinite(value):
            raise CompositeError(
                Text(
                    f"{composite.en} is undefined: the value of {key!r} is {value}; "
                    f"give a finite number, or leave {key!r} out of values and weights and rescale the rest",
                    f"{composite.ru} не\u00a0вычислить: значение «{key}»\u00a0— {value}; укажите конечное число или "
                    f"уберите «{key}» из\u00a0значений и\u00a0весов и\u00a0пересчитайте остальные",
                )
            )
        _check_weight(key, weights[key])
    if not weights_average_one(weights):
        raise CompositeError(weights_remedy(weights, composite=composite, each=each))
    return math.fsum(weights[key] * value for key, value in values.items()) / len(values)


def weights_remedy(weights: Mapping[str, float], *, composite: Text, each: Text) -> Text:
    """What is wrong with weights that do not average 1, and the weights that would do."""
    total = math.fsum(weights.values())
    remedy = ", ".join(f"{key}: {weight:g}" for key, weight in rescale(weights).items())
    return Text(
        f"the weights of {composite.en} add up to {total:.10g}, but must add up to {len(weights)} "
        f"(one per {each.en}, so that they average 1); in the same proportions: {remedy}",
        f"сумма весов {composite.ru} равна {total:.10g}, а\u00a0должна быть {len(weights)} (по\u00a0единице "
        f"на\u00a0{each.ru}, чтобы среднее было 1); в\u00a0тех\u00a0же пропорциях: {remedy}",
    )


def _check_ids(values: Mapping[str, float], weights: Mapping[str, float], each: Text) -> None:
    unweighted = [key for key in values if key not in weights]
    valueless = [key for key in weights if key not in values]
    wrong: list[Text] = []
    if unweighted:
        names = ", ".join(map(repr, unweighted))
        wrong.append(
            Text(
                f"no weight for {names}: add it (1 is the average)",
                f"нет веса для {names}: добавьте его (в\u00a0среднем 1)",
            )
        )
    if valueless:
        names = ", ".join(map(repr, valueless))
        wrong.append(
            Text(
                f"no value for {names}: add it, or take the weight out and rescale",
                f"нет значения для {names}: добавьте его или уберите вес и\u00a0пересчитайте остальные",
            )
        )
    if wrong:
        raise CompositeError(
            Text(
                f"values and weights must have the same {each.en} ids; {'; '.join(one.en for one in wrong)}",
                f"значения и\u00a0веса должны иметь одни и\u00a0те\u00a0же id; {'; '.join(one.ru for one in wrong)}",
            )
        )


def _check_weight(key: str, weight: float) -> None:
    if not math.isfinite(weight) or weight < 0:
        raise CompositeError(
            Text(
                f"the weight of {key!r} is {weight}; a weight must be 0 or more, and finite",
                f"вес «{key}»\u00a0— {weight}; вес должен быть конечным числом не\u00a0меньше 0",
            )
        )
