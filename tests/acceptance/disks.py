"""A full disk for tests: a file system in memory, a few MiB large, and a file that takes all remaining space."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK = bytes(64 * 1024)


class TinyDisk:
    """A mounted file system with a limit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Fill all remaining space."""
        with self._ballast.open("ab", buffering=0) as stream:
            for size in (len(CHUNK), 4096, 1):
                try:
                    while True:
                        stream.write(CHUNK[:size])
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self) -> None:
        self._ballast.unlink()


def can_mount() -> bool:
    """True if this process may mount; that needs root, and in many containers even root may not."""
    if shutil.which("mount") is None:
        return False
    return os.geteuid() == 0 and b"CapEff" in (status := Path("/proc/self/status").read_bytes()) and _may_mount(status)


def _may_mount(status: bytes) -> bool:
    effective = next(line for line in status.splitlines() if line.startswith(b"CapEff"))
    return bool(int(effective.split()[1], 16) >> 21 & 1)  # CAP_SYS_ADMIN


@contextmanager
def tiny_disk(path: Path, mebibytes: int) -> Iterator[TinyDisk]:
    """Mount a file system of that size at `path`; unmounted afterwards."""
    path.mkdir(parents=True)
    options = f"size={mebibytes}m,mode=0777"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "ticketrelay-test", str(path)], check=True)  # noqa: S607
    try:
        yield TinyDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)  # noqa: S607
