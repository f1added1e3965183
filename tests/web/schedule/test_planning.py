"""When rules are due, and that each moment is dealt with once; moments counted by hand on a calendar."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from septima.schema import SeptimaError
from septima.scorecard.definition import DefinitionError
from septima.web.accounts.models import Organisation
from septima.web.schedule import planning, works
from septima.web.schedule.models import Due
from septima.web.schedule.planning import begin_what_is_due
from septima.web.schedule.rules import FILE, Rule, add_rule, read_rules, remove_rule
from septima.web.work.models import Work
from septima.workspace import Workspace
from tests.both_languages import check_both
from tests.small_shop import write_sources

NIGHTLY = Rule("night", "compute", "", "30 2 * * *", "Europe/Moscow")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "shop", organisation="Shop", currency="RUB")
    settings = made.directory / "septima.yaml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("time_zone: UTC", "time_zone: Europe/Moscow"), encoding="utf-8")
    return Workspace.open(made.directory)


@pytest.fixture
def organisation(db: None, workspace: Workspace) -> Organisation:
    return Organisation.objects.create(name="Shop", slug="shop", folder=str(workspace.directory))


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the queue was given; nothing of it is done."""
    seen: list[str] = []
    monkeypatch.setattr("septima.web.work.doing._enqueue", lambda work: seen.append(work.subject))
    return seen


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_moments_are_those_of_the_zone_of_the_workspace() -> None:
    # Moscow is three hours ahead of UTC all the year.
    assert NIGHTLY.next_after(at("2026-11-29T12:00")) == at("2026-11-29T23:30")
    assert NIGHTLY.last_before(at("2026-11-29T12:00")) == at("2026-11-28T23:30")
    # Berlin put its clocks forward from 2:00 to 3:00 on 29 March 2026: that night what is due at 2:30 is done at 3:00, 1:00 UTC.
    berlin = Rule("night", "compute", "", "30 2 * * *", "Europe/Berlin")
    assert berlin.next_after(at("2026-03-28T12:00")) == at("2026-03-29T01:00")
    # Sunday is day 0 and day 7, as in cron: 29 November 2026 is one.
    for weekday in ("0", "7", "sun"):
        rule = Rule("week", "compute", "", f"0 12 * * {weekday}", "UTC")
        assert rule.next_after(at("2026-11-26T00:00")) == at("2026-11-29T12:00")


def test_a_rule_is_due_from_when_it_is_known_and_each_moment_once(
    organisation: Organisation, workspace: Workspace, begun: list[str]
) -> None:
    add_rule(workspace, "night", "compute", "", "30 2 * * *")
    assert begin_what_is_due(organisation, at("2026-11-29T12:00")) == []
    assert begin_what_is_due(organisation, at("2026-11-29T23:29")) == []
    (work,) = begin_what_is_due(organisation, at("2026-11-29T23:31"))
    assert (work.kind, work.subject, work.options) == ("data.scheduled", "night", {"do": "compute", "what": ""})
    assert begin_what_is_due(organisation, at("2026-11-29T23:32")) == []
    assert begun == ["night"]


def test_what_was_missed_is_made_up_for_once(
    organisation: Organisation, workspace: Workspace, begun: list[str]
) -> None:
    add_rule(workspace, "hourly", "compute", "", "0 * * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))
    assert len(begin_what_is_due(organisation, at("2026-12-02T09:10"))) == 1
    assert begun == ["hourly"]
    assert Due.objects.latest("planned_at").planned_at == at("2026-12-02T09:00")


def test_a_clock_that_was_put_back_begins_nothing_twice(
    organisation: Organisation, workspace: Workspace, begun: list[str]
) -> None:
    add_rule(workspace, "hourly", "compute", "", "0 * * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))
    begin_what_is_due(organisation, at("2026-11-29T13:05"))
    begin_what_is_due(organisation, at("2026-11-29T11:05"))
    begin_what_is_due(organisation, at("2026-11-29T13:10"))
    assert begun == ["hourly"]


def test_what_was_noted_and_not_begun_is_begun_by_the_next_look(
    organisation: Organisation, workspace: Workspace, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rule(workspace, "hourly", "compute", "", "0 * * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))

    def die(*_: object) -> Work:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(planning, "_begin", die)
        with pytest.raises(KeyboardInterrupt):
            begin_what_is_due(organisation, at("2026-11-29T13:05"))
    assert begun == []
    begin_what_is_due(organisation, at("2026-11-29T13:06"))
    begin_what_is_due(organisation, at("2026-11-29T13:07"))
    assert begun == ["hourly"]


def test_work_that_was_forgotten_is_not_done_once_more(
    organisation: Organisation, workspace: Workspace, begun: list[str]
) -> None:
    add_rule(workspace, "yearly", "compute", "", "0 0 1 1 *")
    begin_what_is_due(organisation, at("2025-06-01T00:00"))
    (work,) = begin_what_is_due(organisation, at("2026-01-02T00:00"))
    work.delete()  # as works are that ended long ago
    assert begin_what_is_due(organisation, at("2026-06-01T00:00")) == []
    assert begun == ["yearly"]


def test_another_time_makes_another_rule_which_does_not_begin_at_once(
    organisation: Organisation, workspace: Workspace, begun: list[str]
) -> None:
    add_rule(workspace, "report", "report", "pdf", "0 9 * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))
    remove_rule(workspace, read_rules(workspace)[0].key)
    add_rule(workspace, "report", "report", "pdf", "0 8 * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:31"))
    assert begun == []
    assert len(begin_what_is_due(organisation, at("2026-11-30T05:01"))) == 1  # 8:01 in Moscow


def test_a_schedule_that_cannot_be_read_keeps_no_other_from_its_own(
    organisation: Organisation, workspace: Workspace, begun: list[str], tmp_path: Path
) -> None:
    (workspace.directory / FILE).write_text("rules: [{do: dance, cron: '* * * * *'}]", encoding="utf-8")
    other = Workspace.create(tmp_path / "other", organisation="Other", currency="EUR")
    Organisation.objects.create(name="Other", slug="other", folder=str(other.directory))
    add_rule(other, "hourly", "compute", "", "0 * * * *")
    planning.keep(at("2026-11-29T12:30"))
    planning.keep(at("2026-11-29T13:30"))
    assert begun == ["hourly"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [{cron: '0 1 * * *'}]", "there is no `do`"),
        ("rules: [{do: dance, cron: '0 1 * * *'}]", "`do` is 'dance'"),
        ("rules: [{do: compute, cron: '0 25 * * *'}]", "'0 25 * * *' is no time"),
        ("rules: [{do: compute, cron: '0 0 30 2 *'}]", "'0 0 30 2 *' is no time"),
        ("rules: [{do: compute}]", "'' is no time"),
        ("rules: [{do: compute, cron: '0 1 * * *', at: 5}]", "unknown field 'at'"),
        ("rules: [{do: compute, cron: '0 1 * * *'}, {do: compute, cron: '0 1 * * *'}]", "does the same"),
    ],
)
def test_a_wrong_rule_is_told_with_file_and_line(workspace: Workspace, text: str, said: str) -> None:
    (workspace.directory / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as told:
        read_rules(workspace)
    statement = check_both(told.value)
    assert said in statement.en
    assert "schedule.yaml, line 1" in statement.en


@pytest.mark.parametrize(
    ("do", "what"),
    [("fetch", "crm"), ("load", "../../etc/passwd"), ("load", "absent.yaml"), ("report", "exe"), ("alerts", "x")],
)
def test_what_there_is_not_is_not_written_down(workspace: Workspace, do: str, what: str) -> None:
    with pytest.raises(SeptimaError) as told:
        add_rule(workspace, "x", do, what, "0 1 * * *")
    check_both(told.value)
    assert not (workspace.directory / FILE).exists()


def test_what_people_wrote_beside_the_rules_stays(workspace: Workspace) -> None:
    path = workspace.directory / FILE
    path.write_text("# of the night\nrules:\n  - {name: a, do: compute, cron: 0 1 * * *}  # early\n", encoding="utf-8")
    add_rule(workspace, "b", "alerts", "", "0 2 * * *")
    text = path.read_text(encoding="utf-8")
    assert "# of the night" in text
    assert "# early" in text
    assert [rule.name for rule in read_rules(workspace)] == ["a", "b"]
    assert remove_rule(workspace, read_rules(workspace)[0].key)
    assert not remove_rule(workspace, NIGHTLY.key)
    assert [rule.name for rule in read_rules(workspace)] == ["b"]


def test_a_rule_loads_files_and_has_the_figures_computed(
    organisation: Organisation, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[int] = []
    monkeypatch.setattr(works, "begin_computing", lambda _own, _who, version: computed.append(version))
    files = workspace.directory / "files"
    files.mkdir()
    write_sources(files)
    add_rule(workspace, "shop", "load", "files/shop.yaml", "0 * * * *")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))
    (work,) = begin_what_is_due(organisation, at("2026-11-29T13:30"))
    work.refresh_from_db()
    assert (work.state, work.problem_en) == ("done", "")
    assert work.result["tables"]["orders"] == {"read": 6, "loaded": 5, "updated": 0, "duplicate": 0, "quarantined": 1}
    assert computed == [work.result["version"]]
    begin_what_is_due(organisation, at("2026-11-29T14:30"))
    assert len(computed) == 1  # the same files again change nothing


def test_a_rule_whose_connection_is_gone_says_so_in_its_work(organisation: Organisation, workspace: Workspace) -> None:
    (workspace.directory / FILE).write_text("rules: [{do: fetch, what: crm, cron: '0 * * * *'}]", encoding="utf-8")
    begin_what_is_due(organisation, at("2026-11-29T12:30"))
    (work,) = begin_what_is_due(organisation, at("2026-11-29T13:30"))
    work.refresh_from_db()
    assert work.state == "failed"
    assert "there is no connection 'crm'" in work.problem_en
