"""Shapes of `check`, `test` and `reload`: problems of the settings, and changes in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict  # pydantic requires it on Python older than 3.12

from worker.rehearsal.trial import Mismatch


class ProblemTold(TypedDict):
    """A problem of the settings. `given_by`: the variable or flag of a setting that is not in the file."""

    severity: Literal["error", "warning"]
    file: str | None
    line: int | None
    column: int | None
    length: int | None
    setting: str | None
    given_by: str | None
    message: str
    todo: str | None


class ConnectionTold(TypedDict):
    """The result of one connection test of `--connect`."""

    what: str
    ok: bool
    said: str


class Checked(TypedDict):
    """The document of `check`."""

    problems: list[ProblemTold]
    connections: list[ConnectionTold]


@dataclass(frozen=True, slots=True)
class TestDone:
    """One test, and its unmet expectations."""

    __test__ = False  # pytest must not collect this class

    name: str
    source: str
    ok: bool
    mismatches: tuple[Mismatch, ...]
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class TestsDone:
    """The document of `test`."""

    __test__ = False

    passed: int
    failed: int
    tests: tuple[TestDone, ...]


class ChangeTold(TypedDict):
    """A changed setting or section, and the sort of change."""

    setting: str
    what: Literal["new", "changed", "removed", "moved"]


class Reloaded(TypedDict):
    """The document of `reload`: the changes, and those that need a restart; or the problems, and no changes."""

    changed: list[ChangeTold]
    needs_restart: list[ChangeTold]
    warnings: list[str]
    """Settings that are allowed, and should be changed, such as a weak secret."""
    problems: list[str]
