"""Logging to a full disk, and log events of exceptions that may hold private text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from worker.ledger import Ledger

LOGS = "from worker.cli.shell.common import log_to_stderr; import structlog; log_to_stderr('info')"
MUCH = "[structlog.get_logger().error('alarm.raised', text='x' * 10_000) for _ in range(10)]; print('goes on')"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no disk that is always full")
def test_who_logs_to_a_full_disk_goes_on() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", f"{LOGS}; {MUCH}"],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.stdout == "goes on\n"


FAILS = 'exec(\'def fail():\\n  try: int("zq-plant")\\n  except ValueError as e: raise KeyError("zq-plant") from e\')'
TELLS = (
    "import logging, structlog; logger = structlog.get_logger()\n"
    "try: fail()\n"
    "except KeyError as error:\n"
    "  logger.exception('a.failed'); logger.error('b.failed', exc_info=error); logging.getLogger('x').exception('c')\n"
)


def test_what_an_exception_says_is_not_logged_since_it_may_be_what_somebody_wrote() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", f"{LOGS}\n{FAILS}\n{TELLS}"], capture_output=True, text=True, timeout=120, check=False
    )
    assert "plant" not in ended.stderr
    assert [ended.stderr.count(each) for each in ("KeyError", "ValueError", "in fail")] == [3, 3, 6]


def test_an_error_of_the_database_does_not_say_what_was_to_be_stored(ledger: Ledger) -> None:
    with ledger.database.read() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(text("SELECT no_such_function(:said)"), {"said": "zq-plant"})
    assert "plant" not in str(error.value)
