"""Starts commands of Ticketrelay in processes that are forked from one that has loaded its modules already.

To load them costs a second of CPU time for each process, and the tests start hundreds. A forked process has all that
the command has otherwise: a process id, a session, an environment, files and signals of its own. The
installed command, the compose file, systemd's units, Celery's command and the version before are tested without this.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from typing import Protocol

import worker.cli

_START_PATIENCE_S = 60.0

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(
    [
        __name__,
        *(
            each.name
            for each in pkgutil.walk_packages(worker.cli.__path__, "worker.cli.")
            if "__main__" not in each.name
        ),
        *("alembic.command", "alembic.autogenerate.api", "psycopg", "sqlalchemy.dialects.postgresql.psycopg"),
        *("celery.app.amqp", "celery.worker", "celery.concurrency.thread", "kombu.transport.memory"),
        *("kombu.transport.pyamqp", "kombu.transport.redis", "uvicorn.loops.auto", "uvicorn.protocols.http.auto"),
    ]
)


class _Descriptor(Protocol):
    """A file descriptor on its way to the new process."""

    def detach(self) -> int: ...


class Preforked:
    """A process that runs `ticketrelay` with these arguments in a session of its own: what `subprocess.Popen` gives.

    `environment` is all that it has. `output` and `errors` are file descriptors, duplicated for the process.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], output: int, errors: int) -> None:
        self.args = list(arguments)
        begun, begins = _server.Pipe(duplex=False)
        self._process = _server.Process(
            target=_run, args=(self.args, dict(environment), DupFd(output), DupFd(errors), begins)
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
        """The exit code, or the number of the signal that ended it, negated; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code. Raises subprocess.TimeoutExpired, in seconds."""
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code


def _run(
    arguments: list[str], environment: dict[str, str], output: _Descriptor, errors: _Descriptor, begins: Connection
) -> None:
    """In the new process: become what an executed command would be, and run it."""
    os.setsid()
    for number, file in enumerate((output, errors), start=1):
        os.dup2(descriptor := file.detach(), number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    begins.close()
    sys.argv = ["ticketrelay", *arguments]
    try:
        worker.cli.main(prog_name="ticketrelay")
    finally:
        atexit._run_exitfuncs()
