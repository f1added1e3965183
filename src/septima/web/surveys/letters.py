"""Letters with personal links: each is claimed in the database before it goes out, so that nobody gets it twice.

What a crash leaves claimed and not marked as sent may or may not have gone; it is shown as uncertain and never sent
again by itself.
"""

from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from septima.web.common.workspaces import open_workspace
from septima.web.surveys import links
from septima.web.surveys.inviting import addresses_of
from septima.web.surveys.models import Issue, Letter, Link, Survey

PLACE = "{link}"
"""What stands in a letter's text for the link."""
_AT_ONCE = 200
_NO_ADDRESS = "no address, or no consent any more"


def default_subject(survey: Survey) -> str:
    """What a letter is called where nobody wrote better."""
    ru, en = "ru" in survey.spoken, "en" in survey.spoken
    return " / ".join(
        words for words, spoken in (("Ваше мнение важно для нас", ru), ("Your opinion matters to us", en)) if spoken
    )


def default_text(survey: Survey) -> str:
    """What a letter says where nobody wrote better."""
    whose = survey.organisation.name
    russian = f"Здравствуйте!\n\nОтветьте, пожалуйста, на\u00a0несколько вопросов компании «{whose}»:\n{PLACE}\n\nСсылка личная: не\u00a0пересылайте её."
    english = f"Hello,\n\nplease answer a few questions from {whose}:\n{PLACE}\n\nThe link is yours alone; please do not pass it on."
    return "\n\n—\n\n".join(text for language, text in (("ru", russian), ("en", english)) if language in survey.spoken)


def send_waiting(issue_pk: int, kind: str, origin: str) -> int:
    """Send the letters of a giving out of links that wait; gives how many went out."""
    issue = Issue.objects.select_related("survey__organisation").get(pk=issue_pk)
    workspace, sent = open_workspace(issue.survey.organisation), 0
    while True:
        waiting = Letter.objects.filter(link__issue=issue, kind=kind, state="waiting").select_related("link__survey")
        letters = list(waiting.order_by("pk")[:_AT_ONCE])
        # Somebody may have closed it since.
        issue.survey.refresh_from_db()
        if not letters or not issue.survey.takes_answers:
            return sent
        addresses = addresses_of(workspace, [letter.link.customer_id for letter in letters], issue.consent)
        with get_connection() as connection:
            for letter in letters:
                address = addresses.get(letter.link.customer_id, "")
                sent += _send(letter, address, issue, origin, connection)


def remind(issue_pk: int, origin: str) -> int:
    """Write once more to those of a giving out who were written to and have not answered; once in all."""
    with transaction.atomic():
        first = Issue.objects.filter(pk=issue_pk, reminded_at=None).update(reminded_at=timezone.now())
        if first:
            silent = Link.objects.filter(
                issue_id=issue_pk, answered_at=None, letter__kind="invitation", letter__state="sent"
            )
            Letter.objects.bulk_create([Letter(link=link, kind="reminder") for link in silent], batch_size=500)
    return send_waiting(issue_pk, "reminder", origin)


def counts_of(issue: Issue) -> dict[str, int]:
    """How many of the letters of a giving out are in which state."""
    counted = Letter.objects.filter(link__issue=issue).values("state").annotate(n=Count("pk"))
    return {"waiting": 0, "sending": 0, "sent": 0, "failed": 0, **{row["state"]: row["n"] for row in counted}}


def _send(letter: Letter, address: str, issue: Issue, origin: str, connection: object) -> int:
    claimed = Letter.objects.filter(pk=letter.pk, state="waiting").update(state="sending")
    if not claimed:
        return 0
    if letter.kind == "reminder" and Link.objects.filter(pk=letter.link.pk).exclude(answered_at=None).exists():
        Letter.objects.filter(pk=letter.pk).update(state="failed", problem="answered meanwhile")
        return 0
    problem = "" if address else _NO_ADDRESS
    if not problem:
        again = ("Напоминание: " if "ru" in issue.survey.spoken else "Reminder: ") if letter.kind == "reminder" else ""
        text = issue.text.replace(PLACE, links.address_of(letter.link, origin))
        message = EmailMessage(again + issue.subject, text, to=[address], connection=connection)  # type: ignore[arg-type]
        try:
            message.send()
        # Of SMTP, of the network, or of an address that is none; its text may hold the address.
        except (OSError, ValueError) as error:
            problem = type(error).__name__
    done = {"state": "failed", "problem": problem} if problem else {"state": "sent", "sent_at": timezone.now()}
    Letter.objects.filter(pk=letter.pk).update(**done)
    return 0 if problem else 1
