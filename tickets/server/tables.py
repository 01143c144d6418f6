"""Six small tables of the server, on SQLite and PostgreSQL alike; times in microseconds since 1970."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Integer, LargeBinary, MetaData, Table, Text

from tickets.assumptions import FIRST_TICKET_ID

SCHEMA = MetaData()

# SQLite accepts an autoincrement column only if it is declared as exactly INTEGER.
_BIG = BigInteger().with_variant(Integer(), "sqlite")

TICKET = Table(
    "ticket",
    SCHEMA,
    Column("seq", _BIG, Identity(start=FIRST_TICKET_ID), primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("category", Text),
    Column("metadata", Text, nullable=False),
    Column("requester_email", Text),
    Column("created_at", _BIG, nullable=False),
    Column("updated_at", _BIG, nullable=False),
    Column("words", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""`words` holds subject and description case-folded, for search; `metadata` is JSON."""

NOTE = Table(
    "note",
    SCHEMA,
    Column("id", _BIG, Identity(), primary_key=True),
    Column("ticket", _BIG, nullable=False, index=True),
    Column("body", Text, nullable=False),
    Column("private", Integer, nullable=False),
    Column("created_at", _BIG, nullable=False),
    sqlite_autoincrement=True,
)

EFFECT = Table(
    "effect",
    SCHEMA,
    Column("seq", _BIG, Identity(), primary_key=True),
    Column("at", _BIG, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ticket_id", Text),
    Column("idempotency_key", Text),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""Every change of a ticket, in the order of commit, written in the transaction that made the change."""

IDEMPOTENCY = Table(
    "idempotency",
    SCHEMA,
    Column("api_key", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", _BIG, nullable=False, index=True),
)
"""`api_key` is a digest; `fingerprint` identifies the request that the key belongs to."""

WEBHOOK = Table(
    "webhook",
    SCHEMA,
    Column("seq", _BIG, Identity(), primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("events", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("created_at", _BIG, nullable=False),
    sqlite_autoincrement=True,
)

OUTBOX = Table(
    "outbox",
    SCHEMA,
    Column("seq", _BIG, Identity(), primary_key=True),
    Column("webhook", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", _BIG),
    Index("outbox_due", "due_at"),
    sqlite_autoincrement=True,
)
"""Unfinished webhook deliveries; `due_at` is empty for those that were given up."""
