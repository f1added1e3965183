"""Themes of open answers with the loyalty of those who speak of them."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from pandas import isna

from septima.cli.output import console, print_rows
from septima.metrics import find_metric
from septima.report.number_forms import number_style, plain
from septima.schema import Language, Text
from septima.scorecard.card import Figure

if TYPE_CHECKING:
    from septima.lake.themes import Found, Theme
    from septima.workspace import Workspace

_METRICS = ("nps", "nps_classic", "csi")
_FIGURES = ("value", "n", "lower", "upper", "missing_share", "note")
_OTHER = Text("other", "прочее")
_COLUMNS = (Text("theme", "тема"), Text("language", "язык"), Text("n", "n"), Text("share", "доля"))
_INTERVAL = Text("95 % interval", "интервал 95 %")
_LONGEST = 200  # characters of a quote that are printed

Figures = Mapping[str, Mapping[str, Mapping[Hashable, Any]]]


def theme_records(workspace: "Workspace", found: "Found") -> list[dict[str, object]]:
    """Each theme with n, share, quotes and, under `metrics`, its figures by metric id."""
    figures = _figures(workspace)
    return [
        {
            "theme": theme.name,
            "language": theme.language,
            "n": theme.answers,
            "share": theme.share,
            "metrics": {
                id_: {name: by_theme[theme.name][name] for name in _FIGURES}
                for id_, by_theme in figures.items()
                if theme.name in by_theme
            },
            "quotes": list(theme.quotes),
        }
        for theme in found.themes
    ]


def print_themes(workspace: "Workspace", found: "Found", language: Language) -> None:
    """Print a row per theme, and below the table the answers that are most typical of each."""
    figures = _figures(workspace)
    names = [find_metric(id_).passport.name.in_language(language) for id_ in figures]
    columns = [column.in_language(language) for column in _COLUMNS]
    columns += [part for name in names for part in (name, _INTERVAL.in_language(language))]
    rows = [_row(theme, figures, language, workspace.settings.currency) for theme in found.themes]
    print_rows("", columns, rows, numeric=range(2, len(columns)))
    for theme in found.themes:
        if theme.quotes:
            console.print(f"\n{_name(theme, language)}", style="bold")
            for quote in theme.quotes:
                shown = quote if len(quote) <= _LONGEST else f"{quote[:_LONGEST].rstrip()}…"
                console.print(f"  «{shown}»")


def _row(theme: "Theme", figures: Figures, language: Language, currency: str | None) -> list[str]:
    share = Figure(theme.share, None, None)
    row = [
        _name(theme, language),
        theme.language or "—",
        plain(theme.answers, 0, language),
        number_style("share", share, language, currency=currency).value(theme.share),
    ]
    for id_, by_theme in figures.items():
        cells = by_theme.get(theme.name, {})
        value, lower, upper = (_number(cells.get(name)) for name in ("value", "lower", "upper"))
        figure = Figure(value, lower, upper)
        style = number_style(find_metric(id_).passport.unit, figure, language, currency=currency)
        row += [style.value(value), style.interval(figure)]
    return row


def _figures(workspace: "Workspace") -> Figures:
    """By metric and theme, over all time: the metrics of which the company has answers with a theme."""
    figures: dict[str, dict[str, Mapping[Hashable, Any]]] = {}
    for id_ in _METRICS:
        frame: Any = workspace.metric(id_, grain="all", by=["theme"]).frame
        told = frame[frame["theme"].notna() & (frame["n"] > 0)]
        if len(told):
            figures[id_] = {str(cells["theme"]): cells for cells in told.to_dict(orient="records")}
    return figures


def _name(theme: "Theme", language: Language) -> str:
    return theme.name if theme.language else _OTHER.in_language(language)


def _number(value: Any) -> float | None:
    return None if value is None or isna(value) else float(value)
