"""The simulated company's own definitions: the starter's scorecard with the targets its leader would set, and what stands beside it."""

import io
from importlib import resources

from ruamel.yaml import YAML

from septima.scorecard import starter_definition

_TARGETS = {
    "cli": 0.72,
    "open_rate": 0.24,
    "click_through_rate": 0.04,
    "deal_win_rate": 0.3,
    "repeat_rate": 0.9,
    "on_time_delivery": 0.93,
    "complaints_per_1000_orders": 10,
    "gross_margin": 0.36,
    "staff_turnover": 0.08,
    "milestones_on_plan": 0.85,
    "completeness": 0.85,
}
_SERIES = {
    "cli": {"by_period": {"2025-Q4": 0.66, "2026-Q1": 0.68, "2026-Q2": 0.7, "2026-Q3": 0.72}, "otherwise": 0.65},
    "complaints_per_1000_orders": {"formula": "0.95 * previous_year(complaints_per_1000_orders)", "otherwise": 10},
    "open_rate": {"plan": "growth", "otherwise": 0.24},
}
"""Targets that change by period: loyalty grows step by step, complaints fall by a twentieth a year, letters go by the plan."""
_MEMBER_TARGETS = {"nps": {"call_centre": 0.45, "app": {"formula": "previous_year(nps) + 0.02"}}}
_REVENUE_PER_CUSTOMER = 4_600
_INCREMENT_PER_CUSTOMER = 100
"""Roubles a quarter that the plan asks of each customer on the books: in all, and through campaigns."""


def scorecard_text(customers: int) -> str:
    """The scorecard of the simulated company with `customers` customers, as YAML for `scorecard.yaml`."""
    yaml = YAML(typ="rt")
    content = yaml.load(starter_definition())
    for perspective in content["perspectives"]:
        for kpi in perspective["kpis"]:
            kpi["target"] = _SERIES.get(kpi["id"]) or _TARGETS.get(kpi["id"], kpi["target"])
            if kpi["id"] in _MEMBER_TARGETS:
                kpi["member_targets"] = _MEMBER_TARGETS[kpi["id"]]
    content["own"] = [
        {"id": "revenue", "target": _REVENUE_PER_CUSTOMER * customers},
        {"id": "incremental_revenue", "target": _INCREMENT_PER_CUSTOMER * customers},
    ]
    written = io.StringIO()
    yaml.dump(content, written)
    return written.getvalue()


def definition_texts() -> dict[str, str]:
    """The files that the company keeps beside its scorecard, such as its goals and processes: YAML text by file name."""
    folder = resources.files("septima.demo") / "definitions"
    found = (file for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(found, key=lambda file: file.name)}
