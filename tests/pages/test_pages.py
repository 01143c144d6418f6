"""The pages work as printed: the README, the tutorial and the how-to pages, each from its clone to its tickets."""

from __future__ import annotations

import json
import re
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from tests.acceptance.compose import example, read
from tests.acceptance.processes import Process, answers, kept_port, wait_until
from tests.limits import ROOT
from tests.pages.runner import INSTALLING_S, WORK, Machine
from tests.servers import POSTGRESQL, REDIS, Broker
from tests.xdist_slots import xdist_slot

pytestmark = pytest.mark.timeout(900)  # the first page installs all requirements

SERVER = sqlalchemy.make_url(POSTGRESQL).set(drivername="postgresql")
NAME = f"ticketrelay_pages_{xdist_slot()}"
"""Role and database of the pages in this test process."""

BROKER = Broker(f"{REDIS.rsplit('/', 1)[0]}/{15 - xdist_slot()}", "ticketrelay")
"""The queue of the pages, by its default name in a Redis database of this test process."""

ADDRESSES = {
    port: f"127.0.0.1:{kept_port()}" for port in (8025, 8070, 8071, 8080, 8081, 8082, 8083, 8090, 9093)
}  # those that pages and units print
API = f"http://127.0.0.1:{kept_port()}/api/v1"


def installed_in() -> str:
    """Return the folder in which the units expect Ticketrelay."""
    unit = (ROOT / "deploy" / "systemd" / "ticketrelay-serve.service").read_text(encoding="utf-8")
    found = re.search(r"^ExecStart=(\S+)/bin/ticketrelay ", unit, re.MULTILINE)
    assert found is not None, unit
    return found[1]


def replaced(folder: Path) -> list[tuple[str, str]]:
    """Return what a machine has once, or what is not for tests: printed text, and what stands for it here."""
    run = f"python3 dev.py run --listen {ADDRESSES[8080]} --smtp {ADDRESSES[8025]}"
    units = ROOT / "tests" / "pages" / "units.py"
    return [
        ("python3 dev.py run\n", f"{run}\n"),
        ("python3 dev.py run --once", f"{run} --once"),
        *((f"127.0.0.1:{port}", here) for port, here in ADDRESSES.items()),
        ("redis://127.0.0.1:6379/0", BROKER.url),
        ("sudo -u postgres psql", f"psql '{SERVER.render_as_string(hide_password=False)}'"),
        ("ROLE ticketrelay ", f"ROLE {NAME} "),
        ("DATABASE ticketrelay OWNER ticketrelay", f"DATABASE {NAME} OWNER {NAME}"),
        ("ticketrelay:%s@127.0.0.1/ticketrelay", f"{NAME}:%s@{SERVER.host}:{SERVER.port or 5432}/{NAME}"),
        ("https://apps.aurionai.net/api/v1", API),
        ("YOUR-KEY", "ak_test_local"),
        (installed_in(), str(folder / WORK / "ticketrelay" / ".venv")),
        ("/etc/", f"{folder}/etc/"),
        ("start-units", f"{sys.executable} {units} {folder}/table.json"),
    ]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """One machine for all pages, so that packages are installed once."""
    with tempfile.TemporaryDirectory(prefix="ticketrelay-pages-") as name:
        folder = Path(name)
        (folder / "etc" / "systemd" / "system").mkdir(parents=True)
        (folder / "table.json").write_text(json.dumps(replaced(folder)))
        yield Machine(folder, replacements=replaced(folder), patience_s=INSTALLING_S)


@pytest.fixture
def servers() -> Iterator[None]:
    """No role, no database and no queue of the pages, before and after a test."""
    admin = sqlalchemy.create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")

    def drop() -> None:
        with admin.connect() as connection:
            connection.execute(sqlalchemy.text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
            connection.execute(sqlalchemy.text(f"DROP ROLE IF EXISTS {NAME}"))
        BROKER.wipe()

    drop()
    yield
    drop()
    admin.dispose()


@contextmanager
def tickets_api(folder: Path) -> Iterator[None]:
    """The local Tickets API at `API`, in place of the real one."""
    address = API.removeprefix("http://").removesuffix("/api/v1")
    database = f"sqlite:///{folder / 'tickets.db'}"
    process = Process(["tickets-api", "--listen", address, "--database", database], {}, folder / "tickets-api.txt")
    try:
        wait_until(lambda: answers(f"{API}/health"), "the Tickets API answers")
        yield
    finally:
        process.stop()


def run(machine: Machine, page: str, *, in_clone: bool = False) -> None:
    if missing := machine.run(ROOT / page, in_clone=in_clone):
        pytest.skip(f"without {', '.join(sorted(missing))}, the blocks that need it were left out")


def test_the_readme(machine: Machine) -> None:
    run(machine, "README.md", in_clone=True)


def test_the_tutorial(machine: Machine) -> None:
    run(machine, "docs/tutorial.md")


def test_one_machine(machine: Machine, tmp_path: Path) -> None:
    with tickets_api(tmp_path):
        run(machine, "docs/how-to/deploy-on-one-machine.md")


@pytest.mark.postgresql
@pytest.mark.redis
def test_a_fleet(machine: Machine, servers: None) -> None:
    run(machine, "docs/how-to/deploy-a-fleet.md")


@pytest.mark.postgresql
@pytest.mark.redis
def test_a_fleet_of_systemd(machine: Machine, servers: None, tmp_path: Path) -> None:
    with tickets_api(tmp_path):
        run(machine, "docs/how-to/deploy-with-systemd.md")


def test_settings_and_secrets_for_compose(machine: Machine) -> None:
    run(machine, "docs/how-to/deploy-with-compose.md")
    clone = machine.folder / WORK / "ticketrelay"
    assert (clone / ".env").read_text() == (ROOT / ".env.example").read_text()
    named = {each["file"] for each in read(example())["secrets"].values()}
    made = list((clone / "secrets").iterdir())
    assert named == {f"./secrets/{each.name}" for each in made}
    # The processes in the containers are other users, and only the folder keeps those of this machine away.
    assert {stat.S_IMODE(each.stat().st_mode) for each in made} == {0o444}
    assert stat.S_IMODE((clone / "secrets").stat().st_mode) == 0o700
