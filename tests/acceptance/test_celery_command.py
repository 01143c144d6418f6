"""Celery's own command on our application: it reports without a database, and its worker delivers as ours does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.deployments import Fleet, alert, body
from tests.acceptance.processes import Process, answers, clean_environment, kept_port, wait_until
from tests.servers import empty_database, own_queue

APP = ["-A", "worker.broker.celery"]
# Settings with which a worker would start. The addresses do not answer: refusals come before any connection.
WORKING = {
    "TICKETRELAY_LEDGER__URL": "sqlite:///absent.db",
    "TICKETRELAY_BROKER__URL": "redis://127.0.0.1:1/0",
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_test_local",
}


def celery(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run Celery's command on our application to its end."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "celery", *APP, *arguments],
        env=clean_environment(environment or {}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_report_needs_no_settings_and_no_database() -> None:
    report = celery("report")
    assert report.returncode == 0, report.stderr
    assert "transport:memory" in report.stdout
    assert "worker_pool: 'threads'" in report.stdout


def test_report_shows_no_secret() -> None:
    environment = {
        "TICKETRELAY_BROKER__URL": "sentinel://me:of-the-first@one:26379;sentinel://me:of-the-other@two:26379/3",
        "TICKETRELAY_BROKER__MASTER_NAME": "primary",
        "TICKETRELAY_BROKER__SENTINEL_PASSWORD": "of-the-sentinels",
        "TICKETRELAY_API__KEY": "of-the-api",
    }
    report = celery("report", environment=environment)
    assert report.returncode == 0, report.stderr
    assert "transport:sentinel" in report.stdout
    assert "of-the-" not in report.stdout + report.stderr


def test_report_refuses_a_password_in_the_query_of_the_url_and_does_not_show_it() -> None:
    report = celery("report", environment={"TICKETRELAY_BROKER__URL": "redis://one/0?password=of-the-broker"})
    assert report.returncode == 2
    assert "password= cannot stand in the URL" in report.stderr
    assert "of-the-broker" not in report.stdout + report.stderr


def test_a_broker_that_cannot_be_is_said_as_our_commands_say_it() -> None:
    report = celery("report", environment={"TICKETRELAY_BROKER__URL": "kafka://one"})
    assert report.returncode == 2
    assert report.stderr.startswith("Error: TICKETRELAY_BROKER__URL: ")
    assert "Traceback" not in report.stderr


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        pytest.param(["--pool", "prefork"], "Error: --pool: only threads", id="prefork"),
        pytest.param(["-Pprefork"], "Error: --pool: only threads", id="prefork in short"),
        pytest.param(["-P", "solo"], "Error: --pool: only threads", id="solo"),
        pytest.param(["-c", "8"], "Error: --concurrency", id="concurrency"),
        pytest.param(["--autoscale", "8,2"], "Error: --concurrency and --autoscale", id="autoscale"),
        pytest.param(["--prefetch-multiplier", "4"], "Error: --prefetch-multiplier", id="prefetch"),
        pytest.param(["-Q", "another"], "Error: --queues", id="queue"),
    ],
)
def test_a_worker_that_would_not_be_as_ours_is_refused_in_one_line(arguments: list[str], refusal: str) -> None:
    refused = celery("worker", *arguments, environment=WORKING)
    assert refused.returncode == 2
    assert refused.stderr.startswith(refusal)
    assert len(refused.stderr.splitlines()) == 1


def test_another_broker_on_the_command_line_is_refused() -> None:
    refused = celery("--broker", "redis://127.0.0.1:2/0", "worker", environment=WORKING)
    assert refused.returncode == 2
    assert refused.stderr.startswith("Error: --broker ")


def test_a_worker_without_settings_says_what_is_missing() -> None:
    refused = celery("worker")
    assert refused.returncode == 2
    assert "Error: TICKETRELAY_LEDGER__URL: is required" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """`serve` and a Tickets API on PostgreSQL and Redis; no worker of ours."""
    with own_queue("redis") as broker, empty_database() as ledger_url:
        health = {"TICKETRELAY_SERVER__HEALTH_LISTEN": f"127.0.0.1:{kept_port()}"}
        # Long enough that no worker dispatches by itself: every delivery follows a wake-up from the broker.
        quiet = {"TICKETRELAY_TIMING__DISPATCH_INTERVAL": "600"}
        started = Fleet(tmp_path, ledger_url, broker.environment | health | quiet, workers=0, mail=False)
        try:
            started.start()
            yield started
        finally:
            started.stop()


@pytest.mark.redis
@pytest.mark.postgresql
def test_a_worker_that_celery_starts_delivers_logs_answers_probes_and_ends_in_order(
    fleet: Fleet, tmp_path: Path
) -> None:
    output = tmp_path / "celery.txt"
    worker = Process([*APP, "worker"], fleet.environment, output, command=(sys.executable, "-m", "celery"))
    try:
        health = f"http://{fleet.environment['TICKETRELAY_SERVER__HEALTH_LISTEN']}"
        wait_until(lambda: answers(f"{health}/readyz") and answers(f"{health}/livez"), "a worker that answers")
        fleet.site.deliver(body([alert()]))
        wait_until(lambda: len(fleet.site.tickets()) == 1, "a ticket")
        fleet.wait_until_idle()
        # A slow call is in flight when the worker is asked to end; the worker must wait for it and settle it.
        fleet.site.add_fault(action="latency", seconds=0.6, times=1)
        fleet.site.deliver(body([alert()]))
        wait_until(lambda: fleet.metric("serve", 'ticketrelay_cases{state="leased"}') == 1, "a call under way")
        assert worker.stop() == 0, worker.log()
    finally:
        worker.kill()
    told = json.loads(fleet.ticketrelay("status", "-o", "json").stdout)
    assert [(each["role"], each["state"]) for each in told["processes"]] == [("serve", "live"), ("worker", "stopped")]
    assert len(fleet.site.tickets()) == 2
    fleet.wait_until_idle()
    settled = [
        each["state"]
        for each in map(json.loads, (line for line in output.read_text().splitlines() if line.startswith("{")))
        if each["event"] == "operation.settled"
    ]
    assert settled == ["done", "done"]
