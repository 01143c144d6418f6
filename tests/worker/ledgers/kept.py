"""Loads the stored ledgers of this folder into databases."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import MetaData, create_engine, make_url, select

HERE = Path(__file__).parent

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Kept:
    """A ledger of the version before, and the folder with the store of its Tickets API."""

    url: str
    folder: Path
    now: datetime
    """The time at which the ledger's life ended."""

    def tables(self) -> dict[str, Rows]:
        """Return every row of every table as stored, including columns and types that the code no longer has."""
        engine = create_engine(self.url)
        metadata = MetaData()
        metadata.reflect(engine)
        with engine.connect() as connection:
            found = {
                table.name: [
                    {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
                    for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
                ]
                for table in metadata.sorted_tables
            }
        engine.dispose()
        return found


def put_back(kind: str, url: str, folder: Path) -> Kept:
    """Fill an empty database with the stored ledger of this kind, and the folder with the store of its Tickets API."""
    where = HERE / kind
    if kind == "sqlite":
        _run(Path(make_url(url).database or ""), (where / "ledger.sql").read_text())
    else:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain) as connection:
            connection.execute((where / "ledger.sql").read_bytes())
    _run(folder / "tickets.db", (where / "tickets.sql").read_text())
    now = json.loads((where / "when.json").read_text())["now"]
    return Kept(url, folder, datetime.fromisoformat(now))


def _run(path: Path, sql: str) -> None:
    connection = sqlite3.connect(path)
    try:
        connection.executescript(sql)
    finally:
        connection.close()
