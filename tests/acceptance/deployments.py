"""Deployments of real processes: all in one (`Embedded`), or a process for each role (`Fleet`), and their `Site`."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.processes import PATIENCE_S, Process, answers, kept_port, ticketrelay, wait_until
from tests.no_tls import NO_TLS

SECRET = "dev-secret"  # of `run`, which takes it on a loopback address
FLEET_SECRET = "secret-of-the-fleets-of-the-tests"
API_KEY = "ak_test_local"
MAILBOX = "support@example.net"
CONTROL_TOKEN = "control-token-of-the-tests"

# One tenth of a local `run`, so that every rule about timings still holds.
QUICK = {
    "TICKETRELAY_TIMING__HTTP_TIMEOUT": "1.0",
    "TICKETRELAY_TIMING__MARGIN": "0.2",
    "TICKETRELAY_TIMING__LEASE": "2.0",
    "TICKETRELAY_TIMING__REQUEST_LIFE": "1.0",
    "TICKETRELAY_TIMING__GHOST_WAIT": "1.0",
    "TICKETRELAY_TIMING__BACKOFF_BASE": "0.1",
    "TICKETRELAY_TIMING__DISPATCH_INTERVAL": "0.2",
    "TICKETRELAY_TIMING__RING_EXPIRES": "2.0",
}


@dataclass
class Site:
    """A deployment as sources and people reach it: intake, Tickets API, inspection."""

    intake: str
    api: str
    control: str
    secret: str = SECRET
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=20, trust_env=False, verify=NO_TLS))

    def post(self, body: bytes, secret: str | None = None) -> httpx.Response:
        """Post to the source `alertmanager`, with its secret unless another one is given."""
        return self.http.post(
            f"{self.intake}/in/alertmanager", content=body, headers={"Authorization": f"Bearer {secret or self.secret}"}
        )

    def tickets(self) -> list[dict[str, Any]]:
        """Return every ticket, read through the documented list."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.http.get(
                f"{self.api}/tickets", params={"limit": 100, "offset": len(found)}, headers={"X-API-Key": API_KEY}
            ).raise_for_status()
            found += page.json()["data"]
            if len(found) >= page.json()["total"]:
                return found

    def effects(self) -> list[dict[str, Any]]:
        """Return every effect in order, notes included, read through the inspection."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.http.get(
                f"{self.control}/effects",
                params={"after": found[-1]["seq"] if found else 0, "limit": 1000},
                headers={"Authorization": f"Bearer {CONTROL_TOKEN}"},
            ).raise_for_status()
            effects = page.json()["data"]
            if not effects:
                return found
            found += effects

    def close(self) -> None:
        self.http.close()

    def deliver(self, body: bytes, tries: int = 200) -> None:
        """Send until acknowledged, as a source does during restarts."""
        for _ in range(tries):
            try:
                answer = self.post(body)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code == 200:
                return
            assert answer.status_code == 503, answer.text
            time.sleep(0.1)
        raise AssertionError(f"not acknowledged in {tries} tries")

    def effects_on(self, alerts: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
        """Return the effects about these alerts, in order: kind and fingerprint."""
        wanted = {each["fingerprint"] for each in alerts}
        case_of: dict[str, str] = {}
        found = []
        for each in self.effects():
            if each["kind"] == "create_ticket":
                case_of[each["ticket_id"]] = json.loads(each["body"])["subject"].split()[-1]
            if case_of[each["ticket_id"]] in wanted:
                found.append((each["kind"], case_of[each["ticket_id"]]))
        return found

    def add_fault(self, **rule: Any) -> None:
        self.http.post(
            f"{self.control}/faults", json=rule, headers={"Authorization": f"Bearer {CONTROL_TOKEN}"}
        ).raise_for_status()

    def clear_faults(self) -> None:
        self.http.delete(
            f"{self.control}/faults", headers={"Authorization": f"Bearer {CONTROL_TOKEN}"}
        ).raise_for_status()


EVERY_SCRAPE = {"TICKETRELAY_SERVER__METRICS": "true", "TICKETRELAY_SERVER__GAUGES_EVERY": "0"}
"""Each reading of `/metrics` shows the ledger as it is now, at the address of intake too."""


class Embedded:
    """`ticketrelay run` on a folder: everything in one process."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        *,
        limit: str = "none",
        more: Sequence[str] = (),
        before: Callable[[], None] | None = None,
    ) -> None:
        """`limit` is the local Tickets API's, as for `--api-limit`; `more` are other arguments of `run`.

        `before` is as for `Process`.
        """
        self._folder = folder
        self._before = before
        self._more = more
        self._limit = limit
        self._environment = EVERY_SCRAPE | (environment or {})
        port, control = kept_port(), kept_port()
        self._listen, self._control = f"127.0.0.1:{port}", f"127.0.0.1:{control}"
        self.site = Site(f"http://{self._listen}", f"http://{self._listen}/api/v1", f"http://{self._control}")
        self.process: Process | None = None

    def start(self) -> None:
        arguments = [
            "run",
            "--no-demo",
            "--smtp",
            "off",
            "--listen",
            self._listen,
            "--data",
            str(self._folder),
            "--api-limit",
            self._limit,
        ]
        arguments += ["--api-control", self._control, "--api-control-token", CONTROL_TOKEN, *self._more]
        self._folder.mkdir(parents=True, exist_ok=True)
        self.process = Process(arguments, self._environment, self._folder / "output.txt", before=self._before)
        wait_until(lambda: self._is_ready(), "ready")

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert not self.process.has_ended(), self.process.log()
        return answers(f"{self.site.intake}/readyz")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def end(self) -> None:
        """End by SIGTERM; the exit code must be 0."""
        assert self.process is not None
        assert self.process.stop() == 0, self.process.log()

    def freeze(self) -> None:
        assert self.process is not None
        self.process.freeze()

    def thaw(self) -> None:
        assert self.process is not None
        self.process.thaw()

    def stop(self) -> None:
        self.site.close()
        if self.process is not None:
            self.process.stop()

    def ticketrelay(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an operator's command beside the process."""
        return ticketrelay(*arguments, "--data", str(self._folder), environment=self._environment)

    def wait_until_idle(self, patience: float = PATIENCE_S) -> None:
        """Wait until no operation waits or is in flight."""
        wait_until(lambda: not _waiting(self.ticketrelay("status", "-o", "json").stdout), "idle", patience)


def _waiting(status: str) -> bool:
    return bool(json.loads(status)["open_operations"])


def alert(name: str = "DiskFull", **changes: Any) -> dict[str, Any]:
    """A firing alert with a new fingerprint."""
    fingerprint = changes.pop("fingerprint", secrets.token_hex(8))
    return {
        "status": "firing",
        "labels": {"alertname": name, "severity": "warning", "instance": f"db-{fingerprint[:4]}"},
        "annotations": {"summary": f"{name} {fingerprint}"},
        "startsAt": "2026-03-01T10:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": fingerprint,
        **changes,
    }


def resolved(firing: dict[str, Any], ended: str = "2026-03-01T11:00:00Z") -> dict[str, Any]:
    return firing | {"status": "resolved", "endsAt": ended}


def body(alerts: Iterable[dict[str, Any]]) -> bytes:
    return json.dumps({"version": "4", "status": "firing", "receiver": "tickets", "alerts": list(alerts)}).encode()


def now() -> str:
    return datetime.now(UTC).isoformat()


class Fleet:
    """`serve`, `mail`, workers and a Tickets API: separate processes that share a database and a broker."""

    def __init__(
        self,
        folder: Path,
        ledger_url: str,
        more: dict[str, str],
        workers: int = 2,
        *,
        mail: bool = True,
        limit: str = "none",
        code: Path | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Set up the fleet without starting it.

        `more` are settings: those of the broker, and changes of the defaults here. `limit` is that of the Tickets
        API, as for `--limit`. `code` and `before` are as for `Process`.
        """
        self._folder = folder
        self._code = code
        self._before = before
        listen, api, control = (f"127.0.0.1:{kept_port()}" for _ in range(3))
        self.site = Site(f"http://{listen}", f"http://{api}/api/v1", f"http://{control}", FLEET_SECRET)
        self.environment = {
            **(QUICK | (EVERY_SCRAPE if code is None else {})),  # the version before has none of these settings
            "TICKETRELAY_LEDGER__URL": ledger_url,
            "TICKETRELAY_API__URL": self.site.api,
            "TICKETRELAY_API__KEY": API_KEY,
            "TICKETRELAY_API__PER_MINUTE": "",
            "TICKETRELAY_API__PER_SECOND": "",
            "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": FLEET_SECRET,
            "TICKETRELAY_SOURCES__MAIL__KIND": "email",
            "TICKETRELAY_SOURCES__MAIL__ADDRESS": MAILBOX,
            "TICKETRELAY_SOURCES__MAIL__SECRET": FLEET_SECRET,
            **more,
        }
        self.smtp_port = kept_port()
        api_command = ["tickets-api", "--listen", api, "--database", f"sqlite:///{folder / 'tickets.db'}"]
        api_command += ["--limit", limit, "--api-control", control, "--api-control-token", CONTROL_TOKEN]
        self.workers = [f"worker-{number}" for number in range(workers)]
        self.health = {"serve": listen, **{name: f"127.0.0.1:{kept_port()}" for name in ("mail", *self.workers)}}
        """Role and number → address of the probes."""
        self._commands = {
            "tickets-api": api_command,
            "serve": ["serve", "--listen", listen],
            "mail": ["mail", "--smtp", f"127.0.0.1:{self.smtp_port}", "--listen", self.health["mail"]],
            **{name: ["worker", "--listen", self.health[name]] for name in self.workers},
        }
        if not mail:
            del self._commands["mail"], self.health["mail"]
        self._processes: dict[str, Process] = {}

    def start(self) -> None:
        upgraded = self.ticketrelay("db", "upgrade")
        assert upgraded.returncode == 0, upgraded.stderr
        for name in self._commands:
            self.start_one(name)
        wait_until(lambda: answers(f"{self.site.api}/health"), "a Tickets API that answers")
        for name in self.health:
            self.wait_until_ready(name)

    def start_one(self, name: str) -> None:
        output = self._folder / f"{name}.txt"
        self._processes[name] = Process(self._commands[name], self.environment, output, self._code, before=self._before)

    def wait_until_ready(self, name: str) -> None:
        def is_ready() -> bool:
            assert not self._processes[name].has_ended(), self.log(name)
            return answers(f"http://{self.health[name]}/readyz")

        wait_until(is_ready, f"{name} ready")

    def kill(self, name: str) -> None:
        self._processes[name].kill()

    def kill_all(self) -> None:
        """Kill all processes, in whatever state they are."""
        self.site.close()
        for process in self._processes.values():
            process.kill()

    def freeze(self, name: str) -> None:
        self._processes[name].freeze()

    def thaw(self, name: str) -> None:
        self._processes[name].thaw()

    def stop_one(self, name: str) -> int:
        return self._processes[name].stop()

    def restart(self, name: str) -> None:
        """Restart as a rolling deployment does: returns when the process is ready."""
        assert self.stop_one(name) == 0, self.log(name)
        self.start_one(name)
        self.wait_until_ready(name)

    def pids(self) -> dict[str, int]:
        """The process ids of all roles with probes, by name."""
        return {name: self._processes[name].pid for name in self.health}

    def log(self, name: str) -> str:
        return self._processes[name].log()

    def have_logged(self, names: Iterable[str], event: str) -> bool:
        """True if each of these roles has logged the event."""
        return all(self._processes[name].has_logged(event) for name in names)

    def stop(self) -> None:
        self.site.close()
        for process in self._processes.values():
            process.stop()

    def ticketrelay(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return ticketrelay(*arguments, environment=self.environment, code=self._code)

    def metric(self, role: str, name: str) -> float:
        """The sum of a metric's samples in one process."""
        text = self.site.http.get(f"http://{self.health[role]}/metrics").raise_for_status().text
        return sum(float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(name))

    def wait_until_idle(self, patience: float = PATIENCE_S) -> None:
        """Wait until no operation waits or is in flight."""
        wait_until(lambda: self.metric("serve", "ticketrelay_operations_open") == 0, "idle", patience)
