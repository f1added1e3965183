"""Pages of errors: what they say, and that they stand where nothing else does."""

import io
from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client

from septima.web.common.errors import broken
from tests.web.conftest import Site

ADDRESS = "/o/home/mine/actions/"


def _browser(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def test_what_broke_can_be_tried_again(site: Site, as_role: Callable[[str], Client]) -> None:
    with patch("septima.web.actions.following.visible", side_effect=RuntimeError("a fault")):
        answer = _browser(as_role("leader")).get(f"{ADDRESS}?state=all")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert f'href="{ADDRESS}?state=all"' in page
    assert "a fault" not in page


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "Что-то сломалось у нас"), ("en", "Something broke on our side")]
)
def test_what_broke_is_told_without_the_database(language: str, said: str, as_role: Callable[[str], Client]) -> None:
    client = _browser(as_role("leader"))
    with (
        patch("septima.web.actions.following.visible", side_effect=OperationalError("the disk is full")),
        patch("septima.web.common.context.membership_of", side_effect=OperationalError("the disk is full")),
        patch("septima.web.common.context.menu", side_effect=OperationalError("the disk is full")),
    ):
        answer = client.get(f"{ADDRESS}?language={language}")
    page = answer.content.decode()
    assert answer.status_code == 500
    assert said in page.replace("\u00a0", " ")
    assert f'<html lang="{language}"' in page
    assert "the disk is full" not in page


def test_what_is_too_large_is_told_as_that(as_role: Callable[[str], Client]) -> None:
    client = _browser(as_role("leader"))
    answer = client.post(ADDRESS + "new/", {"what": "x" * (3 * 2**20)})
    assert answer.status_code == 413
    assert "too large" in answer.content.decode()
    assert client.post(ADDRESS + "new/", {"f": io.BytesIO(b"x" * (9 * 2**20))}).status_code == 413
    assert client.post(ADDRESS + "new/", {f"q{n}": "1" for n in range(6_000)}).status_code == 400


def test_a_program_is_told_of_a_fault_as_a_problem() -> None:
    request = HttpRequest()
    request.path = request.path_info = "/api/v1/metrics"
    answer = broken(request)
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
