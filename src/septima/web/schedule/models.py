"""When rules of a schedule were due, each moment once."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation
from septima.web.work.models import Work


class Due(models.Model):
    """A moment at which a rule was due, whether it is dealt with, and the work that was begun for it until that is forgotten.

    The first one of a rule never had work: it tells since when the rule is known, as nothing is made up for before that.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    rule = models.CharField(max_length=400)
    planned_at = models.DateTimeField()
    noted_at = models.DateTimeField(default=timezone.now)
    is_begun = models.BooleanField(default=False)
    work = models.ForeignKey(Work, models.SET_NULL, null=True)

    class Meta:
        """A moment of a rule is dealt with once, whoever keeps the schedule."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "rule", "planned_at"], name="a_moment_is_due_once")
        ]

    def __str__(self) -> str:
        return f"{self.rule} · {self.planned_at:%Y-%m-%d %H:%M}"
