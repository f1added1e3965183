"""Tracked links, the hosts that they may lead to, and how far journals of hits were taken."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from septima.web.accounts.models import Organisation, User

MARKS = ("source", "medium", "campaign", "term", "content")
"""The UTM marks, as fields of a link and as the ends of the names in an address."""


class TrackedLink(models.Model):
    """A short address, what it leads to, and what its hits are marked by.

    `code` is of one link of the whole site and is never given to another. `personal` links take a customer's token.
    `cost` is what the placement cost, in the organisation's currency. `version` is that of the last change, by which
    processes that answer find out what has changed. `token` makes sending a form twice harmless.
    """

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    target = models.CharField(max_length=2000)
    source = models.CharField(max_length=100)
    medium = models.CharField(max_length=100)
    campaign = models.CharField(max_length=100)
    term = models.CharField(max_length=100, blank=True)
    content = models.CharField(max_length=100, blank=True)
    promo_code = models.CharField(max_length=60, blank=True)
    leaflet = models.CharField(max_length=60, blank=True)
    cost = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    personal = models.BooleanField(default=False)
    token = models.CharField(max_length=40, unique=True)
    version = models.BigIntegerField(db_index=True)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True)
    made_at = models.DateTimeField(default=timezone.now)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        """A promo code is of one link in use: orders that bear it are this link's."""

        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "promo_code"],
                condition=models.Q(archived_at=None) & ~models.Q(promo_code=""),
                name="one_link_of_a_promo_code",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def marks(self) -> dict[str, str]:
        """The marks that are set, by name."""
        return {name: getattr(self, name) for name in MARKS if getattr(self, name)}


class TargetHost(models.Model):
    """A host that links of an organisation may lead to, in its ASCII form; with its subdomains where it says so."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    host = models.CharField(max_length=253)
    subdomains = models.BooleanField(default=False)
    made_by = models.ForeignKey(User, models.SET_NULL, null=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        """A host stands once."""

        ordering: ClassVar = ["host"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "host"], name="one_rule_of_a_host")]

    def __str__(self) -> str:
        return self.host


class LinksVersion(models.Model):
    """One row: the number of the last change of any link of the site."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class Journal(models.Model):
    """How many bytes of a journal of hits the inbox has."""

    name = models.CharField(max_length=100, unique=True)
    taken = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} · {self.taken}"
