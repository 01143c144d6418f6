"""Reads a lock of requirements, as `python3 dev.py lock` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / "requirements" / "runtime.lock"

_PIN = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[[a-z0-9,_-]+\])?==([^\s;\\]+)(?:\s*;\s*(.+?))?")
_HASH = re.compile(r"--hash=([a-z0-9]+):([0-9a-f]+)")
_PROJECT = "ticketrelay (pyproject.toml)"


class UnreadableLock(ValueError):
    """A line of a lock is none that `dev.py lock` writes; the message holds its number."""


@dataclass(frozen=True, slots=True)
class Locked:
    """A locked package."""

    name: str
    """As the package index spells it: lower case, with hyphens (PEP 503)."""
    version: str
    marker: str
    """The environment marker; empty if the package is needed everywhere."""
    hashes: tuple[tuple[str, str], ...]
    """Algorithm and hexadecimal digest of each file of the package."""
    needed_by: tuple[str, ...]
    """The packages that need it; empty text stands for the project itself."""


def normalised(name: str) -> str:
    """Return the name of a package as the package index spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text: str) -> list[Locked]:
    """Return the packages of a lock, in its order. Raises UnreadableLock."""
    return [_locked(lines) for lines in _entries(text)]


def _entries(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield the lines of each package, numbered: the pin, its hashes, the comments that say who needs it."""
    entry: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or (line.startswith("#") and not entry):
            continue
        if not line[0].isspace() and entry:
            yield entry
            entry = []
        entry.append((number, line.strip().removesuffix("\\").strip()))
    if entry:
        yield entry


def _locked(lines: list[tuple[int, str]]) -> Locked:
    (number, pin), *rest = lines
    found = _PIN.fullmatch(pin)
    if found is None:
        raise UnreadableLock(f"line {number} is {pin!r}: expected NAME==VERSION")
    hashes: list[tuple[str, str]] = []
    needed_by: list[str] = []
    for at, line in rest:
        if hashed := _HASH.fullmatch(line):
            hashes.append((hashed[1], hashed[2]))
        elif line.startswith("#"):
            said = line.removeprefix("#").strip()
            said = said.removeprefix("via").strip() if said.split()[:1] == ["via"] else said
            needed_by += [_needing(said)] if said else []
        else:
            raise UnreadableLock(f"line {at} is {line!r}: expected --hash=ALGORITHM:DIGEST, or a comment")
    if not hashes:
        raise UnreadableLock(f"line {number}: {pin!r} has no hash; write the lock anew with: python3 dev.py lock")
    return Locked(normalised(found[1]), found[3], found[4] or "", tuple(hashes), tuple(needed_by))


def _needing(said: str) -> str:
    return "" if said.startswith(_PROJECT.partition(" ")[0]) else normalised(said.partition("[")[0])
