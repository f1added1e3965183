"""The pages around the card."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse

from septima.schema import Text
from septima.web.common.access import MemberRequest
from septima.web.common.language import current_language


@dataclass(frozen=True)
class Chapter:
    """A page around the card that shows one study: its name, and what is said where the workspace defines nothing for it."""

    name: Text
    absent: Text
    of_slices: bool = False


CHAPTER_PAGES: Mapping[str, Chapter] = {
    "goals": Chapter(
        Text("Goals", "Цели"),
        Text(
            "There is no tree of goals yet. Describe it in goals.yaml, or begin one: septima goals DIR --new.",
            "Дерева целей пока нет. Опишите его в\u00a0goals.yaml или начните командой septima goals DIR --new.",
        ),
    ),
    "processes": Chapter(
        Text("Processes", "Процессы"),
        Text(
            "There is no process model yet. Describe it in processes.yaml, or begin one: septima processes DIR --new.",
            "Модели процессов пока нет. Опишите её в\u00a0processes.yaml или начните командой septima processes DIR --new.",
        ),
    ),
    "journey": Chapter(
        Text("Journey", "Путь клиента"),
        Text(
            "There is no map of the journey yet. Describe it in journey.yaml, or begin one: septima journey DIR --new.",
            "Карты пути клиента пока нет. Опишите её в\u00a0journey.yaml или начните командой septima journey DIR --new.",
        ),
    ),
    "rollout": Chapter(
        Text("Roll-out", "Внедрение"),
        Text(
            "There is no road map of the roll-out yet. Describe it in rollout.yaml, or begin one: septima rollout DIR --new.",
            "Дорожной карты внедрения пока нет. Опишите её в\u00a0rollout.yaml или начните командой septima rollout DIR --new.",
        ),
    ),
    "forecast": Chapter(
        Text("Forecast", "Прогноз"), Text("There is nothing to forecast.", "Прогнозировать нечего."), of_slices=True
    ),
    "sensitivity": Chapter(
        Text("Sensitivity", "Чувствительность"),
        Text(
            "CKPIint of this period is undefined, so there is nothing that it could depend on. The card says which figures are missing.",
            "CKPIint за\u00a0этот период не\u00a0определён, поэтому ему не\u00a0от\u00a0чего зависеть. Каких значений нет, сказано на\u00a0карте.",
        ),
    ),
    "cascade": Chapter(
        Text("Cascade", "Каскад"),
        Text(
            "Nobody answers for the KPIs yet. Share them out in cascade.yaml, or begin one: septima cascade DIR --new.",
            "За\u00a0показатели пока никто не\u00a0отвечает. Распределите их в\u00a0cascade.yaml или начните командой septima cascade DIR --new.",
        ),
    ),
    "benchmark": Chapter(
        Text("Benchmark", "Сравнение с\u00a0другими"),
        Text(
            "There are no exchange files of other organisations yet. Put them into the folder benchmark of the workspace.",
            "Файлов обмена других организаций пока нет. Положите их в\u00a0папку benchmark рабочего пространства.",
        ),
    ),
    "alerts": Chapter(
        Text("Alerts", "Сигналы"),
        Text(
            "There are no alert rules yet. Describe them in alerts.yaml, or begin with: septima check DIR --new.",
            "Правил сигналов пока нет. Опишите их в\u00a0alerts.yaml или начните командой septima check DIR --new.",
        ),
    ),
    "proof": Chapter(
        Text("Proof", "Доказательства"),
        Text(
            "No period is closed yet. A closed period keeps its card with all that it depends on: septima close DIR --period 2026-Q3.",
            "Закрытых периодов пока нет. Закрытый период хранит карту со\u00a0всем, от\u00a0чего она зависит: septima close DIR --period 2026-Q3.",
        ),
    ),
}


@dataclass(frozen=True)
class Around:
    """A line of the navigation around the card."""

    name: str
    address: str
    current: bool


def navigation(request: MemberRequest, query: Mapping[str, str]) -> list[Around]:
    """The card and the pages around it, each of the choice that is looked at."""
    language = current_language()
    first = reverse("scorecards:card", kwargs={"organisation": request.membership.organisation.slug})
    parameters = urlencode(query)
    named = [
        (_CARD, first),
        (_WHY, f"{first}card/why/"),
        *((chapter.name, f"{first}card/around/{key}/") for key, chapter in CHAPTER_PAGES.items()),
        (_COMPARE, f"{first}card/compare/"),
        (_WHAT_IF, f"{first}card/what-if/"),
        (_REPORTS, f"{first}card/reports/"),
    ]
    found: list[Around] = []
    for name, address in named:
        current = request.path == address or (address != first and request.path.startswith(address))
        found.append(Around(name.in_language(language), f"{address}?{parameters}", current))
    return found


_CARD, _WHY, _COMPARE = Text("Card", "Карта"), Text("Why", "Почему"), Text("Compare", "Сравнить")
_WHAT_IF, _REPORTS = Text("What if", "Что, если"), Text("Reports", "Отчёты")
