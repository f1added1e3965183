"""Asking the background worker for work on a card, each piece once."""

from pathlib import Path

from django.conf import settings

from septima.schema import Language
from septima.web.accounts.models import Organisation, User
from septima.web.scorecards.choice import Choice
from septima.web.scorecards.standing import Standing, standing
from septima.web.work.doing import begin
from septima.web.work.models import Work

REFRESH, RENEW, REPORT = "scorecards.refresh", "scorecards.renew", "scorecards.report"
"""The kinds of work on cards."""


def ask_for_refresh(organisation: Organisation, now: Standing, choice: Choice, language: Language) -> Work:
    """Have the card of a choice brought up to the data as they stand; what failed for these data is not tried again that day."""
    today = now.settings.calendar.today()
    key = f"{REFRESH}-{choice.key}-{language}-{now.digest}-{now.version}-{today}"
    return begin(organisation, REFRESH, key, subject=choice.key, options={"choice": choice.query}, once=True)


def ask_for_renewal(organisation: Organisation, who: User) -> Work:
    """Have the card made anew that people open first, after its definitions have changed, so that nobody waits for it."""
    now = standing(organisation)
    return begin(organisation, RENEW, f"{RENEW}-{now.digest}-{now.version}", who=who, once=True)


def ask_for_report(
    organisation: Organisation, card_key: str, choice: Choice, language: Language, form: str, asked_by: User | None
) -> Work:
    """Have a report on a card made; the one that was made of the same card, or is being made, where there is one."""
    key = f"{REPORT}-{form}-{language}-{card_key}"
    made = Work.objects.filter(organisation=organisation, key=key, state="done").first()
    if made is not None and report_is_there(made):
        return made
    options = {"choice": choice.query, "form": form}
    return begin(organisation, REPORT, key, who=asked_by, subject=choice.key, options=options)


def report_path(work: Work) -> Path:
    """Where the report lies that work makes."""
    name = f"{work.pk}.{work.options['form']}"
    return Path(settings.SITE_FOLDER) / "reports" / str(work.organisation_id) / name  # pyright: ignore[reportAttributeAccessIssue]


def forget_report(work: Work) -> None:
    """Remove the file of a report."""
    report_path(work).unlink(missing_ok=True)


def report_is_there(work: Work) -> bool:
    """Whether a report was made and its file is still there."""
    return work.state == "done" and report_path(work).is_file()
