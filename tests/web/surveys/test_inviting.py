"""Giving out links: whom the guard spares, each letter once, reminders once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from septima.lake.append import append
from septima.web.accounts.models import Organisation
from septima.web.common.csv_files import CsvError
from septima.web.surveys import letters, links
from septima.web.surveys.inviting import (
    Chosen,
    Guard,
    Guest,
    choose,
    default_guard,
    give_out,
    guests_of,
    read_guests,
)
from septima.web.surveys.models import Issue, Letter, Link, Survey
from septima.workspace import Workspace
from tests.web.surveys.conftest import ORIGIN, MakeSurvey, answer, path_of, personal_link

ALL = [Guest(f"C{number}") for number in (1, 2, 3, 4)]


def _names(chosen: Chosen) -> list[str]:
    return [guest.customer_id for guest in chosen.guests]


def _touch(number: int, customer: str, days_ago: float, **more: Any) -> dict[str, object]:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    own = {"kind": "delivered", "direction": "out", "promotional": True, **more}
    return {"touch_id": f"T{number}", "customer_id": customer, "at": at, **own}


def test_consent_and_lists_decide_who_may_be_asked(home: Organisation, make_survey: MakeSurvey) -> None:
    workspace, survey = Workspace.open(home.directory), make_survey()
    listed = [*ALL, Guest("nobody")]
    chosen = choose(workspace, survey, listed, Guard(5, 7, "given"))
    assert _names(chosen) == ["C1", "C4"]
    assert chosen.counts == {"listed": 5, "unknown": 1, "no_consent": 2, "pressed": 0, "has_link": 0, "issued": 2}
    assert _names(choose(workspace, survey, listed, Guard(5, 7))) == ["C1", "C3", "C4"]
    assert _names(choose(workspace, survey, listed, Guard(5, 7, "any"))) == ["C1", "C2", "C3", "C4"]


def test_whoever_was_written_to_too_often_is_spared(home: Organisation, make_survey: MakeSurvey) -> None:
    workspace, survey = Workspace.open(home.directory), make_survey()
    rows = [
        *(_touch(n, "C1", 1) for n in range(2)),
        *(_touch(n, "C2", 1) for n in range(10, 13)),
        *(_touch(n, "C3", 8) for n in range(20, 25)),  # before these days
        *(_touch(n, "C4", 1, kind="opened") for n in range(30, 35)),  # no contacts of their own
    ]
    append(workspace.lake, "touches", rows, "crm", batch="touches")
    workspace, guard = Workspace.open(home.directory), Guard(3, 7, "any")
    chosen = choose(workspace, survey, ALL, guard)
    assert _names(chosen) == ["C1", "C3", "C4"]
    assert chosen.counts["pressed"] == 1
    # An invitation to another survey is a contact too.
    give_out(make_survey("csi"), Chosen([Guest("C1")], {}), None, token="x", channel="file")
    assert _names(choose(workspace, survey, ALL, guard)) == ["C3", "C4"]


def test_the_guard_is_that_of_contact_pressure(home: Organisation) -> None:
    settings = Workspace.open(home.directory).settings
    assert default_guard(settings) == Guard(5, 7)


def test_a_customer_has_one_link_and_a_form_sent_twice_gives_none_twice(
    home: Organisation, make_survey: MakeSurvey
) -> None:
    survey = make_survey()
    first, made = give_out(survey, Chosen(ALL, {"listed": 4}), None, token="form", channel="file")
    again, made_again = give_out(survey, Chosen(ALL, {"listed": 4}), None, token="form", channel="file")
    assert (made, made_again, first.pk == again.pk) == (True, False, True)
    other, _ = give_out(survey, Chosen(ALL, {"listed": 4}), None, token="other", channel="file")
    assert other.counts["issued"] == 0
    assert Link.objects.count() == 4
    assert choose(Workspace.open(home.directory), survey, ALL, Guard(5, 7)).counts["has_link"] == 4


def test_segments_are_asked_for(home: Organisation) -> None:
    workspace = Workspace.open(home.directory)
    assert {one.customer_id for one in guests_of(workspace, segments=["gold"], ordered_within=None, most=10)} == {
        "C1",
        "C2",
    }
    assert len(guests_of(workspace, segments=[], ordered_within=None, most=3)) == 3
    assert guests_of(workspace, segments=[], ordered_within=30, most=3) == []


def test_lists_are_read_as_spreadsheets_write_them() -> None:
    written = "customer_id;department;touch_id\r\nC1;доставка;T1\r\nC2;;\r\nC1;доставка;T2\r\n".encode("cp1251")
    assert read_guests(written) == [Guest("C1", "доставка", "T2"), Guest("C2")]
    for wrong in (b"", b"id\n1\n", b"\x00PK\x03\x04", b"customer_id\n" + b"x\n" * 20_001):
        if wrong.startswith(b"customer"):
            wrong = b"customer_id\n" + b"".join(b"%d\n" % n for n in range(20_001))  # noqa: PLW2901
        with pytest.raises(CsvError):
            read_guests(wrong)


def _by_mail(survey: Survey) -> Issue:
    issue, _ = give_out(
        survey,
        Chosen(ALL, {}),
        None,
        token="mail",
        channel="email",
        subject="Hello",
        text="Open {link}",
        remind_after_days=3,
    )
    return issue


def test_each_letter_goes_once(home: Organisation, make_survey: MakeSurvey) -> None:
    issue = _by_mail(make_survey())
    assert letters.send_waiting(issue.pk, "invitation", ORIGIN) == 3
    assert letters.send_waiting(issue.pk, "invitation", ORIGIN) == 0
    assert sorted(one.to[0] for one in mail.outbox) == ["one@example.org", "three@example.org", "two@example.org"]
    link = Link.objects.select_related("survey").get(customer_id="C1")
    assert links.address_of(link, ORIGIN) in next(one.body for one in mail.outbox if one.to == ["one@example.org"])
    assert letters.counts_of(issue) == {"waiting": 0, "sending": 0, "sent": 3, "failed": 1}
    assert Letter.objects.get(state="failed").link.customer_id == "C4"


@pytest.mark.parametrize("address", ["one@example.org\nBcc: all@example.org", "Иван <", "@"])
def test_an_address_that_is_none_keeps_no_other_letter(
    address: str, home: Organisation, make_survey: MakeSurvey
) -> None:
    rows = [{"customer_id": "C1", "segment": "gold", "consent": True, "email": address}]
    append(Workspace.open(home.directory).lake, "customers", rows, "crm", batch="again", author="test")
    issue = _by_mail(make_survey())
    letters.send_waiting(issue.pk, "invitation", ORIGIN)
    assert {"two@example.org", "three@example.org"} <= {one.to[0] for one in mail.outbox}
    assert all("all@example.org" not in one.recipients() for one in mail.outbox)
    assert letters.counts_of(issue)["sending"] == 0


def test_letters_stop_when_the_survey_is_closed_meanwhile(
    home: Organisation, make_survey: MakeSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = make_survey()
    issue = _by_mail(survey)
    monkeypatch.setattr(letters, "_AT_ONCE", 1)

    def sent(*_: object, **__: object) -> int:
        Survey.objects.update(state="closed")
        return 1

    monkeypatch.setattr("django.core.mail.EmailMessage.send", sent)
    assert letters.send_waiting(issue.pk, "invitation", ORIGIN) == 1
    assert letters.counts_of(issue)["waiting"] == 3


def test_a_letter_that_was_cut_off_is_not_sent_again(
    home: Organisation, make_survey: MakeSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue = _by_mail(make_survey())

    def killed(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", killed)
        with pytest.raises(KeyboardInterrupt):
            letters.send_waiting(issue.pk, "invitation", ORIGIN)
    assert letters.send_waiting(issue.pk, "invitation", ORIGIN) == 2
    assert letters.counts_of(issue) == {"waiting": 0, "sending": 1, "sent": 2, "failed": 1}


def test_only_who_has_not_answered_is_reminded_and_once(home: Organisation, make_survey: MakeSurvey) -> None:
    issue = _by_mail(make_survey())
    letters.send_waiting(issue.pk, "invitation", ORIGIN)
    answer(path_of(Link.objects.select_related("survey").get(customer_id="C1")), recommend="9")
    mail.outbox.clear()
    assert letters.remind(issue.pk, ORIGIN) == 2
    assert letters.remind(issue.pk, ORIGIN) == 0
    assert sorted(one.to[0] for one in mail.outbox) == ["three@example.org", "two@example.org"]
    assert all(one.subject.startswith("Напоминание: ") for one in mail.outbox)


def test_whoever_refused_since_is_not_reminded(home: Organisation, make_survey: MakeSurvey) -> None:
    issue = _by_mail(make_survey())
    Issue.objects.update(consent="not_refused")
    assert letters.send_waiting(issue.pk, "invitation", ORIGIN) == 2  # all but who has refused and who has no address
    rows = [{"customer_id": "C3", "segment": "new", "consent": False, "email": "three@example.org"}]
    append(Workspace.open(home.directory).lake, "customers", rows, "crm", batch="refused", author="test")
    mail.outbox.clear()
    letters.remind(issue.pk, ORIGIN)
    assert [one.to[0] for one in mail.outbox] == ["one@example.org"]


def test_a_closed_survey_reminds_nobody(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = make_survey()
    issue = _by_mail(survey)
    letters.send_waiting(issue.pk, "invitation", ORIGIN)
    survey.closes_at = timezone.now() - timedelta(hours=1)
    survey.save()
    mail.outbox.clear()
    assert letters.remind(issue.pk, ORIGIN) == 0
    assert mail.outbox == []


def test_the_department_of_a_link_goes_before_that_of_the_survey(make_survey: MakeSurvey) -> None:
    from septima.web.surveys.models import Arrival

    survey = make_survey(department="marketing")
    give_out(survey, Chosen([Guest("C1", "delivery", "T1")], {}), None, token="x", channel="file")
    answer(path_of(Link.objects.select_related("survey").get(customer_id="C1")), recommend="9")
    answer(path_of(personal_link(survey, "C2")), recommend="9")
    rows = [arrival.rows[0] for arrival in Arrival.objects.order_by("pk")]
    assert [(row["department"], row["touch_id"]) for row in rows] == [("delivery", "T1"), ("marketing", None)]
