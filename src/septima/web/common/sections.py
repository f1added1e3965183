"""The sections of the site, in the order of its menu."""

from dataclasses import dataclass

from septima.schema import Text
from septima.web.common.permissions import Capability


@dataclass(frozen=True)
class Section:
    """A section: its name, first view, the applications of its addresses, and what one must be allowed to see it."""

    name: Text
    view: str
    applications: frozenset[str]
    capability: Capability
    icon: str


SECTIONS = (
    Section(
        Text("Scorecard", "Карта показателей"), "scorecards:card", frozenset({"scorecards"}), "view_scorecard", "card"
    ),
    Section(Text("Mine", "Мои показатели"), "actions:mine", frozenset({"actions"}), "view_own", "person"),
    Section(Text("Metrics", "Метрики"), "metrics:catalogue", frozenset({"metrics"}), "view_scorecard", "chart"),
    Section(Text("Models", "Модели"), "studies:overview", frozenset({"studies"}), "view_models", "model"),
    Section(Text("Surveys", "Опросы"), "surveys:overview", frozenset({"surveys"}), "view_surveys", "survey"),
    Section(Text("Links", "Ссылки"), "tracking:links", frozenset({"tracking"}), "view_links", "link"),
    Section(Text("Customers", "Клиенты"), "customers:search", frozenset({"customers"}), "view_customers", "customers"),
    Section(
        Text("Definitions", "Настройка карты"), "editing:overview", frozenset({"editing"}), "view_definitions", "edit"
    ),
    Section(Text("Data", "Данные"), "data:overview", frozenset({"data", "collect", "schedule"}), "view_data", "data"),
    Section(
        Text("Administration", "Управление"),
        "administration:people",
        frozenset({"administration"}),
        "administer",
        "gear",
    ),
)
