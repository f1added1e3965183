"""Which rows of the lake a card is told from."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from septima.lake.append import append
from septima.lake.store import Lake
from septima.web.customers.reading import read_person

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_rows_that_name_nobody_belong_to_whose_order_or_touch_they_are_of(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    later = AT + timedelta(days=1)
    given = {
        "orders": [
            {"order_id": "o1", "customer_id": "anna", "ordered_at": AT},
            {"order_id": "o2", "customer_id": "boris", "ordered_at": AT},
        ],
        "touches": [{"touch_id": "t1", "customer_id": "boris", "at": AT, "kind": "chat"}],
        "deliveries": [
            {"delivery_id": "d1", "order_id": "o1", "promised_at": later},
            {"delivery_id": "d2", "order_id": "o1", "customer_id": "boris", "promised_at": AT},
            {"delivery_id": "d3", "order_id": "o2", "customer_id": "anna", "promised_at": AT},
        ],
        "complaints": [{"complaint_id": "k1", "order_id": "o1", "opened_at": AT}],
        "answers": [
            {"answer_id": "a1", "touch_id": "t1", "instrument": "nps", "question": "recommend", "score": 9, "at": AT}
        ],
    }
    for name, rows in given.items():
        append(lake, name, rows, "shop", batch="1")
    anna, boris = read_person(lake, "anna"), read_person(lake, "boris")
    assert [row["delivery_id"] for row in anna.of("deliveries")] == ["d1", "d3"]
    assert [row["delivery_id"] for row in boris.of("deliveries")] == ["d2"]
    assert [len(one.of("complaints")) for one in (anna, boris)] == [1, 0]
    assert [len(one.of("answers")) for one in (anna, boris)] == [0, 1]
