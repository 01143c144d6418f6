"""Starts the real processes, each in its own group, waits for them, and ends them by their ids."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from tests.no_tls import NO_TLS
from tests.preforked import Preforked
from tests.xdist_slots import XDIST_SLOTS, xdist_slot

PATIENCE_S = 120.0
TICKETRELAY = (sys.executable, "-m", "worker.cli")
COMMAND_PATIENCE_S = 120.0  # until the end of a command

_kept_ports: set[int] = set()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def kept_port() -> int:
    """Return a free port below the system's ephemeral ports, so that it stays free while its server is down.

    A client that retries from an ephemeral port may be given the very port that it calls, and connect to itself.
    Parallel test processes have different ports, and no port is returned twice.
    """
    first_given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = secrets.randbelow(first_given - 10_000) + 10_000
        if port in _kept_ports or port % XDIST_SLOTS != xdist_slot():
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _kept_ports.add(port)
            return port


def clean_environment(more: dict[str, str]) -> dict[str, str]:
    """Return this environment without settings of Ticketrelay, plus `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETRELAY_")}
    return {**kept, **more}


class Process:
    """One started process."""

    def __init__(
        self,
        arguments: list[str],
        environment: dict[str, str],
        output: Path,
        code: Path | None = None,
        command: Sequence[str] | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        """Start a process; `command` precedes the arguments, without it `ticketrelay` runs in a preforked process.

        `code` is the folder of the packages to run; None runs those of this checkout. `before` is as for `Preforked`.
        """
        self.output = output
        self._is_asked = False
        self._process: Preforked | subprocess.Popen[bytes]
        with output.open("ab") as stream:
            if code is None and command is None:
                self._process = Preforked(
                    arguments, clean_environment(environment), stream.fileno(), stream.fileno(), before=before
                )
                return
            self._process = subprocess.Popen(
                [*(command or TICKETRELAY), *arguments],
                env=clean_environment(environment),
                cwd=code,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """kill -9 of the process and all its descendants."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        self._signal(signal.SIGTERM)
        code = self._process.returncode
        assert code is not None
        return code

    def ask_to_end(self) -> None:
        """Send SIGTERM without waiting; `stop` then sends no second one."""
        self._is_asked = True
        self._to_all(signal.SIGTERM)

    def freeze(self) -> None:
        """SIGSTOP of the process and all its descendants."""
        self._to_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._to_all(signal.SIGCONT)

    def _to_all(self, number: signal.Signals) -> None:
        """Send a signal to the process and all its descendants; nothing happens if the process has just ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None and not (self._is_asked and number == signal.SIGTERM):
            self._to_all(number)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._to_all(signal.SIGKILL)
            self._process.wait(10)
            raise AssertionError(f"it did not end: {self.log()}") from None

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def log(self) -> str:
        return self.output.read_text(errors="replace")[-5000:]

    def has_logged(self, event: str) -> bool:
        """True if the process, or one before it with the same output, has logged this event."""
        return f'"event": "{event}"' in self.output.read_text(errors="replace")


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE_S) -> None:
    """Wait until `holds` is true; raises AssertionError if that takes too long."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError(f"after {patience:g} s: not {what}")


def refuses(host: str, port: int) -> bool:
    """True if no process listens there."""
    try:
        socket.create_connection((host, port), 2).close()
    except ConnectionRefusedError:
        return True
    return False


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False, verify=NO_TLS).status_code == 200
    except httpx.TransportError:
        return False


def ticketrelay(
    *arguments: str, environment: dict[str, str] | None = None, code: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end; `code` is as for `Process`."""
    settings = clean_environment(environment or {})
    if code is not None:
        return subprocess.run(
            [*TICKETRELAY, *arguments],
            env=settings,
            cwd=code,
            capture_output=True,
            text=True,
            timeout=COMMAND_PATIENCE_S,
            check=False,
        )
    done = preforked(*arguments, environment=settings)
    return subprocess.CompletedProcess(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())


def preforked(*arguments: str, environment: dict[str, str], typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command of ours to its end, in a preforked process with this environment and input."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as entered:
        entered.write(typed)
        entered.seek(0)
        process = Preforked(arguments, environment, output.fileno(), errors.fileno(), input_=entered.fileno())
        try:
            returned = process.wait(COMMAND_PATIENCE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        for each in (output, errors):
            each.seek(0)
        return subprocess.CompletedProcess(arguments, returned, output.read(), errors.read())
