"""Warns of files and folders with secrets or messages that every user of the machine may read."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path as FilePath

from worker.settings.loader import Loaded
from worker.settings.origin import Path, Place, Text
from worker.settings.problems import Problem
from worker.settings.secretfiles import READ_BY_OTHERS
from worker.settings.walking import inside, origin_of

SIDE_FILES = ("", "-wal", "-shm", "-journal")
"""Endings of the files that SQLite puts beside a database. The pages of the database stand in them too."""
KEY_FILES = ("certificate_key", "tls_key_file", "token_store")
"""The settings that name a file with a private key or a token."""
ENTERED_BY_OTHERS = stat.S_IROTH | stat.S_IXOTH


def open_to_others(loaded: Loaded) -> list[Problem]:
    """Return a warning for the ledger, its folder, and each file of a key or token that others may read."""
    return [*_ledger(loaded), *_keys(loaded)]


def settings_file(file: FilePath) -> Problem | None:
    """Return a warning for a settings file, with secrets in it, that others may read."""
    mode = _mode(file)
    if mode is None or not mode & READ_BY_OTHERS:
        return None
    told = f"every user of this machine may read this file (mode {mode:04o}), and a secret stands in it"
    todo = f"make a new secret, and run chmod o-rwx {file}"
    return Problem(told, Place(Text(str(file), ()), 1, 1), (), todo, "warning")


def _ledger(loaded: Loaded) -> Iterator[Problem]:
    path: Path = ("ledger", "url")
    scheme, _, file = loaded.settings.ledger.url.partition(":///")
    if scheme != "sqlite":
        return
    ledger = FilePath(file.partition("?")[0])
    origin = origin_of(loaded.root, path)
    folder = _mode(ledger.parent)
    if folder is not None and folder & ENTERED_BY_OTHERS:
        told = (
            f"every user of this machine may enter the folder of the ledger, {str(ledger.parent)!r} (mode {folder:04o})"
        )
        yield Problem(told, origin, path, f"run chmod o-rwx {ledger.parent}", "warning")
    for end in SIDE_FILES:
        yield from _open_file(ledger.with_name(ledger.name + end), "the ledger", Problem("", origin, path))


def _keys(loaded: Loaded) -> Iterator[Problem]:
    for path, value in _leaves(loaded.settings, ()):
        if path[-1] in KEY_FILES and value is not None:
            origin = origin_of(loaded.root, path)
            yield from _open_file(FilePath(str(value)), "the key or token in", Problem("", origin, path))


def _open_file(file: FilePath, what: str, at: Problem) -> Iterator[Problem]:
    mode = _mode(file)
    if mode is not None and mode & READ_BY_OTHERS:
        told = f"every user of this machine may read {what} {str(file)!r} (mode {mode:04o})"
        yield Problem(told, at.origin, at.path, f"run chmod o-rwx {file}", "warning")


def _mode(file: FilePath) -> int | None:
    """Return the permissions; None for a file that is missing, or that this user cannot look at."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return None


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    is_leaf = True
    for name, inner in inside(value):
        is_leaf = False
        yield from _leaves(inner, (*path, name))
    if is_leaf and path:
        yield path, value
