"""An upgrade that cannot continue names the reason; one that deadlocks with other transactions begins again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import OperationalError

from tests.acceptance.processes import wait_until
from worker.ledger import Ledger

from .migrating import CASE, migrated_to


def test_the_refusal_of_an_upgrade_names_the_word_and_its_column_alone(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    migrated_to(ledger, "0014")
    with ledger.database.write() as connection:
        connection.exec_driver_sql(CASE.format(1))
        connection.exec_driver_sql("UPDATE cases SET phase = 'weird'")
    expected = "cases.phase holds 'weird', and not one of new, open, closed. Nothing was changed"
    with pytest.raises(ValueError, match=f"^{expected}$"):
        ledger.upgrade()
    ledger.close()


@pytest.mark.postgresql
def test_an_upgrade_that_meets_a_transaction_in_another_order_of_locks_begins_again(postgresql_url: str) -> None:
    """Planning locks deliveries, then cases, then operations; a migration locks operations first."""
    ledger, older = Ledger(postgresql_url), sqlalchemy.create_engine(postgresql_url)
    migrated_to(ledger, "0014")
    with ThreadPoolExecutor(1) as pool, older.connect() as connection:
        with connection.begin():
            connection.exec_driver_sql("LOCK TABLE inbound, cases IN ROW EXCLUSIVE MODE")
            upgrading = pool.submit(ledger.upgrade)
            wait_until(lambda: blocked_sessions(ledger) > 0, "the migration waits for a lock")
            with suppress(OperationalError):  # one of the two is ended because of the deadlock
                connection.exec_driver_sql("LOCK TABLE operations IN ROW EXCLUSIVE MODE")
        upgrading.result(60)
    assert ledger.is_current()
    older.dispose()
    ledger.close()


def blocked_sessions(ledger: Ledger) -> int:
    with ledger.database.read() as connection:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL"
        return int(connection.exec_driver_sql(waiting).scalar_one())
