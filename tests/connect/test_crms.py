"""HubSpot, Bitrix24 and amoCRM against a service on loopback: paging, limits, faults and expiring tokens."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from septima.connect.errors import ConnectError
from septima.connect.fetch import check, fetch
from septima.connect.kinds import KINDS
from septima.lake.load import TableCounts
from septima.workspace import Workspace
from tests.connect.conftest import no_secret_left, rows_by_key
from tests.connect.stub import Answer, Asked, Stub

START = datetime(2026, 11, 1, tzinfo=UTC)


def _starter(kind: str, stub: Stub) -> str:
    """The ready definition, pointed at the service."""
    lines = [line for line in KINDS[kind].starter.splitlines() if not line.startswith("address:")]
    at = next(number for number, line in enumerate(lines) if line.startswith("kind:"))
    lines.insert(
        at + 1, f"address: {stub.address}\nclient_id: c1" if kind != "bitrix24" else f"address: {stub.address}"
    )
    return "\n".join(lines)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting is asked for in seconds; the tests count the requests, not the time."""
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


class HubSpot:
    """Deals that search gives in pages of 100 in the order of their ids; one token holds for some requests."""

    def __init__(self) -> None:
        self.changed = {number: START + timedelta(minutes=number) for number in range(1, 251)}
        self.amounts = dict.fromkeys(self.changed, "10.50")
        self.token, self.refreshes, self.left = "first-token", 0, 3

    def __call__(self, asked: Asked) -> Answer:
        if asked.path == "/oauth/v1/token":
            assert asked.body["refresh_token"] == "refresh-hub"
            assert asked.body["client_secret"] == "client-word"
            self.refreshes += 1
            self.token, self.left = f"next-token-{self.refreshes}", 4
            return 200, {"access_token": self.token, "refresh_token": "refresh-hub", "expires_in": 1800}
        if asked.token != self.token or self.left == 0:
            return 401, {"status": "error", "message": "expired", "category": "EXPIRED_AUTHENTICATION"}
        self.left -= 1
        if asked.path.startswith("/crm/v4/associations/deals/contacts"):
            found = [
                {"from": {"id": one["id"]}, "to": [{"toObjectId": 7000 + int(one["id"])}]}
                for one in asked.body["inputs"]
            ]
            return 200, {"status": "COMPLETE", "results": found}
        if asked.path.startswith("/crm/v4/associations/"):
            return 207, {"status": "COMPLETE", "results": [], "numErrors": 1}
        assert asked.path == "/crm/v3/objects/deals/search"
        since, last = (one["value"] for one in asked.body["filterGroups"][0]["filters"])
        fit = [n for n, at in self.changed.items() if n > int(last) and at.timestamp() * 1000 >= int(since)]
        results = [self._deal(number) for number in fit[: asked.body["limit"]]]
        return 200, {
            "total": len(fit),
            "results": results,
            "paging": {"next": {"after": "100"}} if len(fit) > 100 else {},
        }

    def _deal(self, number: int) -> dict[str, object]:
        at = self.changed[number].strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        properties = {
            "hs_object_id": str(number), "amount": self.amounts[number], "createdate": "2026-10-01T08:00:00Z", "closedate": at,
            "hs_is_closed": "true" if number % 2 else "false", "hs_is_closed_won": "true" if number % 4 == 1 else "false",
            "hs_lastmodifieddate": at, "deal_currency_code": "EUR", "hubspot_owner_id": "5",
        }  # fmt: skip
        return {"id": str(number), "properties": properties, "createdAt": at, "updatedAt": at, "archived": False}


def test_hubspot_pages_by_key_through_limits_faults_and_expired_tokens(workspace: Workspace, define) -> None:
    service = HubSpot()
    with Stub(service, faults={2: 429, 5: 500, 6: 502}).running() as stub:
        text = _starter("hubspot", stub)
        deals = text[text.index("  - from: deals") : text.index("  - from: calls")]
        secrets = "access_token: first-token\nrefresh_token: refresh-hub\nclient_secret: client-word\n"
        path: Path = define("crm", text[: text.index("reads:")] + "reads:\n" + deals, secrets)
        assert fetch(workspace, "crm").tables == {"deals": TableCounts(read=250, loaded=250)}
        assert service.refreshes == 2  # 3 pages, 2 associations of each; a token holds for 3, then for 4
        assert "next-token-2" in path.with_suffix(".secrets").read_text(encoding="utf-8")
        rows = rows_by_key(workspace, "deals", "deal_id")
        assert (rows["9"]["outcome"], rows["11"]["outcome"], rows["10"]["outcome"]) == ("won", "lost", "open")
        assert (rows["9"]["customer_id"], str(rows["9"]["amount"])) == ("contact:7009", "10.5000")
        assert str(rows["9"]["closed_at"]) == "2026-11-01 00:09:00"
        assert str(rows["10"]["closed_at"]) == "NaT"
        # A deal is changed after it was loaded: it takes the place of the earlier one. An hour before the newest is read again.
        service.changed[9], service.amounts[9] = START + timedelta(minutes=300), "99"
        assert fetch(workspace, "crm").tables == {"deals": TableCounts(read=62, updated=1, duplicate=61)}
        assert str(rows_by_key(workspace, "deals", "deal_id")["9"]["amount"]) == "99.0000"
        assert len(rows_by_key(workspace, "deals", "deal_id")) == 250
    no_secret_left(workspace, "first-token", "refresh-hub", "client-word", "next-token")


def test_a_service_that_refuses_says_what_to_do_and_keeps_the_position(workspace: Workspace, define) -> None:
    service = HubSpot()
    with Stub(service).running() as stub:
        text = _starter("hubspot", stub)
        deals = text[text.index("  - from: deals") : text.index("  - from: calls")]
        text = text[: text.index("reads:")] + "reads:\n" + deals
        define("crm", text, "access_token: wrong-token-1\n")
        with pytest.raises(ConnectError, match=r"the token has expired or is wrong .*crm\.secrets"):
            check(workspace, "crm")
        service.left = 1000
        define("crm", text, "access_token: first-token\n")
        stub.asked.clear()
        stub.faults = dict.fromkeys(range(4, 10), 429)
        with pytest.raises(ConnectError, match="asks for fewer requests, also after 6 tries"):
            fetch(workspace, "crm")
        assert rows_by_key(workspace, "deals", "deal_id") == {}
        assert fetch(workspace, "crm").tables["deals"].loaded == 250
        stub.asked.clear()
        stub.faults = dict.fromkeys(range(1, 7), 503)
        with pytest.raises(ConnectError, match=r"has a fault of its own .503"):
            fetch(workspace, "crm")
    with pytest.raises(ConnectError, match=r"127\.0\.0\.1:\d+ cannot be reached .ConnectionError"):
        fetch(workspace, "crm")
    no_secret_left(workspace, "first-token", "wrong-token-1")
    define("crm", text.replace(stub.address, "http://crm.example.org"))
    with pytest.raises(ConnectError, match="write https://"):
        check(workspace, "crm")


class AmoCrm:
    """Leads in pages of 250 with links; each refresh token is taken once, and nothing is answered as 204."""

    def __init__(self, secrets: Path | None = None) -> None:
        self.leads = {number: 1793491200 + number for number in range(1, 401)}
        self.token, self.refresh, self.left, self.secrets = "none-yet", "refresh-0", 0, secrets
        self.kept_before_use: list[bool] = []

    def __call__(self, asked: Asked) -> Answer:  # noqa: PLR0911 - one answer for each sort of request
        if asked.path == "/oauth2/access_token":
            if asked.body["refresh_token"] != self.refresh:
                return 400, {"hint": "Token has been revoked", "status": 400, "title": "Invalid token"}
            number = int(self.refresh.rpartition("-")[2]) + 1
            self.token, self.refresh, self.left = f"access-{number}", f"refresh-{number}", 2
            return 200, {
                "token_type": "Bearer",
                "expires_in": 86400,
                "access_token": self.token,
                "refresh_token": self.refresh,
            }
        if asked.token != self.token or self.left == 0:
            return 401, {"title": "Unauthorized", "status": 401}
        self.left -= 1
        if self.secrets is not None:
            self.kept_before_use.append(self.refresh in self.secrets.read_text(encoding="utf-8"))
        if asked.path == "/api/v4/events":
            return 200, {"_embedded": {"events": [self._event()]}, "_links": {"self": {"href": ""}}}
        if asked.path != "/api/v4/leads":
            return 204, None
        page, since = int(asked.query.get("page", 1)), int(asked.query.get("filter[updated_at][from]", 0))
        fit = [number for number, at in self.leads.items() if at >= since]
        found = fit[(page - 1) * 250 : page * 250]
        if not found:
            return 204, None
        links = {"self": {"href": ""}}
        if len(fit) > page * 250:
            kept = "&".join(f"{key}={value}" for key, value in asked.query.items() if key != "page")
            links["next"] = {"href": f"{self.address}/api/v4/leads?{kept}&page={page + 1}"}
        return 200, {"_page": page, "_links": links, "_embedded": {"leads": [self._lead(number) for number in found]}}

    address = ""

    def _lead(self, number: int) -> dict[str, object]:
        custom = [{"field_id": 1, "field_name": "Город", "field_code": None, "values": [{"value": "Казань"}]}]
        return {
            "id": number, "name": "Сделка", "price": 25000, "responsible_user_id": 3, "status_id": (142, 143, 20)[number % 3],
            "pipeline_id": 1, "created_at": 1793000000, "updated_at": self.leads[number],
            "closed_at": 1793491200 if number % 3 < 2 else None, "is_deleted": False, "custom_fields_values": custom,
            "_links": {"self": {"href": ""}},
            "_embedded": {"tags": [], "companies": [{"id": 40}], "contacts": [{"id": 1, "is_main": False}, {"id": number + 5000, "is_main": True}]},
        }  # fmt: skip

    def _event(self) -> dict[str, object]:
        after = [{"lead_status": {"id": 142, "pipeline_id": 1}}]
        return {"id": "01abc", "type": "lead_status_changed", "entity_id": 8, "entity_type": "lead", "created_by": 3,
                "created_at": 1793491300, "value_after": after, "value_before": []}  # fmt: skip


def test_amocrm_keeps_each_new_refresh_token_before_it_is_used(workspace: Workspace, define) -> None:
    service = AmoCrm()
    with Stub(service, faults={3: 429}).running() as stub:
        service.address = stub.address
        path: Path = define("amo", _starter("amocrm", stub), "refresh_token: refresh-0\nclient_secret: client-word\n")
        service.secrets = path.with_suffix(".secrets")
        first = fetch(workspace, "amo")
        assert first.tables["deals"] == TableCounts(read=400, loaded=400)
        assert first.tables["deal_stages"] == TableCounts(read=1, loaded=1)
        # Five lists, one of them of two pages, are six requests; a token holds for two of them.
        assert service.refresh == "refresh-3"
        assert service.kept_before_use == [True] * 6
        assert path.with_suffix(".secrets").stat().st_mode & 0o777 == 0o600
        rows = rows_by_key(workspace, "deals", "deal_id")
        assert [rows[key]["outcome"] for key in ("3", "4", "5")] == ["won", "lost", "open"]
        assert (rows["3"]["customer_id"], str(rows["3"]["closed_at"])) == ("contact:5003", "2026-11-01 00:00:00")
        assert "Казань" in str(rows["3"]["properties"])
        service.leads[5] += 900
        assert fetch(workspace, "amo").tables["deals"].read == 400  # all within the hour of overlap
        define("amo", _starter("amocrm", stub), "refresh_token: refresh-0\nclient_secret: client-word\n")
        with pytest.raises(ConnectError, match="the refresh token has expired, was used or is wrong"):
            fetch(workspace, "amo")
    no_secret_left(workspace, "client-word", "refresh-0", "refresh-3", "access-3")


class Bitrix:
    """Lists in pages of 50 by ID, behind a webhook whose address is the secret."""

    def __init__(self) -> None:
        self.deals = {number: START + timedelta(hours=number) for number in range(1, 121)}

    def __call__(self, asked: Asked) -> Answer:
        if not asked.path.startswith("/rest/1/hook-word-9/"):
            return 401, {"error": "INVALID_CREDENTIALS", "error_description": "Invalid request credentials"}
        method = asked.path.rpartition("/")[2]
        assert asked.body["order"] == {"ID": "ASC"}
        last = int(asked.body["filter"][">ID"])
        if method == "crm.deal.list.json":
            since = asked.body["filter"].get(">=DATE_MODIFY", "2000-01-01T00:00:00+00:00")
            fit = [n for n, at in self.deals.items() if n > last and at >= datetime.fromisoformat(since)]
            return 200, {"result": [self._deal(number) for number in fit[:50]], "time": {"operating": 0.1}}
        if method == "crm.contact.list.json" and last == 0:
            contact = {"ID": "7", "NAME": "Анна", "LAST_NAME": "Ли", "DATE_CREATE": "2026-10-01T12:00:00+03:00",
                       "DATE_MODIFY": "2026-10-01T12:00:00+03:00", "PHONE": [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": "+7 900 000-00-00"}]}  # fmt: skip
            return 200, {"result": [contact]}
        if method == "crm.stagehistory.list.json" and last == 0:
            assert asked.body["entityTypeId"] == 2
            item = {
                "ID": 1,
                "TYPE_ID": 1,
                "OWNER_ID": 2,
                "CREATED_TIME": "2026-10-02T12:00:00+03:00",
                "STAGE_ID": "NEW",
            }
            return 200, {"result": {"items": [item]}}
        if method == "crm.activity.list.json" and last == 0:
            call = {"ID": "3", "OWNER_ID": "7", "OWNER_TYPE_ID": "3", "TYPE_ID": "2", "DIRECTION": "1", "SUBJECT": "Вопрос",
                    "START_TIME": "2026-10-03T12:00:00+03:00", "CREATED": "2026-10-03T12:00:00+03:00", "LAST_UPDATED": "2026-10-03T12:00:00+03:00",
                    "RESPONSIBLE_ID": "1"}  # fmt: skip
            return 200, {"result": [call]}
        return 200, {"result": {"items": []} if "stage" in method else []}

    def _deal(self, number: int) -> dict[str, object]:
        at = self.deals[number].isoformat()
        return {
            "ID": str(number), "TITLE": "Сделка", "STAGE_SEMANTIC_ID": "PSF"[number % 3], "OPPORTUNITY": "100.00", "CURRENCY_ID": "RUB",
            "CONTACT_ID": "7" if number % 2 else "0", "COMPANY_ID": "0" if number % 2 else "9", "DATE_CREATE": at, "DATE_MODIFY": at,
            "CLOSEDATE": at, "CLOSED": "N" if number % 3 == 0 else "Y", "ASSIGNED_BY_ID": "1", "SOURCE_ID": "WEB",
            **({"UF_CRM_1": "late"} if number > 60 else {}),
        }  # fmt: skip


def test_bitrix24_pages_by_id_and_its_webhook_stands_nowhere(workspace: Workspace, define) -> None:
    service = Bitrix()
    with Stub(service, faults={2: 503}).running() as stub:
        secret = f'webhook: "{stub.address}/rest/1/hook-word-9/"\n'
        define("b24", _starter("bitrix24", stub), secret)
        assert fetch(workspace, "b24").tables == {
            "customers": TableCounts(read=1, loaded=1),
            "deals": TableCounts(read=120, loaded=120),
            "deal_stages": TableCounts(read=1, loaded=1),
            "touches": TableCounts(read=1, loaded=1),
        }
        rows = rows_by_key(workspace, "deals", "deal_id")
        assert [rows[key]["outcome"] for key in ("3", "4", "5")] == ["open", "won", "lost"]
        assert [rows[key]["customer_id"] for key in ("3", "4")] == ["contact:7", "company:9"]
        # A field of the portal's own that first stands on a later page is kept too.
        assert "late" in str(rows["100"]["properties"])
        assert "UF_CRM_1" not in str(rows["10"]["properties"])
        (touch,) = rows_by_key(workspace, "touches", "touch_id").values()
        assert (touch["kind"], touch["direction"], touch["customer_id"], str(touch["at"])) == (
            "call", "in", "contact:7", "2026-10-03 09:00:00",
        )  # fmt: skip
        (customer,) = rows_by_key(workspace, "customers", "customer_id").values()
        assert (customer["name"], customer["phone"]) == ("Анна Ли", "+7 900 000-00-00")
        service.deals[5] = START + timedelta(hours=200)
        assert fetch(workspace, "b24").tables["deals"] == TableCounts(read=3, updated=1, duplicate=2)
        define("b24", _starter("bitrix24", stub), secret.replace("word-9", "word-8"))
        with pytest.raises(ConnectError) as told:
            fetch(workspace, "b24")
        assert "hook-word" not in str(told.value)
    no_secret_left(workspace, "hook-word")
