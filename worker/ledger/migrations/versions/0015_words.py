"""Add constraints for the words of states and kinds, and columns for joined operations.

PostgreSQL: a constraint that is not validated yet needs its lock for a moment only, and holds for rows that are written
from now on. The next migration validates the existing rows.

SQLite cannot add a constraint to a table. Copying the tables would need their space a second time, and an older process
would wait as long. So the existing rows are checked, and then the text of the tables is edited, all in one transaction.
https://www.sqlite.org/lang_altertable.html#otheralter describes this for changes that leave the rows as they are.
Another process notices the change by `schema_version`, and reads the tables' text again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KINDS = ("create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket")
_PHASES = ("new", "open", "closed")
# By table. All of them are words that the version before writes, too: it may go on beside.
_WORDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("inbound", "outcome", ("accepted", "quarantined", "skipped")),
    ("cases", "phase", _PHASES),
    ("cases", "state", ("idle", "ready", "leased", "blocked")),
    ("cases", "kind", _KINDS),
    ("cases", "left", ("resolved", "closed", "wont_fix", "gone")),
    ("operations", "kind", _KINDS),
    ("operations", "state", ("open", "held", "done", "dead", "skipped", "folded")),
    ("members", "phase", _PHASES),
    ("tickets", "how", ("created", "adopted", "bound")),
    ("attempts", "outcome", ("done", "not executed", "unknown", "rejected", "refused", "adopted", "absent",
                             "not found yet", "undecided")),
    ("gate", "reason", ("budget", "credentials", "scope", "breaker")),
    ("receipts", "state", ("idle", "due", "leased", "told", "dead")),
    ("mailbox_uids", "outcome", ("ticket", "note", "duplicate", "suppressed", "quarantined")),
)  # fmt: skip
_DEFENSIVE = 1010  # SQLITE_DBCONFIG_DEFENSIVE: some builds refuse an edit of their tables' text otherwise


def upgrade() -> None:
    op.add_column("operations", sa.Column("joined_into", sa.BigInteger(), nullable=True))
    op.add_column("operations", sa.Column("own_request", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _refuse_other_words(connection)
        _edit_tables(connection)
    else:
        for table, constraint in _constraints():
            op.execute(f"ALTER TABLE {table} ADD {constraint} NOT VALID")


def _constraints() -> Iterator[tuple[str, str]]:
    """Table and constraint, as the tables of `schema/tables.py` are made with it."""
    for table, column, words in _WORDS:
        yield table, f"CONSTRAINT ck_{table}_{column} CHECK ({_is_one_of(column, words)})"


def _is_one_of(column: str, words: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{each}'" for each in words)
    return f'"{column}" IN ({listed})'


def _refuse_other_words(connection: sa.Connection) -> None:
    """Raises ValueError where a row holds a word that is not known: nothing is changed then. Reads each table once."""
    for table, columns in groupby(_WORDS, key=lambda each: each[0]):
        checked = [(column, words) for _, column, words in columns]
        listed = ", ".join(f'"{column}"' for column, _ in checked)
        wrong = " OR ".join(f"NOT {_is_one_of(*each)}" for each in checked)
        row = connection.execute(sa.text(f"SELECT {listed} FROM {table} WHERE {wrong} LIMIT 1")).one_or_none()  # noqa: S608
        if row is not None:
            found = [
                f"{table}.{column} holds {value!r}, and not one of {', '.join(words)}"
                for (column, words), value in zip(checked, row, strict=True)
                if value is not None and value not in words
            ]
            raise ValueError(f"{'; '.join(found)}. Nothing was changed")


def _edit_tables(connection: sa.Connection) -> None:
    raw: Any = connection.connection.driver_connection
    if hasattr(raw, "setconfig"):  # from Python 3.12 on
        raw.setconfig(_DEFENSIVE, False)
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    try:
        for table, constraints in groupby(_constraints(), key=lambda each: each[0]):
            _append(connection, table, [text for _, text in constraints])
        connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    finally:
        connection.exec_driver_sql("PRAGMA writable_schema=RESET")  # reads the tables' text again


def _append(connection: sa.Connection, table: str, constraints: list[str]) -> None:
    this_one = "type = 'table' AND name = ?"
    text = connection.exec_driver_sql(f"SELECT sql FROM sqlite_master WHERE {this_one}", (table,)).scalar_one()  # noqa: S608
    body = text.rstrip().removesuffix(")").rstrip()
    with_them = ", \n\t".join([body, *constraints]) + "\n)"
    connection.exec_driver_sql(f"UPDATE sqlite_master SET sql = ? WHERE {this_one}", (with_them, table))  # noqa: S608
