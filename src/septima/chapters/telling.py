"""Alerts told to people and programs by the channels that a workspace names for them."""

from collections.abc import Sequence
from typing import Any

from septima.report.alert_words import letter, sentence, subject_line
from septima.schema.spoken import spoken
from septima.scorecard.alerts.definition import Alert, CheckReport
from septima.scorecard.alerts.telling import Told, tell
from septima.workspace import Workspace


def tell_alerts(workspace: Workspace, report: CheckReport) -> Told:
    """Tell what a check found by the channels of `alerts.yaml`, in the workspace's language; what was told lately stays quiet."""
    language = workspace.settings.language

    def compose(alerts: Sequence[Alert]) -> tuple[str, str, dict[str, Any]]:
        chosen = tuple(alerts)
        content: dict[str, Any] = {
            "organisation": report.organisation,
            "period": report.period,
            "checked_at": report.checked_at.isoformat(),
            "alerts": [
                {**spoken(alert, language), "sentence": sentence(alert, language, report.currency)} for alert in chosen
            ],
        }
        return subject_line(report, chosen, language), letter(report, chosen, language), content

    return tell(workspace.directory, workspace.alerts, report.alerts, compose, now=report.checked_at)
