"""What a token of the interface for programs may do."""

from dataclasses import dataclass

from septima.schema import Text
from septima.web.common.permissions import Capability, allowed


@dataclass(frozen=True)
class Scope:
    """A scope: its name, and the capability that a token's owner must have, now as when it was made."""

    name: Text
    capability: Capability


SCOPES: dict[str, Scope] = {
    "metrics:read": Scope(Text("read metrics", "читать метрики"), "view_scorecard"),
    "scorecards:read": Scope(Text("read scorecards", "читать карты показателей"), "view_scorecard"),
    "surveys:read": Scope(Text("read surveys and their results", "читать опросы и их итоги"), "view_surveys"),
    "answers:write": Scope(Text("send answers of surveys", "присылать ответы опросов"), "build_surveys"),
    "customers:read": Scope(Text("read customers' cards", "читать карточки клиентов"), "view_customers"),
    "exports:read": Scope(Text("take rows and reports", "забирать строки и отчёты"), "view_rows"),
}


def scopes_of(role: str) -> list[str]:
    """The scopes that a person of this role can give."""
    return [name for name, scope in SCOPES.items() if allowed(role, scope.capability)]
