"""Actions: what is done about a KPI, by whom and by when; notes on them and the history of their changes."""

from datetime import date
from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common.language import said_later

OPEN_STATES = ("open", "in_progress")
STATES = (*OPEN_STATES, "done", "dropped")


class Action(models.Model):
    """What is done about a KPI that a card showed in a period.

    `kpi` is its path, such as `customer_support/nps`, or the id of a KPI of the company's own. The owner is a member, or
    somebody in the data by employee_id. `planned_on` is the day that the lake knows as planned, once it is told there;
    `revision` counts changes, so that each state is brought to the lake once. `site` is where the site was reached when it was
    made, for letters.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    kpi = models.CharField(max_length=200)
    period = models.CharField(max_length=20)
    period_start = models.DateField()
    what = models.CharField(said_later("What is to be done", "Что сделать"), max_length=300)
    cause = models.TextField(said_later("Cause", "Причина"), max_length=2000, blank=True)
    owner = models.ForeignKey(Membership, models.SET_NULL, null=True, blank=True)
    employee_id = models.CharField(max_length=200, blank=True)
    department = models.CharField(max_length=200, blank=True)
    due_on = models.DateField(said_later("Due", "Срок"))
    state = models.CharField(max_length=12, choices=[(state, state) for state in STATES], default="open")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    planned_on = models.DateField(null=True, blank=True)
    reminded_for = models.DateField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    site = models.CharField(max_length=200, blank=True)
    token = models.CharField(max_length=64, unique=True)

    class Meta:
        """Lists are by day due."""

        indexes: ClassVar = [
            models.Index(fields=["organisation", "state", "due_on"], name="actions_due"),
            models.Index(fields=["organisation", "kpi"], name="actions_of_a_kpi"),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def is_open(self) -> bool:
        """Whether there is something to do still."""
        return self.state in OPEN_STATES

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed with something to do still."""
        return self.is_open and self.due_on < today


class Note(models.Model):
    """What somebody said of an action."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="notes")
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField(said_later("Note", "Заметка"), max_length=4000)
    token = models.CharField(max_length=64, unique=True)

    class Meta:
        """As they were said."""

        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        return self.text[:60]


class Change(models.Model):
    """A field of an action that somebody changed, in words as they were shown then."""

    action = models.ForeignKey(Action, models.CASCADE, related_name="changes")
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)
    field = models.CharField(max_length=30)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)

    class Meta:
        """As they came."""

        ordering: ClassVar = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.field}: {self.before} → {self.after}"
