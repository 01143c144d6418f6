"""`rehearse`: the effect of another configuration on ten thousand stored deliveries."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from connectors.contract.messages import Inbound, Parsed
from worker.ledger import Delivery, Ledger
from worker.ledger.schema.tables import metadata

from .commands import command
from .conftest import MakeLedger

BEGUN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
NAMES, TIMES = 100, 10
"""The number of alerts, and how often each fires and ends: ten thousand deliveries."""
APART = timedelta(hours=2)
LASTS = timedelta(minutes=10)


def body(number: int, begins: datetime, ends: datetime | None) -> bytes:
    """Build Alertmanager's body about one alert; one in five is a warning, one in ten has a team."""
    labels = {"alertname": f"disk-{number}", "severity": "warning" if number % 5 == 0 else "critical"}
    alert = {
        "status": "resolved" if ends else "firing",
        "labels": labels | ({"team": "storage"} if number % 10 == 1 else {}),
        "annotations": {"summary": f"Disk {number} is full {{{{ 7*7 }}}}"},
        "startsAt": begins.isoformat(),
        "endsAt": ends.isoformat() if ends else "0001-01-01T00:00:00Z",
        "fingerprint": f"{number:016x}",
    }
    return json.dumps({"version": "4", "status": alert["status"], "alerts": [alert]}).encode()


def stored() -> list[Delivery]:
    """Return the deliveries in the order of arrival; a rehearsal uses only their bytes."""
    found = []
    for turn in range(TIMES):
        for number in range(NAMES):
            begins = BEGUN + turn * APART + timedelta(seconds=number)
            found.append(Inbound("alertmanager", begins, body(number, begins, None)))
            ends = begins + LASTS
            found.append(Inbound("alertmanager", ends, body(number, begins, ends)))
    return [Delivery(each, Parsed()) for each in sorted(found, key=lambda each: each.received_at)]


@pytest.fixture(scope="module")
def ledger_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('rehearse') / 'ledger.db'}"
    ledger = Ledger(url)
    ledger.upgrade()
    ledger.record(stored())
    ledger.close()
    return url


def rehearse(ledger_url: str, folder: Path, text: str, *more: str) -> Result:
    file = folder / "new.yaml"
    file.write_text(text)
    return command(ledger_url, "rehearse", "--config", str(file), "--since", "7d", *more)


def told(ledger_url: str, folder: Path, text: str, *more: str) -> dict[str, Any]:
    result = rehearse(ledger_url, folder, text, *more, "-o", "json")
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    assert said["deliveries"] == 2 * NAMES * TIMES
    return said


def test_the_same_configuration_makes_no_difference(ledger_url: str, tmp_path: Path) -> None:
    said = told(ledger_url, tmp_path, "policy:\n  reopen_window: 1h\n")
    assert said["tickets"] == {"before": NAMES * TIMES, "after": NAMES * TIMES}
    assert said["calls_total"] == {"before": 2 * NAMES * TIMES, "after": 2 * NAMES * TIMES}
    assert (said["new"], said["gone"], said["changed"], said["regrouped"]) == ([], [], [], [])


def test_a_priority_route_changes_the_tickets_that_it_matches_and_no_other(ledger_url: str, tmp_path: Path) -> None:
    route = "routes:\n  - name: later\n    match: severity = warning\n    priority: low\n"
    said = told(ledger_url, tmp_path, route)
    assert len(said["changed"]) == NAMES // 5 * TIMES
    assert {each["fields"]["priority"]["after"] for each in said["changed"]} == {"low"}
    assert all(set(each["fields"]) == {"priority"} for each in said["changed"])
    assert (said["new"], said["gone"], said["regrouped"]) == ([], [], [])


def test_a_longer_reopening_window_merges_the_tickets_of_an_alert(ledger_url: str, tmp_path: Path) -> None:
    said = told(ledger_url, tmp_path, "policy:\n  reopen_window: 4h\n")
    assert said["tickets"] == {"before": NAMES * TIMES, "after": NAMES}
    assert len(said["regrouped"]) == NAMES
    assert {(each["how"], len(each["before"]), len(each["after"])) for each in said["regrouped"]} == {
        ("merged", TIMES, 1)
    }
    assert said["calls"]["reopen_ticket"] == {"before": 0, "after": NAMES * (TIMES - 1)}


def test_a_group_merges_the_tickets_of_its_alerts_and_no_others(ledger_url: str, tmp_path: Path) -> None:
    grouped = "routes:\n  - name: team\n    match: labels.team = storage\n    group_by: [labels.team]\n"
    said = told(ledger_url, tmp_path, grouped)
    # Fifty alerts overlap and make one ticket in each turn. The next turn, two hours later, does not reopen it.
    assert said["tickets"] == {"before": NAMES * TIMES, "after": NAMES * 9 // 10 * TIMES + TIMES}
    assert (said["new"], said["gone"], said["changed"]) == ([], [], [])
    assert {(each["how"], len(each["before"]), len(each["after"])) for each in said["regrouped"]} == {
        ("merged", NAMES // 10, 1)
    }
    assert len(said["regrouped"]) == TIMES
    assert said["calls"]["close_ticket"]["after"] == said["tickets"]["after"]


def test_a_template_that_fails_is_counted_and_the_payload_is_never_one(ledger_url: str, tmp_path: Path) -> None:
    route = "routes:\n  - name: named\n    subject: '{{ labels.team }}: {{ subject }}'\n"
    said = told(ledger_url, tmp_path, route)
    assert len(said["changed"]) == NAMES // 10 * TIMES
    assert all("{{ 7*7 }}" in each["ticket"]["subject"] for each in said["changed"])
    (failed,) = said["templates"]
    assert (failed["route"], failed["template"], failed["before"]) == ("named", "subject", 0)
    assert failed["after"] >= NAMES * 9 // 10 * TIMES


def test_a_route_that_drops_takes_its_tickets_away_with_its_reason(ledger_url: str, tmp_path: Path) -> None:
    said = told(ledger_url, tmp_path, "routes:\n  - name: quiet\n    match: labels.team = storage\n    drop: theirs\n")
    assert len(said["gone"]) == NAMES // 10 * TIMES
    assert all("theirs" in each["why"] for each in said["gone"])
    assert said["dropped"][0]["after"] == 2 * NAMES // 10 * TIMES


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        pytest.param(("--max-changed", str(NAMES // 5 * TIMES - 1)), 1, id="fewer than change"),
        pytest.param(("--max-changed", str(NAMES // 5 * TIMES)), 0, id="as many as change"),
        pytest.param(("--max-gone", "0"), 0, id="none may go, and none goes"),
    ],
)
def test_a_limit_that_is_passed_is_exit_code_one(
    ledger_url: str, tmp_path: Path, limit: tuple[str, str], code: int
) -> None:
    route = "routes:\n  - name: later\n    match: severity = warning\n    priority: low\n"
    result = rehearse(ledger_url, tmp_path, route, *limit)
    assert result.exit_code == code
    assert ("is passed" in result.stderr) is (code == 1)


def test_a_rehearsal_of_nothing_says_that_there_is_no_difference(
    make_ledger: MakeLedger, tmp_path: Path, database_url: str
) -> None:
    make_ledger().upgrade()
    result = rehearse(database_url, tmp_path, "policy:\n  reopen_window: 4h\n")
    assert result.exit_code == 0
    assert "0 deliveries since" in result.stdout


def test_a_rehearsal_writes_nothing(make_ledger: MakeLedger, tmp_path: Path, database_url: str) -> None:
    ledger = make_ledger()
    ledger.upgrade()
    ledger.record(stored()[:200])
    before = _everything(ledger)
    assert rehearse(database_url, tmp_path, "policy:\n  reopen_window: 4h\n").exit_code == 0
    assert _everything(ledger) == before


def _everything(ledger: Ledger) -> dict[str, list[Any]]:
    with ledger.database.read() as connection:
        return {table.name: list(connection.execute(table.select())) for table in metadata.sorted_tables}


def test_without_a_new_configuration_or_with_a_wrong_one_it_says_so(ledger_url: str, tmp_path: Path) -> None:
    missing = command(ledger_url, "rehearse")
    assert (missing.exit_code, "--config is missing" in missing.stderr) == (2, True)
    wrong = rehearse(ledger_url, tmp_path, "routes:\n  - nam: x\n")
    assert wrong.exit_code == 2
    assert "new.yaml:2:5: there is no setting 'nam' in route 1" in wrong.stderr
