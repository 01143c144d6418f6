"""Runs commands of Ticketrelay in processes forked from one that has already loaded the modules.

Loading the modules costs a second of CPU time per process, and the tests start hundreds. A forked process has its own
process id, session, environment, files and signals, as an executed command has. Variables that Python reads at its
start, such as `PYTHONUTF8` and `TZ`, have no effect, and exit functions run before the last threads end. The installed
command, the compose file, systemd's units, Celery's command and the previous version are tested without this module.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Protocol

import worker.cli
from connectors import BUILT_IN
from tickets.transport import trusted_authorities

_START_PATIENCE_S = 120.0

trusted_authorities()  # cached: loading them costs each process 20 ms

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(
    [
        __name__,
        *(
            each.name
            for each in pkgutil.walk_packages(worker.cli.__path__, "worker.cli.")
            if "__main__" not in each.name
        ),
        *(f"connectors.{kind}" for kind in BUILT_IN),  # every command that reads settings loads all of them
        *("alembic.command", "alembic.config", "alembic.autogenerate.api"),
        *("psycopg", "sqlalchemy.dialects.postgresql.psycopg"),
        *("celery.app.amqp", "celery.app.control", "celery.app.events", "celery.fixups.django", "celery.worker"),
        *("celery.concurrency.thread", "celery.worker.autoscale", "celery.worker.components"),
        *("celery.worker.consumer", "celery.worker.control", "worker.broker.consumer"),
        *("kombu.transport.memory", "kombu.transport.pyamqp", "kombu.transport.redis", "kombu.pidbox"),
        *("uvicorn.lifespan.off", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"),
        *("anyio._backends._asyncio", "httpcore"),
    ]
)


class _Descriptor(Protocol):
    """A file descriptor, prepared for transfer to the new process."""

    def detach(self) -> int: ...


class Preforked:
    """A process that runs `ticketrelay` in its own session, used as `subprocess.Popen` is.

    `environment` is its whole environment. `output`, `errors` and `input_` are file descriptors, duplicated for the
    process; without `input_` its input is empty. `folder` is its working folder, without it that of this process.
    `before` is a function of a module, which the process calls before the command.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: int,
        errors: int,
        *,
        input_: int | None = None,
        folder: str | None = None,
        before: Callable[[], None] | None = None,
    ) -> None:
        self.args = list(arguments)
        files = {1: DupFd(output), 2: DupFd(errors)} | ({} if input_ is None else {0: DupFd(input_)})
        begun, begins = _server.Pipe(duplex=False)
        self._process = _server.Process(
            target=_run,
            args=(self.args, dict(environment), files, folder or str(Path.cwd()), begins, before),
            daemon=True,  # a process that a test forgot ends with the tests, instead of keeping them from ending
        )
        self._process.start()
        begins.close()
        with begun:
            assert begun.poll(_START_PATIENCE_S), "the process did not begin"
        pid = self._process.pid
        assert pid is not None
        self.pid = pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negated number of the signal that ended the process; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code


def _run(
    arguments: list[str],
    environment: dict[str, str],
    files: dict[int, _Descriptor],
    folder: str,
    begins: Connection,
    before: Callable[[], None] | None,
) -> None:
    """Run the command in the new process, set up as an executed command would be."""
    os.setsid()
    os.chdir(folder)
    for number, file in files.items():
        os.dup2(descriptor := file.detach(), number)
        os.close(descriptor)
    if 0 in files:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 — for the life of the process
    os.environ.clear()
    os.environ.update(environment)
    begins.close()
    sys.argv = ["ticketrelay", *arguments]
    if before is not None:
        before()
    try:
        worker.cli.main(prog_name="ticketrelay")
    finally:
        atexit._run_exitfuncs()
