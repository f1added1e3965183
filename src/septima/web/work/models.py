"""Work that takes long, and how far it is."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from septima.schema import Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import current_language, say
from septima.web.work.holding import holding

ACTIVE = ("waiting", "running")
"""States of work that is still waited for."""

LATE_AFTER = timedelta(minutes=2)
"""How long work may wait before its place in the queue is taken for lost, or the worker for stopped."""

LOST = Text(
    "The program that did this ended before it was done. Nothing is lost and nothing was done by halves: start it again.",
    "Программа, которая это делала, завершилась раньше времени. Ничего не\u00a0потеряно и\u00a0не\u00a0сделано наполовину: "
    "начните заново.",
)
"""The problem of work whose worker died."""

_STATES: dict[str, Text] = {
    "waiting": Text("waiting", "ждёт очереди"),
    "running": Text("running", "выполняется"),
    "done": Text("done", "сделано"),
    "failed": Text("failed", "не удалось"),
    "cancelled": Text("cancelled", "отменено"),
}


class Work(models.Model):
    """A piece of work of the background worker: what was asked for, how far it is, what came of it.

    `kind` names what is done (see `kinds`), by `options`; `result` is what came of it. `key` tells what the work makes and of
    what, so that the same is not under way twice. `subject` is what a person knows it by, such as the name of a file. What
    is told of it is in both languages; `language` is that in which it works. `told_at` is its last sign of life. `attempt`
    counts how often it was begun: a task in the queue does nothing where it is not of the newest attempt.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200, db_index=True)
    subject = models.CharField(max_length=300, blank=True)
    who = models.ForeignKey(User, models.SET_NULL, null=True)
    language = models.CharField(max_length=2, default="en")
    options = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="waiting", choices=[(state, state) for state in _STATES])
    attempt = models.IntegerField(default=1)
    step_en = models.CharField(max_length=300, blank=True)
    step_ru = models.CharField(max_length=300, blank=True)
    done = models.BigIntegerField(default=0)
    whole = models.BigIntegerField(null=True)
    problem_en = models.TextField(blank=True)
    problem_ru = models.TextField(blank=True)
    cancel_asked = models.BooleanField(default=False)
    asked_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(default=timezone.now)
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first; the same is under way once."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "key"],
                condition=models.Q(state__in=ACTIVE),
                name="the_same_is_under_way_once",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["organisation", "kind", "state"], name="work_of_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject or self.key} · {self.state}"

    @property
    def is_active(self) -> bool:
        """Whether it is still waited for."""
        return self.state in ACTIVE

    @property
    def is_late(self) -> bool:
        """Whether it waits for longer than a worker that runs, and has nothing else to do, would let it."""
        late = timezone.now() - LATE_AFTER
        if self.state != "waiting" or self.told_at >= late:
            return False
        return not Work.objects.filter(finished_at__gte=late).exists() and not _worker_is_busy()

    @property
    def was_lost(self) -> bool:
        """Whether it ended because its worker did."""
        return self.state == "failed" and self.problem_en == LOST.en

    @property
    def state_text(self) -> str:
        """The state in words."""
        return _STATES[self.state].in_language(current_language())

    @property
    def mark(self) -> str:
        """The state as a mark of the pages."""
        return {"done": "good", "failed": "bad"}.get(self.state, "unknown")

    @property
    def step(self) -> str:
        """What it is at, in words."""
        return say(self.step_en, self.step_ru)

    @property
    def problem(self) -> str:
        """Why it failed, in words."""
        return say(self.problem_en, self.problem_ru)

    @property
    def percent(self) -> int | None:
        """How much of it is done, of a hundred; None where that is not known."""
        return None if not self.whole else round(100 * min(1.0, self.done / self.whole))

    def number(self, name: str) -> int:
        """A number of the result; 0 where there is none."""
        value: Any = self.result.get(name, 0)
        return int(value)


def _worker_is_busy() -> bool:
    """Whether some work is being done at this moment, by a process that lives."""
    for pk in Work.objects.filter(state="running").values_list("pk", flat=True):
        with holding(pk) as free:
            if not free:
                return True
    return False
