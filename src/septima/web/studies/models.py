"""Runs of models: what was asked, how far it is, and by which key its finding is kept."""

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation

LOST_AFTER = timedelta(minutes=10)
"""How long a run may say nothing before it is taken for lost."""
ACTIVE = ("waiting", "running")


class Run(models.Model):
    """A run of a model by a background worker.

    `asked` is a digest of kind and options, `key` of these with the data and the definitions; the same is computed once at a
    time. `options` are as the form of the kind cleans them, as text and numbers. What is said is in both languages.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    kind = models.CharField(max_length=20)
    options = models.JSONField(default=dict)
    asked = models.CharField(max_length=64)
    key = models.CharField(max_length=64, db_index=True)
    data_version = models.BigIntegerField()
    state = models.CharField(max_length=10, default="waiting")
    step_en = models.CharField(max_length=200, blank=True)
    step_ru = models.CharField(max_length=200, blank=True)
    done = models.BigIntegerField(default=0)
    whole = models.BigIntegerField(null=True, blank=True)
    error_en = models.TextField(blank=True)
    error_ru = models.TextField(blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Newest first; what is asked twice runs once."""

        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=models.Q(state__in=ACTIVE),
                name="runs_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "kind", "state"], name="runs_of_kind")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.state}"

    @property
    def is_active(self) -> bool:
        """Whether it goes on; one that has said nothing for long does not."""
        return self.state in ACTIVE and self.told_at > timezone.now() - LOST_AFTER
