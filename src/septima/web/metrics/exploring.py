"""A chart's specification for the browser, with numbers and months in the reader's language."""

from collections.abc import Sequence

from babel.dates import get_day_names, get_month_names

from septima.metrics import Grain, Metric
from septima.report.charts import explored
from septima.report.words import WORDS
from septima.schema import Language
from septima.web.metrics.drawing import LAPTOP
from septima.web.metrics.figures import Figures
from septima.web.metrics.models import Annotation
from septima.web.metrics.outlook import Outlook
from septima.web.metrics.page import Reader, whole_chart

_PERIODS = {"day": "%-d %b %Y", "week": "%-d %b %Y", "month": "%B %Y", "quarter": "%b %Y", "year": "%Y"}


def exploration(
    metric: Metric,
    found: Figures,
    grain: Grain,
    marks: Sequence[Annotation],
    reader: Reader,
    outlook: Outlook | None = None,
) -> dict[str, object]:
    """What Vega-Embed takes: the same chart as the page shows, with tips and an axis that moves, and its locales."""
    rows = [row for row in found.rows if row["complete"]]
    style = reader.style(metric.passport, rows)
    chart = whole_chart(style, rows, grain, marks, reader, outlook, (LAPTOP[0], 320))
    names = {name: WORDS[name].in_language(reader.language) for name in ("period", "value", "lower", "upper")}
    return {
        "specification": explored(chart, names, _PERIODS[grain]),
        "formatLocale": _numbers(reader.language),
        "timeFormatLocale": _times(reader.language),
    }


def _numbers(language: Language) -> dict[str, object]:
    russian = language == "ru"
    return {
        "decimal": "," if russian else ".",
        "thousands": "\u00a0" if russian else ",",
        "grouping": [3],
        "currency": ["", ""],
        "minus": "−",
    }


def _times(language: Language) -> dict[str, object]:
    days = {width: get_day_names(width, locale=language) for width in ("wide", "abbreviated")}
    months = {width: get_month_names(width, "stand-alone", language) for width in ("wide", "abbreviated")}

    def from_sunday(width: str) -> list[str]:
        return [str(days[width][number]) for number in (6, 0, 1, 2, 3, 4, 5)]

    def from_january(width: str) -> list[str]:
        return [str(months[width][number]).rstrip(".") for number in range(1, 13)]

    return {
        "dateTime": "%x, %X",
        "date": "%d.%m.%Y" if language == "ru" else "%Y-%m-%d",
        "time": "%H:%M:%S",
        "periods": ["AM", "PM"],
        "days": from_sunday("wide"),
        "shortDays": from_sunday("abbreviated"),
        "months": from_january("wide"),
        "shortMonths": from_january("abbreviated"),
    }
