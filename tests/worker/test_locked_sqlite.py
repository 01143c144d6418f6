"""While another process holds SQLite's lock, every sender is soon told to come again, and work under way waits."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from worker.intake.intake import DELIVERIES_AT_ONCE, Intake, patience_left
from worker.ledger import Ledger, LedgerAway
from worker.ledger.engine.writes import REMEMBERED_S, Writes
from worker.ledger.schema.tables import inbound, operations
from worker.runtime.metrics import Metrics

from . import http_edge
from .builders import claim_one, delivery, done, kinds_of, opened, rows
from .test_health import ask
from .test_intake_http import payload
from .test_lmtp import Connection
from .test_lmtp import serving as taking_mail
from .test_pipe import EX_OK, EX_TEMPFAIL, MAIL, Pipe
from .test_smtp import SALES, SUPPORT, mail

SOON = 0.05  # seconds


@contextmanager
def locked(ledger: Ledger) -> Iterator[None]:
    """Hold the write lock, as another process does."""
    with closing(sqlite3.connect(str(ledger.database.url.database), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_over_http_the_sender_is_told_when_to_come_again_and_the_probe_says_why(sqlite_ledger: Ledger) -> None:
    with http_edge.serving(sqlite_ledger, patience=SOON) as served:
        with locked(sqlite_ledger):
            answer = served.post(payload())
            assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True)
            ready = served.http.get("/readyz")
            assert ready.status_code == 503
            assert ready.text == (
                "the ledger cannot be written: another process, or a long transaction, holds its lock\n"
            )
            assert served.http.get("/livez").status_code == 200
        assert served.http.get("/readyz").status_code == 200
        assert served.post(payload()).status_code == 200
        assert kinds_of(sqlite_ledger) == ["create_ticket"]


@pytest.mark.parametrize("lmtp", [False, True])
def test_over_smtp_and_lmtp_it_is_451(sqlite_ledger: Ledger, lmtp: bool) -> None:
    with taking_mail(sqlite_ledger, lmtp=lmtp, patience=SOON) as port, closing(Connection(port)) as connection:
        connection.say("LHLO x" if lmtp else "EHLO x")
        with locked(sqlite_ledger):
            assert connection.send(mail(), SUPPORT) == [451]
            if lmtp:
                assert connection.send(mail(), SUPPORT, SALES) == [451, 451]
        assert connection.send(mail(), SUPPORT) == [250]
    assert kinds_of(sqlite_ledger) == ["create_ticket"]


def test_a_pipe_ends_with_its_temporary_code(tmp_path: Path) -> None:
    pipe = Pipe(tmp_path)
    soon = {"TICKETRELAY_LEDGER__INTAKE_PATIENCE": str(SOON)}
    assert pipe(MAIL, **soon).returncode == EX_OK
    with closing(pipe.ledger()) as ledger, locked(ledger):
        ended = pipe(MAIL, **soon)
    told = b"the ledger cannot be used: database is locked: the mail was not stored; the mail server keeps it"
    assert (ended.returncode, ended.stderr.count(b"\n")) == (EX_TEMPFAIL, 1)
    assert told in ended.stderr
    assert pipe.taken() == [("email", "accepted")]


def test_all_who_wait_are_told_soon_and_not_one_batch_after_the_other(sqlite_ledger: Ledger) -> None:
    intake = Intake(sqlite_ledger, lambda _: None, Metrics(), patience=SOON)
    with locked(sqlite_ledger):
        waiting = [intake.take(delivery(opened(f"alert {each}"))) for each in range(3 * DELIVERIES_AT_ONCE)]
        intake.start()
        errors = {type(each.exception(60)) for each in waiting}
    intake.stop()
    assert errors == {OperationalError}
    assert rows(sqlite_ledger, inbound) == []


@pytest.mark.parametrize(("waited", "patience"), [(0.0, 3.0), (1.0, 2.0), (2.9, 0.3), (3.0, 0.3), (100.0, 0.3)])
def test_who_has_waited_waits_less(waited: float, patience: float) -> None:
    assert patience_left(3.0, waited) == pytest.approx(patience)


def test_intake_waits_no_longer_for_a_writer_of_its_own_process(sqlite_ledger: Ledger) -> None:
    with (
        ThreadPoolExecutor(1) as other,
        sqlite_ledger.database.write(),
        pytest.raises(LedgerAway, match="database is locked"),
    ):
        other.submit(sqlite_ledger.record, [delivery(opened())], SOON).result(60)
    assert rows(sqlite_ledger, inbound) == []


def test_a_settle_waits_until_the_lock_is_free(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.record([delivery(opened())])
    claimed = claim_one(sqlite_ledger)
    begun = threading.Event()

    def settle() -> object:
        begun.set()
        return sqlite_ledger.settle([(claimed, done())])

    with ThreadPoolExecutor(1) as pool:
        with locked(sqlite_ledger):
            under_way = pool.submit(settle)
            begun.wait(60)
            with closing(Ledger(str(sqlite_ledger.database.url))) as intake, pytest.raises(LedgerAway):
                intake.record([delivery(opened("another"))], SOON)
            assert not under_way.done()
        under_way.result(60)
    assert [each["state"] for each in rows(sqlite_ledger, operations)] == ["done"]


def test_after_intake_gave_up_the_same_connection_is_patient_again(sqlite_ledger: Ledger) -> None:
    with locked(sqlite_ledger), pytest.raises(LedgerAway):
        sqlite_ledger.record([delivery(opened())], SOON)
    for patience, kept in ((SOON, 50), (None, 30_000)):
        more = () if patience is None else (patience,)
        with sqlite_ledger.database.write(*more) as connection:
            (timeout,) = connection.exec_driver_sql("PRAGMA busy_timeout").scalars()
        assert kept - 20 <= timeout <= kept


def test_a_process_that_only_waits_says_so_before_a_message_comes(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.database._writes = Writes()  # its last write was long ago
    assert ask(sqlite_ledger, {}, "/readyz").status_code == 200
    with locked(sqlite_ledger):
        assert ask(sqlite_ledger, {}, "/readyz").status_code == 503


def test_a_probe_during_a_write_of_its_own_process_says_yes_when_the_write_succeeds(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.database._writes = Writes()
    with ThreadPoolExecutor(1) as pool:
        with sqlite_ledger.database.write() as connection:
            connection.execute(text("SELECT 1"))
            asked = pool.submit(ask, sqlite_ledger, {}, "/readyz")
        assert asked.result(60).status_code == 200


def test_a_failure_that_no_check_confirms_counts_for_a_while_or_until_a_success() -> None:
    now = [0.0]
    writes = Writes(lambda: now[0])
    error = OperationalError(None, None, Exception("no such table"))
    writes.failed(error)
    now[0] = REMEMBERED_S - 1
    assert writes.latest_failure() is error
    now[0] = REMEMBERED_S
    assert writes.latest_failure() is None
    writes.failed(error)
    writes.committed()
    assert (writes.latest_failure(), writes.are_fresh()) == (None, True)


# An error of SQLite, and one of PostgreSQL: 53200 is out_of_memory.
FAILING = {
    True: "SELECT * FROM gone",
    False: "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53200', MESSAGE = 'no such thing: gone'; END $$",
}


def _fail(ledger: Ledger) -> None:
    with ledger.database.write() as connection:
        connection.execute(text(FAILING[ledger.database.is_sqlite]))


def test_the_probe_says_no_after_a_write_failed_for_another_reason(ledger: Ledger) -> None:
    with pytest.raises(LedgerAway):
        _fail(ledger)
    answer = ask(ledger, {}, "/readyz")
    assert answer.status_code == 503
    assert answer.text.startswith("the ledger cannot be written: the latest write failed: no such t")
    ledger.record([delivery(opened())])
    assert ask(ledger, {}, "/readyz").status_code == 200


def test_the_probe_says_no_while_the_database_takes_no_writes(empty_database_url: str) -> None:
    with closing(Ledger(empty_database_url)) as ledger:
        ledger.upgrade()
        ledger.database._writes = Writes()
        assert ask(ledger, {}, "/readyz").status_code == 200
        if ledger.database.is_sqlite:
            with locked(ledger):
                assert ask(ledger, {}, "/readyz").status_code == 503
            return
        ledger.database._writes = Writes()
        name = ledger.database.url.database
        with ledger.database.write() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        ledger.database.engine.dispose()
        ledger.database._writes = Writes()
        answer = ask(ledger, {}, "/readyz")
        assert (answer.status_code, "takes no writes" in answer.text) == (503, True)
