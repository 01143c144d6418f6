"""Checks the settings, and whether the services that they name can be reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from worker.actions.reaching import Probed, probe_all
from worker.documents.settings import Checked, ProblemTold
from worker.settings import SettingsError
from worker.settings.lints import warnings
from worker.settings.loader import Given, Loaded, judge
from worker.settings.origin import Place
from worker.settings.problems import Problem, in_order, where


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


def check(read: Callable[[], Given], *, secrets: bool, connect: bool) -> CheckResult:
    """Judge the settings from `read`, and test the services they name if `connect`. `read` may raise SettingsError."""
    try:
        loaded = judge(read(), secrets=secrets)
    except SettingsError as error:
        return CheckResult(None, error.found, error.hidden, [])
    return CheckResult(loaded, in_order(warnings(loaded)), loaded.hidden, probe_all(loaded.settings) if connect else [])


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
