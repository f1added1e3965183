"""Files that people bring, work that takes long, and rows of the quarantine that were put aside for good."""

import shutil
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from septima.schema import Language, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import said_later

OPEN_STATES = ("receiving", "examining", "mapping", "loading")
"""States of an upload that its person has still to finish or discard; they have one such at a time."""

UPLOAD_STATES: dict[str, Text] = {
    "receiving": Text("being received", "принимается"),
    "examining": Text("being looked at", "просматривается"),
    "mapping": Text("awaits its mapping", "ждёт сопоставления"),
    "loading": Text("being loaded", "загружается"),
    "loaded": Text("loaded", "загружен"),
    "refused": Text("refused", "отклонён"),
    "discarded": Text("discarded", "отменён"),
}
JOB_STATES: dict[str, Text] = {
    "queued": Text("waiting", "ждёт очереди"),
    "running": Text("running", "выполняется"),
    "done": Text("done", "сделано"),
    "failed": Text("failed", "не удалось"),
    "interrupted": Text("interrupted", "прервано"),
    "cancelled": Text("cancelled", "отменено"),
}
JOB_KINDS: dict[str, Text] = {
    "examine": Text("Look through a file", "Просмотр файла"),
    "load": Text("Load a file", "Загрузка файла"),
    "compute": Text("Compute figures and renew the card", "Вычисление показателей и обновление карты"),
    "identify": Text("Look for duplicates of customers", "Поиск дублей клиентов"),
    "mend": Text("Mend rows of the quarantine", "Исправление строк карантина"),
}


class Upload(models.Model):
    """A file that a person brought, from its receipt to its loading.

    `name` is the original name made safe, by which quarantine and messages call the file. The file, what was seen in it
    and its mapping lie in `folder`; after loading the folder goes when its time is over.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    token = models.CharField(max_length=32, unique=True)
    name = models.CharField(said_later("File", "Файл"), max_length=200)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    header = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, default="receiving", choices=[(state, state) for state in UPLOAD_STATES])
    mapping = models.TextField(blank=True)
    # Counts by table: read, loaded, updated, duplicate, quarantined.
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    lake_version = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """One file at a time per person, so that nobody loses sight of one."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "user"],
                condition=models.Q(state__in=OPEN_STATES),
                name="one_open_upload_of_a_person",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def folder(self) -> Path:
        """Where the file and what belongs to it lie."""
        return Path(settings.MEDIA_ROOT) / str(self.organisation_id) / self.token  # pyright: ignore[reportAttributeAccessIssue]

    @property
    def path(self) -> Path:
        """The file itself."""
        return self.folder / self.name

    @property
    def mapping_path(self) -> Path:
        """The mapping as it is loaded by: its path is what the lake's commit tells of this upload."""
        return self.folder / "mapping.yaml"

    @property
    def examined_path(self) -> Path:
        """What was seen in the file; it may hold personal data, so that it goes with the file."""
        return self.folder / "examined.json"

    @property
    def is_open(self) -> bool:
        """Whether its person has still to finish or discard it."""
        return self.state in OPEN_STATES

    def state_text(self, language: Language) -> str:
        """The state in words."""
        return UPLOAD_STATES[self.state].in_language(language)

    def remove_files(self) -> None:
        """Delete the file and what was seen in it; the row stays, and says when."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.removed_at = timezone.now()
        self.save(update_fields=["removed_at"])


class SavedMapping(models.Model):
    """A mapping kept by name, for files with the same header."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    name = models.CharField(said_later("Name", "Название"), max_length=120)
    header = models.CharField(max_length=64, db_index=True)
    text = models.TextField()
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """Names are the organisation's."""

        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "name"], name="one_mapping_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """Work that takes long, and how far it is.

    `attempt` counts how often it was begun: a task in the queue does nothing where it is not of the newest attempt.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in JOB_KINDS])
    upload = models.ForeignKey(Upload, models.SET_NULL, null=True)
    subject = models.CharField(max_length=300, blank=True)
    arguments = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="queued", choices=[(state, state) for state in JOB_STATES])
    attempt = models.IntegerField(default=1)
    step_en = models.CharField(max_length=300, blank=True)
    step_ru = models.CharField(max_length=300, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    cancel_asked = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    # What makes pressing a button twice the same as pressing it once; empty where nothing is to be told apart.
    once = models.CharField(max_length=80, null=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def is_over(self) -> bool:
        """Whether it has ended, one way or another."""
        return self.state not in {"queued", "running"}

    @property
    def share(self) -> float | None:
        """How much of it is done, of 1; None where that is not known."""
        return None if not self.total else min(1.0, self.done / self.total)

    def title(self, language: Language) -> str:
        """What is done, in words."""
        return JOB_KINDS[self.kind].in_language(language)

    def state_text(self, language: Language) -> str:
        """The state in words."""
        return JOB_STATES[self.state].in_language(language)

    def step(self, language: Language) -> str:
        """What it is at, in words."""
        return Text(self.step_en, self.step_ru).in_language(language)

    def number(self, name: str) -> int:
        """A number of the result; 0 where there is none."""
        value: Any = self.result.get(name, 0)
        return int(value)


class Dismissal(models.Model):
    """A row of the quarantine that nobody is going to mend, and why; the row itself stays in the lake.

    A dismissal is undone, never deleted.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    quarantine_id = models.CharField(max_length=64)
    why = models.CharField(said_later("Why", "Почему"), max_length=300)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        """One dismissal of an entry is in force."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "quarantine_id"],
                condition=models.Q(undone_at=None),
                name="one_dismissal_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.quarantine_id} {self.why}"
