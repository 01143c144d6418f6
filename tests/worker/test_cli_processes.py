"""Long-running commands refuse wrong settings before they begin; each in a process of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.processes import Process, answers, clean_environment, kept_port, ticketrelay, wait_until
from worker.ledger import Ledger

FLEET = {
    "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
    "TICKETRELAY_SOURCES__PROM__SECRET": "correct-horse-battery",
}


def process(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with these settings only."""
    return ticketrelay(*arguments, environment=environ)


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "worker.cli", "--version"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout.split()[0]) == (0, "ticketrelay,")


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_process_of_a_fleet_needs_a_ledger_and_a_broker_that_it_shares(command: str) -> None:
    ended = process(command)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "TICKETRELAY_LEDGER__URL: is required" in ended.stderr
    assert "TICKETRELAY_BROKER__URL: is required" in ended.stderr


@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ({"TICKETRELAY_BROKER__URL": "memory://"}, "memory:// reaches one process only"),
        ({}, "ticketrelay db upgrade"),
    ],
)
def test_a_process_of_a_fleet_refuses_what_cannot_work(
    tmp_path: Path, command: str, missing: dict[str, str], said: str
) -> None:
    complete = FLEET | {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db",
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
        "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
        "TICKETRELAY_API__KEY": "ak_test_1",
    }
    ended = process(command, **(complete | missing))
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_worker_needs_the_api_and_intake_does_not(tmp_path: Path) -> None:
    shared = {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db",
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1",
    }
    refused = process("worker", **shared)
    assert refused.returncode == 2
    assert "TICKETRELAY_API__KEY: is required" in refused.stderr
    assert "TICKETRELAY_API" not in process("serve", **shared, **FLEET).stderr


def test_intake_needs_a_source(tmp_path: Path) -> None:
    shared = {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db",
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1",
    }
    ended = process("serve", **shared)
    assert ended.returncode == 2
    assert "no source is configured" in ended.stderr


@pytest.mark.parametrize("address", ["8080", "nowhere", "127.0.0.1:port", "127.0.0.1:99999", "127.0.0.1:"])
def test_an_address_that_is_none_exits_2(tmp_path: Path, address: str) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger(url)
    ledger.upgrade()
    ledger.close()
    shared = FLEET | {"TICKETRELAY_LEDGER__URL": url, "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1"}
    ended = process("serve", "--listen", address, **shared)
    assert ended.returncode == 2
    assert address in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", [["db", "upgrade"], ["status"], ["run", "--once"], ["serve"], ["worker"]])
def test_a_postgresql_ledger_without_the_extra_is_one_line_that_says_what_to_install(
    tmp_path: Path, command: list[str]
) -> None:
    # None in sys.modules makes an import fail as if the package were missing.
    absent = "import sys; sys.modules['psycopg'] = None; from worker.cli import main; main()"
    fleet = FLEET | {
        "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1",
        "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
        "TICKETRELAY_API__KEY": "ak_test_1",
    }
    ended = subprocess.run(
        [sys.executable, "-c", absent, *command, *(["--listen", "127.0.0.1:0"] if command[0] == "run" else [])],
        env=clean_environment(
            {"TICKETRELAY_LEDGER__URL": "postgresql://me@127.0.0.1/db"} | (fleet if len(command) == 1 else {})
        ),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.splitlines()[-1] == (
        "Error: PostgreSQL needs the package psycopg, which is not installed: pip install 'psycopg[binary]' "
        "(it comes with the extra ticketrelay[postgresql])"
    )
    assert "Traceback" not in ended.stderr


def test_the_tables_are_made_without_the_key_of_the_tickets_api(tmp_path: Path) -> None:
    ledger = {"TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db"}
    upgraded = process("db", "upgrade", **ledger, TICKETRELAY_API__URL="https://tickets.example.org/api/v1")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    misspelt = process("db", "upgrade", **ledger, TICKETRELAY_LEGDER__URL="sqlite:///other.db")
    assert (misspelt.returncode, "did you mean TICKETRELAY_LEDGER?" in misspelt.stderr) == (2, True)


@pytest.mark.parametrize("command", [["status"], ["dead", "list"], ["sources", "list"], ["sources", "test", "prom"]])
def test_a_command_that_makes_no_call_to_the_tickets_api_needs_no_key(tmp_path: Path, command: list[str]) -> None:
    given = FLEET | {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db",
        "TICKETRELAY_API__URL": "https://tickets.example.org/api/v1",
    }
    process("db", "upgrade", **given)
    ended = process(*command, **given)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("command", [["dead", "bind", "op-1-1", "1001"], ["audit"]])
def test_a_command_that_calls_the_tickets_api_needs_the_key(tmp_path: Path, command: list[str]) -> None:
    given = {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db",
        "TICKETRELAY_API__URL": "https://tickets.example.org/api/v1",
    }
    process("db", "upgrade", **given)
    ended = process(*command, **given)
    assert ended.returncode == 2
    assert "TICKETRELAY_API__KEY: is required" in ended.stderr


def test_serve_shows_its_metrics_on_a_listener_of_their_own_and_logs_its_start_and_its_end(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    with closing(Ledger(url)) as ledger:
        ledger.upgrade()
    public, own = (f"127.0.0.1:{kept_port()}" for _ in range(2))
    settings = FLEET | {"TICKETRELAY_LEDGER__URL": url, "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1"}
    serve = Process(["serve", "--listen", public, "--health", own], settings, tmp_path / "log.txt")
    wait_until(lambda: answers(f"http://{own}/readyz") and "process.started" in serve.log(), "a process that answers")
    assert answers(f"http://{public}/readyz")
    assert [answers(f"http://{each}/metrics") for each in (public, own)] == [False, True]
    assert serve.stop() == 0
    events = {each["event"]: each for each in map(json.loads, re.findall(r"^\{.*", serve.log(), re.MULTILINE))}
    assert events["process.started"]["listens"] == [f"http {public}", f"health {own}"]
    assert events["process.started"]["version"] == events["process.stopped"]["version"]
    assert events["process.stopped"]["reason"] == "SIGTERM"
