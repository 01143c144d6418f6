"""Makes files and folders that only their owner may read, whatever the umask.

What exists already keeps its permissions: a person may have chosen them. `ticketrelay check` warns of those that are
too wide.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def make_folder(folder: Path) -> None:
    """Make the folder, unless it exists; missing folders above it are made as usual. Raises OSError."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(FOLDER)  # an unusual umask takes rights from the owner too


def write_new(file: Path, text: str) -> None:
    """Write a new file. Raises OSError, FileExistsError among them."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        os.fchmod(descriptor, FILE)
        opened.write(text)


def make_file(file: Path) -> None:
    """Make an empty file, unless it exists or cannot be made: who opens it next meets the error.

    SQLite gives the files beside a database (`-wal`, `-shm`, `-journal`) the permissions of the database
    (https://www.sqlite.org/src/file/src/os_unix.c, `findCreateFileMode`).
    """
    with suppress(OSError):
        write_new(file, "")
