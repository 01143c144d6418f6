"""Real processes load new settings without a restart, under load, and keep the old ones if the new are wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.deployments import QUICK, Embedded, Site, alert, body
from tests.acceptance.processes import Process, answers, kept_port, ticketrelay, wait_until
from tests.no_tls import NO_TLS

SENDERS = 3


class Configured:
    """A configuration file and the secrets that it refers to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "c.yaml"
        self.socket = folder / "control.sock"
        self.secret("prom", "first-secret-of-prom")
        self.secret("spare", "secret-of-the-spare")

    def secret(self, name: str, value: str) -> None:
        (self.folder / f"{name}.secret").write_text(value, encoding="utf-8")

    def write(self, *, category: str = "before", spare: bool = True, more: str = "") -> None:
        spared = "  spare:\n    kind: alertmanager\n    secret_file: spare.secret\n" if spare else ""
        text = (
            f"server:\n  control: unix:{self.socket}\n{more}"
            f"sources:\n  alertmanager:\n    secret_file: prom.secret\n{spared}"
            f"routes:\n- name: all\n  category: {category}\n"
        )
        self.file.write_text(text, encoding="utf-8")

    def reload(self) -> subprocess.CompletedProcess[str]:
        return ticketrelay("reload", "--config", str(self.file))


def pid_of(process: Process | None) -> int:
    assert process is not None
    return process.pid


def metric(address: str, name: str) -> float:
    text = httpx.get(f"{address}/metrics", trust_env=False, timeout=20, verify=NO_TLS).text
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))


def hang_up(pid: int, address: str, name: str = "ticketrelay_config_loaded_timestamp_seconds") -> None:
    """Send SIGHUP, and wait until the metric shows that the settings were loaded."""
    before = metric(address, name)
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: metric(address, name) > before, f"{name} moved")


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    made = Configured(tmp_path)
    made.write()
    return made


@pytest.fixture
def run(configured: Configured) -> Iterator[Embedded]:
    embedded = Embedded(configured.folder / "var", QUICK | {"TICKETRELAY_CONFIG": str(configured.file)})
    embedded.start()
    wait_until(configured.socket.exists, "a control listener")
    yield embedded
    embedded.stop()


def categories(site: Site) -> dict[str, str]:
    return {each["subject"]: each["category"] for each in site.tickets()}


def post(site: Site, one: dict[str, Any], *, source: str = "alertmanager", secret: str = "first-secret-of-prom") -> int:
    with httpx.Client(trust_env=False, timeout=20, verify=NO_TLS) as client:
        answer = client.post(
            f"{site.intake}/in/{source}", content=body([one]), headers={"Authorization": f"Bearer {secret}"}
        )
    return answer.status_code


@contextmanager
def load(site: Site, statuses: list[int], sent: list[dict[str, Any]]) -> Iterator[None]:
    """Run several senders, each sending one alert after the other until the end of the block."""
    over = threading.Event()

    def send() -> None:
        while not over.is_set():
            one = alert()
            sent.append(one)
            statuses.append(post(site, one))
            over.wait(0.02)

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for each in senders:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in senders:
            each.join(30)


def test_reloads_under_load_lose_and_double_nothing_and_what_comes_after_follows_the_new_routes(
    run: Embedded, configured: Configured
) -> None:
    statuses: list[int] = []
    sent: list[dict[str, Any]] = []
    with load(run.site, statuses, sent):
        for number in range(6):
            wait_until(lambda: len(sent) >= 10 * (number + 1), "sent")  # noqa: B023 — called in this round
            configured.write(category=f"round-{number}")
            if number % 2:
                told = configured.reload()
                assert (told.returncode, told.stdout) == (0, "changed  routes.all\n")
            else:
                hang_up(pid_of(run.process), run.site.intake)
            after = alert()
            sent.append(after)
            assert post(run.site, after) == 200
            after["expected"] = f"round-{number}"
    run.wait_until_idle()
    assert set(statuses) == {200}
    assert [each["kind"] for each in run.site.effects()] == ["create_ticket"] * len(sent)
    found = categories(run.site)
    assert set(found) == {each["annotations"]["summary"] for each in sent}
    for each in sent:
        if "expected" in each:
            assert found[each["annotations"]["summary"]] == each["expected"]
    assert set(found.values()) <= {"before", *(f"round-{number}" for number in range(6))}


def test_a_file_that_is_wrong_changes_nothing_and_is_told(run: Embedded, configured: Configured) -> None:
    configured.write(category="after", more="  lisen: nowhere\n")
    told = configured.reload()
    assert told.returncode == 2  # the section that the command itself needs is wrong
    assert "did you mean 'listen'?" in told.stderr
    configured.write(category="after")
    configured.file.write_text(configured.file.read_text() + "policy:\n  dampin: 5\n", encoding="utf-8")
    told = configured.reload()
    assert told.returncode == 1
    assert "did you mean 'damping'?" in told.stderr
    assert "the process goes on with the old ones" in told.stderr
    hang_up(pid_of(run.process), run.site.intake, "ticketrelay_config_reload_failed_total")
    assert metric(run.site.intake, "ticketrelay_config_last_reload_successful") == 0
    assert run.process is not None
    assert '"event": "config.reload_failed"' in run.process.log()
    one = alert()
    assert post(run.site, one) == 200
    configured.write(category="after")  # valid again for the commands below, but not reloaded
    run.wait_until_idle()
    assert categories(run.site) == {one["annotations"]["summary"]: "before"}


def test_a_removed_source_is_gone_a_new_one_is_there_and_a_rotated_secret_is_taken(
    run: Embedded, configured: Configured
) -> None:
    assert post(run.site, alert(), source="spare", secret="secret-of-the-spare") == 200
    configured.secret("prom", "second-secret-of-prom")
    assert post(run.site, alert(), secret="second-secret-of-prom") == 401
    configured.write(spare=False)
    told = configured.reload()
    assert told.stdout.splitlines() == ["changed  sources.alertmanager.secret", "removed  sources.spare"]
    assert post(run.site, alert(), source="spare", secret="secret-of-the-spare") == 404
    assert post(run.site, alert()) == 401
    assert post(run.site, alert(), secret="second-secret-of-prom") == 200
    configured.write()
    assert configured.reload().stdout == "new      sources.spare\n"
    assert post(run.site, alert(), source="spare", secret="secret-of-the-spare") == 200
    run.wait_until_idle()
    assert len(run.site.tickets()) == 3


def test_sources_that_are_all_taken_out_do_not_leave_a_process_that_believes_everybody(
    run: Embedded, configured: Configured
) -> None:
    configured.file.write_text(f"server:\n  control: unix:{configured.socket}\n", encoding="utf-8")
    told = configured.reload()
    assert told.returncode == 1
    assert "would accept the public secret" in told.stderr
    assert post(run.site, alert(), secret="dev-secret") == 401
    assert post(run.site, alert()) == 200


def test_what_needs_a_restart_is_named_and_stays(run: Embedded, configured: Configured) -> None:
    configured.write(more="  max_body: 10\n")
    told = configured.reload()
    assert told.returncode == 0
    assert told.stderr == "WARNING server.max_body is unchanged until the process is restarted\n"
    assert post(run.site, alert()) == 200


def test_operations_that_were_planned_before_keep_their_bodies(run: Embedded, configured: Configured) -> None:
    run.site.add_fault(action="status", status=503, path="/tickets$", method="POST")
    one = alert()
    assert post(run.site, one) == 200
    configured.write(category="after", spare=False)
    assert configured.reload().returncode == 0
    run.site.clear_faults()
    run.wait_until_idle()
    assert categories(run.site) == {one["annotations"]["summary"]: "before"}


def test_serve_takes_routes_and_sources_at_sighup_and_keeps_the_last_source(configured: Configured) -> None:
    """The broker is absent: intake needs none."""
    environment = {
        "TICKETRELAY_CONFIG": str(configured.file),
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{configured.folder / 'ledger.db'}",
        "TICKETRELAY_BROKER__URL": f"redis://127.0.0.1:{kept_port()}/0",
        "TICKETRELAY_SERVER__METRICS": "true",
    }
    assert ticketrelay("db", "upgrade", environment=environment).returncode == 0
    listen = f"127.0.0.1:{kept_port()}"
    site = Site(f"http://{listen}", "", "")
    process = Process(["serve", "--listen", listen], environment, configured.folder / "serve.txt")
    try:
        wait_until(lambda: answers(f"{site.intake}/readyz"), "ready")
        assert post(site, alert()) == 200
        configured.secret("prom", "second-secret-of-prom")
        configured.write(spare=False)
        hang_up(process.pid, site.intake)
        assert post(site, alert()) == 401
        assert post(site, alert(), secret="second-secret-of-prom") == 200
        assert post(site, alert(), source="spare", secret="secret-of-the-spare") == 404
        configured.file.write_text("sources: {}\n", encoding="utf-8")
        hang_up(process.pid, site.intake, "ticketrelay_config_reload_failed_total")
        assert post(site, alert(), secret="second-secret-of-prom") == 200
        assert process.stop() == 0
        assert not configured.socket.exists()
    finally:
        site.close()
        process.stop()


def test_reload_says_what_to_do_where_nobody_can_be_asked(configured: Configured) -> None:
    nobody = configured.reload()
    assert nobody.returncode == 1
    assert "no process answers at" in nobody.stderr
    without = ticketrelay("reload")
    assert without.returncode == 2
    assert "TICKETRELAY_SERVER__CONTROL" in without.stderr
    assert json.loads(ticketrelay("config", "show", "-o", "json").stdout)["server"]["control"] is None
