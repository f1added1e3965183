"""What happens to an action: history, double forms, letters, and what the lake learns of it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail

from septima.metrics import Period
from septima.web.accounts.models import AuditEvent, Membership, Organisation, User
from septima.web.actions.figures import KpiNow
from septima.web.actions.keeping import Wanted, begin, change, say_of, tell_the_lake
from septima.web.actions.lists import is_own, may_work_on, show, visible
from septima.web.actions.models import Action
from septima.web.actions.tasks import remind, remind_all, remind_everybody
from septima.web.common.workspaces import open_workspace
from tests.web.conftest import Site

DUE = date(2026, 12, 10)
QUARTER = Period(date(2026, 7, 1), date(2026, 10, 1), "quarter")


def member(organisation: Organisation, role: str) -> Membership:
    return Membership.objects.get(organisation=organisation, role=role)


def begun(
    organisation: Organisation, owner: Membership | None = None, *, form: str = "once", employee: str = ""
) -> Action:
    wanted = Wanted("Call back within a day", "Too few people at noon", owner, employee, "support", DUE)
    leader = User.objects.get(email="leader@example.org")
    return begin(organisation, leader, "customer_support/nps", QUARTER, wanted, form, "http://127.0.0.1:8000/")


def test_a_form_that_is_sent_twice_makes_one_action(site: Site) -> None:
    assert begun(site.own) == begun(site.own)
    assert Action.objects.count() == 1
    assert AuditEvent.objects.filter(action="action.begun").count() == 1


def test_every_change_leaves_a_line(site: Site) -> None:
    action, head = begun(site.own), member(site.own, "head")
    later = DUE + timedelta(days=7)
    lines = change(action, head.user, {"due_on": later, "owner": head, "what": action.what})
    assert [(line.field, line.before, line.after) for line in lines] == [
        ("owner", "", "Head"),
        ("due_on", "2026-12-10", "2026-12-17"),
    ]
    assert change(action, head.user, {"due_on": later}) == []
    change(action, head.user, {"state": "done"})
    assert action.closed_at is not None
    change(action, head.user, {"state": "open"})
    assert action.closed_at is None
    assert [line.field for line in action.changes.all()] == ["owner", "due_on", "state", "state"]


def test_a_note_sent_twice_is_one(site: Site) -> None:
    action, head = begun(site.own), member(site.own, "head").user
    assert say_of(action, head, "Hired two", "t") == say_of(action, head, "Hired two", "t")
    assert action.notes.count() == 1


def test_whoever_answers_for_oneself_sees_own_actions_alone(site: Site) -> None:
    employee, head = member(site.own, "employee"), member(site.own, "head")
    own, other = begun(site.own, employee, form="a"), begun(site.own, head, form="b")
    employee.employee_id = "E00007"
    data = begun(site.own, employee="E00007", form="c")
    assert set(visible(employee)) == {own, data}
    assert set(visible(head)) == {own, other, data}
    assert is_own(data, employee)
    assert not is_own(other, employee)
    assert may_work_on(own, employee)
    assert not may_work_on(other, member(site.own, "analyst"))
    assert not visible(Membership.objects.get(organisation=site.other)).exists()


def test_overdue_is_what_is_open_past_its_day(site: Site) -> None:
    action = begun(site.own)
    assert not action.is_overdue(DUE)
    assert action.is_overdue(DUE + timedelta(days=1))
    change(action, member(site.own, "head").user, {"state": "dropped"})
    assert not action.is_overdue(DUE + timedelta(days=1))


@pytest.mark.parametrize(
    ("state", "start", "suggested"),
    [
        ("good", date(2026, 10, 1), True),
        ("good", date(2026, 7, 1), False),
        ("watch", date(2026, 10, 1), False),
    ],
)
def test_closing_is_suggested_once_a_later_period_is_well(state: str, start: date, suggested: bool, site: Site) -> None:
    now = KpiNow(
        "customer_support/nps",
        "customer_support",
        "nps",
        "NPS",
        "Support",
        state,
        "0.5",
        "0.4",
        "",
        "later",
        "later",
        start,
        "",
    )  # type: ignore[arg-type]
    assert show(begun(site.own), {now.path: now}, DUE).is_well_again is suggested


def test_the_owner_is_reminded_once_before_the_day(site: Site) -> None:
    owner = member(site.own, "employee")
    User.objects.filter(pk=owner.user_id).update(language="ru")
    owner.refresh_from_db()
    action = begun(site.own, Membership.objects.select_related("user").get(pk=owner.pk))
    assert not remind(action, DUE - timedelta(days=4))
    assert remind(action, DUE - timedelta(days=3))
    assert not remind(action, DUE - timedelta(days=2))
    (letter,) = mail.outbox
    assert letter.to == ["employee@example.org"]
    assert letter.subject == "Срок 2026-12-10: Call back within a day"
    assert f"http://127.0.0.1:8000/o/home/mine/actions/{action.pk}/" in letter.body
    change(action, owner.user, {"due_on": DUE + timedelta(days=9)})
    assert remind(action, DUE + timedelta(days=7))


def test_nobody_is_reminded_of_what_is_closed_or_after_leaving(site: Site) -> None:
    owner = member(site.own, "employee")
    action = begun(site.own, owner)
    change(action, owner.user, {"state": "done"})
    assert not remind(action, DUE)
    second = begun(site.own, owner, form="second")
    Membership.objects.filter(pk=owner.pk).update(ended_at=datetime.now(UTC))
    assert not remind(Action.objects.get(pk=second.pk), DUE)
    assert mail.outbox == []


def test_a_letter_that_could_not_go_is_tried_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    action, morning = begun(site.own, member(site.own, "employee")), datetime(2026, 12, 9, 6, 0, tzinfo=UTC)

    def down(*_: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", down)
        assert remind_everybody(morning) == 0
    assert remind_everybody(morning) == 1
    assert remind_everybody(morning) == 0
    assert action.what in mail.outbox[0].body


def test_an_action_that_is_due_soon_when_it_begins_is_reminded_of_too(site: Site) -> None:
    begun(site.own, member(site.own, "employee"))
    eve = datetime(2026, 12, 9, 5, 59, tzinfo=UTC)
    assert remind_everybody(eve) == 0  # nobody is written to at night
    assert remind_everybody(eve + timedelta(minutes=1)) == 1


def test_what_is_wrong_in_one_organisation_keeps_no_letter_of_another(site: Site) -> None:
    begun(site.other, member(site.other, "administrator"), form="other")
    Organisation.objects.filter(pk=site.other.pk).update(folder="/nowhere")
    past, day = begun(site.own, member(site.own, "employee")), datetime(2026, 12, 11, 7, 0, tzinfo=UTC)
    Action.objects.filter(pk=past.pk).update(due_on=day.date())
    assert remind_everybody(day) == 1


def test_a_line_break_in_an_action_stays_out_of_the_letters_subject(site: Site) -> None:
    wanted = Wanted("Do it\r\nBcc: all@example.org", "", member(site.own, "head"), "", "", DUE)
    action = begin(site.own, member(site.own, "leader").user, "own/x", QUARTER, wanted, "token")
    assert remind(action, DUE)
    assert "\n" not in mail.outbox[0].subject


def test_decisions_carried_out_on_time_are_counted_by_the_metric(writable: Organisation) -> None:
    """From the site to the metric: one kept, one late, one dropped before its day, one still open."""
    head = member(writable, "head")
    department = "a_new_one"
    made = {}
    for name in ("kept", "late", "dropped", "open"):
        wanted = Wanted(name, "", head, "", department, date(2026, 11, 20))
        made[name] = begin(writable, head.user, "customer_support/nps", QUARTER, wanted, name)
    change(made["kept"], head.user, {"state": "done"})
    Action.objects.filter(pk=made["kept"].pk).update(closed_at=datetime(2026, 11, 20, 9, tzinfo=UTC))
    change(made["dropped"], head.user, {"state": "dropped"})
    assert not tell_the_lake(made["open"], date(2026, 11, 20))
    assert not tell_the_lake(made["dropped"], date(2026, 11, 21))
    assert tell_the_lake(made["kept"], date(2026, 11, 20))
    assert tell_the_lake(made["late"], date(2026, 11, 21))
    # Put off after its day, and done: the day that was told first stays.
    change(made["late"], head.user, {"due_on": date(2026, 12, 31)})
    change(made["late"], head.user, {"state": "done"})
    Action.objects.filter(pk=made["late"].pk).update(closed_at=datetime(2026, 11, 27, tzinfo=UTC))
    for _ in range(2):
        assert tell_the_lake(made["late"], date(2026, 11, 27))
    workspace = open_workspace(writable)
    rows = [row for row in workspace.table("milestones").to_pyarrow().to_pylist() if row["department"] == department]
    assert sorted((row["kind"], row["planned_at"].day, row["done_at"].day) for row in rows) == [
        ("decision", 20, 20),
        ("decision", 20, 27),
    ]
    frame = workspace.metric("decisions_closed_on_time", grain="all", by=["department"]).frame
    found = frame[frame["department"] == department]
    assert (found["value"].item(), found["n"].item()) == (0.5, 2)


def test_all_of_an_organisation_are_reminded_of_together(writable: Organisation) -> None:
    today = datetime.now(UTC).date()
    head = member(writable, "head")
    for name, day in (
        ("soon", today + timedelta(days=1)),
        ("far", today + timedelta(days=30)),
        ("over", today - timedelta(days=1)),
    ):
        begin(writable, head.user, "own/x", QUARTER, Wanted(name, "", head, "", "", day), name)
    assert remind_all(writable.pk, today) == 1
    assert Action.objects.get(what="over").planned_on == today - timedelta(days=1)


def _moved(organisation: Organisation, zone: str) -> Organisation:
    """The organisation with its clocks in another zone."""
    settings = organisation.directory / "septima.yaml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("time_zone: UTC", f"time_zone: {zone}"), "utf-8")
    return organisation


def test_letters_go_by_the_clocks_of_the_organisation(writable: Organisation) -> None:
    """At 21:00 of the 6th by UTC it is 6 in the morning of the 7th in Tokyo: three days before the day due."""
    begun(_moved(writable, "Asia/Tokyo"), member(writable, "employee"))
    evening = datetime(2026, 12, 6, 21, 0, tzinfo=UTC)
    assert remind_everybody(evening - timedelta(minutes=1)) == 0
    assert remind_everybody(evening) == 1


def test_the_lake_learns_the_day_by_the_clocks_of_the_organisation(writable: Organisation) -> None:
    """The 10th of December begins in New York at 05:00 by UTC; done at 23:00 there is done in time."""
    head = member(_moved(writable, "America/New_York"), "head")
    action = begin(writable, head.user, "own/x", QUARTER, Wanted("in time", "", head, "", "a_new_one", DUE), "token")
    change(action, head.user, {"state": "done"})
    Action.objects.filter(pk=action.pk).update(closed_at=datetime(2026, 12, 11, 4, tzinfo=UTC))
    assert tell_the_lake(action, date(2026, 12, 10))
    workspace = open_workspace(writable)
    (row,) = [one for one in workspace.table("milestones").to_pyarrow().to_pylist() if one["department"] == "a_new_one"]
    assert row["planned_at"].replace(tzinfo=None) == datetime(2026, 12, 10, 5)  # noqa: DTZ001 - as the lake keeps it
    frame = workspace.metric("decisions_closed_on_time", grain="all", by=["department"]).frame
    assert frame[frame["department"] == "a_new_one"]["value"].item() == 1.0
