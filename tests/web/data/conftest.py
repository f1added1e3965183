"""A small company that loads its files by the site."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from septima.lake.engine import connect
from septima.lake.store import Lake
from septima.web.accounts.models import Organisation
from septima.web.data.asking import LOAD, work_on
from septima.web.data.models import Upload
from septima.web.work import kinds
from septima.web.work.kinds import Tell
from septima.web.work.models import Work
from septima.workspace import Workspace
from tests.web.conftest import Site

ORDERS = """Номер заказа;Клиент;Дата заказа;Сумма;Статус
A-1;c1;01.07.2026;1 200,50;оплачен
A-2;c2;02.07.2026;300;оплачен
A-3;c2;03.07.2026;пятьсот;оплачен
A-4;c3;31.06.2026;70,00;возврат
A-5;;05.07.2026;80;оплачен
"""


@dataclass(frozen=True)
class Shop:
    """The company, its lake, and the figures that were asked to be computed after loads."""

    organisation: Organisation
    lake: Lake
    computed: list[int]

    def count(self, table: str) -> int:
        """Rows of a table now."""
        files = self.lake.files(table)
        if not files:
            return 0
        found: Any = connect("duckdb").read_parquet(files).count().execute()
        return int(found)


@pytest.fixture
def shop(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Shop:
    """The own organisation with an empty workspace; computing is only noted."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    folder = tmp_path / "shop"
    Workspace.create(folder, organisation="Shop", currency="EUR")
    site.own.folder = str(folder)
    site.own.save()
    computed: list[int] = []

    def compute(work: Work, _: Tell) -> dict[str, Any]:
        computed.append(work.pk)
        return {}

    monkeypatch.setitem(kinds._KINDS, "data.compute", replace(kinds._KINDS["data.compute"], do=compute))
    return Shop(site.own, Lake.open(folder / "lake"), computed)


@pytest.fixture
def analyst(as_role: Callable[[str], Client]) -> Client:
    """Who loads data."""
    return as_role("analyst")


def address(*parts: object) -> str:
    """An address of the section."""
    return "/".join(["/o/home/data", *map(str, parts), ""])


def bring(client: Client, content: bytes | str, name: str = "orders.csv") -> Any:
    """Upload a file."""
    raw = content.encode() if isinstance(content, str) else content
    return client.post(address("upload"), {"file": SimpleUploadedFile(name, raw)})


def newest() -> Upload:
    """The upload that came last."""
    return Upload.objects.latest("pk")


def load(client: Client, upload: Upload | None = None) -> Work:
    """Press “Load” as the page shows it."""
    upload = upload or newest()
    page = client.get(address("upload", upload.pk))
    digest = page.context["digest"]
    client.post(address("upload", upload.pk, "load"), {"mapping": digest})
    work = work_on(upload, LOAD)
    assert work is not None
    return work
