"""Without any server, the tests pass: those that need one are deselected and counted, and fail under CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.processes import free_port

ROOT = Path(__file__).parent.parent
NEED_EACH = "tests/acceptance/test_brokers.py"  # needs PostgreSQL, Redis and RabbitMQ


def collect(**environment: str) -> subprocess.CompletedProcess[str]:
    """Collect tests that need every server, with addresses that have none."""
    nowhere = {
        "TICKETRELAY_TEST_POSTGRESQL": f"postgresql+psycopg://127.0.0.1:{free_port()}/postgres",
        "TICKETRELAY_TEST_REDIS": f"redis://127.0.0.1:{free_port()}/0",
        "TICKETRELAY_TEST_RABBITMQ": f"amqp://guest:guest@127.0.0.1:{free_port()}//",
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", NEED_EACH],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "CI"} | nowhere | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_without_servers_what_needs_one_is_deselected_and_counted() -> None:
    collected = collect()
    assert collected.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, collected.stdout + collected.stderr
    for name in ("postgresql", "redis", "rabbitmq"):
        assert f"tests that need {name}: no server found" in collected.stdout


def test_under_ci_the_absence_of_a_server_fails() -> None:
    collected = collect(CI="true")
    assert collected.returncode == pytest.ExitCode.USAGE_ERROR
    assert "postgresql, rabbitmq, redis" in collected.stderr
