"""Runs a module of the repository as `python -m` does; a closed pipe or a full disk at its output ends it in order.

    python -m tests.quietly MODULE [ARGS]

A reader that ended, such as `head`, ends the module without a word. Standard library only.
"""

from __future__ import annotations

import errno
import os
import runpy
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

T = TypeVar("T")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def main(module: str, *arguments: str) -> None:
    sys.argv = [module, *arguments]
    quietly(lambda: runpy.run_module(module, run_name="__main__", alter_sys=True))


def quietly(act: Callable[[], T]) -> T:
    """Return the result of `act`. Where the output cannot be written, exit with 1, and with a line or none."""
    try:
        try:
            return act()
        finally:
            sys.stdout.flush()
    except OSError as error:
        if not is_of_the_output(error):
            raise
        _give_up(error)


def is_of_the_output(error: OSError) -> bool:
    """Return True for an error of writing, not of opening a file; these modules write to standard output only."""
    return isinstance(error, BrokenPipeError) or (error.filename is None and error.errno in FULL)


def _give_up(error: OSError) -> NoReturn:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python's flush at the end would fail again
    if not isinstance(error, BrokenPipeError):
        sys.stderr.write(f"the output cannot be written: {error.strerror}\n")
    raise SystemExit(1) from None


if __name__ == "__main__":
    main(*sys.argv[1:])
