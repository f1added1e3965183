"""Tokens of the interface."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from septima.web.accounts.models import ApiToken, Organisation, User, new_token, token_hash
from septima.web.accounts.scopes import SCOPES
from tests.web.conftest import Site


def token_of(person: User, organisation: Organisation, *scopes: str, lasts: timedelta = timedelta(days=1)) -> str:
    """A token of these scopes, all where none is named."""
    token = new_token("septima")
    ApiToken.objects.create(
        user=person,
        organisation=organisation,
        name="test",
        token_hash=token_hash(token),
        scopes=list(scopes or SCOPES),
        expires_at=timezone.now() + lasts,
    )
    return token


@pytest.fixture
def calling(site: Site) -> Callable[..., Client]:
    """A program with a token of the person of a role."""

    def client(role: str, *scopes: str) -> Client:
        of = site.other if role == "other" else site.own
        token = token_of(User.objects.get(email=f"{role}@example.org"), of, *scopes)
        return Client(headers={"authorization": f"Bearer {token}"})

    return client
