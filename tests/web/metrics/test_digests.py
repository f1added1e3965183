"""Letters: due once for each period, in the person's language, ended by a signed link."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.management import call_command
from django.test import Client

from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common import workspaces
from septima.web.metrics import digests
from septima.web.metrics.models import Digest, Subscription
from septima.web.metrics.tasks import send_digest, send_due_digests
from septima.workspace import Workspace
from tests.web.conftest import Site

Sign = Callable[[str], Client]
BEGUN = datetime(2026, 7, 20, tzinfo=UTC)
AFTER = datetime(2026, 10, 2, 9, tzinfo=UTC)


@pytest.fixture
def subscription(site: Site) -> Subscription:
    """The leader gets NPS every quarter."""
    return Subscription.objects.create(
        organisation=site.own,
        user=User.objects.get(email="leader@example.org"),
        metric="nps",
        grain="quarter",
        site="https://crm.example.org/",
        created_at=BEGUN,
    )


def test_a_letter_is_due_for_the_newest_period_that_ended_after_it_was_asked_for(subscription: Subscription):
    assert [period.id for _, period in digests.due(AFTER)] == ["2026-Q3"]
    assert list(digests.due(datetime(2026, 9, 30, tzinfo=UTC))) == []  # the second quarter had ended before
    subscription.ended_at = AFTER
    subscription.save()
    assert list(digests.due(AFTER)) == []


def test_a_letter_goes_once_for_a_period_whoever_sends(subscription: Subscription):
    assert digests.send(subscription, "2026-Q3")
    assert not digests.send(subscription, "2026-Q3")
    assert not send_digest.call(subscription.pk, "2026-Q3")
    assert list(digests.due(AFTER)) == []
    assert len(mail.outbox) == 1
    assert Digest.objects.get().sent_at is not None


def test_a_letter_holds_the_figure_the_chart_and_the_ways_back_and_out(subscription: Subscription):
    digests.send(subscription, "2026-Q3")
    letter = mail.outbox[0]
    assert letter.to == ["leader@example.org"]
    assert "https://crm.example.org/o/home/metrics/of/nps/" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    kinds = [part.get_content_type() for part in letter.message().walk()]
    assert {"text/plain", "text/html", "image/png"} <= set(kinds)


def test_a_letter_is_in_the_language_of_the_person(subscription: Subscription):
    subscription.user.language = "ru"
    subscription.user.save()
    digests.send(subscription, "2026-Q3")
    assert "3-й\u00a0квартал 2026\u00a0года" in mail.outbox[0].subject


def test_a_pdf_comes_where_it_was_asked_for(subscription: Subscription):
    subscription.form = "pdf"
    subscription.save()
    digests.send(subscription, "2026-Q3")
    files = [part for part in mail.outbox[0].message().walk() if part.get_content_type() == "application/pdf"]
    assert [one.get_filename() for one in files] == ["nps-2026-Q3.pdf"]


def test_the_whole_card_comes_as_a_letter(subscription: Subscription):
    subscription.metric = ""
    subscription.save()
    digests.send(subscription, "2026-Q3")
    assert "CKPI" in mail.outbox[0].body
    assert "/o/home/?period=2026-Q3" in mail.outbox[0].body


def test_what_could_not_be_sent_is_tried_again(subscription: Subscription, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object) -> None:
        raise OSError("no mail server")

    with monkeypatch.context() as broken_mail:
        broken_mail.setattr(digests, "message", broken)
        with pytest.raises(OSError, match="no mail server"):
            digests.send(subscription, "2026-Q3")
        assert send_due_digests.call() == 0  # and keeps no other letter
    assert not Digest.objects.exists()
    assert digests.send(subscription, "2026-Q3")


def test_nobody_gets_letters_who_is_no_member_any_more(subscription: Subscription):
    Membership.objects.filter(user=subscription.user).update(ended_at=AFTER)
    assert not digests.send(subscription, "2026-Q3")
    assert mail.outbox == []


def test_the_command_sends_what_is_due(subscription: Subscription, capsys: pytest.CaptureFixture[str]):
    call_command("send_letters")
    sent = len(mail.outbox)
    call_command("send_letters")
    assert len(mail.outbox) == sent == 1


def test_a_person_subscribes_on_the_page_and_ends_it_there(site: Site, as_role: Sign):
    client, address = as_role("viewer"), "/o/home/metrics/subscriptions/"
    for form in ("letter", "pdf"):  # sent again, the newer choice counts
        client.post(address, {"metric": "nps", "grain": "month", "form": form})
    found = Subscription.objects.get()
    assert (found.user.email, found.form, found.site) == ("viewer@example.org", "pdf", "http://testserver/")
    assert "nps" in client.get(address).content.decode()
    assert as_role("leader").post(f"{address}{found.pk}/end/").status_code == 404
    client.post(f"{address}{found.pk}/end/")
    found.refresh_from_db()
    assert found.ended_at is not None
    assert client.post(address, {"metric": "nope", "grain": "month", "form": "pdf"}).status_code == 404
    assert client.post(address, {"metric": "nps", "grain": "decade", "form": "pdf"}).status_code == 200
    assert Subscription.objects.filter(ended_at=None).count() == 0


def test_a_link_of_a_letter_ends_it_without_signing_in_and_only_by_post(subscription: Subscription):
    address = f"/unsubscribe/{digests.unsubscribe_token(subscription)}/"
    client = Client(enforce_csrf_checks=True)
    assert client.get(address).status_code == 200
    subscription.refresh_from_db()
    assert subscription.ended_at is None
    assert client.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    subscription.refresh_from_db()
    assert subscription.ended_at is not None
    assert client.post(address).status_code == 200
    assert client.get("/unsubscribe/forged:token/").status_code == 404


def test_a_workspace_is_opened_once_for_all_letters_of_its_organisation(
    subscription: Subscription, site: Site, monkeypatch: pytest.MonkeyPatch
):
    for role, organisation in (("head", site.own), ("analyst", site.own), ("other", site.other)):
        person = User.objects.get(email=f"{role}@example.org")
        Subscription.objects.create(
            organisation=organisation, user=person, metric="nps", grain="quarter", created_at=BEGUN
        )
    opened: list[str] = []
    real = workspaces.open_workspace

    def noted(organisation: Organisation) -> Workspace:
        opened.append(organisation.slug)
        return real(organisation)

    monkeypatch.setattr(workspaces, "open_workspace", noted)
    assert sorted(one.user.email for one, _ in digests.due(AFTER)) == [
        "analyst@example.org",
        "head@example.org",
        "leader@example.org",
        "other@example.org",
    ]
    assert sorted(opened) == ["home", "other"]
