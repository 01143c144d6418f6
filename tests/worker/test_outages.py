"""The end of an outage is told once, with its length; a process that starts meanwhile waits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from tests.acceptance.processes import Process, kept_port, ticketrelay, wait_until
from tests.servers import POSTGRESQL, own_queue
from worker.broker.relay import Relay
from worker.ledger import Ledger, LedgerAway, why_away
from worker.ledger.engine.database import Database
from worker.outage import Outage
from worker.runtime import lifetime
from worker.runtime.heartbeat import Heartbeat
from worker.settings import load
from worker.settings.loader import gather, judge
from worker.settings.planning_digest import PlanningDigest

from .builders import delivery, opened
from .http_edge import ENVIRON
from .test_locked_sqlite import locked

FLEET = {
    "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
    "TICKETRELAY_SOURCES__PROM__SECRET": "correct-horse-battery",
    "TICKETRELAY_SOURCES__MAIL__KIND": "email",
    "TICKETRELAY_SOURCES__MAIL__ADDRESS": "support@example.org",
    "TICKETRELAY_SOURCES__MAIL__SECRET": "correct-horse-battery",
    "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_test_1",
}


def test_an_outage_is_over_once_and_its_length_counts_from_the_first_failure() -> None:
    now, told = [0.0], list[float]()
    outage = Outage(told.append, lambda: now[0])
    outage.succeeded()
    outage.failed()
    now[0] = 3
    outage.failed()
    now[0] = 7
    outage.succeeded()
    outage.succeeded()
    assert told == [7]


def test_a_read_does_not_end_an_outage_of_writes() -> None:
    told = list[float]()
    outage = Outage(told.append, lambda: 1.0)
    outage.failed()
    outage.succeeded(write=False)
    assert told == []
    outage.succeeded()
    outage.failed(write=False)
    outage.succeeded(write=False)
    assert told == [0, 0]


def test_a_process_logs_its_start_and_once_that_its_ledger_is_back(sqlite_ledger: Ledger) -> None:
    loaded = judge(gather(ENVIRON))
    file = Path(sqlite_ledger.database.url.database or "")
    with capture_logs() as logged:
        lifetime.started("serve", loaded, sqlite_ledger, ["http 127.0.0.1:8080"])
        sqlite_ledger.close()
        away = file.parent.rename(file.parent.with_name("away"))
        with pytest.raises(LedgerAway) as raised:
            sqlite_ledger.record([delivery(opened())])
        with pytest.raises(LedgerAway):
            sqlite_ledger.record([delivery(opened())])
        away.rename(file.parent)
        for _ in range(2):
            sqlite_ledger.record([delivery(opened())])
        lifetime.stopped("serve", "SIGTERM")
    assert [each["event"] for each in logged] == ["process.started", "ledger.back", "process.stopped"]
    assert logged[0]["all_settings_digest"] == lifetime.digest_of(loaded)
    Heartbeat(sqlite_ledger, "serve", None, PlanningDigest(lambda: loaded.settings)).once()
    (recorded,) = sqlite_ledger.overview().processes
    assert logged[0]["settings_digest"] == recorded.settings_digest  # as `status -o json` has it
    assert logged[0]["role"] == "serve"
    assert logged[0]["version"]
    assert why_away(raised.value) == "the ledger cannot be used: unable to open database file"


def test_a_ledger_that_others_lock_for_a_moment_was_not_away(sqlite_ledger: Ledger) -> None:
    told = list[float]()
    sqlite_ledger.when_back(told.append)
    with locked(sqlite_ledger), pytest.raises(LedgerAway) as raised:
        sqlite_ledger.record([delivery(opened())], 0.01)
    sqlite_ledger.record([delivery(opened())])
    assert told == []
    assert why_away(raised.value) == "the ledger cannot be used: database is locked"


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "impatient", ["SET LOCAL statement_timeout = '20ms'", "SET LOCAL lock_timeout = '20ms'"], ids=["57014", "55P03"]
)
def test_postgresql_that_gives_up_waiting_for_a_lock_was_not_away(postgresql_url: str, impatient: str) -> None:
    told = list[float]()
    database = Database(postgresql_url)
    database.outage.tell_back = told.append
    with database.write() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(1)"))
        with pytest.raises(LedgerAway):
            _lock(database, impatient)
    database.close()
    assert told == []


def _lock(database: Database, impatient: str) -> None:
    with database.write() as connection:
        connection.execute(text(impatient))
        connection.execute(text("SELECT pg_advisory_xact_lock(1)"))


def test_a_digest_tells_settings_apart_and_knows_no_secret() -> None:
    digests = [
        lifetime.digest_of(judge(gather(ENVIRON | more)))
        for more in ({}, {"TICKETRELAY_API__KEY": "another"}, {"TICKETRELAY_API__PER_MINUTE": "50"})
    ]
    assert digests[0] == digests[1] != digests[2]


def test_the_first_line_of_a_database_error_is_told_without_the_statement() -> None:
    ledger = Ledger(f"postgresql://nobody@127.0.0.1:{kept_port()}/none")
    with pytest.raises(LedgerAway) as raised:
        ledger.is_current()
    ledger.close()
    assert "Connection refused" in why_away(raised.value)
    assert "\n" not in why_away(raised.value)
    assert why_away(ValueError("a private text")) == "the ledger cannot be used: ValueError"


@pytest.mark.redis
def test_the_broker_is_back_once_for_each_connection(tmp_path: Path) -> None:
    with capture_logs() as logged, own_queue("redis") as queue:
        ledger = {"TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}"}
        relay = Relay(load(FLEET | queue.environment | ledger))
        try:
            relay.consumer_outage.failed()  # as the consumer does
            relay.publisher_outage.failed()
            for _ in range(2):
                relay.publisher.publish("create_ticket")
            assert [each["connection"] for each in logged] == ["publisher"]
            for _ in range(2):
                relay.consumer_outage.succeeded()
        finally:
            relay.publisher.close()
            relay.ledger.close()
    assert [(each["event"], each["connection"]) for each in logged] == [
        ("broker.back", "publisher"), ("broker.back", "consumer"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "role", [["serve", "--listen"], ["worker", "--listen"], ["mail", "--smtp", "127.0.0.1:0", "--listen"]]
)
def test_a_role_that_starts_while_postgresql_is_away_says_so_and_waits(tmp_path: Path, role: list[str]) -> None:
    url = {"TICKETRELAY_LEDGER__URL": f"postgresql://me@127.0.0.1:{kept_port()}/db"}
    process = Process([*role, f"127.0.0.1:{kept_port()}"], FLEET | url, tmp_path / "log.txt")
    try:
        wait_until(lambda: "ledger.waited_for" in process.log() or process.has_ended(), "a line")
        assert not process.has_ended(), process.log()
        line = json.loads(process.log().splitlines()[-1])
        assert "Connection refused" in line["error"]
    finally:
        assert process.stop() != 0  # SIGTERM ends the wait


@pytest.mark.postgresql
def test_an_unknown_database_is_no_outage(tmp_path: Path) -> None:
    unknown = POSTGRESQL.rpartition("/")[0] + "/ticketrelay_no_such_database"
    ended = ticketrelay("serve", environment=FLEET | {"TICKETRELAY_LEDGER__URL": unknown})
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert 'database "ticketrelay_no_such_database" does not exist' in line
    assert "TICKETRELAY_LEDGER__URL" in line
