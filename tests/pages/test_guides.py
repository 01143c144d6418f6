"""Every command of the how-to pages runs as printed, and shows what its page says."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from tests.acceptance.processes import kept_port
from tests.limits import ROOT
from tests.pages.runner import Machine
from tests.servers import POSTGRESQL

FOLDER = ROOT / "docs" / "how-to"
INSTALLED = "$HOME/ticketrelay/.venv/bin"
"""Where the pages assume that Ticketrelay is installed."""
ADDRESSES = ("127.0.0.1:8080", "127.0.0.1:8025", "127.0.0.1:8090")
"""Addresses of a listener, as printed; here they get ports of their own."""
DATABASE = "ticketrelay_try"
"""The database that a page makes, as printed; here it gets a name of its own."""
ON_SQLITE = (
    "receive-alerts", "receive-mail", "receive-chat", "follow-ticket-changes", "route-events", "try-a-change",
    "handle-dead-letters", "upgrade", "rotate-secrets",
)  # fmt: skip
ON_POSTGRESQL = ("back-up-and-restore",)


def run(name: str, folder: Path, *more: tuple[str, str]) -> None:
    """Run the page of this name with addresses of its own."""
    ports = [(address, f"127.0.0.1:{kept_port()}") for address in ADDRESSES]
    Machine(folder, replacements=[(INSTALLED, f"{sys.prefix}/bin"), *ports, *more]).run(FOLDER / f"{name}.md")


@pytest.fixture
def database() -> Iterator[str]:
    """A name for a database; a database of that name is removed after the test."""
    name = f"ticketrelay_page_{secrets.token_hex(6)}"
    yield name
    engine = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


@pytest.mark.parametrize("name", ON_SQLITE)
def test_the_commands_of_a_guide_do_what_it_says(name: str, tmp_path: Path) -> None:
    run(name, tmp_path)


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_the_commands_of_a_guide_with_postgresql_do_what_it_says(name: str, tmp_path: Path, database: str) -> None:
    run(name, tmp_path, (DATABASE, database))


@pytest.mark.parametrize("name", [*ON_SQLITE, *ON_POSTGRESQL])
def test_no_block_of_a_guide_is_indented_and_so_left_out(name: str) -> None:
    assert re.findall(r"^[ \t]+```.*$", (FOLDER / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE) == []
