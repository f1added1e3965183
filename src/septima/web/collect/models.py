"""Sources that send by themselves, and the inbox of what they sent."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.schema import Text
from septima.web.accounts.models import Organisation, User
from septima.web.common import sealed

SIGNING = "keys of web hooks"
KINDS: dict[str, Text] = {
    "tracking": Text(
        "Tracking clients (Segment’s HTTP API), CloudEvents", "Счётчики событий (API Segment), CloudEvents"
    ),
    "sendgrid": Text("SendGrid, event webhook", "SendGrid, веб-хук событий"),
    "mailgun": Text("Mailgun, webhooks", "Mailgun, веб-хуки"),
}
LINKS = "links"
"""The kind of the source that the site's own tracked links are; no key opens it, and nobody makes or closes it."""


class Source(models.Model):
    """A source that sends by itself, and the write key by which it is known; the key itself is not kept.

    `name` is what the lake calls it. `secret` is what web hooks are signed by, encrypted: the public key that SendGrid
    shows, the signing key of Mailgun.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    name = models.SlugField(max_length=60)
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    key_hash = models.CharField(max_length=64, unique=True)
    key_ends_in = models.CharField(max_length=4)
    secret = models.TextField(blank=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True)
    made_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        """A name is of one source of an organisation."""

        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "name"], name="one_source_of_a_name")]

    def __str__(self) -> str:
        return self.name

    def signing_key(self) -> str:
        """What web hooks are signed by."""
        return sealed.opened(self.secret, SIGNING)


class Parcel(models.Model):
    """What one request brought, as it came: it stays until the batch that holds it is in the lake.

    `form` says how `body`, which is compressed, is read; `headers` are those that belong to the contents. `batch` is the
    name under which it is being brought. A parcel with a `problem` is left aside by its own, for a person to look at.
    """

    source = models.ForeignKey(Source, models.CASCADE)
    form = models.CharField(max_length=20)
    body = models.BinaryField()
    headers = models.JSONField(default=dict)
    messages = models.IntegerField()
    received_at = models.DateTimeField(default=timezone.now)
    batch = models.CharField(max_length=40, blank=True, db_index=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.source} · {self.received_at}"
