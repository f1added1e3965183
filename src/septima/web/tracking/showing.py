"""Figures of links in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from septima.report.number_forms import count, number_style
from septima.schema import Language, Text
from septima.scorecard.card import Figure
from septima.web.tracking.figures import METRICS, LinkFigures
from septima.web.tracking.models import TrackedLink

HEADS: dict[str, Text] = {
    "open_rate": Text("OR of the campaign", "OR кампании"),
    "click_through_rate": Text("CTR", "CTR"),
    "conversion_rate": Text("CR", "CR"),
    "cost_per_click": Text("CPC", "CPC"),
    "cost_per_order": Text("CPO", "CPO"),
}
_NO_COST = Text("no cost is given", "расходы не\u00a0указаны")
_NOTHING = {
    "open_rate": Text("no delivered letters", "нет доставленных писем"),
    "click_through_rate": Text("no delivered letters", "нет доставленных писем"),
    "conversion_rate": Text("no days for an order are over", "срок для заказа не\u00a0истёк"),
    "cost_per_click": Text("no clicks", "нет переходов"),
    "cost_per_order": Text("no orders", "нет заказов"),
}
_NOBODY_KNOWN = Text("no known customers", "нет известных клиентов")
_TOO_FEW = Text("few records", "мало записей")
_UNMATCHED = Text("no click matches a delivered letter", "переходы не\u00a0сопоставлены с\u00a0письмами")
"""Nobody is known to have clicked, or not within the days that the metric's passport allows after the delivery."""


@dataclass(frozen=True)
class ShownFigure:
    """A figure in words: value, 95 % interval, n, and what is wrong with it."""

    head: str
    value: str
    interval: str = ""
    n: str = ""
    note: str = ""


@dataclass(frozen=True)
class ShownLink:
    """A link as a line of the list; `found` is None while its figures are being read."""

    link: TrackedLink
    found: LinkFigures | None
    figures: tuple[ShownFigure, ...]


def shown(
    link: TrackedLink, found: Mapping[str, LinkFigures] | None, currency: str | None, language: Language
) -> ShownLink:
    """A link with its figures in words."""
    own = None if found is None else found.get(link.code, LinkFigures())
    return ShownLink(link, own, () if own is None else tuple(_figures(link, own, currency, language)))


def _figures(link: TrackedLink, found: LinkFigures, currency: str | None, language: Language) -> list[ShownFigure]:
    return [_figure(name, link, found, currency, language) for name in METRICS]


def _figure(name: str, link: TrackedLink, found: LinkFigures, currency: str | None, language: Language) -> ShownFigure:
    head, is_cost, row = HEADS[name].in_language(language), name.startswith("cost_"), found.rows.get(name)
    if row is None or not math.isfinite(row["value"]):
        said = _NO_COST if row is None and is_cost else _NOTHING[name]
        if name == "conversion_rate" and not link.personal:
            said = _NOBODY_KNOWN
        return ShownFigure(head, "—", note=said.in_language(language))
    figure = Figure(row["value"], row["lower"], row["upper"])
    style = number_style("currency" if is_cost else "share", figure, language, currency=currency)
    note = _TOO_FEW.in_language(language) if row["note"] == "too_few" else ""
    if name == "click_through_rate" and row["value"] == 0 and found.clicks > 0:
        note = _UNMATCHED.in_language(language)
    return ShownFigure(head, style.value(figure.value), style.interval(figure), count(row["n"], language), note)
