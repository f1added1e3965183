"""What people add to metrics: annotations, and subscriptions with the digests that were sent by them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation
from septima.web.common.language import said_later

CARD = ""
"""In place of a metric's id: the whole scorecard."""
EVERY_METRIC = ""
"""In place of a metric's id: what is marked on all of them."""


class Annotation(models.Model):
    """What happened on a day or a stretch of days, marked on the charts of one metric or of all; `end` is the last day."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    metric = models.CharField(max_length=200, blank=True)
    start = models.DateField(said_later("Day", "День"))
    end = models.DateField(said_later("Until", "По"))
    text = models.CharField(said_later("What happened", "Что произошло"), max_length=300)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """In the order of time; the same is marked once, however often its form is sent."""

        ordering: ClassVar = ["start", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "metric", "start", "end", "text"], name="marked_once"),
            models.CheckConstraint(condition=models.Q(end__gte=models.F("start")), name="marked_forward"),
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "metric", "start"], name="marks_of_metric")]

    def __str__(self) -> str:
        return f"{self.start} {self.text}"


class Subscription(models.Model):
    """That a person gets a metric, or the whole card, by e-mail after each period; `site` is where links lead."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    metric = models.CharField(max_length=200, blank=True)
    grain = models.CharField(
        said_later("How often", "Как часто"),
        max_length=10,
        choices=[
            ("week", said_later("every week", "каждую неделю")),
            ("month", said_later("every month", "каждый месяц")),
            ("quarter", said_later("every quarter", "каждый квартал")),
        ],
        default="month",
    )
    form = models.CharField(
        said_later("As", "В виде"),
        max_length=10,
        choices=[
            ("letter", said_later("a letter", "письма")),
            ("pdf", said_later("a letter with a PDF", "письма с PDF")),
        ],
        default="letter",
    )
    site = models.CharField(max_length=300)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """A person has one subscription in force to the same thing equally often."""

        ordering: ClassVar = ["metric", "grain"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "user", "metric", "grain"],
                condition=models.Q(ended_at=None),
                name="subscribed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.metric or 'card'} · {self.grain}"


class Digest(models.Model):
    """That the digest of a period was taken up, and when it went: at most one for a subscription and a period."""

    subscription = models.ForeignKey(Subscription, models.CASCADE)
    period = models.CharField(max_length=20)
    taken_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One row is one letter."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["subscription", "period"], name="sent_once")]

    def __str__(self) -> str:
        return f"{self.subscription} · {self.period}"
