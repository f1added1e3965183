"""What the site keeps about customers until it is in the lake or decided: openings of cards, likely duplicates, erasures."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation, User
from septima.web.common.language import said_later, say
from septima.web.work.models import Work


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


class Suggestion(models.Model):
    """Two customers who may be one person."""

    DECISIONS: ClassVar = [("", ""), ("merged", "merged"), ("apart", "apart")]

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    one = models.CharField(max_length=300)
    other = models.CharField(max_length=300)
    score = models.FloatField()
    evidence = models.CharField(max_length=300, blank=True)
    decision = models.CharField(max_length=10, blank=True, choices=DECISIONS)

    def __str__(self) -> str:
        return f"{self.score:.2f} {self.evidence}"


class Erasure(models.Model):
    """The erasure of a person's data, and the work that does it once it was confirmed.

    `customer_id` and `members`, the ids of records that were merged with it, are kept until the person is erased and are
    blank afterwards; `token` makes a form that is sent twice one request; `certificate` is what the lake certifies, and holds
    no personal data.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    token = models.CharField(max_length=64, unique=True)
    customer_id = models.CharField(max_length=300, blank=True)
    members: Any = models.JSONField(default=list)
    reason = models.CharField(said_later("Reason", "Основание"), max_length=500)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    work = models.OneToOneField(Work, models.SET_NULL, null=True)
    erased_at = models.DateTimeField(null=True, blank=True)
    certificate: Any = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.pk} {self.reason}"

    @property
    def name(self) -> str:
        """What the erasure is called where the person may no longer be named."""
        return say("Erasure {number}", "Удаление {number}").format(number=self.pk)
