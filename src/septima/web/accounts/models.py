"""People, organisations and what binds them."""

import hashlib
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone

from septima.web.common.language import said_later
from septima.web.common.permissions import ROLE_NAMES

INVITATION_LASTS = timedelta(days=7)
ROLE_CHOICES = [(role, said_later(name.en, name.ru)) for role, name in ROLE_NAMES.items()]
LINK_LASTS = timedelta(hours=1)


def token_hash(token: str) -> str:
    """What is kept of a token. Tokens are 256 random bits, which no slow hash makes harder to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token(prefix: str) -> str:
    """A token of 256 random bits; the prefix says what it is to whoever finds one."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


class UserManager(BaseUserManager["User"]):
    """Makes people."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A person by address; without a password they sign in by a link or by OpenID Connect."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in, known by address. What they may do is said by their memberships."""

    email = models.EmailField(said_later("E-mail", "Электронная почта"), unique=True)
    name = models.CharField(said_later("Name", "Имя"), max_length=200, blank=True)
    language = models.CharField(
        said_later("Language", "Язык"), max_length=2, blank=True, choices=[("en", "English"), ("ru", "Русский")]
    )
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    """Whether they may add organisations to the site."""
    joined_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()  # pyright: ignore[reportIncompatibleVariableOverride] # as Django has it

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []  # pyright: ignore[reportIncompatibleVariableOverride] # as Django has it

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def has_second_factor(self) -> bool:
        """Whether a second factor is set up."""
        return is_mfa_enabled(self)


class Organisation(models.Model):
    """An organisation: its name, the slug of its addresses and the folder of its workspace.

    `folder` is absolute, or relative to the folder of the site.
    """

    name = models.CharField(said_later("Name", "Название"), max_length=200)
    slug = models.SlugField(said_later("Address", "Адрес"), unique=True, max_length=60)
    folder = models.CharField(max_length=1000)
    requires_second_factor = models.BooleanField(
        said_later("Everyone needs a second factor", "Всем нужен второй фактор входа"), default=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @property
    def directory(self) -> Path:
        """The folder of the workspace."""
        return Path(settings.SITE_FOLDER) / self.folder


class Membership(models.Model):
    """A person's role in an organisation; for an employee also who they are in the data."""

    user = models.ForeignKey(User, models.CASCADE)
    organisation = models.ForeignKey(Organisation, models.CASCADE)
    role = models.CharField(said_later("Role", "Роль"), max_length=20, choices=ROLE_CHOICES)
    employee_id = models.CharField(said_later("Employee in the data", "Сотрудник в данных"), max_length=200, blank=True)
    department = models.CharField(said_later("Department", "Подразделение"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One membership of a person in an organisation is in force."""

        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "organisation"], condition=models.Q(ended_at=None), name="one_membership_in_force"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.role}"


class Invitation(models.Model):
    """An invitation of an address to an organisation; the token itself is only in the letter."""

    organisation = models.ForeignKey(Organisation, models.CASCADE)
    email = models.EmailField(said_later("E-mail", "Электронная почта"))
    role = models.CharField(said_later("Role", "Роль"), max_length=20, choices=ROLE_CHOICES)
    employee_id = models.CharField(said_later("Employee in the data", "Сотрудник в данных"), max_length=200, blank=True)
    department = models.CharField(said_later("Department", "Подразделение"), max_length=200, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.email} · {self.organisation}"

    @property
    def is_open(self) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()


class SignInLink(models.Model):
    """A link that signs a person in once: what `septima serve` prints where nobody has a password yet."""

    user = models.ForeignKey(User, models.CASCADE)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.user} · {self.expires_at}"


class ApiToken(models.Model):
    """A token of the interface for programs: whose it is, for which organisation, what it may do and how long."""

    user = models.ForeignKey(User, models.CASCADE)
    organisation = models.ForeignKey(Organisation, models.CASCADE)
    name = models.CharField(said_later("What it is for", "Для чего"), max_length=200)
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > timezone.now()


class AuditEvent(models.Model):
    """Something that a person did: never changed, never with personal data of customers in it."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, null=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=300, blank=True)
    details = models.JSONField(default=dict)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.subject}"
