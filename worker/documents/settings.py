"""Shapes of `check`, `test` and `reload`: what is wrong with the settings, and what changed in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict  # pydantic needs it where Python is older than 3.12

from worker.rehearsal.trial import Mismatch


class ProblemTold(TypedDict):
    """One thing that is wrong with the settings. `given_by`: the variable or flag, where it is not in the file."""

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
    """What was asked with `--connect`, and what it said."""

    what: str
    ok: bool
    said: str


class Checked(TypedDict):
    """`check`"""

    problems: list[ProblemTold]
    connections: list[ConnectionTold]


@dataclass(frozen=True, slots=True)
class TestDone:
    """One test, and what did not come out as it says."""

    __test__ = False  # pytest: this is none of its own

    name: str
    source: str
    ok: bool
    mismatches: tuple[Mismatch, ...]
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class TestsDone:
    """`test`"""

    __test__ = False

    passed: int
    failed: int
    tests: tuple[TestDone, ...]


class ChangeTold(TypedDict):
    """One setting, or what has settings, and how it differs."""

    setting: str
    what: Literal["new", "changed", "removed", "moved"]


class Reloaded(TypedDict):
    """`reload`: what holds now, and what would need a restart; or what is wrong, and then nothing has changed."""

    changed: list[ChangeTold]
    needs_restart: list[ChangeTold]
    problems: list[str]
