"""What is sent over HTTP is on disk before it is acknowledged, and in the lake once."""

import base64
import gzip
import hashlib
import hmac
import itertools
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from septima.web.accounts.models import Organisation
from septima.web.collect import bringing, taking
from septima.web.collect.bringing import Brought, bring
from septima.web.collect.models import Parcel
from tests.web.collect.conftest import KEY, Inlet, make_source


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def send(path: str, content: object, key: str = KEY, **headers: str) -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Client(headers={**basic(key), **headers}).post(path, body, content_type="application/json")


def track(number: str, **other: object) -> dict[str, object]:
    return {"type": "track", "messageId": number, "userId": "c1", "event": "Seen", **other}


def count(inlet: Inlet, table: str) -> int:
    return inlet.workspace.table(table, resolved=False).count().to_pyarrow().as_py()


def test_a_batch_is_kept_and_then_brought_to_the_lake(inlet: Inlet) -> None:
    answer = send("/v1/batch", {"batch": [track("m1"), track("m2")], "sentAt": "2026-03-01T00:00:00Z"})
    assert (answer.status_code, answer.json()) == (200, {"success": True, "messages": 2})
    assert Parcel.objects.get().messages == 2
    assert bring(inlet.organisation) == Brought(parcels=1)
    assert not Parcel.objects.exists()
    assert count(inlet, "touches") == 2


@pytest.mark.parametrize("form", ["track", "identify", "page", "screen", "group", "alias", "t", "p"])
def test_each_call_takes_one_message(inlet: Inlet, form: str) -> None:
    sent = {"userId": "c1", "event": "Seen", "traits": {"email": "a@example.org"}, "previousId": "old", "groupId": "g"}
    assert send(f"/v1/{form}", sent).json()["messages"] == 1
    bring(inlet.organisation)
    assert count(inlet, "touches") == (form in {"track", "page", "screen", "t", "p"})


def test_a_key_is_taken_where_clients_put_it_and_no_other_opens_anything(inlet: Inlet) -> None:
    body = json.dumps({"batch": [track("m1")], "writeKey": KEY}).encode()
    assert Client().post("/v1/batch", body, content_type="text/plain").status_code == 200
    assert (
        Client(headers={"Authorization": f"Bearer {KEY}"})
        .post("/v1/track", track("m2"), content_type="application/json")
        .status_code
        == 200
    )
    for key in ("", "other", KEY + "x"):
        assert send("/v1/batch", {"batch": [track("m3")]}, key).status_code == 401
    inlet.source.closed_at = datetime.now(UTC)
    inlet.source.save()
    taking.forget_all()
    assert send("/v1/batch", {"batch": [track("m3")]}).status_code == 401


def test_gzip_is_unpacked_and_a_bomb_is_not(inlet: Inlet) -> None:
    packed = gzip.compress(json.dumps({"batch": [track("m1")]}).encode())
    assert send("/v1/batch", packed, **{"Content-Encoding": "gzip"}).json()["messages"] == 1
    bomb = gzip.compress(b'{"batch":[' + b" " * 50_000_000 + b"]}")
    assert send("/v1/batch", bomb, **{"Content-Encoding": "gzip"}).status_code == 400
    assert send("/v1/batch", packed[:-9], **{"Content-Encoding": "gzip"}).status_code == 400
    assert send("/v1/batch", b"no gzip", **{"Content-Encoding": "gzip"}).status_code == 400
    assert send("/v1/batch", packed, **{"Content-Encoding": "br"}).status_code == 400
    assert Parcel.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"7",
        b"[]",
        b'{"batch": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"batch":[' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"]}",
        b'{"batch":[{"n":' + b"9" * 5_000 + b"}]}",
        b'{"batch":[{"type":"track","properties":{"text":"' + b"x" * 40_000 + b'"}}]}',
        b'{"batch":[' + b'"' + b"x" * 600_000 + b'"]}',
        b'{"batch":[' + b",".join([b"1"] * 6_000) + b"]}",
    ],
    ids=range(12),
)
def test_what_cannot_be_read_is_refused_with_its_reason_and_not_kept(inlet: Inlet, body: bytes) -> None:
    answer = send("/v1/batch", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert not Parcel.objects.exists()


def test_too_much_that_waits_is_answered_by_come_again(inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MOST_WAITING", 1)
    assert send("/v1/batch", {"batch": [track("m1"), track("m2")]}).status_code == 200
    taking.forget_all()
    answer = send("/v1/batch", {"batch": [track("m3")]})
    assert (answer.status_code, answer["Retry-After"]) == (429, "15")
    bring(inlet.organisation)
    taking.forget_all()
    assert send("/v1/batch", {"batch": [track("m3")]}).status_code == 200


def test_a_batch_cut_off_at_any_moment_arrives_once(inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    send("/v1/batch", {"batch": [track("m1"), track("m2")]})
    whole = bringing.append_portions

    def before(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def after(*arguments: Any, **named: Any) -> None:
        whole(*arguments, **named)
        raise KeyboardInterrupt

    for cut in (before, after):
        monkeypatch.setattr(bringing, "append_portions", cut)
        with pytest.raises(KeyboardInterrupt):
            bring(inlet.organisation)
        send("/v1/batch", {"batch": [track("m3")]})
    monkeypatch.setattr(bringing, "append_portions", whole)
    bring(inlet.organisation)
    assert count(inlet, "touches") == 3
    assert not Parcel.objects.exists()


def test_what_comes_meanwhile_waits_for_the_next_time(inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, numbers = bringing.append_portions, itertools.count(10)

    def appended(*arguments: Any, **named: Any) -> Any:
        send("/v1/batch", {"batch": [track(f"m{next(numbers)}")]})
        return whole(*arguments, **named)

    monkeypatch.setattr(bringing, "append_portions", appended)
    monkeypatch.setattr(bringing, "_MOST_PARCELS", 2)
    for number in range(3):
        send("/v1/batch", {"batch": [track(f"m{number}")]})
    assert bring(inlet.organisation) == Brought(parcels=3)
    assert (count(inlet, "touches"), Parcel.objects.count()) == (3, 2)


def test_what_spoils_a_batch_is_left_aside_alone(inlet: Inlet, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        send("/v1/batch", {"batch": [track(f"m{number}")]})
    spoiled = Parcel.objects.order_by("pk")[1]
    Parcel.objects.filter(pk=spoiled.pk).update(body=zlib.compress(b'{"batch": 7}'))
    assert bring(inlet.organisation) == Brought(parcels=2, aside=1)
    assert count(inlet, "touches") == 2
    left = Parcel.objects.get()
    assert left.pk == spoiled.pk
    assert "batch" in left.problem
    assert bring(inlet.organisation) == Brought()


def test_cloudevents_in_each_of_their_forms(inlet: Inlet) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/till", "type": "Seen", "subject": "c1", "data": {"n": 1}}
    client = Client(headers=basic(KEY))
    one = client.post("/v1/cloudevents", json.dumps(event), content_type="application/cloudevents+json")
    many = client.post(
        "/v1/cloudevents",
        json.dumps([{**event, "id": "2"}, {**event, "id": "3"}]),
        content_type="application/cloudevents-batch+json",
    )
    headers = {f"ce-{name}": str(value) for name, value in {**event, "id": "4"}.items() if name != "data"}
    bare = Client(headers={**basic(KEY), **headers}).post(
        "/v1/cloudevents", '{"n": 2}', content_type="application/json"
    )
    assert [answer.json()["messages"] for answer in (one, many, bare)] == [1, 2, 1]
    assert client.post("/v1/cloudevents", "{}", content_type="application/json").status_code == 400
    bring(inlet.organisation)
    touches = inlet.workspace.table("touches", resolved=False)
    assert sorted(touches.touch_id.to_pyarrow().to_pylist()) == [f"site:/till/{number}" for number in range(1, 5)]


def test_sendgrid_is_believed_where_its_signature_is_right(home: Organisation) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    inlet = Inlet(make_source(home, "letters", "sendgrid", "k1", public), "k1")
    events = [
        {"email": "a@example.org", "timestamp": 1772323200, "event": name, "sg_event_id": name, "category": ["may"]}
        for name in ("processed", "delivered", "open", "click", "bounce", "spamreport", "unsubscribe", "deferred")
    ]
    body, now = json.dumps(events).encode(), str(int(datetime.now(UTC).timestamp()))
    signature = base64.b64encode(private.sign(now.encode() + body, ec.ECDSA(SHA256()))).decode()
    name = "X-Twilio-Email-Event-Webhook"
    headers = {f"{name}-Signature": signature, f"{name}-Timestamp": now}
    assert send("/hooks/sendgrid/k1", body, **headers).json()["messages"] == 8
    assert send("/hooks/sendgrid/k1", body + b" ", **headers).status_code == 401
    assert send("/hooks/sendgrid/k1", body).status_code == 401
    assert send("/hooks/sendgrid/k2", body, **headers).status_code == 401
    bring(inlet.organisation)
    touches = inlet.workspace.table("touches", resolved=False)
    assert sorted(touches.kind.to_pyarrow().to_pylist()) == sorted(
        ["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed"]
    )
    assert set(touches.channel.to_pyarrow().to_pylist()) == {"email"}
    assert set(touches.campaign_id.to_pyarrow().to_pylist()) == {"may"}
    assert "example.org" not in str(touches.to_pyarrow().to_pylist())
    assert inlet.workspace.table("identities", resolved=False).id_value.to_pyarrow().to_pylist() == ["a@example.org"]


def test_mailgun_is_believed_where_its_signature_is_right(home: Organisation) -> None:
    inlet = Inlet(make_source(home, "letters", "mailgun", "k1", "secret"), "k1")
    now, token = str(int(datetime.now(UTC).timestamp())), "t" * 50
    signature = hmac.new(b"secret", (now + token).encode(), hashlib.sha256).hexdigest()
    sent = {
        "signature": {"timestamp": now, "token": token, "signature": signature},
        "event-data": {
            "event": "opened",
            "id": "e1",
            "timestamp": 1772323200.5,
            "recipient": "a@example.org",
            "user-variables": {"customer_id": "c7"},
        },
    }
    assert send("/hooks/mailgun/k1", sent).json()["messages"] == 1
    for wrong in ({"signature": "0" * 64}, {"timestamp": "1"}, {"token": "x"}):
        bad = {**sent, "signature": {**sent["signature"], **wrong}}  # type: ignore[dict-item]
        assert send("/hooks/mailgun/k1", bad).status_code == 401
    assert send("/hooks/mailgun/k1", {}).status_code == 401
    bring(inlet.organisation)
    touches = inlet.workspace.table("touches", resolved=False)
    assert touches.select("customer_id", "kind").to_pyarrow().to_pylist() == [{"customer_id": "c7", "kind": "opened"}]


def test_a_page_of_another_site_may_send(inlet: Inlet) -> None:
    asked = Client().options("/v1/t", headers={"Origin": "https://shop.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    assert send("/v1/t", track("m1"))["Access-Control-Allow-Origin"] == "*"
    assert Client().get("/v1/t").status_code == 405


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_the_door(inlet: Inlet, body: bytes) -> None:
    for path in ("/v1/batch", "/v1/track", "/v1/cloudevents", "/hooks/sendgrid/k", "/hooks/mailgun/k"):
        assert send(path, body).status_code in {200, 400, 401}
