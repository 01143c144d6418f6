"""Runs tests on the code without one rule, each time in a process of its own.

The code is changed in the memory of that process, while its module is imported; no file is written. So the checkout
stays as it is, and several rules can be switched off at the same time. Programs that a test starts are not changed.

The processes are forked from one that has loaded the libraries but no module that an ablation can change: loading them
anew would take most of the time.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import resource
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, ModuleType
from typing import Any, Literal, cast

import pytest

from tests.ablations.ablation import ROOT, Ablation, Stale

TIMEOUT_S = 120  # for one test; without the rule, it may wait for ever
LIBRARIES = (
    *("pytest", "_pytest.assertion.rewrite", "pytest_timeout", "hypothesis", "httpx", "uvicorn", "starlette.routing"),
    *("sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite", "alembic.command", "structlog"),
    *("alembic.autogenerate.api", "psycopg", "celery.app.amqp", "kombu.transport.memory", "redis", "pydantic"),
    *("kombu.transport.pyamqp", "kombu.transport.redis", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"),
)

Verdict = Literal["noticed", "unnoticed", "stale", "broken"]


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of the tests for one rule."""

    verdict: Verdict
    failed: tuple[str, ...] = ()
    """The names of the failed tests."""
    seconds: tuple[float, ...] = ()
    """How long each of them took."""
    cpu_s: float = 0.0
    why: str = ""
    """The message of the first failed test, why the text is stale, or the output of tests that could not be run."""


@dataclass(eq=False)
class _Failures:
    """A plugin of pytest that collects the failed tests."""

    names: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.names.append(report.nodeid)
            self.seconds.append(round(report.duration, 2))
            crash = getattr(report.longrepr, "reprcrash", None)
            self.messages.append(getattr(crash, "message", "").partition("\n")[0])


class _Without(importlib.machinery.SourceFileLoader):
    """Loads a module from another source than that of its file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._source, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds this one module."""

    def __init__(self, loader: _Without) -> None:
        self._loader = loader

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._loader.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._loader.path, loader=self._loader)


def without(ablation: Ablation) -> None:
    """Make this process import the module of the ablation without its rule. Raises Stale."""
    if ablation.module in sys.modules:
        raise RuntimeError(f"{ablation.module} is imported already, with the rule")
    loader = _Without(ablation.module, str(ROOT / ablation.file), ablation.source())
    sys.meta_path.insert(0, _Finder(loader))


def tests_of(ablation: Ablation, most: int) -> list[str]:
    """Return the arguments of pytest; it ends after `most` failures, or with 0 never."""
    marker = "postgresql" if ablation.on_postgresql else "not postgresql"
    whole = ("--whole",)  # the share of a commit may leave out the very case that notices
    quietly = ("-q", "-n0", "--no-header", "--tb=short", "-p", "no:cacheprovider", f"--maxfail={most}")
    # Plugins of pytest are among the libraries that are loaded already, so their asserts explain themselves less.
    unexplained = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    # What garbage collection meets at the end belongs to no test.
    unraised = ("-W", "ignore::pytest.PytestUnraisableExceptionWarning")
    return [*whole, *quietly, *unexplained, *unraised, "-o", f"timeout={TIMEOUT_S}", "-m", marker, *ablation.tests]


def _work(ablation: Ablation, most: int, result: Connection, output: str) -> None:
    with Path(output).open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        failures = _Failures()
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            if ablation.text:
                without(ablation)
            code = pytest.main(tests_of(ablation, most), plugins=[failures])
        except Stale as error:
            result.send(Ran("stale", why=str(error)))
            return
        except Exception:  # noqa: BLE001 — such as a warning about what a failed test left
            traceback.print_exc()
        sys.stdout.flush()
    used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(each.ru_utime + each.ru_stime for each in used)
    # Tests that cannot be collected would notice any change, whatever it is. Such a run has no failed test.
    verdict: Verdict = "noticed" if failures.names else "unnoticed" if code == pytest.ExitCode.OK else "broken"
    why = _end_of(Path(output)) if verdict == "broken" else "".join(failures.messages[:1])
    result.send(Ran(verdict, tuple(failures.names), tuple(failures.seconds), cpu_s, why))
    result.close()
    os._exit(0)  # threads that a failed test left must not keep the process


def _end_of(output: Path) -> str:
    return output.read_text(encoding="utf-8")[-2000:] if output.exists() else ""


def run(
    ablations: Iterable[Ablation], *, at_once: int, most: int = 1, share_s: float | None = None
) -> Iterator[tuple[Ablation, Ran]]:
    """Yield what the tests show about each ablation, as they end; begin none after `share_s` seconds."""
    server: Any = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(LIBRARIES))
    begun = time.monotonic()
    waiting = iter(ablations)
    running: dict[Any, tuple[Any, Ablation, Path]] = {}
    with TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        stack.callback(lambda: [process.kill() for process, *_ in running.values()])
        for number in count():
            is_over = share_s is not None and time.monotonic() - begun > share_s
            following = None if is_over or len(running) >= at_once else next(waiting, None)
            if following is not None:
                receives, sends = server.Pipe(duplex=False)
                output = Path(folder, str(number))
                process = server.Process(target=_work, args=(following, most, sends, str(output)))
                process.start()
                sends.close()
                running[receives] = (process, following, output)
                continue
            if not running:
                return
            for ready in cast(list[Connection], wait(list(running))):
                process, ablation, output = running.pop(ready)
                try:
                    ran: Ran = ready.recv()
                except EOFError:
                    ran = Ran("broken", why=f"the process of the tests ended without a result\n{_end_of(output)}")
                process.join()
                yield ablation, ran
