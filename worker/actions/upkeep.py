"""Upkeep of the ledger's tables: upgrade, prune, back up, and mark as restored."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from worker.actions.errors import Refused, WrongInput
from worker.documents.upkeep import BackedUp, PruneDone, Restored, Upgraded
from worker.ledger import BackupBroken, Ledger, Pruned, PruneSpan, open_ledger
from worker.settings import Settings


def address(ledger: Ledger) -> str:
    """Return the URL of the ledger, without its password."""
    return ledger.database.url.render_as_string(hide_password=True)


def upgrade(settings: Settings) -> Upgraded:
    """Create the tables, or upgrade them to this version. Raises Refused for tables of a later version."""
    with closing(open_ledger(settings)) as ledger:
        there, here = ledger.database.revisions()
        if there is not None and there > here:
            why = f"its tables {there} are of a later version than this one, which has {here}: run the later version"
            raise Refused(f"the ledger at {address(ledger)} cannot be upgraded: {why}")
        ledger.upgrade()
        return Upgraded(address(ledger))


def refuse_while_leased(ledger: Ledger) -> None:
    """Raise Refused while a lease runs: a worker is still running, or the backup is younger than a lease."""
    until = ledger.leased_until()
    if until is not None:
        raise Refused(
            f"a lease runs until {until:%Y-%m-%d %H:%M:%S} UTC: stop every serve, mail, worker and run, and wait"
        )


def mark_restored(ledger: Ledger, *, by: str) -> Restored:
    """Mark the ledger as restored from a backup: unfinished operations may have been done since the backup."""
    return Restored(address(ledger), ledger.mark_restored(by=by))


@dataclass(slots=True)
class Pruning:
    """A pruning in steps, which may be stopped between two of them."""

    ledger: Ledger
    settings: Settings
    dry_run: bool
    is_complete: bool = False
    _done: Pruned = field(default_factory=Pruned)
    _spans: list[PruneSpan] = field(init=False)

    def __post_init__(self) -> None:
        keep = self.settings.ledger
        self._spans = self.ledger.upkeep.prunable(_time(keep.keep_bodies), _time(keep.keep_attempts))

    @property
    def size(self) -> int:
        """Total size of all steps."""
        return sum(each.size for each in self._spans)

    def steps(self) -> Iterator[int]:
        """Prune one step after the other, and yield the size of each."""
        for span in self._spans:
            for step in self.ledger.upkeep.prune(span, dry_run=self.dry_run):
                self._done = self._done.plus(step.pruned)
                yield step.advanced
        self.is_complete = True

    def document(self) -> PruneDone:
        """Return the pruned amounts so far."""
        done, before = self._done, {each.what: each.before for each in self._spans}
        return PruneDone(
            done.bodies, done.body_bytes, done.attempts, before.get("bodies"), before.get("attempts"), self.dry_run,
            self.is_complete,
        )  # fmt: skip


def _time(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def backup(ledger: Ledger, file: Path, advanced: Callable[[int, int], None]) -> BackedUp:
    """Copy the ledger to a new file while it is in use. `advanced` gets the progress and the total.

    Raises WrongInput when the file exists, and Refused when the copy cannot be made; no part of a copy is left.
    """
    if file.exists():
        raise WrongInput(f"{file} exists already: give another file, or remove this one")
    part = file.with_name(file.name + ".part")
    try:
        part.unlink(missing_ok=True)  # left by a backup that was killed
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if ledger.database.is_sqlite:
            ledger.upkeep.copy(part, advanced)
        else:
            _dump(ledger, part)
        with part.open("rb") as copy:
            os.fsync(copy.fileno())
        part.replace(file)
    except BackupBroken as error:
        raise Refused(str(error)) from error
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return BackedUp(address(ledger), str(file), file.stat().st_size)


def _dump(ledger: Ledger, part: Path) -> None:
    command, more = ledger.upkeep.dump_command(part)
    if shutil.which(command[0]) is None:
        raise Refused(
            f"{command[0]} is not installed here: install PostgreSQL's client programs, or run on a machine with them: "
            f"{' '.join(each.replace(part.name, part.name.removesuffix('.part')) for each in command)}"
        )
    ended = subprocess.run(command, env=os.environ | more, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603 — ours
    if ended.returncode != 0:
        raise BackupBroken(f"pg_dump failed: {ended.stderr.strip() or ended.returncode}")
