"""The sections of the site, in the order of its menu."""

from dataclasses import dataclass

from septima.schema import Text
from septima.web.common.permissions import Capability


@dataclass(frozen=True)
class Section:
    """A section: its name, first view, the application of its addresses, and what one must be allowed to see it."""

    name: Text
    view: str
    application: str
    capability: Capability
    icon: str


SECTIONS = (
    Section(Text("Scorecard", "Карта показателей"), "scorecards:card", "scorecards", "view_scorecard", "card"),
    Section(Text("Mine", "Мои показатели"), "actions:mine", "actions", "view_own", "person"),
    Section(Text("Metrics", "Метрики"), "metrics:catalogue", "metrics", "view_scorecard", "chart"),
    Section(Text("Models", "Модели"), "studies:overview", "studies", "view_models", "model"),
    Section(Text("Surveys", "Опросы"), "surveys:overview", "surveys", "view_surveys", "survey"),
    Section(Text("Links", "Ссылки"), "tracking:links", "tracking", "view_links", "link"),
    Section(Text("Customers", "Клиенты"), "customers:search", "customers", "view_customers", "customers"),
    Section(Text("Definitions", "Настройка карты"), "editing:overview", "editing", "view_definitions", "edit"),
    Section(Text("Data", "Данные"), "data:overview", "data", "view_data", "data"),
    Section(Text("Administration", "Управление"), "administration:people", "administration", "administer", "gear"),
)
