"""Drafts of definition files, and every version that was ever in force."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation, User

STATES = ("draft", "submitted", "approving", "approved", "rejected", "withdrawn", "superseded")
OPEN_STATES = ("draft", "submitted", "approving")
ORIGINS = ("imported", "approved", "outside", "removed")


class Draft(models.Model):
    """A text that is to take the place of a definition file, from `base_text` to `text`.

    `approving` is the moment between the decision and the written file; whoever looks next finishes or takes it back.
    `base_digest` is empty where the file is to be begun.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    file = models.CharField(max_length=120)
    base_digest = models.CharField(max_length=64, blank=True)
    base_text = models.TextField(blank=True)
    text = models.TextField(blank=True)
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="drafts")
    note = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, default="draft", choices=[(state, state) for state in STATES])
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    reviewer = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="reviewed_drafts")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.CharField(max_length=500, blank=True)
    approved_alone = models.BooleanField(default=False)

    class Meta:
        """Newest first; a person has one open draft of a file."""

        ordering: ClassVar = ["-updated_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "file", "author"],
                condition=models.Q(state="draft"),
                name="one_draft_of_a_person",
            )
        ]

    def __str__(self) -> str:
        return f"{self.file} · {self.author}"

    @property
    def is_open(self) -> bool:
        """Whether it can still become a version."""
        return self.state in OPEN_STATES


class Version(models.Model):
    """A text that was in force: approved here, found when the site first looked, or changed outside of the site.

    `author_name` is who made it where that is no person of the site; the audit log of the workspace knows such names.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    file = models.CharField(max_length=120)
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    origin = models.CharField(max_length=10, choices=[(origin, origin) for origin in ORIGINS])
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="versions")
    author_name = models.CharField(max_length=200, blank=True)
    approver = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="approved_versions")
    approved_alone = models.BooleanField(default=False)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, blank=True)

    class Meta:
        """Newest first; numbers of a file are given once."""

        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "file", "number"], name="one_version_of_a_number"),
            models.UniqueConstraint(fields=["draft"], name="one_version_of_a_draft"),
        ]

    def __str__(self) -> str:
        return f"{self.file} · {self.number}"

    @property
    def by(self) -> str:
        """Who made it, in words."""
        return str(self.author) if self.author else self.author_name
