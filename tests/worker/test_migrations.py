"""Does a migrated database have the shape that the code expects, whoever migrates it and however often?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

import worker.ledger
from worker.ledger import Ledger
from worker.ledger.engine.database import _known
from worker.ledger.schema.tables import cases, gate, metadata, operations

from .builders import at_once, deliver_all, delivery, kinds_of, opened, rows

MIGRATIONS = Path(worker.ledger.__file__).parent / "migrations"


@pytest.fixture
def fresh(empty_database_url: str) -> Iterator[Ledger]:
    """A ledger without tables."""
    made = Ledger(empty_database_url)
    yield made
    made.close()


def shape(engine: Engine) -> dict[str, object]:
    """Every table with its columns, keys and indexes, as the database tells them."""
    found = inspect(engine)
    return {
        table: (
            [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in found.get_columns(table)],
            found.get_pk_constraint(table),
            found.get_unique_constraints(table),
            found.get_foreign_keys(table),
            sorted((each["name"] or "", each["column_names"], each["unique"]) for each in found.get_indexes(table)),
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
    """Blocked by the dead create of its first episode: that of the second one needs nothing of it."""
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


def test_a_promise_of_custody_survives_a_crash_of_the_machine(tmp_path: Path) -> None:
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
