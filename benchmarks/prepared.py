"""What benchmarks ask a site with, made in its database by this process: a source, an open survey, a leader."""

import secrets
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from septima.web.accounts.models import Organisation


def organisation_of(workspace: Path) -> "Organisation":
    """Make the site of a workspace ready; its organisation. Only then can what is of the site be imported."""
    from septima.web.site import add_organisation, open_site

    open_site(workspace)
    from septima.web.accounts.models import Organisation

    return Organisation.objects.get(slug=add_organisation("Bench", workspace))


def source_key(organisation: "Organisation") -> str:
    """The write key of a new source, whose messages are called `bench:…` in the lake."""
    from septima.web.accounts.models import new_token, token_hash
    from septima.web.collect.models import Source

    key = new_token("septima_write")
    Source.objects.create(
        organisation=organisation, name="bench", kind="tracking", key_hash=token_hash(key), key_ends_in=key[-4:]
    )
    return key


def survey_path(organisation: "Organisation") -> str:
    """The path of a new survey of NPS that is open to everybody."""
    from django.utils import timezone

    from septima.web.surveys.instruments import questions_of
    from septima.web.surveys.links import anonymous_address
    from septima.web.surveys.models import OPEN, Survey
    from septima.web.surveys.questions import to_json

    survey = Survey.objects.create(
        organisation=organisation,
        name="Bench",
        instrument="nps",
        languages=["en"],
        questions=to_json(questions_of("nps", {})),
        title_en="Bench",
        state=OPEN,
        opens_at=timezone.now(),
    )
    return urlsplit(anonymous_address(survey, "http://127.0.0.1")).path


def leaders_cookie(organisation: "Organisation") -> str:
    """The cookie of a new leader who has signed in."""
    from django.test import Client

    from septima.web.accounts.models import Membership, User

    leader = User.objects.create_user(f"{secrets.token_hex(8)}@example.org", language="en")
    Membership.objects.create(user=leader, organisation=organisation, role="leader")
    client = Client()
    client.force_login(leader)
    return f"sessionid={client.cookies['sessionid'].value}"
