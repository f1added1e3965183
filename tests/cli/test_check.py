"""The command `check`: what it prints, and the exit codes that cron goes by."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ended

SCORECARD = """perspectives:
- id: customer_support
  weight: 1
  kpis:
  - {id: nps, weight: 1, target: 0.5, owner: Анна}
"""


@pytest.fixture
def workspace(tmp_path: Path, shop: Path) -> Path:
    folder = tmp_path / "shop"
    shutil.copytree(shop, folder)
    (folder / "scorecard.yaml").write_text(SCORECARD, encoding="utf-8")
    return folder


def test_exit_codes_tell_what_was_found(workspace: Path, septima: Callable[..., Ended]) -> None:
    absent = septima("check", workspace)
    assert (absent.code, "septima check DIR --new" in absent.err) == (3, True)
    rules = workspace / "alerts.yaml"
    rules.write_text("rules:\n- {id: fresh, kind: stale, table: orders, days: 36000}\n", encoding="utf-8")
    quiet = septima("check", workspace, "--period", "2026-Q3")
    assert (quiet.code, quiet.out.strip()) == (0, "2026-Q3: no rule holds.")
    rules.write_text("rules:\n- {id: old, kind: stale, table: orders, hours: 0.001, who: Вера}\n", encoding="utf-8")
    warned = septima("check", workspace, "--period", "2026-Q3")
    assert (warned.code, "Вера" in warned.out) == (1, True)
    # One of the six orders could not be read and waits: 1 of 1 + 5 + 4 + 4 rows.
    rules.write_text(
        "rules:\n- {id: q, kind: quarantine, above: 0.05, severity: critical}\n- {id: n, kind: quarantine, above: 0.08}\n",
        encoding="utf-8",
    )
    critical = septima("check", workspace, "--period", "2026-Q3", "--format", "json")
    content = json.loads(critical.out)
    assert (critical.code, content["exit_code"]) == (2, 2)
    ((rule, value),) = [(one["rule"], one["value"]) for one in content["alerts"]]
    assert (rule, value) == ("q", pytest.approx(1 / 14))
    # There are too few answers for a figure, which no rule may pass over in silence.
    rules.write_text("rules:\n- {id: low, kind: threshold, of: nps, below: 0}\n", encoding="utf-8")
    unknown = septima("check", workspace, "--period", "2026-Q3", "--lang", "en")
    assert (unknown.code, "Rule 'low' could not be evaluated: there is no figure" in unknown.out) == (3, True)
    assert not (workspace / "alerts").exists()


def test_a_channel_that_fails_keeps_the_message_and_tells_by_the_code(
    workspace: Path, septima: Callable[..., Ended]
) -> None:
    (workspace / "alerts.yaml").write_text(
        "rules:\n- {id: old, kind: stale, table: orders, hours: 1, quiet: 3}\n"
        "channels:\n- {id: hook, kind: webhook, url: 'http://127.0.0.1:9/', timeout: 1}\n",
        encoding="utf-8",
    )
    failed = septima("check", workspace, "--period", "2026-Q3", "--send")
    assert failed.code == 3
    assert "kept for the next check" in failed.err
    assert len(list((workspace / "alerts" / "outbox").glob("*.json"))) == 1
    again = json.loads(septima("check", workspace, "--period", "2026-Q3", "--send", "--format", "json").out)
    assert (again["quiet"], again["told"]["waiting"]) == (["old/orders"], 1)


def test_a_starter_can_be_checked_at_once_and_is_not_written_over(
    workspace: Path, septima: Callable[..., Ended]
) -> None:
    assert septima("check", workspace, "--new").code == 0
    assert septima("check", workspace, "--period", "2026-Q3", "--format", "json").code in (2, 3)
    again = septima("check", workspace, "--new")
    assert (again.code, "is there already" in again.err) == (3, True)
