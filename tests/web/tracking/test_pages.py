"""Pages on which links are made, changed, put away and taken from a file; nobody sees another organisation's."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from septima.web.accounts.models import AuditEvent, Membership, Organisation, User
from septima.web.tracking.making import allow_host, make_link, new_token
from septima.web.tracking.models import TargetHost, TrackedLink
from septima.web.tracking.tokens import customer_of
from septima.workspace import Workspace
from tests.web.tracking.conftest import FIELDS, ask, hits

Make = Callable[..., TrackedLink]


@pytest.fixture
def browser(home: Organisation) -> Callable[..., Client]:
    """A browser of a person in a role; with `of` in another organisation."""

    def signed_in(role: str, of: Organisation = home, language: str = "en") -> Client:
        user = User.objects.create_user(f"{role}-{of.slug}-{language}@example.org", language=language)
        Membership.objects.create(user=user, organisation=of, role=role)
        client = Client()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def other(db: None, tmp_path: Any) -> Organisation:
    Workspace.create(tmp_path / "other", organisation="Other", currency="EUR")
    return Organisation.objects.create(name="Other", slug="other", folder=str(tmp_path / "other"))


def sent(**fields: Any) -> dict[str, Any]:
    return {**FIELDS, "token": "one", **fields}


def test_a_link_is_made_once_however_often_its_form_is_sent(browser: Callable[..., Client], make: Make) -> None:
    make(term="lamps")
    client = browser("head")
    page = client.get("/o/home/links/new/").content.decode()
    assert '<option value="lamps">' in page
    for _ in range(2):
        answer = client.post("/o/home/links/new/", sent(name="By form", cost="12.50", code="Summer-Sale"))
    made = TrackedLink.objects.get(name="By form")
    assert answer["Location"] == f"/o/home/links/{made.pk}/"
    assert (made.code, made.cost, made.target) == ("summer-sale", Decimal("12.50"), FIELDS["target"])
    page = client.get(answer["Location"]).content.decode()
    assert "http://testserver/l/summer-sale" in page
    assert "utm_source=newsletter&amp;utm_medium=email&amp;utm_campaign=june#top" in page
    assert AuditEvent.objects.filter(action="tracked_link.made", subject="summer-sale").count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("target", "https://evil.example/"),
        ("target", "javascript:alert(1)"),
        ("source", ""),
        ("campaign", ""),
        ("code", "a/b"),
        ("code", "TAKEN"),
        ("promo_code", "leaf7"),
        ("cost", "-1"),
        ("name", "x" * 201),
    ],
)
def test_a_wrong_field_is_told_of_and_nothing_is_made(
    field: str, value: str, browser: Callable[..., Client], make: Make
) -> None:
    make(code="taken", promo_code="LEAF7")
    answer = browser("head").post("/o/home/links/new/", sent(**{field: value}))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert TrackedLink.objects.count() == 1


def test_the_preview_shows_where_a_link_would_lead(browser: Callable[..., Client], make: Make) -> None:
    make()
    client = browser("analyst", language="ru")
    page = client.post("/o/home/links/preview/", sent(term="лампы")).content.decode()
    assert "utm_term=%D0%BB%D0%B0%D0%BC%D0%BF%D1%8B" in page
    assert (
        "домены разрешает администратор"
        in client.post("/o/home/links/preview/", sent(target="https://evil.example")).content.decode()
    )
    without_script = client.post("/o/home/links/new/", sent(preview="1"))
    assert (without_script.status_code, TrackedLink.objects.count()) == (200, 1)
    assert "utm_campaign=june" in without_script.content.decode()


def test_a_link_keeps_its_code_and_marks_when_it_is_changed(browser: Callable[..., Client], make: Make) -> None:
    link, client = make(), browser("leader")
    changed = sent(name="New name", target="https://shop.example/new", source="else", code="else", cost="")
    assert client.post(f"/o/home/links/{link.pk}/change/", changed).status_code == 302
    after = TrackedLink.objects.get()
    assert (after.name, after.target) == ("New name", "https://shop.example/new")
    assert (after.source, after.code) == ("newsletter", link.code)
    assert after.version > link.version


def test_a_link_like_another_begins_with_its_marks(browser: Callable[..., Client], make: Make) -> None:
    link = make(code="first", promo_code="P1", content="button")
    form = browser("leader").get(f"/o/home/links/new/?from={link.pk}").context["form"]
    assert (form["content"].value(), form["source"].value()) == ("button", "newsletter")
    assert not form["code"].value()
    assert not form["promo_code"].value()


def test_a_link_goes_to_the_archive_and_back(browser: Callable[..., Client], make: Make) -> None:
    link, client = make(promo_code="P1"), browser("leader")
    address = f"/o/home/links/{link.pk}/archive/"
    client.post(address)
    assert link.name in client.get("/o/home/links/?archived=1").content.decode()
    assert link.name not in client.get("/o/home/links/").content.decode()
    make(name="Another", promo_code="P1")
    page = client.post(address, {"undo": "1"}, follow=True).content.decode()
    assert "choose another one" in page
    assert TrackedLink.objects.get(pk=link.pk).archived_at is not None


def test_the_qr_code_is_that_of_the_short_address(browser: Callable[..., Client], make: Make) -> None:
    from qrcode.main import QRCode

    link, client = make(code="abc"), browser("viewer")
    svg = client.get(f"/o/home/links/{link.pk}/qr.svg?save=1")
    assert svg["Content-Type"] == "image/svg+xml"
    assert "abc.svg" in svg["Content-Disposition"]
    drawn = Image.open(io.BytesIO(client.get(f"/o/home/links/{link.pk}/qr.png").content)).convert("L")
    expected = QRCode(error_correction=0)
    expected.add_data("http://testserver/l/abc")
    cells = expected.get_matrix()
    size = drawn.size[0] // len(cells)
    seen = [[drawn.getpixel((x * size + size // 2, y * size + size // 2)) == 0 for x in range(len(cells))] for y in range(len(cells))]  # fmt: skip
    assert seen == cells
    assert client.get(f"/o/home/links/{link.pk}/qr.exe").status_code == 404


def test_addresses_of_customers_name_nobody_and_lead_back_to_them(
    home: Organisation, browser: Callable[..., Client], make: Make
) -> None:
    link, client = make(personal=True), browser("leader")
    listed = io.BytesIO("customer_id\nc17\nклиент\nc17\n".encode())
    listed.name = "customers.csv"
    answer = client.post(f"/o/home/links/{link.pk}/addresses/", {"file": listed})
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [one["customer_id"] for one in lines] == ["c17", "клиент"]
    for one in lines:
        token = one["link"].partition("?c=")[2]
        assert customer_of(token, link.code) == one["customer_id"]
        assert "c17" not in token
        assert one["picture"] == f"http://testserver/l/{link.code}.gif?c={token}"
        assert ask(one["link"].removeprefix("http://testserver")).status == 302
    assert {one["customer_id"] for one in hits(home)} == {"c17", "клиент"}


def test_links_go_out_to_a_file_and_come_back_once(
    home: Organisation, other: Organisation, browser: Callable[..., Client], make: Make
) -> None:
    make(code="abc", promo_code="P1", cost=Decimal("5.00"), personal=True, name="=1+1")
    make(code="def", target="https://shop.example/б", content="two words")
    person = User.objects.create_user("x@example.org")
    exported = b"".join(browser("leader").get("/o/home/links/links.csv").streaming_content)
    lines = list(csv.DictReader(io.StringIO(exported.decode("utf-8-sig"))))
    assert [one["short_address"][-6:] for one in lines] == ["/l/def", "/l/abc"]
    assert lines[1]["name"] == "'=1+1"  # no formula for a spreadsheet
    TrackedLink.objects.all().delete()
    allow_host(other, person, "shop.example", subdomains=False)
    client = browser("leader", of=other)
    for made in ("Links made: 2; there already: 0", "Links made: 0; there already: 2"):
        upload = io.BytesIO(exported)
        upload.name = "links.csv"
        assert made in client.post("/o/other/links/import/", {"file": upload}, follow=True).content.decode()
    back = TrackedLink.objects.get(code="abc")
    assert (back.organisation, back.promo_code, back.cost, back.personal) == (other, "P1", Decimal("5.00"), True)


def test_a_file_with_a_mistake_makes_nothing_and_names_the_line(browser: Callable[..., Client], make: Make) -> None:
    make()
    lines = "name;target;source;medium;campaign;cost\nA;https://shop.example/a;s;m;c;1 200,50\nB;https://evil.example/;s;m;c;\n"
    upload = io.BytesIO(lines.encode())
    upload.name = "links.csv"
    answer = browser("leader").post("/o/home/links/import/", {"file": upload})
    assert answer.status_code == 422
    assert "line 3, target: Links may not lead to evil.example" in answer.content.decode()
    assert TrackedLink.objects.count() == 1


def test_only_administrators_allow_and_forbid_hosts(browser: Callable[..., Client], home: Organisation) -> None:
    leader, administrator = browser("leader"), browser("administrator")
    assert leader.post("/o/home/links/hosts/", {"host": "evil.example"}).status_code == 403
    assert administrator.post("/o/home/links/hosts/", {"host": "127.0.0.1"}).status_code == 422
    administrator.post("/o/home/links/hosts/", {"host": "Магазин.рф", "subdomains": "on"})
    rule = TargetHost.objects.get()
    assert (rule.host, rule.subdomains) == ("Магазин.рф".lower().encode("idna").decode(), True)
    assert leader.post(f"/o/home/links/hosts/{rule.pk}/forbid/").status_code == 403
    administrator.post(f"/o/home/links/hosts/{rule.pk}/forbid/")
    assert TargetHost.objects.count() == 0


def test_nobody_sees_or_touches_the_links_of_another_organisation(
    browser: Callable[..., Client], make: Make, other: Organisation, person: User, home: Organisation
) -> None:
    link = make(personal=True)
    allow_host(other, person, "other.example", subdomains=False)
    theirs = make_link(other, person, {**FIELDS, "target": "https://other.example/"}, new_token())
    rule = TargetHost.objects.get(organisation=other)
    client = browser("administrator"), browser("leader")
    for page in ("", "change/", "qr.svg", "qr.png"):
        assert client[1].get(f"/o/home/links/{theirs.pk}/{page}").status_code == 404
        assert client[1].get(f"/o/other/links/{theirs.pk}/{page}").status_code == 404
    for page in ("change/", "archive/", "addresses/"):
        assert client[1].post(f"/o/home/links/{theirs.pk}/{page}", sent()).status_code == 404
    assert client[1].get(f"/o/home/links/new/?from={theirs.pk}").status_code == 404
    assert client[0].post(f"/o/home/links/hosts/{rule.pk}/forbid/").status_code == 404
    # What one organisation allows, another may not lead to.
    assert client[1].post("/o/home/links/new/", sent(target="https://other.example/")).status_code == 422
    for word in ("other.example", theirs.code):
        assert word not in client[1].get("/o/home/links/").content.decode()
    assert TrackedLink.objects.get(pk=theirs.pk).archived_at is None
    assert link.organisation == home


@pytest.mark.parametrize(("role", "sees", "makes"), [("viewer", 200, 403), ("employee", 403, 403), ("head", 200, 200)])
def test_roles_see_and_make_what_the_table_allows(
    role: str, sees: int, makes: int, browser: Callable[..., Client], make: Make
) -> None:
    link, client = make(), browser(role)
    assert client.get(f"/o/home/links/{link.pk}/").status_code == sees
    assert client.get(f"/o/home/links/{link.pk}/change/").status_code == makes


def test_the_list_has_an_empty_state_and_figures_that_come_after_it(
    home: Organisation, browser: Callable[..., Client], person: User
) -> None:
    client = browser("leader")
    assert "First say where links may lead" in client.get("/o/home/links/").content.decode()
    allow_host(home, person, "shop.example", subdomains=False)
    assert "No links yet" in client.get("/o/home/links/").content.decode()
    link = make_link(home, person, FIELDS, new_token())
    page = client.get("/o/home/links/").content.decode()
    assert 'hx-get="/o/home/links/table/' in page
    assert "Nobody has come by it yet." in client.get("/o/home/links/table/").content.decode()
    ask(f"/l/{link.code}")
    hits(home)
    page = client.get("/o/home/links/?wait=1").content.decode()
    assert "no delivered letters" in page
    assert "hx-get" not in page.partition('<div id="table"')[2].partition("<table")[0]
    assert "no cost is given" in client.get(f"/o/home/links/{link.pk}/?figures=1").content.decode()
