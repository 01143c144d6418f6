"""Makes the stored ledgers of this version, which the next version must be able to continue.

    .venv/bin/python -m tests.worker.ledgers.make

Needs `pg_dump` and the PostgreSQL of the tests. Each ledger is stored as SQL, beside the store of its Tickets API.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from tests.servers import empty_database
from worker.ledger import Ledger

from ..builders import ManualClock
from ..relay import relaying
from .life import Life, settings
from .steps import PAST, PRESENT

HERE = Path(__file__).parent
KINDS = ("sqlite", "postgresql")
_OF_A_SESSION = re.compile(r"^(SET .*|SELECT pg_catalog\.set_config.*|\\.*|--.*)\n", re.MULTILINE)
"""Lines in which `pg_dump` sets up its own session; servers of other versions may reject them."""


def live(url: str, folder: Path) -> ManualClock:
    """Give the ledger its life, with the Tickets API's store in the folder; return the time at which it ends."""
    clock = ManualClock()
    configured = settings()
    ledger = Ledger(url, clock=clock, may_answer=True)
    ledger.follow(lambda: configured)
    ledger.upgrade()
    with relaying(ledger, clock, folder) as relay:
        life = Life(ledger, relay, clock, configured)
        for step in (*PAST, *PRESENT):
            step(life)
    ledger.close()
    return clock


def dump_of_sqlite(path: Path) -> str:
    """Return the database as SQL."""
    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump()) + "\n"
    finally:
        connection.close()


def dump_of_postgresql(url: str) -> str:
    """Return the database as SQL that any driver can run."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    command = ["pg_dump", "--no-owner", "--no-privileges", "--inserts", "--rows-per-insert=50", f"--dbname={plain}"]
    dumped = subprocess.run(command, capture_output=True, text=True, check=True)
    return re.sub(r"\n{2,}", "\n", _OF_A_SESSION.sub("", dumped.stdout)).lstrip()


def make(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Make the stored files of a ledger of this kind: yields names and contents."""
    if kind == "sqlite":
        clock = live(f"sqlite:///{folder / 'ledger.db'}", folder)
        yield "ledger.sql", dump_of_sqlite(folder / "ledger.db")
    else:
        with empty_database() as url:
            clock = live(url, folder)
            yield "ledger.sql", dump_of_postgresql(url)
    yield "tickets.sql", dump_of_sqlite(folder / "tickets.db")
    yield "when.json", json.dumps({"now": clock().isoformat()}) + "\n"


def main() -> None:
    for kind in KINDS:
        (HERE / kind).mkdir(exist_ok=True)
        with TemporaryDirectory() as folder:
            for name, content in make(kind, Path(folder)):
                (HERE / kind / name).write_text(content)


if __name__ == "__main__":
    main()
