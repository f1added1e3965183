"""Work of the background worker: begun once, told of, stopped, found lost, begun anew, and never done twice at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation
from septima.web.work import doing, kinds
from septima.web.work.doing import begin, begin_again, cancel, carry_out, settle
from septima.web.work.holding import holding
from septima.web.work.kinds import Kind, Tell
from septima.web.work.models import LATE_AFTER, Work

Do = Callable[[Work, Tell], dict[str, Any]]


@pytest.fixture
def home(db: None) -> Organisation:
    """An organisation that needs no workspace here."""
    return Organisation.objects.create(name="Home", slug="home", folder="nowhere")


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Work waits in a queue that nobody looks at; the works that came to it."""
    came: list[int] = []
    monkeypatch.setattr(doing, "_enqueue", lambda work: came.append(work.pk))
    return came


@pytest.fixture
def kind_that(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Registers the kind "test" that does what it is given; gives a list of what it was asked to put back."""

    def made(do: Do, take_up: bool = True) -> list[str]:
        given_up: list[str] = []
        kind = Kind("test", Text("Test", "Проба"), do, lambda _: take_up, lambda work: given_up.append(work.key))
        monkeypatch.setitem(kinds._KINDS, "test", kind)
        return given_up

    return made


def test_work_is_done_in_the_language_of_who_asked_and_its_result_kept(
    home: Organisation, kind_that: Callable[..., list[str]]
) -> None:
    def do(work: Work, tell: Tell) -> dict[str, Any]:
        tell(Text("Counting", "Считаем"), 3, 12)
        return {"language": translation.get_language(), "asked": work.options["of"]}

    given_up = kind_that(do)
    with translation.override("ru"):
        work = begin(home, "test", "a", options={"of": "orders"})
        assert work.step == "Считаем"
    assert (work.state, work.result) == ("done", {"language": "ru", "asked": "orders"})
    assert (work.step, work.done, work.whole, work.percent) == ("Counting", 3, 12, 25)
    assert given_up == []


def test_what_is_wrong_is_told_in_both_languages_and_put_back(
    home: Organisation, kind_that: Callable[..., list[str]]
) -> None:
    def do(_: Work, __: Tell) -> dict[str, Any]:
        raise SeptimaError(Text("no orders; load some", "нет заказов; загрузите их"))

    given_up = kind_that(do)
    work = begin(home, "test", "a")
    assert (work.state, work.problem) == ("failed", "no orders; load some")
    with translation.override("ru"):
        assert work.problem == "нет заказов; загрузите их"
    assert given_up == ["a"]


@pytest.mark.parametrize("error", [ZeroDivisionError("secret"), OSError(28, "No space left on device")])
def test_a_fault_of_the_program_tells_nothing_of_its_inside(
    error: Exception, home: Organisation, kind_that: Callable[..., list[str]]
) -> None:
    def do(_: Work, __: Tell) -> dict[str, Any]:
        raise error

    kind_that(do)
    work = begin(home, "test", "a")
    assert work.state == "failed"
    assert "secret" not in work.problem
    assert ("No space left on device" in work.problem) == isinstance(error, OSError)


def test_the_same_is_under_way_once_and_again_when_it_is_over(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    kind_that(lambda _, __: {})
    first = begin(home, "test", "a")
    assert begin(home, "test", "a") == first
    assert begin(home, "test", "b") != first
    carry_out(first.pk, 1)
    assert begin(home, "test", "a") != first
    assert len(queued) == 3


def test_what_is_to_be_done_once_is_not_done_again(home: Organisation, kind_that: Callable[..., list[str]]) -> None:
    kind_that(lambda _, __: {})
    first = begin(home, "test", "a", once=True)
    assert first.state == "done"
    assert begin(home, "test", "a", once=True) == first
    other = Organisation.objects.create(name="Other", slug="other", folder="nowhere")
    assert begin(other, "test", "a", once=True) != first


def test_an_older_attempt_in_the_queue_does_nothing(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    done: list[int] = []

    def do(work: Work, _: Tell) -> dict[str, Any]:
        done.append(work.attempt)
        return {}

    kind_that(do)
    work = begin(home, "test", "a")
    assert not begin_again(work)  # it waits, and not for long
    Work.objects.update(told_at=timezone.now() - LATE_AFTER - timedelta(seconds=1))
    again = begin(home, "test", "a")
    assert (again, again.attempt, again.is_late) == (work, 2, False)
    carry_out(work.pk, 1)
    assert done == []
    carry_out(work.pk, 2)
    carry_out(work.pk, 2)
    assert done == [2]


def test_what_waits_is_cancelled_at_once_and_what_runs_at_its_next_step(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    def do(work: Work, tell: Tell) -> dict[str, Any]:
        assert cancel(Work.objects.get(pk=work.pk))
        tell(Text("Next", "Дальше"), 1, 2)
        raise AssertionError("it went on")

    given_up = kind_that(do)
    waiting, running = begin(home, "test", "a"), begin(home, "test", "b")
    assert cancel(waiting)
    carry_out(waiting.pk, 1)
    carry_out(running.pk, 1)
    assert {one.key: one.state for one in Work.objects.all()} == {"a": "cancelled", "b": "cancelled"}
    assert given_up == ["a", "b"]
    assert not cancel(Work.objects.get(pk=running.pk))


def test_work_whose_worker_died_is_found_and_begun_anew_but_not_for_ever(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    given_up = kind_that(lambda _, __: {})
    work = begin(home, "test", "a", once=True)
    for attempt in (1, 2, 3):
        Work.objects.update(state="running")
        work.refresh_from_db()
        with holding(work.pk):
            assert settle(work).state == "running"
        assert settle(work).was_lost
        assert "start it again" in work.problem
        assert work.attempt == attempt
        work = begin(home, "test", "a", once=True)
    assert (work.state, work.attempt, len(given_up)) == ("failed", 3, 3)
    assert begin_again(work)
    assert (work.state, work.attempt, work.problem) == ("waiting", 4, "")


def test_what_can_no_longer_be_taken_up_is_not_begun_anew(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    kind_that(lambda _, __: {}, take_up=False)
    work = begin(home, "test", "a")
    cancel(work)
    assert not begin_again(work)
    assert Work.objects.get().state == "cancelled"


def test_a_worker_that_is_busy_with_other_work_is_not_taken_for_dead(
    home: Organisation, kind_that: Callable[..., list[str]], queued: list[int]
) -> None:
    kind_that(lambda _, __: {})
    report, waiting = begin(home, "test", "a report"), begin(home, "test", "a mend")
    long_ago = timezone.now() - LATE_AFTER - timedelta(seconds=1)
    Work.objects.update(told_at=long_ago)
    Work.objects.filter(pk=report.pk).update(state="running")
    waiting.refresh_from_db()
    with holding(report.pk):
        assert not waiting.is_late
        assert begin(home, "test", "a mend").attempt == 1
    assert waiting.is_late  # nobody is at the report: its worker died
    Work.objects.filter(pk=report.pk).update(state="done", finished_at=timezone.now())
    assert not waiting.is_late  # it has just ended, and the worker looks for more
    Work.objects.filter(pk=report.pk).update(finished_at=long_ago)
    assert waiting.is_late
