"""What the scorecard says of a metric stands on the metric's page: the target of its KPI, and the forecast of the card."""

from collections.abc import Callable
from datetime import date

from django.core.cache import caches
from django.test import Client

from septima.metrics.catalogue import find_metric
from septima.web.common.workspaces import kept_card, open_workspace
from septima.web.metrics.asking import Ask
from septima.web.metrics.figures import Figures, figures
from septima.web.metrics.outlook import Outlook, outlook_of
from tests.web.conftest import PERIOD, Site

PAST = Ask("revenue", "quarter", start=date(2024, 1, 1), end=date(2026, 9, 30))


def _outlook(site: Site, ask: Ask) -> tuple[Figures, Outlook | None]:
    workspace = open_workspace(site.own)
    found = figures(site.own, workspace, ask)
    return found, outlook_of(site.own, workspace, find_metric(ask.metric, workspace.catalogue), found, ask.grain)


def test_the_forecast_of_a_metric_is_that_of_the_card(site: Site, as_role: Callable[[str], Client]) -> None:
    workspace = open_workspace(site.own)
    card = kept_card(site.own, workspace, workspace.period(PERIOD)).card
    kpi = next(one for one in card.own if one.id == "revenue")
    forecast = next(one for one in workspace.forecast(card).own if one.id == "revenue")
    found, outlook = _outlook(site, PAST)
    assert outlook is not None
    assert outlook.ahead == forecast.ahead
    assert len(outlook.ahead) == 2
    assert outlook.target(found.rows) == kpi.target

    query = "?grain=quarter&from=2024-01-01&to=2026-09-30&wait=1"
    page = as_role("viewer").get(f"/o/home/metrics/of/revenue/{query}").content.decode()
    assert "Dark dashes: the target" in page
    assert "Expected: Q4\u00a02026" in page
    assert f"card/around/forecast/?period={PERIOD}" in page


def test_slices_and_figures_of_another_kind_have_no_outlook(site: Site) -> None:
    workspace = open_workspace(site.own)
    kept_card(site.own, workspace, workspace.period(PERIOD))
    assert _outlook(site, Ask("revenue", "quarter", ("segment",), PAST.start, PAST.end))[1] is None
    assert _outlook(site, Ask("average_order_value", "quarter", (), PAST.start, PAST.end))[1] is None


def test_before_a_card_is_kept_targets_come_from_its_definition(site: Site) -> None:
    caches["pages"].clear()
    kpi = next(one for one in open_workspace(site.own).definition.kpis if one.metric == "on_time_delivery")
    found, outlook = _outlook(site, Ask("on_time_delivery", "quarter", (), PAST.start, PAST.end))
    assert outlook is not None
    assert outlook.target(found.rows) == kpi.target_rule.number
    assert outlook.ahead == ()
