"""A folder with a command `ticketrelay` that runs in a process forked from one that has loaded the modules.

    with installed(folder) as binaries:  # for the PATH of a page's shell

The pages run a hundred commands, and loading the modules costs each a second of CPU time (`tests/preforked.py`). The
command passes its arguments, environment, folder and files to this process, passes signals on, and ends as the forked
process does. If it is killed, the forked process is killed too. Pages that install Ticketrelay use what they installed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.preforked import Preforked

PAUSE_S = 0.02
_COMMAND = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as there:
    there.connect({address!r})
    request = json.dumps({{"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}})
    socket.send_fds(there, [len(request.encode()).to_bytes(4, "big")], [0, 1, 2])
    there.sendall(request.encode())
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(each) is not signal.SIG_IGN:
            signal.signal(each, lambda number, _: there.send(bytes([number])))
    answer = there.recv(4)
    code = int.from_bytes(answer, "big", signed=True) if answer else 1
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""

_one_at_a_time = threading.Lock()  # processes of `multiprocessing` are started and asked for by one thread


@contextmanager
def installed(folder: Path) -> Iterator[Path]:
    """Make the command in a folder, and serve it within the block; yields the folder for the PATH."""
    binaries = folder / "bin"
    binaries.mkdir(parents=True)
    address = folder / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        command = binaries / "ticketrelay"
        command.write_text(_COMMAND.format(python=sys.executable, address=str(address)))
        command.chmod(0o755)
        server = threading.Thread(target=_serve, args=(listener,))
        server.start()
        try:
            yield binaries
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            server.join()


def _serve(listener: socket.socket) -> None:
    callers = []
    with suppress(OSError):  # the listener was shut down
        while True:
            caller = threading.Thread(target=_run, args=(listener.accept()[0],))
            caller.start()
            callers.append(caller)
    for each in callers:
        each.join()


def _run(caller: socket.socket) -> None:
    """Run a command for a caller, and tell it the exit code, or the negated number of the signal that ended it."""
    with caller:
        size, files, _, _ = socket.recv_fds(caller, 4, 3)
        request = json.loads(caller.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL))
        with _one_at_a_time:
            process = Preforked(
                request["arguments"],
                request["environment"],
                files[1],
                files[2],
                input_=files[0],
                folder=request["folder"],
            )
        for each in files:
            os.close(each)
        caller.settimeout(PAUSE_S)
        while (code := _code_of(process)) is None:
            with suppress(TimeoutError):
                number = caller.recv(1)
                _signal(process, number[0] if number else signal.SIGKILL)
                if not number:
                    time.sleep(PAUSE_S)
        with suppress(BrokenPipeError):
            caller.sendall(code.to_bytes(4, "big", signed=True))


def _code_of(process: Preforked) -> int | None:
    with _one_at_a_time:
        return process.poll()


def _signal(process: Preforked, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process.pid, number)
