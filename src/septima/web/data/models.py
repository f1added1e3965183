"""Files that people bring, and rows of the quarantine that were put aside for good."""

import shutil
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from septima.schema import Language, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.language import said_later, say

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
    problem_en = models.TextField(blank=True)
    problem_ru = models.TextField(blank=True)
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

    @property
    def problem(self) -> str:
        """Why the file was not taken, in the language of the request."""
        return say(self.problem_en, self.problem_ru)

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
