"""Alert rules against cards made by hand, and messages against servers of our own."""

import hashlib
import hmac
import http.server
import json
import multiprocessing
import os
import signal
import socketserver
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from septima.report.alert_words import letter, sentence, subject_line
from septima.schema import Text
from septima.scorecard.alerts.checking import Facts, check
from septima.scorecard.alerts.definition import Alert, AlertDefinition, EmailChannel, Rule, WebhookChannel
from septima.scorecard.alerts.reading import read_alerts
from septima.scorecard.alerts.telling import AlertError, Told, quiet_alerts, tell
from septima.scorecard.card import Figure, Scorecard
from septima.scorecard.definition import DefinitionError

from ..both_languages import check_both
from .stand_ins import card_of, definition_of, history

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SCORECARD = definition_of("""
perspectives:
  - id: customer_support
    kpis:
      - {id: nps, weight: 1.2, target: 0.5}
      - {id: churn_rate, weight: 0.8, target: 0.1}
own: [{id: revenue, target: 100}]
""")


@pytest.fixture
def card() -> Scorecard:
    return card_of(
        SCORECARD,
        nps=history(Figure(0.5, 0.48, 0.52), Figure(0.3, 0.28, 0.32)),
        churn_rate=history(Figure(0.10, 0.09, 0.11), Figure(0.101, 0.09, 0.112)),
        revenue=history(100, None, note="no_data"),
    )


def facts(
    newest: datetime | None = None, quarantined: float = 0.0, chances: Mapping[str, float | None] | None = None
) -> Facts:
    return Facts(lambda _: newest, lambda: quarantined, lambda: chances or {})


def found(card: Scorecard, rule: Rule, given: Facts | None = None) -> list[tuple[str, float | None, float | None]]:
    report = check(AlertDefinition((rule,)), card, given or facts(), NOW)
    return [(one.subject, one.value, one.limit) for one in report.alerts]


def test_thresholds_of_values_and_of_normalised_figures(card: Scorecard) -> None:
    assert found(card, Rule("a", "threshold", of="nps", below=0.31)) == [("nps", 0.3, 0.31)]
    assert found(card, Rule("a", "threshold", of="nps", below=0.3)) == []
    assert found(card, Rule("a", "threshold", of="churn_rate", above=0.1)) == [("churn_rate", 0.101, 0.1)]
    # The achievement of the target: 0.3 / 0.5 of 100.
    assert found(card, Rule("a", "threshold", of="nps", below=61, form="normalised")) == [
        ("nps", pytest.approx(60), 61)
    ]
    # By hand: (1.2 · 0.3 + 0.8 · (1 − 0.101)) / 2.
    value = (1.2 * 0.3 + 0.8 * 0.899) / 2
    for subject in ("customer_support", "integral"):
        ((name, number, _),) = found(card, Rule("a", "threshold", of=subject, below=0.6))
        assert (name, number) == (subject, pytest.approx(value))


def test_states_and_changes_for_the_worse(card: Scorecard) -> None:
    assert found(card, Rule("a", "state")) == [("nps", 0.3, 0.5)]
    assert ("revenue", None, 100) in found(card, Rule("a", "state", states=("unknown",)))
    # NPS fell from one interval to another; churn rose within its own.
    assert [(name, round(value or 0, 6)) for name, value, _ in found(card, Rule("a", "change"))] == [("nps", -0.2)]
    assert found(card, Rule("a", "change", of="churn_rate")) == []
    risen = card_of(
        SCORECARD,
        nps=history(Figure(0.3, 0.28, 0.32), Figure(0.5, 0.48, 0.52)),
        churn_rate=history(Figure(0.10, 0.09, 0.11), Figure(0.2, 0.19, 0.21)),
        revenue=history(100, 100),
    )
    assert [name for name, _, _ in found(risen, Rule("a", "change"))] == ["churn_rate"]


def test_stale_tables_missing_records_and_quarantine(card: Scorecard) -> None:
    rule = Rule("a", "stale", table="orders", hours=24)
    fresh, old = datetime(2026, 11, 27, 12), datetime(2026, 11, 27, 11)  # noqa: DTZ001 - the lake holds naive UTC
    assert found(card, rule, facts(fresh)) == []
    assert found(card, rule, facts(old)) == [("orders", 25.0, 24)]
    assert found(card, rule, facts(None)) == [("orders", None, 24)]
    assert found(card, replace(rule, hours=72), facts(old - timedelta(days=4))) == [("orders", 121 / 24, 3.0)]
    assert found(card, Rule("a", "quarantine", above=0.1), facts(quarantined=0.1)) == []
    assert found(card, Rule("a", "quarantine", above=0.1), facts(quarantined=0.2)) == [("quarantine", 0.2, 0.1)]
    kpi = replace(card.perspectives[0].kpis[0], missing_share=0.4)
    part = replace(card.perspectives[0], kpis=(kpi, *card.perspectives[0].kpis[1:]))
    lacking = replace(card, perspectives=(part,))
    assert found(lacking, Rule("a", "missing", above=0.3)) == [("nps", 0.4, 0.3)]


def test_chances_and_what_cannot_be_told(card: Scorecard) -> None:
    given = facts(chances={"nps": 0.05, "churn_rate": 0.6, "revenue": None, "integral": 0.2})
    assert found(card, Rule("a", "forecast", below=0.1), given) == [("nps", 0.05, 0.1)]
    assert found(card, Rule("a", "forecast", of="integral", below=0.3), given) == [("integral", 0.2, 0.3)]
    rules = (Rule("a", "forecast", of="revenue", below=0.3), Rule("b", "threshold", of="revenue", below=1))
    report = check(AlertDefinition(rules), card, given, NOW)
    assert [one.rule for one in report.failures] == ["a", "b"]
    assert report.exit_code == 3


@pytest.mark.parametrize(
    ("severities", "code"), [((), 0), (("warning",), 1), (("warning", "critical"), 2), (("critical",), 2)]
)
def test_the_exit_code_is_that_of_the_worst(card: Scorecard, severities: Sequence[Any], code: int) -> None:
    rules = tuple(Rule(f"r{n}", "threshold", one, of="nps", below=0.4) for n, one in enumerate(severities))
    assert check(AlertDefinition(rules), card, facts(), NOW).exit_code == code


def test_every_kind_is_said_in_both_languages(card: Scorecard) -> None:
    rules = (
        Rule(
            "a",
            "threshold",
            "critical",
            of="nps",
            below=0.4,
            who=Text("Анна", "Анна"),
            message=Text("Look", "Посмотрите"),
        ),
        Rule("b", "state"),
        Rule("c", "change"),
        Rule("d", "stale", table="orders", hours=24),
        Rule("e", "quarantine", above=0.1),
        Rule("f", "forecast", of="nps", below=0.1),
    )
    report = check(AlertDefinition(rules), card, facts(None, 0.2, {"nps": 0.05}), NOW)
    assert [one.rule for one in report.alerts] == list("abcdef")
    assert sentence(report.alerts[0], "en", None) == "NPS: 0.30 is below 0.40. Look."
    assert sentence(report.alerts[0], "ru", None).replace("\u00a0", " ") == "NPS: 0,30 — ниже порога 0,40. Посмотрите."
    assert sentence(report.alerts[1], "en", None) == "NPS is bad: 0.30, the target is 0.50."
    for alert in report.alerts:
        assert sentence(alert, "en", None) != sentence(alert, "ru", None)
    text = letter(report, report.alerts, "en")
    assert text.splitlines()[2] == "[critical] NPS: 0.30 is below 0.40. Look. (Анна)"
    assert subject_line(report, report.alerts, "en") == "Ромашка: 6 alerts for 2026-Q3, 1 of them critical"


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a message needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 stub\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word in (b"EHLO", b"HELO"):
                self.wfile.write(b"250 stub\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                if self.server.refuses:  # type: ignore[attr-defined]
                    self.wfile.write(b"554 refused\r\n")
                else:
                    self.server.messages.append(body)  # type: ignore[attr-defined]
                    self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 yes\r\n")


class _Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        status = 500 if self.server.refuses else 302 if self.path == "/elsewhere" else 200  # type: ignore[attr-defined]
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/other")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the class has it
        """Say nothing."""


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    server.messages, server.refuses = [], False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def mail() -> Iterator[Any]:
    with serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail)) as server:
        yield server


@pytest.fixture
def hook() -> Iterator[Any]:
    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hook)) as server:
        yield server


def email_to(server: Any) -> EmailChannel:
    return EmailChannel("mail", "127.0.0.1", server.server_address[1], "none", "a@example.org", ("b@example.org",))


def webhook_to(server: Any, path: str = "/hook") -> WebhookChannel:
    return WebhookChannel("hook", f"http://127.0.0.1:{server.server_address[1]}{path}", "HOOK_SECRET")


LOW = Alert("low", "threshold", "warning", "nps", Text("NPS", "NPS"), 0.3, 0.4, "index", None, None)
RULE = Rule("low", "threshold", of="nps", below=0.4, quiet=7)


def told(folder: Path, channels: Sequence[Any], alerts: Sequence[Alert], at: datetime, rule: Rule = RULE) -> Told:
    def compose(given: Sequence[Alert]) -> tuple[str, str, Mapping[str, Any]]:
        return "Лавка:\nсигнал", "Текст\n", {"alerts": [alert.key for alert in given]}

    definition = AlertDefinition((rule,), tuple(channels))
    return tell(folder, definition, alerts, compose, now=at, environment={"HOOK_SECRET": "s3cret"})


def test_an_alert_is_told_by_both_channels_and_the_post_is_signed(tmp_path: Path, mail: Any, hook: Any) -> None:
    result = told(tmp_path, [email_to(mail), webhook_to(hook)], [LOW], NOW)
    assert (result.new, result.sent, result.waiting, result.failures) == ((LOW,), 2, 0, ())
    (letter_,) = mail.messages
    assert b"To: b@example.org" in letter_
    ((path, headers, body),) = hook.messages
    assert (path, json.loads(body)["alerts"]) == ("/hook", ["low/nps"])
    signed = headers["X-Septima-Timestamp"].encode() + b"." + body
    expected = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
    assert headers["X-Septima-Signature"] == f"sha256={expected}"


def test_an_alert_is_quiet_for_its_days_and_told_anew_after_it_had_gone(tmp_path: Path, hook: Any) -> None:
    channels = [webhook_to(hook)]
    assert told(tmp_path, channels, [LOW], NOW).sent == 1
    again = told(tmp_path, channels, [LOW], NOW + timedelta(days=6))
    assert (again.quiet, again.new, again.sent) == ((LOW,), (), 0)
    assert quiet_alerts(tmp_path, AlertDefinition((RULE,)), [LOW], NOW + timedelta(days=6)) == (LOW,)
    # Six days on it was not told, so the seven days still count from the first time.
    assert told(tmp_path, channels, [LOW], NOW + timedelta(days=7)).sent == 1
    assert told(tmp_path, channels, [], NOW + timedelta(days=8)).sent == 0
    assert told(tmp_path, channels, [LOW], NOW + timedelta(days=9)).sent == 1
    other = replace(LOW, subject="cli")
    assert told(tmp_path, channels, [LOW, other], NOW + timedelta(days=9)).new == (other,)


def test_what_a_channel_refuses_is_kept_and_sent_next_time(tmp_path: Path, mail: Any, hook: Any) -> None:
    channels = [email_to(mail), webhook_to(hook)]
    mail.refuses = hook.refuses = True
    failed = told(tmp_path, channels, [LOW], NOW)
    assert (failed.sent, failed.waiting, len(failed.failures)) == (0, 2, 2)
    assert "554" in failed.failures[0] + failed.failures[1]
    assert all("kept for the next check" in one for one in failed.failures)
    mail.refuses = False
    later = told(tmp_path, channels, [LOW], NOW + timedelta(days=1))
    assert (later.new, later.sent, later.waiting) == ((), 1, 1)
    hook.refuses = False
    assert told(tmp_path, channels, [], NOW + timedelta(days=2)).waiting == 0
    identifiers = {json.loads(body)["id"] for _, _, body in hook.messages}
    assert len(identifiers) == 1  # by which who receives it twice can tell


def test_no_redirect_is_followed_and_no_secret_is_told(tmp_path: Path, hook: Any) -> None:
    failed = told(tmp_path, [webhook_to(hook, "/elsewhere")], [LOW], NOW)
    assert [path for path, _, _ in hook.messages] == ["/elsewhere"]
    assert "302" in failed.failures[0]
    for path in (tmp_path / "alerts").rglob("*.json"):
        assert "s3cret" not in path.read_text()
    definition = AlertDefinition((RULE,), (webhook_to(hook),))
    unset = tell(tmp_path, definition, [], lambda _: ("", "", {}), now=NOW, environment={})
    assert "environment variable HOOK_SECRET is not set" in unset.failures[0]


def test_a_channel_that_is_gone_is_told(tmp_path: Path, hook: Any, mail: Any) -> None:
    hook.refuses = True
    told(tmp_path, [webhook_to(hook)], [LOW], NOW)
    left = told(tmp_path, [email_to(mail)], [LOW], NOW)
    assert "its channel 'hook' is no more; put it back into alerts.yaml, or remove this file" in left.failures[0]
    with pytest.raises(AlertError, match="there is no channel to send by"):
        told(tmp_path, [], [LOW], NOW)


GOOD_MAIL = "{id: m, kind: email, host: smtp.example.org, from: a@example.org, to: [b@example.org]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules: [", "line 1: cannot be read as YAML"),
        ("rules: []", "line 1: there are no rules"),
        ("rules:\n- {id: a, kind: stat}", "line 2: `kind` is 'stat'; did you mean 'state'"),
        ("rules:\n- {id: a}", "line 2: rule 'a' has no `kind`"),
        ("rules:\n- {kind: state}", "line 2: `id` is missing"),
        ("rules:\n- {id: a, kind: state}\n- {id: a, kind: change}", "line 3: the id 'a' is given twice"),
        ("rules:\n- {id: a, kind: state, below: 1}", "line 2: unknown field 'below'"),
        ("rules:\n- {id: a, kind: state, of: npss}", "line 2: the scorecard has no 'npss'; did you mean 'nps'"),
        ("rules:\n- {id: a, kind: state, states: [god]}", "line 2: `states` holds 'god'"),
        ("rules:\n- {id: a, kind: threshold, of: nps}", "line 2: a threshold needs `of` and either"),
        ("rules:\n- {id: a, kind: threshold, below: 1}", "line 2: a threshold needs `of` and either"),
        ("rules:\n- {id: a, kind: threshold, of: nps, below: 1, above: 2}", "line 2: a threshold needs"),
        ("rules:\n- {id: a, kind: forecast, below: 30}", "line 2: `below` is 30; write a share from 0 to 1"),
        ("rules:\n- {id: a, kind: forecast}", "line 2: a rule of the kind forecast needs `below`"),
        ("rules:\n- {id: a, kind: missing}", "line 2: a rule of the kind missing needs `above`"),
        ("rules:\n- {id: a, kind: missing, of: integral, above: 0.1}", "line 2: the scorecard has no 'integral'"),
        (
            "rules:\n- {id: a, kind: stale, table: order, days: 1}",
            "line 2: `table` is 'order', .*did you mean 'orders'",
        ),
        (
            "rules:\n- {id: a, kind: stale, table: orders}",
            "line 2: a rule of the kind stale needs either `hours` or `days`",
        ),
        ("rules:\n- {id: a, kind: stale, table: orders, days: 0}", "line 2: the age must be above 0"),
        ("rules:\n- {id: a, kind: state, quiet: -1}", "line 2: `quiet` is -1"),
        ("rules:\n- {id: a, kind: state, channels: [m]}", "line 2: there is no channel 'm'"),
        ("rules:\n- {id: a, kind: state, severity: high}", "line 2: `severity` is 'high'"),
        ("rules:\n- {id: a, kind: state}\ngrain: all", "line 3: `grain` is 'all'"),
        ("rules:\n- {id: a, kind: state}\nrule: 1", "line 3: unknown field 'rule'; did you mean 'rules'"),
        (f"channels:\n- {GOOD_MAIL}, password: x}}", "line 2: a password does not belong in a file"),
        (f"channels:\n- {GOOD_MAIL}, password_env: 'hun ter2', user: u}}", "line 2: `password_env` is no name"),
        (f"channels:\n- {GOOD_MAIL}, user: u}}", "line 2: write both `user` and `password_env`"),
        (f"channels:\n- {GOOD_MAIL}, security: none}}", "line 2: mail to smtp.example.org would go unencrypted"),
        (f"channels:\n- {GOOD_MAIL}, port: 70000}}", "line 2: `port` is 70000"),
        (
            "channels:\n- {id: m, kind: email, host: h, from: a, to: [b@c.d]}",
            "line 2: `from` holds 'a', which is no address",
        ),
        ("channels:\n- {id: m, kind: email, host: h, from: a@b.c}", "line 2: `to` is missing"),
        ("channels:\n- {id: m, kind: fax}", "line 2: `kind` is 'fax'"),
        ("channels:\n- {id: m}", "line 2: channel 'm' has no `kind`"),
        ("channels:\n- {id: w, kind: webhook, url: 'http://example.org/x'}", "line 2: what goes to .* could be read"),
        ("channels:\n- {id: w, kind: webhook, url: 'ftp://example.org'}", "line 2: `url` is .* begins with https"),
        ("channels:\n- {id: w, kind: webhook, url: 'https://u:p@example.org'}", "line 2: `url` holds a password"),
        ("channels:\n- {id: w, kind: webhook, url: 'https://e.org', secret: x}", "line 2: a secret does not belong"),
        ("channels:\n- {id: w, kind: webhook, url: 'https://e.org', timeout: 0}", "line 2: `timeout` is 0"),
    ],
)
def test_every_mistake_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "alerts.yaml"
    path.write_text(text if "rules" in text else f"{text}\nrules:\n- {{id: a, kind: state}}", encoding="utf-8")
    with pytest.raises(DefinitionError, match=f"alerts.yaml, {message}") as raised:
        read_alerts(path, SCORECARD)
    said = check_both(raised.value)
    assert "hun ter2" not in said.en + said.ru


def test_an_absent_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="septima check DIR --new"):
        read_alerts(tmp_path / "alerts.yaml", SCORECARD)


def _tell_for_ever(folder: str, port: int) -> None:
    channel = WebhookChannel("hook", f"http://127.0.0.1:{port}/hook")
    for number in range(100_000):
        alerts = [replace(LOW, subject=f"kpi{one}") for one in range(number + 1)]
        told(Path(folder), [channel], alerts, NOW)


def test_a_check_that_is_killed_loses_no_alert(tmp_path: Path, hook: Any) -> None:
    port = hook.server_address[1]
    context = multiprocessing.get_context("fork")
    for round_ in range(4):
        teller = context.Process(target=_tell_for_ever, args=(str(tmp_path), port))
        teller.start()
        time.sleep(0.15 + 0.03 * round_)
        os.kill(teller.pid or 0, signal.SIGKILL)
        teller.join()
    noted = set(json.loads((tmp_path / "alerts" / "state.json").read_text()))
    last = told(tmp_path, [webhook_to(hook)], [], NOW)
    assert (last.waiting, last.failures) == (0, ())
    sent = {key for _, _, body in hook.messages for key in json.loads(body)["alerts"]}
    assert noted
    assert noted <= sent
