"""Answers from the page to the lake and into the metrics, each exactly once."""

import os
import signal
import subprocess
import sys
import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from septima.web.accounts.models import Organisation
from septima.web.common.csv_files import CsvError
from septima.web.surveys import flushing, importing, links, results
from septima.web.surveys.models import Arrival, Link, Response, Survey
from septima.web.surveys.questions import to_json
from septima.workspace import Workspace
from tests.web.surveys.conftest import MakeSurvey, answer, path_of, personal_link

GRADES = [10, 9, 8, 8, 7, 4, 3, 1]


def _given(survey: Survey, grades: list[int]) -> None:
    address = links.anonymous_address(survey, "")
    for grade in grades:
        assert answer(address, recommend=str(grade)).status_code == 303


def _value(home: Organisation, metric: str, **more: Any) -> tuple[float, int]:
    row = Workspace.open(home.directory).metric(metric, grain="all", **more).frame.iloc[0]
    return float(row["value"]), int(row["n"])


def test_answers_given_on_pages_are_the_nps_of_the_workspace(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = make_survey(department="delivery")
    _given(survey, GRADES)
    answer(path_of(personal_link(survey, "C1")), recommend="9", why="Всё быстро")
    # Promoters 8–10: 10, 9, 8, 8 and the 9 of C1; detractors below 4: 3 and 1; nine in all.
    shown = results.results_of(Workspace.open(home.directory), survey)
    before = shown.measured[0]
    assert before.figure is not None
    assert (before.figure.value, before.n) == (pytest.approx((5 - 2) / 9), 9)

    assert flushing.flush(home) == 9
    assert Arrival.objects.count() == 0
    assert _value(home, "nps") == (pytest.approx((5 - 2) / 9), 9)
    after = results.results_of(Workspace.open(home.directory), survey).measured[0]
    assert after == before
    why = Workspace.open(home.directory).table("answers").to_pandas().query("question == 'why'")
    assert list(why["text"]) == ["Всё быстро"]
    assert list(why["customer_id"]) == ["C1"]
    assert list(why["department"]) == ["delivery"]


def test_a_changed_answer_replaces_the_one_in_the_lake(home: Organisation, make_survey: MakeSurvey) -> None:
    address = path_of(personal_link(make_survey()))
    answer(address, recommend="10", why="Быстро")
    flushing.flush(home)
    answer(address, recommend="1", why="")
    flushing.flush(home)
    rows = Workspace.open(home.directory).table("answers").to_pandas()
    assert sorted(rows["question"]) == ["recommend", "why"]
    assert rows.set_index("question")["score"]["recommend"] == 1
    assert rows.set_index("question")["text"].isna()["why"]


def test_every_instrument_feeds_its_metrics(home: Organisation, make_survey: MakeSurvey) -> None:
    classic = make_survey("nps_classic")
    _given(classic, [10, 9, 7, 6, 0])
    heavy = links.anonymous_address(make_survey("nps_heavy"), "")
    for first, second in ((9, 9), (9, 2), (2, 2), (10, 8)):
        answer(heavy, recommend=str(first), buy_again=str(second))
    csi = links.anonymous_address(make_survey("csi"), "")
    _whole(csi, make_survey("csi"), {"overall": 4, "delivery": 5, "quality": 3, "price": 2, "service": 4})
    _whole(csi, make_survey("csi"), {"overall": 5, "delivery": 4, "quality": 3, "price": 3, "service": 5})
    c11 = make_survey("c11")
    _whole(links.anonymous_address(c11, ""), c11, {one.key: 4 for one in c11.asked})
    _whole(links.anonymous_address(c11, ""), c11, {one.key: 2 for one in c11.asked})
    rapid = make_survey("rapid")
    _whole(
        links.anonymous_address(rapid, ""),
        rapid,
        {"r1": 9, "r2": 8, "r3": 7, "a1": 10, "a2": 10, "a3": 10, "p1": 1, "p2": 2, "p3": 3},
    )
    feelings = links.anonymous_address(make_survey("feelings"), "")
    for expected, felt in ((3, 5), (4, 4), (4, 2)):
        answer(feelings, expectation=str(expected), experience=str(felt))
    flushing.flush(home)
    assert _value(home, "nps_classic") == (pytest.approx((2 - 2) / 5), 5)
    assert _value(home, "nps_heavy") == (pytest.approx((2 - 1) / 4), 4)
    assert _value(home, "csi") == (pytest.approx(4.5), 2)
    assert _value(home, "csi_weighted")[0] == pytest.approx((4.5 + 3 + 2.5 + 4.5) / 4)
    assert _value(home, "cli") == (pytest.approx((0.75 + 0.25) / 2), 2)
    assert _value(home, "retention_loyalty_index")[0] == pytest.approx(8)
    assert _value(home, "advocacy_loyalty_index")[0] == pytest.approx(10)
    assert _value(home, "purchasing_loyalty_index")[0] == pytest.approx(2)
    assert _value(home, "experience_gap") == (pytest.approx((2 + 0 - 2) / 3), 3)


def _whole(address: str, survey: Survey, given: dict[str, int]) -> None:
    from django.test import Client

    from septima.web.surveys.answering import pages_of

    client, pages = Client(), pages_of(survey.asked)
    for number in range(1, len(pages) + 1):
        posted = {f"q-{key}": str(grade) for key, grade in given.items()} | {"page": str(number)}
        sent = client.post(address, posted)
        assert sent.status_code == 303, sent.content.decode()


def test_importance_weighs_the_attributes_of_csi(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = make_survey("csi")
    for _ in range(5):
        _whole(
            links.anonymous_address(survey, ""),
            survey,
            {
                "overall": 4,
                "delivery": 5,
                "quality": 3,
                "price": 2,
                "service": 4,
                **{
                    f"importance_{name}": n
                    for name, n in (("delivery", 5), ("quality", 1), ("price", 1), ("service", 1))
                },
            },
        )
    shown = {one.metric: one for one in results.results_of(Workspace.open(home.directory), survey).measured}
    figure = shown["csi_weighted"].figure
    assert figure is not None
    assert figure.value == pytest.approx((5 * 5 + 3 + 2 + 4) / 8)


def test_flushing_twice_or_after_a_crash_between_lake_and_inbox_changes_nothing(
    home: Organisation, make_survey: MakeSurvey, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = make_survey()
    _given(survey, GRADES)
    real = flushing.append

    def appended_and_died(*arguments: Any, **named: Any) -> None:
        real(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(flushing, "append", appended_and_died)
        with pytest.raises(KeyboardInterrupt):
            flushing.flush(home)
    assert Arrival.objects.count() == len(GRADES)
    assert results.results_of(Workspace.open(home.directory), survey).questionnaires == len(GRADES)
    version = Workspace.open(home.directory).lake.version

    _given(survey, [5])  # stands behind the batch that was cut off
    assert flushing.flush(home) == len(GRADES) + 1
    assert flushing.flush(home) == 0
    assert Workspace.open(home.directory).lake.version == version + 1
    assert _value(home, "nps")[1] == len(GRADES) + 1


def test_choices_are_filed_by_number_and_several_by_option(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = _free_survey(make_survey)
    address = path_of(personal_link(survey))
    assert answer(address, own1="2", own2=["1", "3"], own3="слова").status_code == 303
    assert answer(address, own1="1", own2=["3"], own3="").status_code == 303
    flushing.flush(home)
    rows = Workspace.open(home.directory).table("answers").to_pandas().set_index("question")
    assert dict(rows["score"].dropna()) == {"own1": 1, "own2_1": 0, "own2_2": 0, "own2_3": 1}
    assert rows["text"].isna().all()
    assert set(rows["instrument"]) == {"free"}


def _free_survey(make_survey: MakeSurvey) -> Survey:
    from septima.schema import Text
    from septima.web.surveys.questions import Question

    options = tuple(Text(f"option {n}", f"вариант {n}") for n in (1, 2, 3))
    return make_survey(
        "free",
        questions=to_json(
            [
                Question("own1", "single", Text("One?", "Один?"), required=True, options=options),
                Question("own2", "several", Text("Some?", "Несколько?"), options=options),
                Question("own3", "text", Text("Words?", "Слова?")),
            ]
        ),
    )


def test_what_has_settled_is_forgotten_by_the_site(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = make_survey()
    _given(survey, [9, 9])
    Response.objects.update(submitted_at=timezone.now() - timedelta(hours=25))
    flushing.forget_settled(home)
    assert all(one.answers for one in Response.objects.all())  # the lake has not got them yet
    flushing.flush(home)
    flushing.forget_settled(home)
    assert [one.answers for one in Response.objects.all()] == [{}, {}]
    assert results.results_of(Workspace.open(home.directory), survey).questionnaires == 2


def test_an_export_is_imported_without_loss_once(home: Organisation, make_survey: MakeSurvey, user: Any) -> None:
    survey = _free_survey(make_survey)
    content = (
        "at;customer_id;own1;own2;own3;strange\n2026-05-01 10:00;C1;2;1 3;=1+1;x\n2026-05-02 10:00;C2;abc;;так;y\n"
    )
    file = importing.keep_file(survey, "answers.csv", content.encode("cp1251"), user)
    assert importing.keep_file(survey, "again.csv", content.encode("cp1251"), user).pk == file.pk
    seen = importing.preview(file)
    assert (seen.total, list(seen.ignored), len(seen.doubts)) == (2, ["strange"], 1)
    counts = importing.load(file)
    # The first brings one choice, three options and words, the second words and a choice that is no number.
    assert (counts["read"], counts["loaded"], counts["quarantined"]) == (7, 6, 1)
    heads, rows = results.questionnaires_of(Workspace.open(home.directory), survey)
    found = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [(row["customer_id"], row["own1"], row["own2"], row["own3"]) for row in found] == [
        ("C1", 2, "1 3", "=1+1"),
        ("C2", None, "", "так"),
    ]
    written = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in [heads, *rows])
    again = importing.load(importing.keep_file(survey, "back.csv", written.encode(), user))
    assert again["loaded"] == 0
    assert len(results.questionnaires_of(Workspace.open(home.directory), survey)[1]) == 2


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02PK", b"name,grade\nx,1\n", b"recommend\n9\n"])
def test_a_file_that_is_no_list_of_answers_is_refused(content: bytes, make_survey: MakeSurvey, user: Any) -> None:

    with pytest.raises(CsvError):
        importing.keep_file(make_survey(), "x.csv", content, user)


def test_small_groups_are_hidden_and_cannot_be_told_from_the_rest(home: Organisation, make_survey: MakeSurvey) -> None:
    survey = make_survey()
    for department, grades in (("a", [9] * 8), ("b", [1] * 6), ("c", [5] * 3)):
        survey.department = department
        survey.save()
        _given(survey, grades)
    members = results.results_of(Workspace.open(home.directory), survey).slices["department"]
    shown = {member.name: member.measured[0].figure for member in members}
    assert shown["a"] is not None
    assert shown["b"] is None  # else c would be the whole less a and b
    assert shown["c"] is None


def test_a_person_is_forgotten(home: Organisation, make_survey: MakeSurvey) -> None:
    from septima.web.surveys.erasing import forget_customers, kept_of_customers

    survey = make_survey()
    for customer in ("C1", "C2"):
        answer(path_of(personal_link(survey, customer)), recommend="9", why=f"я {customer}")
    (kept,) = kept_of_customers(home, ["C1"])
    assert (kept["customer_id"], kept["survey"]) == ("C1", survey.name)
    assert kept["answered_at"] is not None
    assert "я C1" in str(kept["answers"])
    assert forget_customers(home, ["C1"]) == {"links": 1, "files": 0}
    assert [link.customer_id for link in Link.objects.all()] == ["C2"]
    assert kept_of_customers(home, ["C1"]) == []
    assert "C1" not in str(list(Arrival.objects.values())) + str(list(Response.objects.values()))


_SCRIPT = """
    import os, sys
    import django
    django.setup()
    from django.core.management import call_command
    from django.test import Client
    from septima.web.accounts.models import Organisation
    from septima.web.surveys.models import Survey, Arrival
    from septima.web.common.batches import batches
    from septima.web.surveys import flushing, links
    from septima.web.surveys.instruments import INSTRUMENTS
    from septima.web.surveys.questions import to_json
    from septima.workspace import Workspace
    do, folder = sys.argv[1:]
    if do == "answer":
        call_command("migrate", verbosity=0)
        Workspace.create(folder)
        home = Organisation.objects.create(name="x", slug="x", folder=folder)
        survey = Survey.objects.create(organisation=home, name="x", instrument="nps", state="open",
            languages=["en"], questions=to_json(INSTRUMENTS["nps"].questions))
        address = links.anonymous_address(survey, "")
        for grade in range(1, 11):
            assert Client(SERVER_NAME="localhost").post(address, {"q-recommend": str(grade)}).status_code == 303
            print(grade, flush=True)
            if grade == 7:
                next(batches(flushing.waiting(home), most_rows=9))  # a batch that nobody will bring
        os.kill(os.getpid(), 9)
    home = Organisation.objects.get()
    print(flushing.flush(home), flushing.flush(home), Arrival.objects.count(),
          Workspace.open(folder).table("answers").count().to_pyarrow().as_py())
"""


def test_killed_processes_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "SEPTIMA_SITE": str(tmp_path / "site"),
        "DJANGO_SETTINGS_MODULE": "septima.web.settings",
        "SEPTIMA_DEBUG": "1",
    }
    environment.pop("SEPTIMA_DATABASE_URL", None)

    def run(do: str) -> subprocess.CompletedProcess[str]:
        script = textwrap.dedent(_SCRIPT)
        arguments = [sys.executable, "-c", script, do, str(tmp_path / "workspace")]
        return subprocess.run(arguments, env=environment, check=False, capture_output=True, text=True)

    answered = run("answer")
    assert answered.returncode == -signal.SIGKILL, answered.stderr
    assert answered.stdout.split() == [str(grade) for grade in range(1, 11)]
    assert run("flush").stdout.split() == ["10", "0", "0", "10"]
