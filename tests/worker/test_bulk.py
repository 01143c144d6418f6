"""Statements for many rows keep the content and order of the rows, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from worker.ledger import Ledger
from worker.ledger.engine import bulk
from worker.ledger.schema.tables import inbound, seen

from .builders import NOON, delivery, opened


def a_delivery(number: int) -> dict[str, Any]:
    return {
        "source": "prom",
        "received_at": NOON,
        "outcome": "accepted",
        "headers": "[]",
        "query": f"number={number}",
        "body": bytes((number + each) % 256 for each in range(number)),
        "body_digest": "",
        "deliveries": 1,
    }


def test_rows_get_ascending_ids_in_their_order_and_keep_their_bytes(ledger: Ledger) -> None:
    wanted = [a_delivery(number) for number in (7, 300, 0, 255, *range(20, 60))]
    with ledger.database.write() as connection:
        ids = bulk.insert_numbered(connection, inbound, wanted[:4]) + bulk.insert_numbered(
            connection, inbound, wanted[4:]
        )
    with ledger.database.read() as connection:
        kept = {row.id: row for row in connection.execute(select(inbound))}
    assert ids == sorted(ids)
    assert [{name: kept[each]._mapping[name] for name in wanted[0]} for each in ids] == wanted


def test_bytes_are_found_by_themselves(ledger: Ledger) -> None:
    rows = [
        {"source": "prom", "digest": bytes([n]) * n, "content": bytes([n]), "inbound_id": n, "case_id": n, "episode": 1}
        for n in range(5)
    ]
    looked_for = [{"source": "prom", "digest": each} for each in (b"", b"\x03\x03\x03", b"\x03", b"\x04" * 5)]
    with ledger.database.write() as connection:
        bulk.insert(connection, seen, rows)
        found = bulk.find(connection, (seen.c.source, seen.c.digest), looked_for, seen.c.case_id).scalars().all()
    assert sorted(found) == [0, 3]


def test_the_foreign_key_is_looked_up_in_an_index_however_small_the_table_was(ledger: Ledger) -> None:
    if ledger.database.is_sqlite:
        pytest.skip("SQLite plans each statement by its indexes alone")
    ledger.record([delivery(opened())])
    with ledger.database.write() as connection:
        connection.execute(text("ANALYZE"))
        look_up = "SELECT 1 FROM ONLY cases WHERE id = 1 FOR KEY SHARE"
        plan = "\n".join(connection.execute(text(f"EXPLAIN {look_up}")).scalars())
    assert "Index Scan" in plan
    with ledger.database.read() as connection:
        plan = "\n".join(connection.execute(text("EXPLAIN SELECT * FROM cases")).scalars())
        assert connection.execute(text("SHOW enable_seqscan")).scalar_one() == "on"
    assert "Seq Scan" in plan
