"""What is done about a KPI, for the pages that show one: `{% load actions %}{% kpi_actions "customer_support/nps" period %}`."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.template import Context

from septima.web.actions.lists import show, visible
from septima.web.actions.models import OPEN_STATES
from septima.web.common.permissions import allowed

register = template.Library()
_SHOWN = 5


@register.inclusion_tag("actions/kpi_actions.html", takes_context=True)
def kpi_actions(context: Context, kpi: str, period: Any = "") -> dict[str, Any]:
    """The actions of a KPI that are to be done, those closed last, and a link to begin one.

    `kpi` is the path, `perspective/kpi` or `own/kpi`; `period` is the period that the page shows, or its id. It asks the
    site's own database alone.
    """
    membership = context["membership"]
    today = datetime.now(UTC).date()
    found = visible(membership).filter(kpi=kpi)
    todo = list(found.filter(state__in=OPEN_STATES).order_by("due_on", "pk")[:_SHOWN])
    closed = list(found.exclude(state__in=OPEN_STATES).order_by("-closed_at")[:2])
    return {
        "organisation": context["organisation"],
        "kpi_path": kpi,
        "period": getattr(period, "id", period) or "",
        "todo": [show(one, {}, today) for one in todo],
        "closed": [show(one, {}, today) for one in closed],
        "all": found.count(),
        "may_begin": allowed(membership.role, "manage_actions"),
    }
