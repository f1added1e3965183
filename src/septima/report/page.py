"""Reports as self-contained HTML pages."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from septima.report import palette
from septima.report.number_forms import day
from septima.report.pictures import FONTS
from septima.report.studies.study import Study, StudyReport
from septima.report.studies.view import anchor, study_facts, study_views, views_of
from septima.report.view import report_view
from septima.report.words import words_in
from septima.schema import Language
from septima.scorecard.card import Scorecard


@dataclass(frozen=True)
class Head:
    """What stands at the head of a page and in its description; `contents` are anchors and names of its sections."""

    kind: str
    organisation: str
    period: str
    description: str
    skip: str
    contents: Sequence[tuple[str, str]]
    created: str


@lru_cache(maxsize=4)
def html_page(scorecard: Scorecard, language: Language, chapters: tuple[Study, ...] = ()) -> str:
    """HTML with its style, fonts and charts inside: it asks no host for anything and needs no script.

    The last few pages are kept, so that a PDF after the HTML of the same card draws no chart again.
    `chapters` stand after the perspectives.
    """
    words, view = words_in(language), report_view(scorecard, language)
    head = Head(
        words["title"],
        view.organisation,
        view.period,
        " ".join(view.summary),
        words["skip"],
        [
            *((section.anchor, section.name) for section in view.sections),
            *((anchor(place), study.title) for place, study in enumerate(chapters)),
            ("notes", words["notes"]),
        ],
        _written(scorecard.computed_at),
    )
    return _page("report.html", head, language, view=view, chapters=views_of(chapters, language))


@lru_cache(maxsize=4)
def study_page(report: StudyReport) -> str:
    """The same of studies, one section for each."""
    words = words_in(report.language)
    head = Head(
        words["studies_title" if len(report.studies) > 1 else "title"],
        report.organisation,
        day(report.computed_at.date(), report.language),
        " ".join(study.title + "." for study in report.studies),
        words["skip_studies"],
        [*((anchor(place), study.title) for place, study in enumerate(report.studies)), ("notes", words["notes"])],
        _written(report.computed_at),
    )
    return _page("studies.html", head, report.language, studies=study_views(report), facts=study_facts(report))


def study_sections(studies: Sequence[Study], language: Language) -> str:
    """The sections of studies alone, as they stand in a page; their style is the page's own."""
    return _templates().get_template("fragment.html").render(studies=views_of(studies, language), w=words_in(language))


def _page(template: str, head: Head, language: Language, **content: object) -> str:
    templates, words = _templates(), words_in(language)
    style = templates.get_template("report.css").render(
        palette=palette,
        regular=_font("Regular"),
        semibold=_font("SemiBold"),
        title=head.kind,
        page_of=words["page_of"],
    )
    return templates.get_template(template).render(
        head=head,
        w=words,
        language=language,
        style=Markup(style),  # noqa: S704 - made of our own words and colours only
        **content,
    )


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
