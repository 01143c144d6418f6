"""Starts units of systemd as processes: their settings files, credentials, drop-ins and commands, without systemd.

    python tests/pages/units.py TABLE UNIT...       until SIGTERM; exits with 1 when a service fails or ends

TABLE is a JSON list of pairs: texts of the units (folders, addresses) and what stands for them here. A process gets
only the environment that its unit gives it. Standard library only.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

SYSTEM = "/etc/systemd/system"
PATH = "/usr/local/bin:/usr/bin:/bin"


class Failed(Exception):
    """A unit is missing, or its service failed."""


class Units:
    """The units of a folder, and the services that were started."""

    def __init__(self, table: Sequence[tuple[str, str]], credentials: Path) -> None:
        self._table = table
        self._credentials = credentials
        self._done: set[str] = set()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, unit: str) -> None:
        """Start a unit after the units that it requires, and those that it wants. Raises Failed."""
        if unit in self._done:
            return
        self._done.add(unit)
        lines = list(self._lines(unit))
        for key in ("Requires", "Wants"):
            for name in " ".join(value for each, value in lines if each == key).split():
                if name.startswith("ticketrelay"):
                    self.start(name)
        commands = [self._here(value) for key, value in lines if key == "ExecStart"]
        if not commands:
            return
        process = subprocess.Popen(shlex.split(commands[0]), env=self._environment(unit, lines))
        if ("Type", "oneshot") not in lines:
            self._running[unit] = process
        elif code := process.wait():
            raise Failed(f"{unit} failed with exit code {code}")

    def check(self) -> None:
        """Raise Failed when a service has ended."""
        for unit, process in self._running.items():
            if process.poll() is not None:
                raise Failed(f"{unit} ended with exit code {process.returncode}")

    def stop(self) -> None:
        """End the services by SIGTERM."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait()

    def _here(self, text: str) -> str:
        for there, here in self._table:
            text = text.replace(there, here)
        return text

    def _lines(self, unit: str) -> Iterator[tuple[str, str]]:
        """Yield the assignments of a unit and its drop-ins, with the name of its instance put in."""
        name, instance = re.fullmatch(r"([^@]+@?)([^@]*)\.\w+", unit).groups()  # type: ignore[union-attr]
        kind = unit.rpartition(".")[2]
        folder = Path(self._here(SYSTEM))
        prefixes = [name[: found.end()] for found in re.finditer("-", name)]
        # In the order of file names, whatever the folder; of two with one name, the one of the longer prefix counts.
        drop_ins = {
            path.name: path for prefix in [*prefixes, name] for path in (folder / f"{prefix}.{kind}.d").glob("*.conf")
        }
        in_order = [drop_ins[each] for each in sorted(drop_ins)]
        for path in [folder / f"{name}.{kind}" if instance and "@" in name else folder / unit, *in_order]:
            if not path.exists():
                raise Failed(f"there is no unit {unit}: {path}")
            for line in path.read_text(encoding="utf-8").splitlines():
                key, separator, value = line.partition("=")
                if separator and not line.startswith("#"):
                    yield key, value.replace("%i", instance)

    def _environment(self, unit: str, lines: Sequence[tuple[str, str]]) -> dict[str, str]:
        """Return the environment of a service, with its credentials copied into a folder of its own. Raises Failed."""
        folder = self._credentials / unit
        folder.mkdir()
        found = {"PATH": PATH}
        for key, value in lines:
            if key == "LoadCredential":
                name, _, path = value.partition(":")
                (folder / name).write_bytes(_content(unit, self._here(path)))
            elif key == "Environment":
                name, _, content = value.partition("=")
                found[name] = content.replace("%d", str(folder))
        # A settings file goes before `Environment`, as systemd has it.
        for path in (self._here(value) for key, value in lines if key == "EnvironmentFile"):
            if not path.startswith("-") or Path(path[1:]).exists():
                text = _content(unit, path.removeprefix("-")).decode()
                found |= dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
        return found


def _content(unit: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise Failed(f"{unit}: there is no {path}") from None


def main() -> int:
    """Start the units of the command line, and keep them running until SIGTERM; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder:
        units = Units(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(folder))
        try:
            for unit in sys.argv[2:]:
                units.start(unit)
            while True:
                units.check()
                time.sleep(0.2)
        except Failed as failure:
            sys.stderr.write(f"{failure}\n")
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            units.stop()


if __name__ == "__main__":
    raise SystemExit(main())
