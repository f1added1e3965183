"""The report as one self-contained HTML page."""

import base64
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from septima.report import palette
from septima.report.pictures import FONTS
from septima.report.view import report_view
from septima.report.words import words_in
from septima.schema import Language
from septima.scorecard.card import Scorecard


@lru_cache(maxsize=4)
def html_page(scorecard: Scorecard, language: Language) -> str:
    """HTML with its style, fonts and charts inside: it asks no host for anything and needs no script.

    The last few pages are kept, so that a PDF after the HTML of the same card draws no chart again.
    """
    templates = _templates()
    words = words_in(language)
    style = templates.get_template("report.css").render(
        palette=palette,
        regular=_font("Regular"),
        semibold=_font("SemiBold"),
        title=words["title"],
        page_of=words["page_of"],
    )
    return templates.get_template("report.html").render(
        view=report_view(scorecard, language),
        w=words,
        language=language,
        created=scorecard.computed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        style=Markup(style),  # noqa: S704 - made of our own words and colours only
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("septima.report"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _font(weight: str) -> str:
    data = base64.b64encode((FONTS / f"SeptimaSans-{weight}.woff2").read_bytes()).decode("ascii")
    return f"data:font/woff2;base64,{data}"
