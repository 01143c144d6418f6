"""Checks the settings, and whether the services that they name can be reached."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import make_url

from worker.actions.reaching import Probed, probe_all
from worker.documents.settings import Checked, ProblemTold
from worker.ledger import open_ledger
from worker.runtime import weak_secrets
from worker.settings import SettingsError
from worker.settings.lints import is_loopback, warnings
from worker.settings.loader import Given, Loaded, judge
from worker.settings.origin import Place
from worker.settings.permissions import open_to_others, settings_file
from worker.settings.problems import Problem, in_order, where
from worker.settings.secrets import Terms, weak


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Settings, and the problems found in them."""

    loaded: Loaded | None
    """None when the settings are wrong."""
    found: list[Problem]
    hidden: frozenset[int]
    """The lines of the file that hold a secret."""
    probed: list[Probed]
    """The results of the connection tests."""

    def is_wrong(self, *, deny_warnings: bool) -> bool:
        """Return True when a setting is wrong, or a tested connection cannot be used."""
        is_denied = any(each.severity == "error" or deny_warnings for each in self.found)
        return is_denied or not all(each.ok for each in self.probed)

    def document(self) -> Checked:
        return {
            "problems": [_plain(each) for each in self.found],
            "connections": [{"what": each.what, "ok": each.ok, "said": each.said} for each in self.probed],
        }


def check(read: Callable[[], Given], file: Path | None, *, secrets: bool, connect: bool) -> CheckResult:
    """Judge the settings from `read`, and test the services they name if `connect`. `read` may raise SettingsError.

    The secrets are judged as at a start, which asks the ledger about weak ones.
    """
    try:
        loaded = judge(read(), secrets=secrets)
    except SettingsError as error:
        return CheckResult(None, _with_settings_file(error, file), error.hidden, [])
    found = [*warnings(loaded), *open_to_others(loaded), *(_weak(loaded) if secrets else ())]
    is_wrong = any(each.severity == "error" for each in found)
    probed = probe_all(loaded.settings) if connect and not is_wrong else []
    return CheckResult(None if is_wrong else loaded, in_order(found), loaded.hidden, probed)


def _with_settings_file(error: SettingsError, file: Path | None) -> list[Problem]:
    """Return the problems; and a warning if others may read a settings file with a secret in it."""
    has_secret = any(
        isinstance(each.origin, Place) and each.origin.line in error.hidden and "_file" in each.todo
        for each in error.found
    )
    warned = settings_file(file) if file is not None and has_secret else None
    return in_order([*error.found, *([warned] if warned else [])])


def _weak(loaded: Loaded) -> list[Problem]:
    """Return what a start would say about the secrets. The ledger is opened only when one of them is weak."""
    is_here = is_loopback(loaded.settings.server.listen.rpartition(":")[0].strip("[]"))

    def known(sources: Collection[str]) -> Collection[str]:
        url = make_url(loaded.settings.ledger.url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
            return ()
        with closing(open_ledger(loaded.settings)) as ledger:
            return weak_secrets.terms(ledger).known(sources)

    return weak(loaded, Terms(known, datetime.now(UTC).date(), "warned of" if is_here else "refused"))


def _plain(problem: Problem) -> ProblemTold:
    place = problem.origin if isinstance(problem.origin, Place) else None
    return {
        "severity": problem.severity,
        "file": place.text.name if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "length": place.length if place else None,
        "setting": ".".join(map(str, problem.path)) or None,
        "given_by": None if place else where(problem.origin, problem.path),
        "message": problem.message,
        "todo": problem.todo or None,
    }
