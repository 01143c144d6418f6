"""Servers started by a test, which can be killed, frozen, and started again with the same port and data.

`kill` is kill -9 of the server and of all its descendants.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.acceptance.processes import wait_until

PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Program:
    """Command, environment and readiness check of a server."""

    command: Sequence[str]
    answers: Callable[[], bool]
    """True while the server answers its callers."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables added to this process's environment."""
    user: str | None = None
    """User that runs the server, if this process runs as root."""
    end: signal.Signals = signal.SIGTERM
    """Signal that asks the server to end."""


class Server:
    """A server and all its descendants, with the same port and data at every start."""

    def __init__(self, url: str, port: int, folder: Path, program: Program, *, data: Sequence[str] = ()) -> None:
        self.url = url
        self.port = port
        self.folder = folder
        """Data, settings, and the output (`output.txt`)."""
        self._program = program
        self._environment = {**os.environ, **program.environment}
        self._data = data
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and return when it answers."""
        assert self._process is None, "it runs"
        with (self.folder / "output.txt").open("ab") as stream:
            self._process = subprocess.Popen(
                self._program.command,
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
                **as_user(self._program.user),
            )
        wait_until(self._is_ready, f"a {self._program.command[0]} that answers", PATIENCE_S)

    def _is_ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        return self._program.answers()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9 of the server and all its descendants; returns when all are gone."""
        if self._process is not None:
            kill_tree(self._process)
            self._process = None

    def lose_data(self) -> None:
        """Delete the data; only while the server is stopped, and for servers that start without data."""
        assert self._process is None, "it runs"
        for each in self._data:
            shutil.rmtree(self.folder / each)

    def freeze(self) -> None:
        """SIGSTOP: connections stay, answers do not come."""
        assert self._process is not None
        stop_tree(self._process.pid)

    def thaw(self) -> None:
        assert self._process is not None
        for each in tree(self._process.pid):
            _signal(each, signal.SIGCONT)

    def stop(self) -> None:
        """Ask the server to end, as an administrator does; a frozen server is thawed first."""
        if self._process is None:
            return
        self.thaw()
        _signal(self._process.pid, self._program.end)
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self.kill()

    def tool(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command-line tool of the server to its end, in the server's environment."""
        return subprocess.run(
            command,
            env=self._environment,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=2 * PATIENCE_S,
        )

    def log(self) -> str:
        output = self.folder / "output.txt"
        return output.read_text(errors="replace")[-5000:] if output.exists() else ""


def tree(pid: int) -> list[int]:
    """The process and its descendants, parents first, including those in other sessions and groups."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def stop_tree(pid: int) -> list[int]:
    """SIGSTOP to the process and its descendants; returns their ids. A stopped process starts no further ones."""
    stopped: set[int] = set()
    while new := [each for each in tree(pid) if each not in stopped]:
        for each in new:
            _signal(each, signal.SIGSTOP)
        stopped.update(new)
    return sorted(stopped)


def kill_tree(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of a child process with its descendants; returns when they are gone."""
    if process.poll() is not None:
        return
    pids = stop_tree(process.pid)
    for each in pids:
        _signal(each, signal.SIGKILL)
    process.wait(PATIENCE_S)
    wait_until(lambda: not any(lives(each) for each in pids), "gone", PATIENCE_S)


def lives(pid: int) -> bool:
    """True until the process's last thread is gone; false for a process that has ended but was not waited for.

    A process with an ended first thread is a zombie, even while other threads still hold its sockets.
    """
    try:
        threads = [(each / "stat").read_text() for each in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return False
    return any(each.rpartition(")")[2].split()[0] not in ("Z", "X") for each in threads)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def as_user(user: str | None) -> dict[str, Any]:
    """Arguments that run a child of root as that user; empty if this process is not root, or no user is given."""
    if user is None or os.geteuid() != 0:
        return {}
    return {"user": user, "group": user, "extra_groups": []}


@contextmanager
def folder_in(parent: Path | None, name: str) -> Iterator[Path]:
    """A folder that every user can reach: in `parent`, where the folder is kept, or a temporary one."""
    if parent is not None:
        made = parent / name
        made.mkdir(parents=True)
        yield made
        return
    with tempfile.TemporaryDirectory(prefix=f"ticketrelay-{name}-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def folder_for(name: str) -> Iterator[Path]:
    """A temporary folder for a server of that name."""
    with folder_in(None, name) as folder:
        yield folder


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Run the server within the block; no process of the server survives the block, whatever happens."""
    try:
        server.start()
        yield server
    finally:
        server.kill()
