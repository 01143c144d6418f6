"""Every command of the how-to pages and of the operations page runs as printed, and shows what its page says."""

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
OPERATIONS = ROOT / "docs" / "operations.md"
INSTALLED = "$HOME/ticketrelay/.venv/bin"
"""Where the pages assume that Ticketrelay is installed."""
ADDRESSES = ("127.0.0.1:8080", "127.0.0.1:8025", "127.0.0.1:8090")
"""Addresses of a listener, as printed; here they get ports of their own."""
DATABASE = "ticketrelay_try"
"""The database that a page makes, as printed; here it gets a name of its own."""
ON_SQLITE = (
    "receive-alerts", "receive-mail", "receive-chat", "follow-ticket-changes", "route-events", "try-a-change",
    "handle-dead-letters", "rotate-secrets",
)  # fmt: skip
ON_POSTGRESQL = ("back-up-and-restore",)
ON_A_DEPLOYMENT = (OPERATIONS, FOLDER / "upgrade.md")
EVERY = (*(FOLDER / f"{name}.md" for name in (*ON_SQLITE, *ON_POSTGRESQL)), *ON_A_DEPLOYMENT)
DEPLOYMENT = f"""
```sh
export PATH="{INSTALLED}:$PATH" TICKETRELAY_SERVER__LISTEN=127.0.0.1:8080
export TICKETRELAY_SOURCES__PROMETHEUS__KIND=alertmanager TICKETRELAY_SOURCES__PROMETHEUS__SECRET=only-for-trying
ticketrelay run --no-demo --smtp off & run=$!
until curl -fsS http://127.0.0.1:8080/readyz; do sleep 1; done
ticketrelay send prometheus firing
```

<!-- page test: repeat until shown -->
```sh
ticketrelay cases list
```

```text
case-1 … (open) …
```

"""
"""Some pages are about a deployment that is there already. These blocks make one."""


def run(page: Path, folder: Path, *more: tuple[str, str], root: Path = ROOT) -> None:
    """Run a page, with addresses of its own."""
    folder.mkdir(exist_ok=True)
    ports = [(address, f"127.0.0.1:{kept_port()}") for address in ADDRESSES]
    Machine(folder, replacements=[(INSTALLED, f"{sys.prefix}/bin"), *ports, *more], root=root).run(page)


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
    run(FOLDER / f"{name}.md", tmp_path)


@pytest.mark.postgresql
@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_the_commands_of_a_guide_with_postgresql_do_what_it_says(name: str, tmp_path: Path, database: str) -> None:
    run(FOLDER / f"{name}.md", tmp_path, (DATABASE, database))


@pytest.mark.parametrize("page", ON_A_DEPLOYMENT, ids=lambda page: page.stem)
def test_the_commands_of_a_page_work_on_a_deployment(page: Path, tmp_path: Path) -> None:
    whole = tmp_path / page.name
    whole.write_text(DEPLOYMENT + page.read_text(encoding="utf-8"), encoding="utf-8")
    run(whole, tmp_path / "machine", root=tmp_path)


def test_every_guide_is_run_here_or_is_a_page_about_deploying() -> None:
    others = {page.name for page in FOLDER.glob("*.md")} - {page.name for page in EVERY}
    assert [name for name in others if not name.startswith("deploy")] == []


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.stem)
def test_no_block_of_a_guide_is_indented_and_so_left_out(page: Path) -> None:
    assert re.findall(r"^[ \t]+```.*$", page.read_text(encoding="utf-8"), re.MULTILINE) == []
