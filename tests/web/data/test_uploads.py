"""A file's way into the lake by the site."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone

from septima.schema import Text
from septima.web.accounts.models import AuditEvent, User
from septima.web.customers.erasure import forget_customer
from septima.web.data import uploads, works
from septima.web.data.models import SavedMapping, Upload
from septima.web.work import doing
from septima.web.work.models import Work
from tests.web.data.conftest import ORDERS, Shop, address, bring, load, newest

MAPPING = """source: till
files:
  - file: orders.csv
    tables:
      orders:
        columns:
          order_id: Номер заказа
          customer_id: Клиент
          ordered_at: Дата заказа
          revenue: Сумма
          status:
            column: Статус
            values: {оплачен: paid, возврат: returned}
          currency: {constant: EUR}
"""


def mapped(client: Client, text: str = MAPPING) -> Any:
    """Write the mapping as YAML."""
    return client.post(address("upload", newest().pk) + "?as=yaml", {"yaml": text})


def test_a_file_is_mapped_by_its_header_and_nothing_is_loaded_before_it_is_asked_for(
    shop: Shop, analyst: Client
) -> None:
    answer = bring(analyst, ORDERS)
    upload = newest()
    assert answer.status_code == 302
    assert answer["Location"] == address("upload", upload.pk)
    page = analyst.get(answer["Location"])
    form = page.context["form"]
    assert form["table"] == "orders"
    targets = {line["name"]: line["choice"].target for line in form["lines"]}
    assert targets["Номер заказа"] == "order_id"
    assert targets["Сумма"] == "revenue"
    assert shop.lake.version == 0
    assert upload.size == len(ORDERS.encode())


def test_what_would_be_put_aside_is_told_before_loading(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    page = analyst.get(address("upload", newest().pk))
    (table,) = page.context["tables"]
    # A-3 has a word for a sum, A-4 a day that June lacks; A-5 may lack its customer.
    assert (table["read"], table["new"], table["known"], table["quarantined"]) == (5, 3, 0, 2)
    assert {(reason["column"], reason["example"]) for reason in table["reasons"]} == {
        ("Сумма", "пятьсот"),
        ("Дата заказа", "31.06.2026"),
    }
    assert [row[0] for row in table["sample"]] == ["A-1", "A-2", "A-5"]
    assert page.context["ready"]
    assert shop.lake.version == 0


def test_a_load_adds_up_and_figures_are_computed_after_it(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    job = load(analyst)
    assert job.state == "done"
    assert job.result["tables"] == {"orders": {"read": 5, "loaded": 3, "updated": 0, "duplicate": 0, "quarantined": 2}}
    assert shop.count("orders") == 3
    assert newest().state == "loaded"
    assert len(shop.computed) == 1
    text = analyst.get(address("work", job.pk)).content.decode()
    assert "What became of the rows" in text
    assert AuditEvent.objects.filter(action="upload.loaded", subject="orders.csv").exists()


def test_the_same_file_again_changes_nothing_and_says_so(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    load(analyst)
    version, orders, waiting = shop.lake.version, shop.count("orders"), shop.count("quarantine")
    bring(analyst, ORDERS)
    mapped(analyst)
    assert "This very file was loaded already" in analyst.get(address("upload", newest().pk)).content.decode()
    job = load(analyst)
    assert job.result["tables"]["orders"] == {
        "read": 5, "loaded": 0, "updated": 0, "duplicate": 3, "quarantined": 2,
    }  # fmt: skip
    assert (shop.lake.version, shop.count("orders"), shop.count("quarantine")) == (version, orders, waiting)
    assert "the load changed nothing" in analyst.get(address("work", job.pk)).content.decode()
    assert len(shop.computed) == 1


def test_pressing_load_twice_loads_once(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    upload = newest()
    digest = analyst.get(address("upload", upload.pk)).context["digest"]
    first = analyst.post(address("upload", upload.pk, "load"), {"mapping": digest})
    second = analyst.post(address("upload", upload.pk, "load"), {"mapping": digest})
    assert first["Location"] == second["Location"]
    assert Work.objects.filter(kind="data.load").count() == 1
    assert shop.lake.version == 1


def test_a_mapping_that_changed_since_it_was_seen_is_not_loaded_by(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    analyst.post(address("upload", newest().pk, "load"), {"mapping": "what was seen an hour ago"})
    assert newest().state == "mapping"
    assert shop.lake.version == 0


def test_the_form_writes_what_the_yaml_says(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    upload = newest()
    chosen = ["order_id", "customer_id", "ordered_at", "revenue", "-"]
    post = {f"target-{index}": target for index, target in enumerate(chosen)}
    post |= {"table": "orders", "source": "till", "dates-2": "%d.%m.%Y", "decimal-3": ",", "constant-currency": "RUB"}
    analyst.post(address("upload", upload.pk), post)
    upload.refresh_from_db()
    assert upload.mapping == (
        "source: till\n"
        "files:\n"
        "  - file: orders.csv\n"
        "    tables:\n"
        "      orders:\n"
        "        columns:\n"
        "          order_id: Номер заказа\n"
        "          customer_id: Клиент\n"
        "          ordered_at:\n"
        "            column: Дата заказа\n"
        "            dates: '%d.%m.%Y'\n"
        "          revenue:\n"
        "            column: Сумма\n"
        "            decimal: ','\n"
        "          currency:\n"
        "            constant: RUB\n"
        "        ignore:\n"
        "          - Статус\n"
    )
    assert load(analyst).result["tables"]["orders"]["loaded"] == 3


def test_two_columns_cannot_become_one(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    post = {"table": "orders", "source": "till", "target-0": "order_id", "target-1": "order_id"}
    answer = analyst.post(address("upload", newest().pk), post)
    assert answer.status_code == 422
    assert "are to become order_id" in answer.content.decode()


def test_a_kept_mapping_is_taken_for_the_next_file_with_the_same_header(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    analyst.post(address("upload", newest().pk, "keep"), {"name": "Till, monthly"})
    load(analyst)
    bring(analyst, ORDERS.replace("A-", "B-"), "august.csv")
    page = analyst.get(address("upload", newest().pk))
    assert page.context["seen"]["saved"] == "Till, monthly"
    assert "file: august.csv" in newest().mapping
    assert load(analyst).result["tables"]["orders"]["loaded"] == 3
    assert shop.count("orders") == 6
    kept = SavedMapping.objects.get()
    analyst.post(address("mappings", kept.pk, "delete"))
    assert not SavedMapping.objects.exists()


def test_a_person_brings_one_file_at_a_time(shop: Shop, analyst: Client, as_role: Callable[[str], Client]) -> None:
    bring(analyst, ORDERS)
    first = newest()
    answer = bring(analyst, ORDERS, "second.csv")
    assert answer["Location"] == address("upload", first.pk)
    assert Upload.objects.count() == 1
    bring(as_role("administrator"), ORDERS, "theirs.csv")
    assert Upload.objects.count() == 2


def test_a_discarded_file_is_gone_and_nothing_of_it_is_loaded(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    upload = newest()
    assert upload.path.exists()
    analyst.post(address("upload", upload.pk, "discard"))
    upload.refresh_from_db()
    assert (upload.state, upload.folder.exists(), shop.lake.version) == ("discarded", False, 0)
    assert analyst.get(address("upload", upload.pk)).status_code == 410
    assert analyst.post(address("upload", upload.pk, "load"), {"mapping": ""}).status_code == 302
    assert shop.lake.version == 0


def test_a_load_that_is_stopped_leaves_nothing_and_can_be_begun_again(
    shop: Shop, analyst: Client, monkeypatch: Any
) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    told = doing.Teller.__call__

    def stopped(self: doing.Teller, step: Text, done: int, total: int | None) -> None:
        Work.objects.filter(pk=self.work.pk).update(cancel_asked=True)
        told(self, step, done, total)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(doing.Teller, "__call__", stopped)
        job = load(analyst)
    assert (job.state, shop.lake.version, newest().state) == ("cancelled", 0, "mapping")
    assert "Nothing of the file was loaded" in analyst.get(address("work", job.pk)).content.decode()
    analyst.post(address("work", job.pk, "retry"))
    job.refresh_from_db()
    assert (job.state, job.attempt, shop.count("orders")) == ("done", 2, 3)


def test_a_load_that_fails_says_why_and_can_be_begun_again(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no room is left on the disk")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(works, "load", full)
        job = load(analyst)
    assert (job.state, job.problem_en) == ("failed", "The system refused: no room is left on the disk.")
    assert load(analyst).state == "done"
    assert Work.objects.filter(kind="data.load").count() == 1


def test_a_waiting_job_that_is_cancelled_is_never_done(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    monkeypatch.setattr(doing, "_enqueue", lambda _: None)
    job = load(analyst)
    assert job.state == "waiting"
    analyst.post(address("work", job.pk, "cancel"))
    doing.carry_out(job.pk, job.attempt)
    job.refresh_from_db()
    assert (job.state, shop.lake.version, newest().state) == ("cancelled", 0, "mapping")


def test_files_are_deleted_when_their_time_is_over(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    load(analyst)
    upload = newest()
    assert upload.path.exists()
    monkeypatch.setenv("SEPTIMA_KEEP_UPLOADS_DAYS", "0")
    assert uploads.sweep() == 1
    upload.refresh_from_db()
    assert not upload.folder.exists()
    assert upload.removed_at is not None
    assert shop.count("orders") == 3


def test_an_erasure_deletes_loaded_files_at_once(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    load(analyst)
    loaded = newest()
    bring(analyst, ORDERS.replace("A-1", "B-1"))
    waiting = newest()
    assert forget_customer(shop.organisation, ["c1", "c9"])["uploads"] == 1
    assert (loaded.folder.exists(), waiting.folder.exists()) == (False, True)
    assert forget_customer(shop.organisation, ["c1"])["uploads"] == 0


def test_a_file_that_nobody_came_back_to_is_given_up(shop: Shop, analyst: Client) -> None:
    bring(analyst, ORDERS)
    upload = newest()
    Upload.objects.update(created_at=timezone.now() - timedelta(days=29))
    uploads.sweep()
    assert upload.path.exists()
    Upload.objects.update(created_at=timezone.now() - timedelta(days=31))
    uploads.sweep()
    upload.refresh_from_db()
    assert (upload.state, upload.folder.exists()) == ("discarded", False)


def test_another_table_is_guessed_anew(shop: Shop, analyst: Client) -> None:
    bring(analyst, "id,name,e-mail\nc1,Anna,anna@example.org\n", "people.csv")
    analyst.post(address("upload", newest().pk, "guess"), {"table": "customers"})
    assert analyst.get(address("upload", newest().pk)).context["form"]["table"] == "customers"


def test_a_large_file_is_looked_through_by_the_worker(shop: Shop, analyst: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr("septima.web.data.upload_views.AT_ONCE", 10)
    answer = bring(analyst, ORDERS)
    job = Work.objects.get(kind="data.examine")
    assert answer["Location"] == address("work", job.pk)
    assert (job.state, newest().state) == ("done", "mapping")
    mapped(analyst)
    assert load(analyst).result["tables"]["orders"]["loaded"] == 3


def test_what_belongs_to_another_organisation_is_not_there(
    shop: Shop, analyst: Client, as_role: Callable[[str], Client]
) -> None:
    bring(analyst, ORDERS)
    mapped(analyst)
    job = load(analyst)
    bring(analyst, ORDERS.replace("A-", "B-"))
    upload, stranger = newest(), as_role("other")
    for path in (f"upload/{upload.pk}/", f"work/{job.pk}/", f"work/{job.pk}/progress/"):
        assert stranger.get(f"/o/other/data/{path}").status_code == 404
        assert stranger.get(f"/o/home/data/{path}").status_code == 404
    for path in ("load", "discard", "keep", "guess"):
        assert stranger.post(f"/o/other/data/upload/{upload.pk}/{path}/").status_code == 404
    for path in ("cancel", "retry"):
        assert stranger.post(f"/o/other/data/work/{job.pk}/{path}/").status_code == 404
    upload.refresh_from_db()
    assert upload.state == "mapping"


def test_only_who_loads_data_may_bring_files(shop: Shop, as_role: Callable[[str], Client]) -> None:
    for role in ("leader", "head", "employee", "viewer"):
        assert bring(as_role(role), ORDERS).status_code == 403
    assert not Upload.objects.exists()
    for role in ("administrator", "analyst"):
        assert bring(as_role(role), ORDERS).status_code == 302


def test_a_form_without_its_token_is_refused(shop: Shop, analyst: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(email="analyst@example.org"))
    assert bring(strict, ORDERS).status_code == 403
    assert not Upload.objects.exists()
    assert list(Path(settings.MEDIA_ROOT).glob("*/*")) == []
