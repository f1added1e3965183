"""Tags that every template has: words in two languages, numbers, dates, icons, addresses within the organisation."""

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from septima.report.number_forms import count, day, moment
from septima.report.palette import STATE_MARKS
from septima.report.words import STATES
from septima.scorecard.card import State
from septima.web.common.language import current_language
from septima.web.common.language import say as in_language
from septima.web.common.permissions import Capability, allowed

register = template.Library()


@register.simple_tag
def say(en: str, ru: str, **values: Any) -> str:
    """A phrase in the language of the request: `{% say "Surveys" "Опросы" %}`; `{name}` in it stands for a value."""
    phrase = in_language(en, ru)
    return phrase.format(**values) if values else phrase


@register.simple_tag(takes_context=True)
def within(context: Context, view: str, *arguments: Any, **named: Any) -> str:
    """The address of a view of this organisation: `{% within "surveys:results" survey.pk %}`; names become its query."""
    slug = context["organisation"].slug
    address = reverse(view, args=(slug, *arguments))
    if not named:
        return address
    return f"{address}?{urlencode({name: value for name, value in named.items() if value not in (None, '')})}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sheet of icons; it says nothing to a screen reader, the word beside it does."""
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="#icon-{}"/></svg>', name)


@register.simple_tag
def mark(state: str, word: bool = True) -> SafeString:
    """A state by sign, colour and word."""
    known: State = state if state in STATES else "unknown"
    return format_html(
        '<span class="mark {}"><span aria-hidden="true">{}</span> <span class="{}">{}</span></span>',
        known,
        STATE_MARKS[known],
        "word" if word else "unseen",
        STATES[known].in_language(current_language()),
    )


@register.filter
def number(value: int | None) -> str:
    """A count as it is written in the language of the request."""
    return "—" if value is None else count(value, current_language())


@register.filter
def written_day(value: date | datetime | None) -> str:
    """A date in words."""
    if value is None:
        return "—"
    return day(value.date() if isinstance(value, datetime) else value, current_language())


@register.filter
def written_moment(value: datetime | None) -> str:
    """A moment in words, in UTC."""
    if value is None:
        return "—"
    naive = localtime(value).replace(tzinfo=None) if value.tzinfo else value
    return moment(naive, current_language())


@register.filter
def can(membership: Any, capability: Capability) -> bool:
    """Whether a membership's role allows something: `{% if membership|can:"annotate" %}`."""
    return membership is not None and allowed(membership.role, capability)
