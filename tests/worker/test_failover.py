"""A failover of PostgreSQL to a replica whose clock shows another time: the database's clock jumps, no process starts.

The replica's clock is a function `clock_timestamp` that the database finds before its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.servers import empty_database
from worker.delivery.sending import seconds_since_boot
from worker.ledger import ClockWatch, Ledger, Limits, Terms

from .builders import delivery, opened

TERMS = Terms(
    timedelta(seconds=60), timedelta(hours=23), timedelta(seconds=30), Limits(100, 20), ghost_wait=timedelta(seconds=60)
)

pytestmark = pytest.mark.postgresql


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with empty_database() as url:
        made = Ledger(url)
        made.upgrade()
        yield made
        made.close()


def fail_over(ledger: Ledger, apart: timedelta) -> None:
    """Let every later session read a clock that shows another time."""
    with ledger.database.write() as connection:
        connection.execute(text("CREATE SCHEMA replica"))
        connection.execute(
            text(
                "CREATE FUNCTION replica.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS "
                f"$$ SELECT pg_catalog.clock_timestamp() + interval '{apart.total_seconds()} seconds' $$"
            )
        )
        name = ledger.database.url.database
        connection.execute(text(f'ALTER DATABASE "{name}" SET search_path = replica, pg_catalog, public'))
    ledger.database.engine.dispose()


def claim(ledger: Ledger, watch: ClockWatch) -> list[datetime]:
    claimed = ledger.claim(None, limit=9, owner="one", terms=TERMS, watch=watch)
    return [each.claimed_at for each in claimed.claims]


@pytest.mark.parametrize("apart", [timedelta(hours=2), timedelta(hours=-2), timedelta(seconds=-90)])
def test_a_replica_with_another_clock_sends_nothing_until_every_wait_has_passed_and_then_goes_on(
    ledger: Ledger, apart: timedelta
) -> None:
    watches = [ClockWatch(seconds_since_boot), ClockWatch(seconds_since_boot)]
    ledger.record([delivery(opened("one"))])
    assert claim(ledger, watches[0])
    ledger.look_at_clock(TERMS, watches[1])
    fail_over(ledger, apart)
    ledger.record([delivery(opened("two"))])
    assert [claim(ledger, each) for each in watches] == [[], []]
    shown = ledger.overview().clock_jump
    assert shown is not None
    assert shown.seconds == pytest.approx(apart.total_seconds(), abs=2)
    assert shown.until - shown.at == timedelta(seconds=60.4)
    ledger.job_store.mend_clock(timedelta(minutes=16), timedelta(0))
    assert claim(ledger, watches[0]) == []
    with ledger.database.write() as connection:  # the minute has passed
        connection.execute(text("UPDATE gate SET jump_until = jumped_at"))
    assert len(claim(ledger, watches[1])) == 1


def test_a_replica_with_the_same_clock_changes_nothing(ledger: Ledger) -> None:
    watch = ClockWatch(seconds_since_boot)
    ledger.record([delivery(opened("one"))])
    claim(ledger, watch)
    fail_over(ledger, timedelta(milliseconds=300))
    ledger.record([delivery(opened("two"))])
    assert len(claim(ledger, watch)) == 1
    assert ledger.overview().clock_jump is None
