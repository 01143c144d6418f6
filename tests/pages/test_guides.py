"""The `sh` blocks of the how-to pages for operators, and of the operations page, do what their page says."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy

from tests.pages.guides import EVERY, FOLDER, INSTALLED, OF_OPERATORS, ON_A_DEPLOYMENT, ON_POSTGRESQL, TIMEOUT_S, run
from tests.servers import POSTGRESQL

pytestmark = pytest.mark.timeout(TIMEOUT_S)

SERVER = sqlalchemy.make_url(POSTGRESQL).set(drivername="postgresql")
DEPLOYMENT = f"""
```sh
export PATH="{INSTALLED}:$PATH" TICKETRELAY_SERVER__LISTEN=127.0.0.1:8080
export TICKETRELAY_SOURCES__PROMETHEUS__KIND=alertmanager TICKETRELAY_SOURCES__PROMETHEUS__SECRET=only-for-trying-out
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


@pytest.fixture
def on_the_server() -> Iterator[list[tuple[str, str]]]:
    """Replacements for the printed server and database; the database is removed after the test."""
    name = f"ticketrelay_page_{secrets.token_hex(6)}"
    yield [
        ("-h 127.0.0.1", f"-h {SERVER.host} -p {SERVER.port or 5432}"),
        ("postgresql://127.0.0.1/ticketrelay_try", SERVER.set(database=name).render_as_string(hide_password=False)),
        ("ticketrelay_try", name),
    ]
    engine = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


@pytest.mark.parametrize("page", OF_OPERATORS, ids=lambda page: page.stem)
def test_the_commands_of_a_guide_do_what_it_says(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path)


@pytest.mark.postgresql
def test_a_ledger_is_backed_up_and_restored_as_its_page_says(
    tmp_path: Path, on_the_server: list[tuple[str, str]]
) -> None:
    run(ON_POSTGRESQL, tmp_path, *on_the_server)


@pytest.mark.parametrize("page", ON_A_DEPLOYMENT, ids=lambda page: page.stem)
def test_the_commands_of_a_page_work_on_a_deployment(page: Path, tmp_path: Path) -> None:
    run(page, tmp_path, before=DEPLOYMENT)


def test_every_guide_with_commands_is_run_or_is_a_page_about_deploying() -> None:
    others = [page for page in FOLDER.glob("*.md") if page not in EVERY and "```sh" in page.read_text(encoding="utf-8")]
    assert [page.name for page in others if not page.name.startswith("deploy")] == []
