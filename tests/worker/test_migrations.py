"""A migrated database has the shape that the code expects, whichever process migrates it, and however often."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import IntegrityError

from worker.ledger import Ledger
from worker.ledger.engine.database import _known
from worker.ledger.queue.gates import GateReason
from worker.ledger.queue.settles import Outcome
from worker.ledger.schema.tables import cases, gate, metadata, operations
from worker.ledger.schema.words import (
    AttemptOutcome,
    Became,
    CasePhase,
    ClosedBy,
    DeliveryState,
    InboundOutcome,
    LeftBy,
    MailOutcome,
    OperationKind,
    OperationState,
    ReceiptState,
    TicketOrigin,
)
from worker.planning.model import KINDS, Phase, TicketStateByOthers

from .builders import at_once, deliver_all, delivery, kinds_of, opened, rows
from .migrating import CASE, MIGRATIONS, OPERATION, ROW, migrated_to


@pytest.fixture
def fresh(empty_database_url: str) -> Iterator[Ledger]:
    """A ledger without tables."""
    made = Ledger(empty_database_url)
    yield made
    made.close()


def shape(engine: Engine) -> dict[str, object]:
    """Return every table with its columns, keys and indexes, as the database describes them."""
    found = inspect(engine)
    return {
        table: (
            [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in found.get_columns(table)],
            found.get_pk_constraint(table),
            found.get_unique_constraints(table),
            found.get_foreign_keys(table),
            sorted((each["name"] or "", each["column_names"], each["unique"]) for each in found.get_indexes(table)),
            sorted((str(each["name"]), each["sqltext"]) for each in found.get_check_constraints(table)),
        )
        for table in sorted(found.get_table_names())
        if table != "alembic_version"
    }


def test_a_database_without_tables_is_not_current(fresh: Ledger) -> None:
    assert not fresh.is_current()


def test_a_migrated_database_is_current(fresh: Ledger) -> None:
    fresh.upgrade()
    assert fresh.is_current()


def test_a_database_of_another_version_is_not_current(fresh: Ledger) -> None:
    fresh.upgrade()
    with fresh.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert not fresh.is_current()


def test_the_names_of_the_files_are_the_chain_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    chain = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert _known() == chain[::-1]


def test_migrations_and_tables_are_one_shape(fresh: Ledger) -> None:
    fresh.upgrade()
    with fresh.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_migrated_database_is_the_one_that_the_tables_make(fresh: Ledger) -> None:
    fresh.upgrade()
    migrated = shape(fresh.database.engine)
    metadata.drop_all(fresh.database.engine)
    metadata.create_all(fresh.database.engine)
    assert shape(fresh.database.engine) == migrated


def test_a_later_create_that_an_older_version_held_up_goes_on_after_the_upgrade(fresh: Ledger) -> None:
    """The dead create of the first episode blocks the case; the create of the second episode does not depend on it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    case = (
        "INSERT INTO cases (id, source, key, episode, phase, state, rank, run_at, head_seq, next_seq, epoch, attempts)"
        " VALUES (1, 'prom', 'disk', 2, 'open', 'blocked', 9, 0, 1, 4, 1, 0)"
    )
    operation = (
        "INSERT INTO operations (case_id, seq, inbound_id, episode, kind, rank, state, idempotency_key, request,"
        " created_at, ambiguous, conflicts) VALUES (1, {0}, 1, 1, '{1}', 2, '{2}', 'key-{0}', '', 0, (1 = 0), 0)"
    )
    with fresh.database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.exec_driver_sql(case)
        for seq, kind, state in [
            (1, "create_ticket", "dead"),
            (2, "close_ticket", "open"),
            (3, "create_ticket", "open"),
        ]:
            connection.exec_driver_sql(operation.format(seq, kind, state))
    fresh.upgrade()
    (migrated,) = rows(fresh, cases)
    assert (migrated["state"], migrated["kind"], migrated["head_seq"]) == ("ready", "create_ticket", 3)
    assert (migrated["lost"], migrated["create_seq"]) == (False, 3)
    assert [each["state"] for each in rows(fresh, operations)] == ["dead", "held", "open"]


def test_upgrading_twice_keeps_what_is_there(fresh: Ledger) -> None:
    fresh.upgrade()
    fresh.record([delivery(opened())])
    fresh.upgrade()
    assert kinds_of(fresh) == ["create_ticket"]
    assert deliver_all(fresh) == ["create_ticket"]


def test_processes_may_upgrade_at_once(fresh: Ledger, empty_database_url: str) -> None:
    others = [Ledger(empty_database_url) for _ in range(3)]
    at_once(fresh.upgrade, *(each.upgrade for each in others))
    for each in others:
        assert each.is_current()
        each.close()
    assert [each["id"] for each in rows(fresh, gate)] == [1, 2]


def test_the_folder_of_a_ledger_is_made(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/not/there/yet/ledger.db")
    assert not ledger.is_current()
    assert not (tmp_path / "not").exists()
    ledger.upgrade()
    assert ledger.is_current()
    ledger.close()


def test_a_percent_sign_in_a_path_is_only_a_percent_sign(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/100%done/ledger.db")
    ledger.upgrade()
    assert ledger.is_current()
    ledger.close()


def test_what_was_recorded_survives_a_crash_of_the_machine(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    with ledger.database.write() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]
    ledger.close()


@pytest.mark.parametrize(
    ("revision", "usable"),
    [pytest.param("0001", False, id="of an earlier version"), pytest.param("9999", True, id="of a later version")],
)
def test_tables_of_a_later_version_are_usable_and_of_an_earlier_one_are_not(
    fresh: Ledger, revision: str, usable: bool
) -> None:
    fresh.upgrade()
    assert fresh.is_usable()
    with fresh.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608
    assert (fresh.is_usable(), fresh.is_current()) == (usable, False)


NUMBER = {"inbound": "id", "cases": "id", "attempts": "id", "mailbox_uids": "uid", "gate": "id - 10"}
"""The column that holds a row's number, if it is not `case_id`."""
CHECKED: list[tuple[str, str, type[StrEnum]]] = [
    ("inbound", "outcome", InboundOutcome),
    ("cases", "phase", CasePhase),
    ("cases", "state", DeliveryState),
    ("cases", "kind", OperationKind),
    ("cases", "left", LeftBy),
    ("operations", "kind", OperationKind),
    ("operations", "state", OperationState),
    ("members", "phase", CasePhase),
    ("tickets", "how", TicketOrigin),
    ("attempts", "outcome", AttemptOutcome),
    ("gate", "reason", ClosedBy),
    ("receipts", "state", ReceiptState),
    ("mailbox_uids", "outcome", MailOutcome),
]
MOST_WORDS = max(len(words) for _, _, words in CHECKED)


def rows_in_every_state(ledger: Ledger) -> dict[tuple[str, str, int], str]:
    """Insert rows into each table until every word of every column occurs.

    Returns the words by table, column and number.
    """
    written = {}
    with ledger.database.write() as connection:
        for statement in ROW.values():
            for number in range(1, MOST_WORDS + 1):
                connection.exec_driver_sql(statement.format(number))
        for table, column, words in CHECKED:
            for number in range(1, MOST_WORDS + 1):
                word = [*words][number % len(words)]
                written[table, column, number] = word.value
                connection.execute(changed_to(table, column, number), {"word": word.value})
    return written


def changed_to(table: str, column: str, number: int) -> sqlalchemy.TextClause:
    at = NUMBER.get(table, "case_id")
    return sqlalchemy.text(f'UPDATE {table} SET "{column}" = :word WHERE {at} = {number}')  # noqa: S608


def words_of(ledger: Ledger) -> dict[tuple[str, str, int], str]:
    found: dict[tuple[str, str, int], str] = {}
    with ledger.database.read() as connection:
        for table, column, _ in CHECKED:
            at = NUMBER.get(table, "case_id")
            read = sqlalchemy.text(f'SELECT {at}, "{column}" FROM {table} WHERE {at} > 0')  # noqa: S608
            found |= {(table, column, number): word for number, word in connection.execute(read)}
    return found


def test_data_in_every_state_survives_the_upgrade(fresh: Ledger) -> None:
    migrated_to(fresh, "0014")
    written = rows_in_every_state(fresh)
    fresh.upgrade()
    assert words_of(fresh) == written


def test_the_database_admits_every_word_of_a_column_and_no_other(fresh: Ledger) -> None:
    fresh.upgrade()
    rows_in_every_state(fresh)
    for table, column, words in CHECKED:
        change = changed_to(table, column, 1)
        for wrong in ("", "neither", next(iter(words)).upper()):
            with pytest.raises(IntegrityError, match=f"ck_{table}_{column}"), fresh.database.write() as connection:
                connection.execute(change, {"word": wrong})


@pytest.mark.parametrize(("table", "column"), [("cases", "kind"), ("cases", "left"), ("gate", "reason")])
def test_where_there_is_no_word_yet_none_is_needed(ledger: Ledger, table: str, column: str) -> None:
    with ledger.database.write() as connection:
        connection.exec_driver_sql(ROW[table].format(1))
        connection.execute(changed_to(table, column, 1), {"word": None})


def test_every_column_that_the_database_checks_is_tried(fresh: Ledger) -> None:
    fresh.upgrade()
    found = inspect(fresh.database.engine)
    names = {each["name"] for table in found.get_table_names() for each in found.get_check_constraints(table)}
    assert names == {f"ck_{table}_{column}" for table, column, _ in CHECKED}


def test_every_word_of_a_plan_an_outcome_and_a_gate_is_one_of_the_stored_words() -> None:
    assert {*OperationKind} == {*KINDS}
    assert {*CasePhase} == {*get_args(Phase)}
    assert {*LeftBy} == {*get_args(TicketStateByOthers)}
    assert {*AttemptOutcome} == {*get_args(Outcome)}
    assert {*ClosedBy} == {*get_args(GateReason)}
    assert {*MailOutcome} == {*get_args(Became)}


def test_a_row_with_an_unknown_word_stops_the_upgrade_and_stays(fresh: Ledger) -> None:
    migrated_to(fresh, "0014")
    with fresh.database.write() as connection:
        connection.exec_driver_sql(ROW["receipts"].format(1))
        connection.exec_driver_sql("UPDATE receipts SET state = 'odd'")
    with pytest.raises((ValueError, IntegrityError), match=r"receipts.*state"):
        fresh.upgrade()
    assert not fresh.is_current()
    with fresh.database.write() as connection:
        assert connection.exec_driver_sql("SELECT state FROM receipts").scalar() == "odd"
        connection.exec_driver_sql("UPDATE receipts SET state = 'dead'")
    fresh.upgrade()
    assert fresh.is_current()


def test_what_an_older_version_joined_is_known_by_the_new_columns_after_the_upgrade(fresh: Ledger) -> None:
    """Rows of a join, of a join that was taken apart, and of a reopening, which keeps a create in `instead`."""
    migrated_to(fresh, "0014")
    with fresh.database.write() as connection:
        connection.exec_driver_sql(CASE.format(1))
        connection.exec_driver_sql(CASE.format(12))
        for place in [(1, 7), (1, 11), (1, 12), (12, 1), (12, 2)]:
            connection.exec_driver_sql(OPERATION.format(*place))
        for change in (
            "instead = :bytes WHERE case_id = 1 AND seq = 7",
            "state = 'folded', why = 'folded into op-1-7' WHERE case_id = 1 AND seq > 7",
            "instead = :bytes WHERE case_id = 12 AND seq = 1",
            "instead = :bytes, kind = 'reopen_ticket' WHERE case_id = 12 AND seq = 2",
        ):
            connection.execute(sqlalchemy.text(f"UPDATE operations SET {change}"), {"bytes": b"{}"})  # noqa: S608
    fresh.upgrade()
    found = {
        (each["case_id"], each["seq"]): (each["joined_into"], each["own_request"], each["instead"])
        for each in rows(fresh, operations)
    }
    assert found == {
        (1, 7): (None, b"{}", b"{}"),
        (1, 11): (7, None, None),
        (1, 12): (7, None, None),
        (12, 1): (None, b"{}", b"{}"),
        (12, 2): (None, None, b"{}"),
    }


def test_a_process_of_the_version_before_goes_on_writing_while_and_after_the_tables_are_upgraded(
    fresh: Ledger, empty_database_url: str
) -> None:
    """The older process keeps its connection and its prepared statements."""
    migrated_to(fresh, "0014")
    older = Ledger(empty_database_url)
    engine = older.database.engine
    with engine.connect() as connection:
        for number, revision in enumerate(("0014", "0015", "0016"), 1):
            migrated_to(fresh, revision)
            with connection.begin():
                connection.exec_driver_sql(CASE.format(number))
                connection.exec_driver_sql(OPERATION.format(number, 1))
                connection.exec_driver_sql("UPDATE operations SET state = 'folded', why = 'folded into op-1-9'")
        with pytest.raises(IntegrityError, match="ck_operations_state"), connection.begin():
            connection.exec_driver_sql("UPDATE operations SET state = 'folding'")
    older.close()
    assert [each["state"] for each in rows(fresh, operations)] == ["folded"] * 3


def test_the_text_of_sqlites_tables_is_sound_after_it_was_edited(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    migrated_to(ledger, "0014")
    rows_in_every_state(ledger)
    ledger.upgrade()
    with ledger.database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
        assert connection.exec_driver_sql("PRAGMA writable_schema").scalar() == 0
    ledger.close()
