"""A mistake in a file or its mapping is told in the language of who reads, whoever made it."""

from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from septima.lake.reading import REJECTED
from septima.lake.suppression import REASON
from septima.web.accounts.models import User
from septima.web.data.reasons import reason_text
from tests.web.data.conftest import ORDERS, Shop, address, bring, newest


def page(client: Client, *, language: str, pk: int | None = None) -> str:
    """The page of an upload, or of all, in a language."""
    parts = ("upload",) if pk is None else ("upload", pk)
    return unescape(client.get(address(*parts), {"language": language}).content.decode())


@pytest.mark.parametrize(
    ("old", "new", "english", "russian"),
    [
        ("      orders:", "      order:", "there is no table 'order'; there are: ", "нет таблицы «order»; есть: "),
        (": Клиент", ": Client", "has no column 'Client', which", "в\u00a0файле orders.csv нет столбца «Client»"),
    ],
)
def test_a_wrong_mapping_is_told_in_the_language_of_the_page(
    shop: Shop, analyst: Client, old: str, new: str, english: str, russian: str
) -> None:
    bring(analyst, ORDERS)
    upload = newest()
    text = upload.mapping.replace(old, new)
    assert text != upload.mapping
    analyst.post(address("upload", upload.pk), {"yaml": text})
    assert english in page(analyst, language="en", pk=upload.pk)
    assert russian in page(analyst, language="ru", pk=upload.pk)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("source: &one shop\nfiles: [*one]\n", "якоря или ссылки"),
        ("source: shop\nfiles: [\n", "строка 3: это не\u00a0YAML: "),
    ],
)
def test_yaml_that_is_not_even_tried_says_why(shop: Shop, analyst: Client, text: str, what: str) -> None:
    bring(analyst, ORDERS)
    User.objects.filter(email="analyst@example.org").update(language="ru")
    answer = analyst.post(address("upload", newest().pk), {"yaml": text})
    assert answer.status_code == 422
    assert what in answer.content.decode()


@pytest.mark.parametrize("at_once", [True, False])
def test_why_a_file_was_refused_is_kept_in_both_languages(
    shop: Shop, analyst: Client, monkeypatch: Any, *, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr("septima.web.data.upload_views.AT_ONCE", 1)
    bring(analyst, "id,at\n", "empty.csv")
    assert newest().state == "refused"
    assert "empty.csv has a header and no rows" in page(analyst, language="en")
    assert "в\u00a0empty.csv есть заголовок и\u00a0нет строк" in page(analyst, language="ru")


@pytest.mark.parametrize("reason", [*sorted(set(REJECTED.values())), REASON])
def test_every_reason_of_a_row_that_is_put_aside_has_russian_words(reason: str) -> None:
    with translation.override("ru"):
        assert reason_text(reason) != reason
