"""Rules and channels as `alerts.yaml` defines them, and what a check finds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from septima.metrics import Grain
from septima.schema import Text
from septima.scorecard.card import State

Kind = Literal["threshold", "state", "change", "stale", "missing", "quarantine", "forecast"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Severity = Literal["warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
Form = Literal["value", "normalised"]
FORMS: tuple[Form, ...] = get_args(Form)
Security = Literal["starttls", "ssl", "none"]
SECURITIES: tuple[Security, ...] = get_args(Security)

FILE = "alerts.yaml"
INTEGRAL = "integral"
"""The name of CKPIint in a rule."""


@dataclass(frozen=True)
class Rule:
    """When to tell whom. `of` is a KPI, a perspective or `integral`; None is every KPI.

    `below` and `above` are in the unit of the figure, shares for kinds missing, quarantine and forecast. `hours` is how old the
    newest record of `table` may be. `quiet` is for how many days it is not told again. `channels` are those it goes to, all
    where there are none named.
    """

    id: str
    kind: Kind
    severity: Severity = "warning"
    of: str | None = None
    below: float | None = None
    above: float | None = None
    form: Form = "value"
    states: tuple[State, ...] = ("bad",)
    table: str | None = None
    hours: float | None = None
    who: Text | None = None
    message: Text | None = None
    quiet: float = 0.0
    channels: tuple[str, ...] = ()
    line: int | None = None


@dataclass(frozen=True)
class EmailChannel:
    """Mail by SMTP. The password is in the environment variable `password_env`, never in the file."""

    id: str
    host: str
    port: int
    security: Security
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password_env: str | None = None


@dataclass(frozen=True)
class WebhookChannel:
    """A POST of JSON to `url`, signed with the secret in the environment variable `secret_env`."""

    id: str
    url: str
    secret_env: str | None = None
    timeout: float = 10.0


Channel = EmailChannel | WebhookChannel


@dataclass(frozen=True)
class AlertDefinition:
    """What `alerts.yaml` says; `grain` is that of the period that is checked where none is named."""

    rules: tuple[Rule, ...]
    channels: tuple[Channel, ...] = ()
    grain: Grain = "quarter"


@dataclass(frozen=True)
class Alert:
    """A rule that holds of a subject: a KPI, perspective, table or `integral`.

    `value` is what was found and `limit` what it is compared with, in `unit`. `detail` is a sentence that the card has already.
    """

    rule: str
    kind: Kind
    severity: Severity
    subject: str
    name: Text
    value: float | None
    limit: float | None
    unit: str
    who: Text | None
    message: Text | None
    detail: Text | None = None
    period: str | None = None

    @property
    def key(self) -> str:
        """What tells this alert from others, whatever its value."""
        return f"{self.rule}/{self.subject}"


@dataclass(frozen=True)
class Failure:
    """A rule that could not be evaluated, and why."""

    rule: str
    why: Text


@dataclass(frozen=True)
class CheckReport:
    """What a check found; `currency` is that of amounts."""

    organisation: str
    period: str
    period_label: Text
    currency: str | None
    checked_at: datetime
    alerts: tuple[Alert, ...]
    failures: tuple[Failure, ...]

    @property
    def exit_code(self) -> int:
        """0 nothing, 1 warnings only, 2 something critical, 3 where a rule could not be evaluated."""
        if self.failures:
            return 3
        return max((2 if alert.severity == "critical" else 1 for alert in self.alerts), default=0)
