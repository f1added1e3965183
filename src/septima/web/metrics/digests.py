"""Letters to those who subscribed: one for each period that is over, in the language of the person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.mime.image import MIMEImage

from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from septima.chapters.card import card_report
from septima.metrics import Calendar, Grain, Period
from septima.metrics.catalogue import find_metric
from septima.report.palette import STATE_MARKS
from septima.report.summary import composite_style, summary
from septima.report.words import STATES
from septima.schema import Language, Text
from septima.scorecard.card import CompositeCard, Scorecard
from septima.web.accounts.models import Membership
from septima.web.common.permissions import allowed
from septima.web.common.workspaces import calendar_of, kept_card, open_workspace
from septima.web.metrics.asking import Ask
from septima.web.metrics.exports import document, picture
from septima.web.metrics.figures import Figures, figures
from septima.web.metrics.models import Annotation, Digest, Subscription
from septima.web.metrics.outlook import outlook_of
from septima.web.metrics.page import Line, Reader, events_of, metric_page
from septima.workspace import Workspace

_SALT = "septima.metrics.unsubscribe"


@dataclass(frozen=True)
class Letter:
    """What a letter says: a table of lines, a drawing with what the numbers on it stand for, a file."""

    subject: str
    title: str
    lead: tuple[str, ...]
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    address: str
    drawing: bytes | None = None
    file: tuple[str, bytes] | None = None
    marks: tuple[tuple[str, Annotation], ...] = ()


def due(now: datetime | None = None) -> Iterator[tuple[Subscription, Period]]:
    """Subscriptions in force with the newest period that is over, where it ended after they began and was not sent."""
    moment = now or timezone.now()
    in_force = Subscription.objects.filter(ended_at=None).select_related("organisation", "user")
    calendars: dict[int, Calendar | None] = {}
    for subscription in in_force:
        organisation = subscription.organisation
        if organisation.pk not in calendars:
            calendars[organisation.pk] = calendar_of(organisation)
        calendar = calendars[organisation.pk]
        if calendar is None:  # what is wrong with one organisation keeps no letter of another
            continue
        period = calendar.period_of(calendar.today(moment), _grain(subscription)).shift(-1)
        begun = calendar.today(subscription.created_at)
        if period.end > begun and not Digest.objects.filter(subscription=subscription, period=period.id).exists():
            yield subscription, period


def send(subscription: Subscription, period: str) -> bool:
    """Send the digest of a period, whoever else tries at the same time; whether it was sent by this call.

    A row is taken before the letter goes, so that none goes twice; where making or sending it fails the row is given
    back for another try, and the error raised. Nobody gets what their role no longer shows.
    """
    if subscription.ended_at is not None or not _may_read(subscription):
        return False
    try:
        with transaction.atomic():
            taken = Digest.objects.create(subscription=subscription, period=period)
    except IntegrityError:
        return False
    try:
        message(subscription, period).send()
    except BaseException:
        taken.delete()
        raise
    Digest.objects.filter(pk=taken.pk).update(sent_at=timezone.now())
    return True


def message(subscription: Subscription, period: str) -> EmailMultiAlternatives:
    """The letter, as text and as HTML, with the drawing in it and the PDF beside it."""
    workspace = open_workspace(subscription.organisation)
    language = language_of(subscription)
    with translation.override(language):
        letter = _card_letter if subscription.metric == "" else _metric_letter
        said = letter(subscription, workspace, workspace.period(period), language)
        leave = _site(subscription) + reverse("metric_unsubscribe", args=(unsubscribe_token(subscription),))
        context = {"letter": said, "leave": leave, "organisation": subscription.organisation, "language": language}
        text = render_to_string("metrics/letter.txt", context)
        html = render_to_string("metrics/letter.html", context)
    sent = EmailMultiAlternatives(said.subject, text, to=[subscription.user.email])
    sent.extra_headers = {
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    sent.attach_alternative(html, "text/html")
    if said.drawing is not None:
        image = MIMEImage(said.drawing, "png")
        image.add_header("Content-ID", "<chart>")
        image.add_header("Content-Disposition", "inline", filename="chart.png")
        sent.attach(image)  # pyright: ignore[reportArgumentType, reportCallIssue] # the stubs know names and bytes only
    if said.file is not None:
        sent.attach(said.file[0], said.file[1], "application/pdf")
    return sent


def unsubscribe_token(subscription: Subscription) -> str:
    """What an address that ends a subscription holds: its key, signed; it never expires."""
    return signing.dumps(subscription.pk, salt=_SALT)


def subscription_of(token: str) -> Subscription | None:
    """The subscription of a token; None where the token is forged or the subscription gone."""
    try:
        key = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return Subscription.objects.select_related("organisation").filter(pk=key).first()


def language_of(subscription: Subscription) -> Language:
    """The language of the person, or that of the company's reports where they chose none."""
    chosen = subscription.user.language
    if chosen in ("ru", "en"):
        return "ru" if chosen == "ru" else "en"
    return open_workspace(subscription.organisation).settings.language


def _metric_letter(subscription: Subscription, workspace: Workspace, period: Period, language: Language) -> Letter:
    metric = find_metric(subscription.metric, workspace.catalogue)
    grain = _grain(subscription)
    start = period.shift(-11).start
    ask = Ask(metric.id, grain, start=start, end=period.start)
    organisation = subscription.organisation
    found = figures(organisation, workspace, ask)
    reader = Reader(language, workspace.settings.calendar, workspace.settings.currency)
    marks = list(annotations_of(organisation.pk, metric.id))
    outlook = outlook_of(organisation, workspace, metric, found, grain)
    page = metric_page(metric, found, grain, marks, reader, outlook)
    name, label = metric.passport.name.in_language(language), period.label.in_language(language)
    newest = page.newest
    lead = (
        (f"{label[:1].upper()}{label[1:]}: {newest.value}" + (f" ({newest.interval})" if newest.interval else ""),)
        if newest
        else ()
    )
    address = _site(subscription) + reverse("metrics:metric", args=(organisation.slug, metric.id)) + f"?{ask.query}"
    file = None
    if subscription.form == "pdf":
        file = (f"{metric.id}-{period.id}.pdf", document(metric, found, grain, reader, workspace, outlook))
    return Letter(
        f"{name}: {label}",
        name,
        (*lead, *page.remarks),
        tuple(Text(en, ru).in_language(language) for en, ru in _METRIC_COLUMNS),
        tuple(_metric_line(line) for line in page.table[:8]),
        address,
        picture(metric, found, grain, marks, reader, outlook),
        file,
        _drawn(marks, found, grain, reader),
    )


def _card_letter(subscription: Subscription, workspace: Workspace, period: Period, language: Language) -> Letter:
    organisation = subscription.organisation
    card = kept_card(organisation, workspace, period).card
    label = card.period_label.in_language(language)
    file = None
    if subscription.form == "pdf":
        file = (f"{organisation.slug}-{period.id}.pdf", card_report(workspace, card, "pdf", language))
    title = Text("Scorecard of {}", "Карта показателей: {}").in_language(language).format(organisation.name)
    return Letter(
        f"{title}, {label}",
        title,
        tuple(summary(card, language)),
        tuple(Text(en, ru).in_language(language) for en, ru in _CARD_COLUMNS),
        tuple(_composite_line(one, language) for one in _composites(card)),
        _site(subscription) + reverse("scorecards:card", args=(organisation.slug,)) + f"?period={period.id}",
        None,
        file,
    )


_METRIC_COLUMNS = (
    ("Period", "Период"),
    ("Value", "Значение"),
    ("95% interval", "95%-й интервал"),
    ("Change", "Изменение"),
    ("n", "n"),
)
_CARD_COLUMNS = (
    ("Index", "Индекс"),
    ("Value", "Значение"),
    ("95% interval", "95%-й интервал"),
    ("Change", "Изменение"),
    ("State", "Состояние"),
)


def annotations_of(organisation: int, metric: str) -> Iterator[Annotation]:
    """What was marked on a metric or on all of them, in the order of time."""
    found = Annotation.objects.filter(organisation_id=organisation, metric__in=("", metric)).select_related("author")
    yield from found


def _drawn(
    marks: Sequence[Annotation], found: Figures, grain: Grain, reader: Reader
) -> tuple[tuple[str, Annotation], ...]:
    """Marks that the drawing shows, with their numbers on it."""
    shown = events_of(marks, [row for row in found.rows if row["complete"]], grain, reader.calendar)
    return tuple((event.label, marks[int(event.label) - 1]) for event in shown)


def _metric_line(line: Line) -> tuple[str, ...]:
    return line.name, line.value, line.interval, line.change, line.n


def _composites(card: Scorecard) -> Iterator[CompositeCard]:
    yield card.integral
    yield from (one.composite for one in card.perspectives)


def _composite_line(one: CompositeCard, language: Language) -> tuple[str, ...]:
    style = composite_style(one, language)
    state = f"{STATE_MARKS[one.state]} {STATES[one.state].in_language(language)}"
    printed = one.printed
    return (
        one.name.in_language(language),
        style.value(printed.value),
        style.interval(printed),
        style.change(one.change),
        state,
    )


def _grain(subscription: Subscription) -> Grain:
    grains: dict[str, Grain] = {"week": "week", "month": "month", "quarter": "quarter"}
    return grains[subscription.grain]


def _site(subscription: Subscription) -> str:
    return subscription.site.rstrip("/")


def _may_read(subscription: Subscription) -> bool:
    found = Membership.objects.filter(
        user=subscription.user, organisation=subscription.organisation, ended_at=None, user__is_active=True
    ).first()
    return found is not None and allowed(found.role, "view_scorecard")
