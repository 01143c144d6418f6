"""Starts, stops and ends processes, and measures the CPU time of a process and its children.

CPU seconds come from `/proc/PID/stat` of every process of a tree, including its ended children: Linux only.
All processes stay in the benchmark's process group, so that ending the group ends them.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
START_PATIENCE_S = 60.0
END_PATIENCE_S = 30.0
POLL_S = 0.05
# Fields in `/proc/PID/stat` behind the command's name, which may hold spaces and ends with the last bracket.
PARENT, TIMES = 1, slice(11, 15)  # user and system time, and those of the ended children


class BenchmarkError(Exception):
    """The measurement is invalid: a process did not start or end, or an operation did not arrive exactly once."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stats() -> dict[int, list[str]]:
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # the process has ended meanwhile
            found[int(path.parent.name)] = path.read_text().rpartition(")")[2].split()
    return found


def tree(root: int, stats: Mapping[int, list[str]] | None = None) -> list[int]:
    """Return the process and all its descendants."""
    stats = _stats() if stats is None else stats
    children: dict[int, list[int]] = {}
    for pid, fields in stats.items():
        children.setdefault(int(fields[PARENT]), []).append(pid)
    found = [root]
    for pid in found:  # grows while it is read
        found += children.get(pid, ())
    return found


def cpu_seconds(roots: Collection[int]) -> float:
    """User and system CPU seconds of these processes and their children, from their start until now."""
    stats = _stats()
    pids = {pid for root in roots for pid in tree(root, stats) if pid in stats}
    return sum(int(ticks) for pid in pids for ticks in stats[pid][TIMES]) / TICKS_PER_S


class Noise:
    """Share of the machine's time used by other processes since this object was made."""

    def __init__(self) -> None:
        self._began = self._now()

    def share(self) -> float:
        """Return the share of all cores' time that went to processes outside this process's tree."""
        elapsed, others = (now - then for now, then in zip(self._now(), self._began, strict=True))
        return round(max(0.0, others / elapsed), 3)

    def _now(self) -> tuple[float, float]:
        """Return the CPU seconds elapsed in total, and those used by other processes."""
        user, nice, system, idle, wait, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
        busy = user + nice + system + sum(rest[:3])
        return (busy + idle + wait) / TICKS_PER_S, busy / TICKS_PER_S - cpu_seconds([os.getpid()])


@contextmanager
def frozen(roots: Collection[int]) -> Iterator[None]:
    """Stop the processes within the block, so that they begin all work queued meanwhile at the same time."""
    pids = [pid for root in roots for pid in tree(root)]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def wait_until(holds: Callable[[], bool], what: str, patience: float = START_PATIENCE_S) -> None:
    """Wait until `holds` is true. Raises BenchmarkError if it is not true within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not holds():
        if time.monotonic() > deadline:
            raise BenchmarkError(f"after {patience:g} s: not {what}")
        time.sleep(POLL_S)


@contextmanager
def running(
    command: Sequence[str | Path],
    output: Path,
    *,
    environment: Mapping[str, str] | None = None,
    end: signal.Signals = signal.SIGTERM,
    user: str | None = None,
    is_ready: Callable[[str], bool] = bool,
    waits: bool = True,
    cwd: Path | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a process, with its output in a file, from its message of readiness to the end of the block.

    `environment` replaces the settings of Ticketrelay in this process's environment; `waits` is false for a process
    that prints no message of readiness. Raises BenchmarkError if the process ends before it is ready.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETRELAY_")}
    with output.open("w") as stream:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=kept | dict(environment or {}),
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            text=True,
            user=user,
            cwd=cwd,
        )
    try:
        if waits:
            wait_until(lambda: _says(process, output, is_ready), f"ready: {command}")
        yield process
    finally:
        _end(process, end)


def serves(said: str) -> bool:
    """True once `ticketrelay serve` has printed the address for messages.

    Output of a process that ends with an error does not count.
    """
    return "/in/<source>" in said


def _says(process: subprocess.Popen[str], output: Path, is_ready: Callable[[str], bool]) -> bool:
    said = output.read_text(errors="replace")
    if process.poll() is not None:
        raise BenchmarkError(f"{process.args!r} ended with {process.returncode}: {said[-2000:]}")
    return is_ready(said)


def _end(process: subprocess.Popen[str], how: signal.Signals) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    descendants = tree(process.pid)[1:]
    process.send_signal(how)
    try:
        process.wait(END_PATIENCE_S)
    except subprocess.TimeoutExpired:
        for pid in (*descendants, process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait(END_PATIENCE_S)


def run(command: Sequence[str | Path], environment: Mapping[str, str] | None = None, user: str | None = None) -> str:
    """Run a command to its end; returns its standard output. Raises BenchmarkError unless it exits with 0."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TICKETRELAY_")}
    done = subprocess.run(
        [str(part) for part in command],
        env=kept | dict(environment or {}),
        capture_output=True,
        text=True,
        check=False,
        user=user,
    )
    if done.returncode:
        raise BenchmarkError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def end_cleanly() -> None:
    """Turn SIGTERM and SIGINT into an exception, so that processes started by this one end with it."""

    def leave(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, leave)


def module(name: str, *arguments: str) -> list[str]:
    """Return the command that runs a module with this interpreter."""
    return [sys.executable, "-m", name, *arguments]
