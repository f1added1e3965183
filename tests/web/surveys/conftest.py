"""Surveys of the own organisation, in an empty workspace of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from septima.lake.append import append
from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common.permissions import ROLES
from septima.web.surveys import lifecycle, links, throttle
from septima.web.surveys.inviting import Chosen, Guest, give_out
from septima.web.surveys.models import Link, Survey
from septima.workspace import Workspace
from tests.web.conftest import Site

ORIGIN = "http://testserver"
CUSTOMERS = [
    {"customer_id": "C1", "segment": "gold", "consent": True, "email": "one@example.org"},
    {"customer_id": "C2", "segment": "gold", "consent": False, "email": "two@example.org"},
    {"customer_id": "C3", "segment": "new", "consent": None, "email": "three@example.org"},
    {"customer_id": "C4", "segment": "new", "consent": True, "email": None},
]


@pytest.fixture(autouse=True)
def _nobody_was_too_fast() -> None:
    throttle.forget_all()
    caches["pages"].clear()  # results are kept by the number of a survey, which begins anew in each test


@pytest.fixture(scope="session")
def demo_folder(empty_folder: Path) -> Path:
    """Surveys need no demo company."""
    return empty_folder


@pytest.fixture
def site(db: None, demo_folder: Path, empty_folder: Path) -> Site:
    """As everywhere, save that nobody has a password, which takes long to hash: tests sign in without."""
    own = Organisation.objects.create(name="Тёплый дом", slug="home", folder=str(demo_folder))
    other = Organisation.objects.create(name="Other & Co", slug="other", folder=str(empty_folder))
    for role in (*ROLES, "other"):
        person = User.objects.create_user(f"{role}@example.org", name=role.title(), language="en")
        whose, its_role = (other, "administrator") if role == "other" else (own, role)
        Membership.objects.create(user=person, organisation=whose, role=its_role)
    return Site(own, other)


@pytest.fixture
def home(site: Site, tmp_path: Path) -> Organisation:
    """The own organisation with four customers and nothing else."""
    workspace = Workspace.create(tmp_path / "home", organisation="Тёплый дом", currency="RUB", language="ru")
    append(workspace.lake, "customers", CUSTOMERS, "crm", batch="customers", author="test")
    site.own.folder = str(tmp_path / "home")
    site.own.save()
    return site.own


@pytest.fixture
def user(site: Site) -> User:
    """An analyst."""
    return User.objects.get(email="analyst@example.org")


MakeSurvey = Callable[..., Survey]


@pytest.fixture
def make_survey(home: Organisation, user: User) -> MakeSurvey:
    """Makes an open survey of an instrument."""

    def make(instrument: str = "nps", *, state: str = "open", **fields: Any) -> Survey:
        workspace = Workspace.open(home.directory)
        survey = lifecycle.begin(
            home, workspace, user, instrument=instrument, name=f"Survey {instrument}", languages=["ru", "en"]
        )
        for name, value in {"state": state, **fields}.items():
            setattr(survey, name, value)
        survey.save()
        return survey

    return make


def personal_link(survey: Survey, customer: str = "C1", **fields: Any) -> Link:
    """A personal link of a customer."""
    give_out(survey, Chosen([Guest(customer)], {}), None, token=f"{customer}", channel="file", **fields)
    return Link.objects.select_related("survey").get(survey=survey, customer_id=customer)


def path_of(link: Link) -> str:
    """The address of a personal link on the test server."""
    return links.address_of(link, "")


def answer(address: str, **given: Any) -> Any:
    """What a respondent's browser gets that sends these answers: keys of questions, values as in the form."""
    return Client().post(address, {f"q-{key}": value for key, value in given.items()})
