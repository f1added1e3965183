"""Work on cards that takes long: refreshing one, making its report."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation, User

DEAD_AFTER = timedelta(minutes=20)
"""After how long without a sign of life work is taken for lost."""


class CardWork(models.Model):
    """A piece of work of the background worker: what was asked for, how far it is, what came of it.

    `key` says what it makes and of what, so that the same is not made twice at once. `choice` are the parameters of the page
    that it was asked for. A report lies in `file`, relative to the site's folder.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    kind = models.CharField(max_length=10, choices=[("refresh", "refresh"), ("report", "report")])
    key = models.CharField(max_length=200)
    choice = models.JSONField(default=dict)
    language = models.CharField(max_length=2)
    form = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=10, default="waiting")
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)
    file = models.CharField(max_length=300, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; the same work is under way once."""

        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="one_work_of_a_kind_at_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.key} · {self.state}"

    @property
    def under_way(self) -> bool:
        """Whether it is still waited for."""
        return self.state in ("waiting", "running")

    @property
    def is_late(self) -> bool:
        """Whether it waits for longer than a worker that runs would let it."""
        return self.state == "waiting" and timezone.now() - self.asked_at > timedelta(minutes=1)

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return Path(settings.SITE_FOLDER) / self.file

    @property
    def is_there(self) -> bool:
        """Whether it was made and its file is still there."""
        return self.state == "done" and bool(self.file) and self.path.is_file()
