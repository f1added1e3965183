"""What the site keeps about customers until it is in the lake or done: openings of cards, erasures, searches and valuations."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation, User
from septima.web.common.language import said_later, say


class Opening(models.Model):
    """An opened card: once per person, customer and quarter of an hour. It waits here until it is in the lake's `accesses`.

    `who` is the person's employee_id, or `user:` and the number of the account where there is none.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    who = models.CharField(max_length=210)
    customer_id = models.CharField(max_length=300)
    slot = models.BigIntegerField()
    at = models.DateTimeField()
    batch = models.CharField(max_length=40, blank=True, db_index=True)
    in_lake_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Double requests make one row."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "who", "customer_id", "slot"], name="one_opening_in_a_quarter_of_an_hour"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "user", "-at"], name="openings_of_a_person")]

    def __str__(self) -> str:
        return f"{self.who} {self.at:%Y-%m-%d %H:%M}"


class Work(models.Model):
    """Long work of the background worker, and how far it has come."""

    STATES: ClassVar = [(state, state) for state in ("waiting", "running", "done", "failed")]

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=STATES, default="waiting")
    step = models.CharField(max_length=300, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    trouble = models.TextField(blank=True)
    details: Any = models.JSONField(default=dict)

    class Meta:
        """One table for each kind."""

        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk} {self.state}"

    @property
    def step_name(self) -> str:
        """What is being done, in the language of the request; `step` holds it in both, a line each."""
        en, _, ru = self.step.partition("\n")
        return say(en, ru or en)

    @property
    def is_going_on(self) -> bool:
        """Whether it waits or runs."""
        return self.state in {"waiting", "running"}


class Valuation(Work):
    """Lifetime value of every customer by all methods, kept in a file beside the site's database."""


class DuplicateSearch(Work):
    """A dry run of `identify`; `details` holds what it found in all, `Suggestion` the pairs for a person to decide."""


class Suggestion(models.Model):
    """Two customers who may be one person."""

    DECISIONS: ClassVar = [("", ""), ("merged", "merged"), ("apart", "apart")]

    search = models.ForeignKey(DuplicateSearch, models.CASCADE)
    organisation = models.ForeignKey(Organisation, models.CASCADE)
    one = models.CharField(max_length=300)
    other = models.CharField(max_length=300)
    score = models.FloatField()
    evidence = models.CharField(max_length=300, blank=True)
    decision = models.CharField(max_length=10, blank=True, choices=DECISIONS)

    def __str__(self) -> str:
        return f"{self.score:.2f} {self.evidence}"


class Erasure(Work):
    """The erasure of a person's data.

    `customer_id` is kept until the work is done and is blank afterwards; `token` makes a form that is sent twice one
    request; `certificate` is what the lake certifies, and holds no personal data.
    """

    token = models.CharField(max_length=64, unique=True)
    customer_id = models.CharField(max_length=300, blank=True)
    reason = models.CharField(said_later("Reason", "Основание"), max_length=500)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    certificate: Any = models.JSONField(default=dict)

    @property
    def name(self) -> str:
        """What the erasure is called where the person may no longer be named."""
        return say("Erasure {number}", "Удаление {number}").format(number=self.pk)
