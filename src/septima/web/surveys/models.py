"""Surveys, their links, what respondents filled in, and the inbox that the lake is fed from."""

import secrets
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.schema import Language, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import said_later
from septima.web.surveys.questions import Question, from_json, known_languages

CHANGEABLE_FOR = timedelta(hours=24)
"""How long a respondent may change what was submitted."""

DRAFT, OPEN, CLOSED = "draft", "open", "closed"


def new_code() -> str:
    """An address that nobody guesses: 96 random bits."""
    return secrets.token_urlsafe(12)


class Survey(models.Model):
    """A survey: its questions, its words and its state. A new version is a survey of its own that names its `previous`."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    code = models.CharField(max_length=20, unique=True, default=new_code)
    name = models.CharField(said_later("Name", "Название"), max_length=200)
    instrument = models.CharField(max_length=30)
    languages = models.JSONField(default=list)
    questions = models.JSONField(default=list)
    revision = models.PositiveIntegerField(default=0)
    """Counts changes of the questions, so that of two at once none is written over."""
    title_en = models.CharField(said_later("Title in English", "Заголовок по-английски"), max_length=200, blank=True)
    title_ru = models.CharField(said_later("Title in Russian", "Заголовок по-русски"), max_length=200, blank=True)
    consent_en = models.TextField(
        said_later("Consent text in English", "Текст согласия по-английски"), max_length=2000, blank=True
    )
    consent_ru = models.TextField(
        said_later("Consent text in Russian", "Текст согласия по-русски"), max_length=2000, blank=True
    )
    thanks_en = models.TextField(
        said_later("Thank-you in English", "Благодарность по-английски"), max_length=1000, blank=True
    )
    thanks_ru = models.TextField(
        said_later("Thank-you in Russian", "Благодарность по-русски"), max_length=1000, blank=True
    )
    department = models.CharField(said_later("Department", "Подразделение"), max_length=200, blank=True)
    allowed_sites = models.TextField(max_length=2000, blank=True)
    state = models.CharField(max_length=10, default=DRAFT)
    opens_at = models.DateTimeField(said_later("Opens", "Открывается"), null=True, blank=True)
    closes_at = models.DateTimeField(said_later("Closes", "Закрывается"), null=True, blank=True)
    link_version = models.PositiveIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    previous = models.ForeignKey("self", models.SET_NULL, null=True, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def survey_id(self) -> str:
        """How the lake names the survey."""
        return f"web-{self.code}"

    @property
    def asked(self) -> tuple[Question, ...]:
        """The questions in their order."""
        return from_json(self.questions)

    @property
    def spoken(self) -> list[Language]:
        """The languages that it is asked in, at least one."""
        return known_languages(self.languages) or ["en"]

    @property
    def title(self) -> Text:
        """The title that respondents see; without one it is called by no more than that, for its name is not theirs to see."""
        return Text(self.title_en or self.title_ru or "Your opinion", self.title_ru or self.title_en or "Ваше мнение")

    @property
    def consent(self) -> Text:
        """What respondents are told of their data."""
        return Text(self.consent_en, self.consent_ru)

    @property
    def thanks(self) -> Text:
        """What respondents are told in the end."""
        return Text(self.thanks_en, self.thanks_ru)

    @property
    def sites(self) -> list[str]:
        """The origins of sites that may frame it."""
        return self.allowed_sites.split()

    @property
    def shown_state(self) -> str:
        """The state as it is at this moment: an open survey waits for its day, and ends at its hour."""
        now = timezone.now()
        if self.archived_at is not None:
            return "archived"
        if self.state == OPEN and self.opens_at is not None and now < self.opens_at:
            return "waiting"
        if self.state == OPEN and self.closes_at is not None and now >= self.closes_at:
            return CLOSED
        return self.state

    @property
    def takes_answers(self) -> bool:
        """Whether it can be answered now."""
        return self.shown_state == OPEN


class Issue(models.Model):
    """One giving out of personal links: to whom, by what rules, and what became of it."""

    survey = models.ForeignKey(Survey, models.CASCADE)
    token = models.CharField(max_length=40)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    channel = models.CharField(max_length=10, default="file")
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField(max_length=4000, blank=True)
    consent = models.CharField(max_length=12, default="any")
    """Whose consent its letters need when they go, as of `Guard`."""
    remind_after_days = models.PositiveIntegerField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        """Newest first; a form that is sent twice makes one."""

        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["survey", "token"], name="one_issue_of_a_form")]

    def __str__(self) -> str:
        return f"{self.survey} · {self.created_at:%Y-%m-%d %H:%M}"


class Link(models.Model):
    """A personal link: who it belongs to stands here and not in its address."""

    survey = models.ForeignKey(Survey, models.CASCADE)
    issue = models.ForeignKey(Issue, models.CASCADE)
    code = models.CharField(max_length=20, unique=True, default=new_code)
    customer_id = models.CharField(max_length=200)
    department = models.CharField(max_length=200, blank=True)
    touch_id = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A customer has one link to a survey."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["survey", "customer_id"], name="one_link_of_a_customer")
        ]
        indexes: ClassVar = [models.Index(fields=["customer_id", "created_at"])]

    def __str__(self) -> str:
        return self.code


class Letter(models.Model):
    """A letter with a link: it is claimed before it is sent, so that no crash sends it twice."""

    link = models.ForeignKey(Link, models.CASCADE)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, default="waiting")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One invitation and one reminder of a link."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["link", "kind"], name="one_letter_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"


class Response(models.Model):
    """A questionnaire that somebody fills in: `answers` as they stand, `filed` as last submitted.

    Both are emptied once nothing can be changed and the lake has it all.
    """

    survey = models.ForeignKey(Survey, models.CASCADE)
    link = models.OneToOneField(Link, models.CASCADE, null=True)
    code = models.CharField(max_length=20, unique=True, default=new_code)
    channel = models.CharField(max_length=20)
    language = models.CharField(max_length=2, blank=True)
    answers = models.JSONField(default=dict)
    filed = models.JSONField(default=dict)
    started_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True)

    class Meta:
        """Found by when it was submitted."""

        indexes: ClassVar = [models.Index(fields=["survey", "submitted_at"])]

    def __str__(self) -> str:
        return self.code

    @property
    def is_final(self) -> bool:
        """Whether it can no longer be changed."""
        return self.submitted_at is not None and timezone.now() >= self.submitted_at + CHANGEABLE_FOR


class Arrival(models.Model):
    """Rows for the lake, as one submission made them; it stays until the batch that holds it is in the lake."""

    survey = models.ForeignKey(Survey, models.CASCADE)
    response = models.ForeignKey(Response, models.CASCADE, null=True)
    rows = models.JSONField()
    arrived_at = models.DateTimeField(default=timezone.now)
    batch = models.CharField(max_length=40, blank=True, db_index=True)

    def __str__(self) -> str:
        return f"{self.survey} · {self.arrived_at}"


class ImportedFile(models.Model):
    """A file of answers that waits for its preview to be confirmed, or is in the lake."""

    survey = models.ForeignKey(Survey, models.CASCADE)
    token = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    rows = models.JSONField(default=list)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    loaded_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)

    class Meta:
        """The same file is loaded into a survey once."""

        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["survey", "token"], name="one_import_of_a_file")]

    def __str__(self) -> str:
        return self.name
