"""Figures of links: what was counted along each, and the catalogue's metrics of it.

CTR and CR are the catalogue's own, cut by campaign and link; OR is that of the campaign, for it is letters that are opened,
not links. CPC and CPO are the catalogue's formulas over the cost of the placement. The orders of a link with a promo code are
those that bear the code; of a link without one those by which CR counts.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pandas as pd

from septima.metrics.definition import Cells, Metric
from septima.metrics.sources import is_sold
from septima.web.accounts.models import Organisation
from septima.web.common.workspaces import definitions_digest, kept, look_up
from septima.web.tracking.models import TrackedLink
from septima.web.tracking.taking import source_of
from septima.workspace import Workspace

METRICS = ("open_rate", "click_through_rate", "conversion_rate", "cost_per_click", "cost_per_order")
_VISITOR = r'"visitor": ?"([0-9a-f]{16})"'
Row = Mapping[str, Any]


@dataclass(frozen=True)
class LinkFigures:
    """What is known of one link: clicks by people and how many of them (one of two days counts twice where unknown),
    letters' pictures fetched, visits of programs, orders; `rows` are the figures of METRICS, each None where it has no sense.
    """

    clicks: int = 0
    people: int = 0
    opened: int = 0
    bots: int = 0
    orders: int = 0
    rows: Mapping[str, Row | None] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nobody and nothing has come along yet."""
        return self.clicks + self.opened + self.bots + self.orders == 0


def figures_at_once(
    organisation: Organisation, workspace: Workspace, links: Sequence[TrackedLink]
) -> dict[str, LinkFigures] | None:
    """The figures of links by code where they are kept; None where the data would have to be read."""
    return cast("dict[str, LinkFigures] | None", look_up(_key(organisation, workspace, links)))


def figures(organisation: Organisation, workspace: Workspace, links: Sequence[TrackedLink]) -> dict[str, LinkFigures]:
    """The figures of links by code, read from the data where none are kept.

    SeptimaError where the data cannot be read.
    """
    key = _key(organisation, workspace, links)
    return kept(key, lambda: compute(workspace, links, source_of(organisation).name))


def compute(workspace: Workspace, links: Sequence[TrackedLink], source: str) -> dict[str, LinkFigures]:
    """The figures of links by code; `source` is what the lake calls what comes along links."""
    counted = _counted(workspace, source, [link.code for link in links])
    promo = _promo_orders(workspace, {link.promo_code for link in links if link.promo_code})
    by_link = {name: _by_link(workspace, name) for name in ("click_through_rate", "conversion_rate")}
    by_campaign = _by_campaign(workspace)
    found: dict[str, LinkFigures] = {}
    for link in links:
        clicks, people, opened, bots = counted.get(link.code, (0, 0, 0, 0))
        converted = by_link["conversion_rate"].get((link.campaign, link.code))
        orders = promo.get(link.promo_code.lower(), 0) if link.promo_code else _hits_of(converted)
        rows: dict[str, Row | None] = {
            "open_rate": by_campaign.get(link.campaign),
            "click_through_rate": by_link["click_through_rate"].get((link.campaign, link.code)),
            "conversion_rate": converted,
            "cost_per_click": _cost_per(workspace.catalogue["cost_per_click"], link, clicks),
            "cost_per_order": _cost_per(workspace.catalogue["cost_per_order"], link, orders),
        }
        found[link.code] = LinkFigures(clicks, people, opened, bots, orders, rows)
    return found


def _counted(workspace: Workspace, source: str, codes: Sequence[str]) -> dict[str, tuple[int, int, int, int]]:
    """Clicks, who clicked, openings and visits of programs by link."""
    touches: Any = workspace.table("touches")
    hits = touches.filter(touches["source"] == source, touches["link_id"].isin(list(codes)))
    clicked, visitor = hits["kind"] == "clicked", hits["properties"].re_extract(_VISITOR, 1).nullif("")
    counted = hits.group_by("link_id").aggregate(
        clicks=clicked.sum(),
        people=hits["customer_id"].fill_null(visitor).nunique(where=clicked),
        opened=(hits["kind"] == "opened").sum(),
        bots=(hits["kind"] == "other").sum(),
    )
    return {
        one["link_id"]: (one["clicks"], one["people"], one["opened"], one["bots"])
        for one in counted.to_pyarrow().to_pylist()
    }


def _promo_orders(workspace: Workspace, codes: Iterable[str]) -> dict[str, int]:
    """Sold orders by the promo code that they bear, in lower case: people type it as they like."""
    lowered = sorted({code.lower() for code in codes})
    if not lowered:
        return {}
    orders: Any = workspace.table("orders")
    sold = orders.filter(is_sold(orders)).mutate(code=orders["promo_id"].strip().lower())
    bearing = sold.filter(sold["code"].isin(lowered))
    counted = bearing.group_by("code").aggregate(orders=bearing.count())
    return {one["code"]: one["orders"] for one in counted.to_pyarrow().to_pylist()}


def _by_link(workspace: Workspace, metric: str) -> dict[tuple[str, str], Row]:
    frame: Any = workspace.metric(metric, grain="all", by=("campaign_id", "link_id")).to_pandas()
    return {(row["campaign_id"], row["link_id"]): row for row in frame.to_dict("records") if row["link_id"]}


def _by_campaign(workspace: Workspace) -> dict[str, Row]:
    frame: Any = workspace.metric("open_rate", grain="all", by=("campaign_id",)).to_pandas()
    return {row["campaign_id"]: row for row in frame.to_dict("records") if row["campaign_id"]}


def _hits_of(share: Row | None) -> int:
    return 0 if share is None or not share["n"] > 0 else round(share["value"] * share["n"])


def _cost_per(metric: Metric, link: TrackedLink, count: int) -> Row | None:
    """The cost of the placement by what it brought, as the catalogue estimates; None where no cost is given."""
    if link.cost is None:
        return None
    cell = {"cost": float(link.cost), "cost_records": 1.0, "cost_currencies": 0.0, "counted": float(count)}
    found = metric.estimate(Cells(pd.DataFrame([cell]), ()), {})
    row = {name: float(getattr(found, name)[0]) for name in ("value", "n", "lower", "upper", "missing_share")}
    note = "no_data" if count == 0 else "too_few" if count < metric.passport.minimum_sample else None
    return {**row, "note": note}


def _key(organisation: Organisation, workspace: Workspace, links: Sequence[TrackedLink]) -> str:
    asked = repr([(link.code, link.campaign, link.promo_code, str(link.cost)) for link in links])
    digest = hashlib.sha256(f"{asked}\0{definitions_digest(workspace)}".encode()).hexdigest()[:32]
    return f"links-{organisation.pk}-{digest}-{workspace.lake.version}"
