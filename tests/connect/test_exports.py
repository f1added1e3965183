"""Exports in a folder, and letters that came back, by the ready definitions."""

import gzip
import json
from pathlib import Path

import pytest

from septima.connect.errors import ConnectError
from septima.connect.fetch import check, fetch
from septima.connect.kinds import KINDS
from septima.lake.load import TableCounts
from septima.lake.quarantine import quarantined
from septima.workspace import Workspace
from tests.connect.conftest import rows_by_key
from tests.connect.imap import Mailbox

BOUNCE = """From: MAILER-DAEMON@mx.example.org
To: news@shop.example
Date: Sun, 29 Nov 2026 10:00:00 +0300
Message-ID: <b1@mx.example.org>
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="X"

--X
Content-Type: text/plain

I am sorry.

--X
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
Arrival-Date: Sun, 29 Nov 2026 09:59:00 +0300

Final-Recipient: rfc822; Anna@Example.org
Action: failed
Status: 5.1.1 (no such user)
Diagnostic-Code: smtp; 550 5.1.1 no such user
Last-Attempt-Date: Sun, 29 Nov 2026 09:59:30 +0300

Final-Recipient: rfc822; boris@example.org
Action: delayed
Status: 4.4.1

--X
Content-Type: text/rfc822-headers

Message-ID: <letter-7@shop.example>
Date: Sun, 29 Nov 2026 09:58:00 +0300
Subject: News

--X--
""".replace("\n", "\r\n").encode()
PLAIN = b"From: anna@example.org\r\nSubject: Thank you\r\nMessage-ID: <p@x>\r\n\r\nHello\r\n"


@pytest.fixture
def exports(workspace: Workspace, define):
    """Write files for a connection of a kind, which is defined as its starter says."""

    def write(kind: str, **files: bytes) -> Path:
        define(kind, "\n".join(_local(line) for line in KINDS[kind].starter.splitlines()))
        folder = workspace.directory / "exports" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        return folder

    def _local(line: str) -> str:
        kind = line.removeprefix("folder: ").rpartition("/")[2]
        return (
            f"folder: exports/{ {'cdr-csv': 'asterisk', 'bounces': 'letters'}.get(kind, kind) }"
            if line.startswith("folder:")
            else line
        )

    return write


def _event(name: str, moment: int, **more: object) -> bytes:
    event = {
        "event_date": "20261101",
        "event_timestamp": str(moment),
        "event_name": name,
        "user_pseudo_id": "11.22",
        **more,
    }
    return json.dumps(event).encode() + b"\n"


def test_google_analytics_events_become_visits_and_orders(workspace: Workspace, exports) -> None:
    moment = 1793491200 * 1_000_000  # 2026-11-01 00:00:00 UTC
    purchase = {
        "event_params": [{"key": "currency", "value": {"string_value": "EUR"}}, {"key": "engagement", "value": {"int_value": "5"}}],
        "ecommerce": {"transaction_id": "T1", "purchase_revenue": 99.5}, "user_id": "42",
    }  # fmt: skip
    visit = {
        "traffic_source": {"name": "autumn", "medium": "cpc"},
        "collected_traffic_source": {"manual_campaign_name": "autumn-2"},
    }
    lines = [
        _event("session_start", moment, **visit),
        _event("page_view", moment + 1),
        _event("purchase", moment + 250_000, **purchase),
        b'{"event_name": "purchase", "broken\n',
    ]
    folder = exports("google_analytics", **{"events_20261101.json.gz": gzip.compress(b"".join(lines))})
    assert check(workspace, "google_analytics") == [("*.json*", 1)]
    # The line that is no JSON says of itself neither that it is a visit nor that it is an order.
    assert fetch(workspace, "google_analytics").tables == {
        "touches": TableCounts(read=1, loaded=1),
        "orders": TableCounts(read=1, loaded=1),
    }
    (visit_row,) = rows_by_key(workspace, "touches", "touch_id").values()
    assert (visit_row["customer_id"], visit_row["campaign_id"], str(visit_row["at"])) == (
        "ga:11.22",
        "autumn-2",
        "2026-11-01 00:00:00",
    )
    order = rows_by_key(workspace, "orders", "order_id")["T1"]
    assert (order["customer_id"], str(order["revenue"]), order["currency"]) == ("42", "99.5000", "EUR")
    assert str(order["ordered_at"]) == "2026-11-01 00:00:00.250000"
    assert fetch(workspace, "google_analytics").rows == {"*.json*": 0}
    (folder / "events_20261102.json").write_bytes(_event("session_start", moment + 86_400_000_000))
    assert fetch(workspace, "google_analytics").tables["touches"] == TableCounts(read=1, loaded=1)
    # The day comes again, with an event that was late.
    (folder / "events_20261102.json").write_bytes(
        _event("session_start", moment + 86_400_000_000) + _event("session_start", moment + 86_500_000_000)
    )
    assert fetch(workspace, "google_analytics").tables["touches"] == TableCounts(read=2, loaded=1, duplicate=1)


def test_yandex_metrica_visits_become_touches(workspace: Workspace, exports) -> None:
    heading = "ym:s:visitID\tym:s:clientID\tym:s:dateTime\tym:s:lastsignTrafficSource\tym:s:lastsignUTMCampaign"
    text = f"{heading}\n501\t71\t2026-11-01 03:00:00\torganic\t\n502\t72\t2026-11-01 04:00:00\tad\tautumn\n503\t73\tnever\tad\tautumn\n"
    exports("yandex_metrica", **{"part0.tsv": text.encode()})
    assert fetch(workspace, "yandex_metrica").tables["touches"] == TableCounts(read=3, loaded=2, quarantined=1)
    row = rows_by_key(workspace, "touches", "touch_id")["ym:502"]
    assert (row["customer_id"], row["campaign_id"], row["topic"], str(row["at"])) == (
        "ym:72",
        "autumn",
        "ad",
        "2026-11-01 01:00:00",
    )
    (entry,) = quarantined(workspace.lake)
    assert (entry.file, entry.row, entry.column, entry.value) == ("part0.tsv", 4, "ym:s:dateTime", "never")


def test_asterisk_calls(workspace: Workspace, exports) -> None:
    def line(number: str, start: str, duration: int, talked: int, ended: str) -> str:
        parts = [
            "",
            "79001112233",
            "101",
            "in",
            '""Anna"" <79001112233>',
            "SIP/a",
            "SIP/b",
            "Dial",
            "x",
            start,
            "",
            start,
        ]
        return (
            ",".join(f'"{part}"' for part in parts) + f',{duration},{talked},"{ended}","DOCUMENTATION","{number}",""\n'
        )

    folder = exports("asterisk")
    log = folder / "Master.csv"
    log.write_text(
        line("1.1", "2026-11-01 12:00:00", 40, 30, "ANSWERED") + line("1.2", "2026-11-01 12:05:00", 20, 0, "NO ANSWER")
    )
    assert fetch(workspace, "asterisk").tables["calls"] == TableCounts(read=2, loaded=2)
    rows = rows_by_key(workspace, "calls", "call_id")
    assert [(row["waited_s"], row["talked_s"], row["answered"]) for row in rows.values()] == [
        (10, 30, True),
        (20, 0, False),
    ]
    assert str(rows["asterisk:1.1"]["at"]) == "2026-11-01 09:00:00"
    with log.open("a") as file:
        file.write(line("1.3", "2026-11-02 12:05:00", 15, 5, "ANSWERED"))
    again = fetch(workspace, "asterisk").tables
    assert again["calls"] == TableCounts(read=3, loaded=1, duplicate=2)
    assert again["identities"] == TableCounts(read=3, duplicate=3)


def test_help_desks_become_complaints(workspace: Workspace, exports) -> None:
    ticket = {
        "id": 35, "requester_id": 9, "created_at": "2026-11-01T10:00:00Z", "updated_at": "2026-11-02T10:00:00Z", "status": "solved",
        "priority": "urgent", "type": "incident", "via": {"channel": "email"}, "description": "private",
        "metric_set": {"solved_at": "2026-11-01T15:00:00Z", "reopens": 1},
    }  # fmt: skip
    exports("zendesk", **{"tickets.json": json.dumps(ticket).encode() + b"\nnot a ticket\n"})
    assert fetch(workspace, "zendesk").tables["complaints"] == TableCounts(read=2, loaded=1, quarantined=1)
    row = rows_by_key(workspace, "complaints", "complaint_id")["zendesk:35"]
    assert (row["severity"], row["reopened"], row["channel"], str(row["closed_at"])) == (
        "critical",
        True,
        "email",
        "2026-11-01 15:00:00",
    )
    assert "private" not in str(row["properties"])
    assert "not a ticket" in str(quarantined(workspace.lake)[0].record)
    text = (
        "Ticket Number,Date Created,Subject,From,From Email,Priority,Department,Help Topic,Source,Current Status,Closed Date,Reopen Count\n"
        "100001,2026-11-01 10:00:00,Broken,Anna,Anna@Example.org,Emergency,Support,Delivery,Email,Closed,2026-11-01 13:00:00,0\n"
        "100002,2026-11-01 11:00:00,Late,Boris,boris@example.org,Low,Support,Delivery,Web,Open,,2\n"
    )
    exports("osticket", **{"tickets.csv": text.encode()})
    assert fetch(workspace, "osticket").tables["complaints"] == TableCounts(read=2, loaded=2)
    rows = rows_by_key(workspace, "complaints", "complaint_id")
    first, second = rows["osticket:100001"], rows["osticket:100002"]
    assert (first["customer_id"], first["severity"], str(first["closed_at"])) == (
        "email:anna@example.org",
        "critical",
        "2026-11-01 10:00:00",
    )
    assert (second["severity"], second["reopened"], str(second["closed_at"])) == ("low", True, "NaT")


def test_an_empty_folder_says_what_to_put_there(workspace: Workspace, exports) -> None:
    folder = exports("osticket")
    with pytest.raises(ConnectError, match=r"osticket.yaml, line 7: no file in .*osticket fits '\*\.csv'"):
        check(workspace, "osticket")
    folder.rmdir()
    with pytest.raises(ConnectError, match=r"there is no folder .*; make it, or correct `folder`"):
        fetch(workspace, "osticket")


def test_letters_that_came_back_are_one_touch_for_each_recipient(workspace: Workspace, exports) -> None:
    exports("letters", **{"one.eml": BOUNCE, "two.eml": PLAIN, "three.eml": b"\xff\xfe nothing \x00 at all"})
    assert fetch(workspace, "letters").tables["touches"] == TableCounts(read=2, loaded=2)
    rows = rows_by_key(workspace, "touches", "customer_id")
    anna, boris = rows["email:anna@example.org"], rows["email:boris@example.org"]
    assert (anna["kind"], anna["message_id"], str(anna["at"])) == (
        "bounced",
        "<letter-7@shop.example>",
        "2026-11-29 06:59:30",
    )
    assert '"status":"5.1.1"' in str(anna["properties"])
    assert (boris["kind"], str(boris["at"])) == ("other", "2026-11-29 06:59:00")


def test_a_mailbox_is_read_behind_its_last_letter_and_nothing_is_marked(workspace: Workspace, define) -> None:
    second = BOUNCE.replace(b"b1@mx", b"b2@mx")
    with Mailbox({3: BOUNCE, 5: PLAIN}, "mail-word-5").running() as box:
        text = KINDS["mailbox"].starter.replace("host: imap.example.org", f"host: 127.0.0.1\nport: {box.port}")
        define("mail", text, "password: mail-word-5\n")
        assert check(workspace, "mail") == [("INBOX", 2)]
        assert fetch(workspace, "mail").tables["touches"] == TableCounts(read=2, loaded=2)
        assert fetch(workspace, "mail").tables == {}
        box.letters[6] = second
        box.commands.clear()
        assert fetch(workspace, "mail").tables["touches"] == TableCounts(read=2, loaded=2)
        fetched = [command for command in box.commands if "FETCH" in command]
        assert fetched == ["UID FETCH 6 (BODY.PEEK[])"]
        # The folder was made anew: the old numbers mean nothing, and what is known already is a duplicate.
        box.validity = 8
        assert fetch(workspace, "mail").tables["touches"] == TableCounts(read=4, duplicate=4)
        assert not [command for command in box.commands if command.split()[0] in ("SELECT", "STORE", "EXPUNGE")]
        define("mail", text.replace("from: INBOX", "from: Bounces"))
        with pytest.raises(ConnectError, match="has no folder 'Bounces'"):
            check(workspace, "mail")
        define("mail", text, "password: wrong-word\n")
        with pytest.raises(ConnectError, match=r"refuses .*Invalid credentials") as told:
            fetch(workspace, "mail")
        assert "wrong-word" not in str(told.value)
    with pytest.raises(ConnectError, match=r"cannot be reached .ConnectionRefusedError"):
        fetch(workspace, "mail")
