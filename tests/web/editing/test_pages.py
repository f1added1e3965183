"""Definitions are edited by one person and approved by another."""

from collections.abc import Callable
from pathlib import Path

from django.test import Client

from septima.scorecard.audit import read_log, verify
from septima.web.accounts.models import AuditEvent, Membership, Organisation, User
from septima.web.editing import register
from septima.web.editing.files import digest_of
from septima.web.editing.models import Draft, Version
from tests.web.conftest import Site

BASE = "/o/home/definitions/"
Browser = Callable[[str], Client]


def _file(organisation: Organisation, name: str = "scorecard.yaml") -> Path:
    return organisation.directory / name


def _draft(client: Client, name: str = "scorecard.yaml") -> Draft:
    assert client.post(f"{BASE}files/{name}/edit/").status_code == 302
    draft = Draft.objects.filter(file=name, state="draft").first()
    assert draft is not None
    return draft


def _write(client: Client, draft: Draft, old: str, new: str) -> Draft:
    text = draft.text.replace(old, new, 1)
    assert text != draft.text
    answer = client.post(
        f"{BASE}drafts/{draft.pk}/text/", {"text": text.replace("\n", "\r\n"), "seen": digest_of(draft.text)}
    )
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.text == text
    return draft


def _act(client: Client, draft: Draft, action: str, **data: str) -> str:
    seen = {"seen": digest_of(draft.text)} if action == "approve" else {}
    answer = client.post(f"{BASE}drafts/{draft.pk}/{action}/", {**seen, **data}, follow=True)
    assert answer.status_code == 200
    draft.refresh_from_db()
    return answer.content.decode()


def test_overview_names_the_files_and_who_changed_them(writable: Organisation, as_role: Browser) -> None:
    page = as_role("viewer").get(BASE)
    assert page.status_code == 403
    text = as_role("analyst").get(BASE).content.decode()
    for name in ("scorecard.yaml", "goals.yaml", "septima.yaml", "alerts.yaml"):
        assert name in text
    assert "valid" in text
    assert Version.objects.filter(organisation=writable, file="scorecard.yaml", origin="imported").count() >= 1
    before = Version.objects.count()
    as_role("analyst").get(BASE)
    assert Version.objects.count() == before


def test_a_weight_that_a_second_person_approves_changes_the_file_and_its_history(
    writable: Organisation, as_role: Browser
) -> None:
    analyst, leader = as_role("analyst"), as_role("leader")
    before = _file(writable).read_text("utf-8")
    draft = _draft(analyst)
    seen = digest_of(draft.text)
    fields = {"perspectives.0.kpis.0.weight": "1.5", "perspectives.0.kpis.1.weight": "0.6", "seen": seen, "do": "save"}
    assert analyst.post(f"{BASE}drafts/{draft.pk}/form/", fields).status_code == 302
    draft.refresh_from_db()
    assert draft.text == before.replace("weight: 1.2 ", "weight: 1.5 ").replace("weight: 0.9 ", "weight: 0.6 ", 1)
    assert _file(writable).read_text("utf-8") == before
    _act(analyst, draft, "submit", note="Loyalty matters <script>alert(1)</script> more")
    assert draft.state == "submitted"
    assert analyst.post(f"{BASE}drafts/{draft.pk}/approve/").status_code == 403
    assert draft.state == "submitted"
    shown = leader.get(f"{BASE}drafts/{draft.pk}/").content.decode()
    assert "<script>alert" not in shown
    assert "customer_support/cli.weight" in shown
    _act(leader, draft, "approve")
    assert draft.state == "approved"
    assert _file(writable).read_text("utf-8") == draft.text
    version = Version.objects.filter(file="scorecard.yaml").first()
    assert version is not None
    assert (str(version.author), str(version.approver), version.approved_alone) == ("Analyst", "Leader", False)
    entry = read_log(writable.directory)[-1]
    assert entry.author == "Analyst, approved by Leader"
    assert {change.path for change in entry.changes} == {"customer_support/cli.weight", "customer_support/nps.weight"}
    assert verify(writable.directory).faults == ()
    assert AuditEvent.objects.filter(action="definition.approved", user__email="leader@example.org").count() == 1
    again = _act(leader, draft, "approve")
    assert "no longer" in again or "changed since" in again
    assert Version.objects.filter(file="scorecard.yaml", origin="approved").count() == 1
    page = analyst.get(f"{BASE}files/scorecard.yaml/versions/{version.number}/").content.decode()
    assert "customer_support/cli.weight" in page
    # Undo is a draft with the old text.
    analyst.post(f"{BASE}files/scorecard.yaml/versions/{version.number - 1}/restore/")
    undone = Draft.objects.get(state="draft")
    assert undone.text == before


def test_the_effect_is_shown_before_anything_is_written(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _draft(analyst)
    fields = {"perspectives.2.kpis.0.target": "0.9", "seen": digest_of(draft.text)}
    page = analyst.post(f"{BASE}drafts/{draft.pk}/preview/", fields).content.decode()
    assert "→" in page
    assert "Effect" in page
    draft.refresh_from_db()
    assert draft.text == draft.base_text
    wrong = analyst.post(f"{BASE}drafts/{draft.pk}/preview/", {"perspectives.0.kpis.0.weight": "much"}).content.decode()
    assert "give a number" in wrong
    uneven = analyst.post(f"{BASE}drafts/{draft.pk}/preview/", {"perspectives.0.kpis.0.weight": "2"}).content.decode()
    assert "in the same proportions" in uneven


def test_weights_that_do_not_average_one_are_refused_and_rescaled(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _write(analyst, _draft(analyst), "weight: 1.2 ", "weight: 2 ")
    assert "mend what is wrong first" in _act(analyst, draft, "submit")
    assert draft.state == "draft"
    page = analyst.get(f"{BASE}drafts/{draft.pk}/form/").content.decode()
    assert "must add up to 3" in page
    answer = analyst.post(
        f"{BASE}drafts/{draft.pk}/form/", {"seen": digest_of(draft.text), "do": "rescale:perspectives.0.kpis"}
    )
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert "weight: 1.579 " in draft.text
    _act(analyst, draft, "submit")
    assert draft.state == "submitted"


def test_nobody_approves_alone_while_another_could(writable: Organisation, as_role: Browser) -> None:
    leader = as_role("leader")
    draft = _write(leader, _draft(leader), "target: 0.3\n", "target: 0.31\n")
    _act(leader, draft, "submit")
    before = _file(writable).read_text("utf-8")
    assert "a second person" in _act(leader, draft, "approve")
    assert (draft.state, _file(writable).read_text("utf-8")) == ("submitted", before)
    Membership.objects.filter(role="head").update(ended_at="2026-01-01T00:00Z")
    assert "Approve alone" in leader.get(f"{BASE}drafts/{draft.pk}/").content.decode()
    _act(leader, draft, "approve")
    assert (draft.state, draft.approved_alone) == ("approved", True)
    assert read_log(writable.directory)[-1].author == "Leader, approved alone"


def test_a_draft_of_a_file_that_changed_meanwhile_is_refused_until_brought_up(
    writable: Organisation, as_role: Browser
) -> None:
    analyst, leader = as_role("analyst"), as_role("leader")
    draft = _write(analyst, _draft(analyst), "target: 0.3\n", "target: 0.31\n")
    _act(analyst, draft, "submit")
    path = _file(writable)
    path.write_text(path.read_text("utf-8").replace("trend: 8", "trend: 6"), "utf-8")
    assert "has changed since" in _act(leader, draft, "approve")
    assert draft.state == "submitted"
    assert "trend: 6" in path.read_text("utf-8")
    outside = Version.objects.filter(file="scorecard.yaml").first()
    assert outside is not None
    assert outside.origin == "outside"
    assert "Bring the draft up to the file" in analyst.get(f"{BASE}drafts/{draft.pk}/").content.decode()
    _act(analyst, draft, "rebase", prefer="ours")
    assert draft.state == "draft"
    assert "trend: 6" in draft.text
    assert "target: 0.31\n" in draft.text
    _act(analyst, draft, "submit")
    _act(leader, draft, "approve")
    assert draft.state == "approved"


def test_a_text_that_the_approver_was_not_shown_is_not_approved(writable: Organisation, as_role: Browser) -> None:
    analyst, leader = as_role("analyst"), as_role("leader")
    draft = _write(analyst, _draft(analyst), "target: 0.3\n", "target: 0.31\n")
    _act(analyst, draft, "submit")
    page = leader.get(f"{BASE}drafts/{draft.pk}/").content.decode()
    shown = digest_of(draft.text)
    assert f'name="seen" value="{shown}"' in page
    before = _file(writable).read_text("utf-8")
    _act(analyst, draft, "rebase", prefer="ours")
    draft = _write(analyst, draft, "target: 0.31\n", "target: 0.99\n")
    _act(analyst, draft, "submit")
    assert "has become another" in _act(leader, draft, "approve", seen=shown)
    assert (draft.state, _file(writable).read_text("utf-8")) == ("submitted", before)
    _act(leader, draft, "approve")
    assert "target: 0.99\n" in _file(writable).read_text("utf-8")


def test_an_approval_that_was_cut_short_is_finished_or_taken_back(writable: Organisation, as_role: Browser) -> None:
    analyst, leader = as_role("analyst"), User.objects.get(email="leader@example.org")
    for written in (False, True):
        draft = _write(analyst, _draft(analyst), "target: 0.3\n", "target: 0.32\n")
        _act(analyst, draft, "submit")
        Draft.objects.filter(pk=draft.pk).update(state="approving", reviewer=leader)
        if written:
            _file(writable).write_text(draft.text, "utf-8")
        register.look(writable)
        register.look(writable)
        draft.refresh_from_db()
        assert draft.state == ("approved" if written else "submitted")
        if not written:
            _act(analyst, draft, "withdraw")
            assert draft.state == "withdrawn"
    version = Version.objects.filter(file="scorecard.yaml").first()
    assert version is not None
    assert (version.origin, version.approver) == ("approved", leader)
    assert Version.objects.filter(origin="approved").count() == 1
    assert read_log(writable.directory)[-1].author == "Analyst, approved by Leader"


def test_a_draft_stands_only_within_its_organisation(writable: Organisation, as_role: Browser) -> None:
    analyst, stranger = as_role("analyst"), as_role("other")
    draft = _draft(analyst)
    assert stranger.get(f"{BASE}drafts/{draft.pk}/").status_code == 404
    Membership.objects.filter(user__email="other@example.org").update(role="leader")
    for page in ("", "form/", "text/", "effect/", "add/"):
        assert stranger.get(f"/o/other/definitions/drafts/{draft.pk}/{page}").status_code == 404
    for action in ("submit", "approve", "reject", "withdraw", "rebase", "reopen", "preview"):
        assert stranger.post(f"/o/other/definitions/drafts/{draft.pk}/{action}/").status_code == 404
    head = as_role("head")
    assert head.get(f"{BASE}drafts/{draft.pk}/").status_code == 200
    assert head.get(f"{BASE}drafts/{draft.pk}/form/").status_code == 403
    assert head.post(f"{BASE}files/scorecard.yaml/edit/").status_code == 403
    assert as_role("leader").post(f"{BASE}drafts/{draft.pk}/text/", {"text": "x"}).status_code == 403


def test_no_other_file_can_be_reached(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    others = (
        "../secret.yaml",
        "site/secret.key",
        "lake/x.yaml",
        "metrics/../septima.yaml",
        "x.yaml",
        "source/truth.json",
    )
    for name in others:
        assert analyst.get(f"{BASE}files/{name}/").status_code == 404
        assert analyst.post(f"{BASE}files/{name}/edit/").status_code == 404


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


HARM = {
    BOMB: "too large",
    "a: &a [*a]\n": "holds itself",
    "[" * 200: "too deep",
    "a: b: c\n": "cannot be read",
    "perspectives: \x01\n": "is no text",
    "own: !!python/object/apply:os.system [ls]\n": "wrong",
}


def test_texts_that_mean_harm_are_kept_as_drafts_at_most(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _draft(analyst)
    for text, said in HARM.items():
        sent = {"text": text, "seen": digest_of(draft.text)}
        answer = analyst.post(f"{BASE}drafts/{draft.pk}/text/", sent, follow=True)
        assert answer.status_code == 200
        assert said in answer.content.decode()
        assert analyst.get(f"{BASE}drafts/{draft.pk}/form/").status_code == 200
        draft.refresh_from_db()
        assert "mend what is wrong first" in _act(analyst, draft, "submit")
        assert draft.state == "draft"


def test_a_text_that_is_too_long_is_not_kept(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _draft(analyst)
    answer = analyst.post(
        f"{BASE}drafts/{draft.pk}/text/", {"text": "a" * 250_000, "seen": digest_of(draft.text)}, follow=True
    )
    assert "200000 is the most" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.text == draft.base_text


def test_two_windows_do_not_write_over_each_other(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _draft(analyst)
    seen = digest_of(draft.text)
    _write(analyst, draft, "trend: 8", "trend: 7")
    answer = analyst.post(f"{BASE}drafts/{draft.pk}/text/", {"text": "perspectives: []", "seen": seen})
    assert answer.status_code == 409
    late = analyst.post(f"{BASE}drafts/{draft.pk}/form/", {"trend": "5", "seen": seen}, follow=True)
    assert "changed meanwhile" in late.content.decode()
    draft.refresh_from_db()
    assert "trend: 7" in draft.text


def test_a_metric_is_begun_in_a_form_and_put_on_the_card(writable: Organisation, as_role: Browser) -> None:
    analyst, leader = as_role("analyst"), as_role("leader")
    assert analyst.post(f"{BASE}new/metrics/", {"name": "sup port"}).status_code == 302
    assert not Draft.objects.exists()
    analyst.post(f"{BASE}new/metrics/", {"name": "support"})
    draft = Draft.objects.get()
    assert draft.file == "metrics/support.yaml"
    analyst.post(f"{BASE}drafts/{draft.pk}/form/", {"seen": digest_of(draft.text), "do": "add:metrics"})
    draft.refresh_from_db()
    assert "id: new_metric_1" in draft.text
    fields = {"metrics.1.id": "big_orders", "metrics.1.filter": "revenue > 1000", "metrics.1.minimum_sample": "10"}
    analyst.post(f"{BASE}drafts/{draft.pk}/form/", {**fields, "seen": digest_of(draft.text)})
    draft.refresh_from_db()
    assert "filter: revenue > 1000" in draft.text
    shown = analyst.get(f"{BASE}drafts/{draft.pk}/effect/").content.decode()
    assert "New metric" in shown
    assert "own-figures" in shown
    _act(analyst, draft, "submit")
    _act(leader, draft, "approve")
    assert draft.state == "approved"
    card = _draft(analyst)
    found = analyst.get(f"{BASE}drafts/{card.pk}/add/?to=own&q=big").content.decode()
    assert "big_orders" in found
    analyst.post(f"{BASE}drafts/{card.pk}/form/", {"seen": digest_of(card.text), "do": "add:own:big_orders"})
    card.refresh_from_db()
    assert card.text.rstrip().endswith("- id: big_orders")
    wrong = _write(analyst, card, "id: big_orders", "id: big_order")
    page = analyst.get(f"{BASE}drafts/{wrong.pk}/text/").content.decode()
    assert "unknown metric" in page
    assert "Line" in page


def test_a_mistake_is_told_in_the_language_of_the_reader_with_its_line(
    writable: Organisation, as_role: Browser
) -> None:
    analyst = as_role("analyst")
    analyst.post(f"{BASE}new/metrics/", {"name": "support"})
    draft = Draft.objects.get(file="metrics/support.yaml")
    _write(analyst, draft, "table: calls", "table: call")
    line = draft.text[: draft.text.index("table: call")].count("\n") + 1
    english = analyst.get(f"{BASE}drafts/{draft.pk}/text/").content.decode()
    assert f"Line {line}</a>: there is no table &#x27;call&#x27;; did you mean &#x27;calls&#x27;?" in english
    User.objects.filter(email="analyst@example.org").update(language="ru")
    russian = analyst.get(f"{BASE}drafts/{draft.pk}/text/").content.decode()
    assert f"Строка {line}</a>: нет таблицы «call»; возможно, имелось в\u00a0виду «calls»?" in russian
    assert "there is no table" not in russian


def test_what_another_file_needs_is_not_taken_away(writable: Organisation, as_role: Browser) -> None:
    analyst = as_role("analyst")
    draft = _draft(analyst)
    analyst.post(
        f"{BASE}drafts/{draft.pk}/form/", {"seen": digest_of(draft.text), "do": "remove:perspectives.1.kpis.1"}
    )
    page = analyst.get(f"{BASE}drafts/{draft.pk}/").content.decode()
    assert "goals.yaml would no longer hold" in page
    assert "mend what is wrong first" in _act(analyst, draft, "submit")


def test_a_form_that_is_sent_back_as_it_came_changes_no_byte(writable: Organisation, as_role: Browser) -> None:
    from html.parser import HTMLParser

    class Answers(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.area: str | None = None
            self.select: str | None = None

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            given = dict(attrs)
            named = given.get("name") or ""
            if tag == "input" and named:
                self.found[named] = given.get("value") or ""
            elif tag == "textarea":
                self.area = named
                self.found[named] = ""
            elif tag == "select":
                self.select = named
            elif tag == "option" and self.select and "selected" in given:
                self.found[self.select] = given.get("value") or ""

        def handle_endtag(self, tag: str) -> None:
            self.area = None if tag == "textarea" else self.area
            self.select = None if tag == "select" else self.select

        def handle_data(self, data: str) -> None:
            if self.area is not None:
                self.found[self.area] += data

    files = ("scorecard.yaml", "goals.yaml", "cascade.yaml", "alerts.yaml", "septima.yaml", "rollout.yaml")
    for place, name in enumerate(files):
        User.objects.filter(email="analyst@example.org").update(language="en" if place % 2 else "ru")
        analyst = as_role("analyst")
        draft = _draft(analyst, name)
        page = analyst.get(f"{BASE}drafts/{draft.pk}/form/").content.decode()
        answers = Answers()
        answers.feed(page)
        sent = {key: value.removeprefix("\n").replace("\n", "\r\n") for key, value in answers.found.items()}
        assert len(sent) > 8
        assert analyst.post(f"{BASE}drafts/{draft.pk}/form/", {**sent, "do": "save"}).status_code == 302
        draft.refresh_from_db()
        assert draft.text == _file(writable, name).read_bytes().decode()


def test_secrets_are_hidden_from_those_who_do_not_edit(writable: Organisation, as_role: Browser) -> None:
    path = _file(writable, "septima.yaml")
    path.write_text(path.read_text("utf-8").replace("metrics: {}", "metrics: {nps: {api_token: sesame}}"), "utf-8")
    assert "sesame" in as_role("analyst").get(f"{BASE}files/septima.yaml/").content.decode()
    for role in ("head", "administrator"):
        page = as_role(role).get(f"{BASE}files/septima.yaml/").content.decode()
        assert "(hidden)" in page
        assert "sesame" not in page


def test_an_empty_workspace_offers_to_begin(site: Site, as_role: Browser) -> None:
    Membership.objects.filter(user__email="other@example.org").update(role="leader")
    page = as_role("other").get("/o/other/definitions/").content.decode()
    assert "not begun" in page
