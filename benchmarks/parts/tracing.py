"""Counts the files, functions, returns to a file and types of given packages that calls pass, by stage.

A stage is entered through its doors, which are functions. A call belongs to the stage of the outermost door on its
stack, in any thread; calls outside of all doors are not counted. Uses the profile function of the interpreter
(`sys.setprofile`), which is called for each call of a Python function.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

Door = Callable[..., object]
Doors = Mapping[str, Collection[Door]]

NO_FUNCTIONS = frozenset({"<module>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})
CONSTRUCTS = "__init__"
VALIDATES = frozenset({"model_validate", "model_validate_json", "model_copy"})
"""Methods of pydantic that construct their return value without its `__init__`."""
IS_SUSPENDED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass
class Passed:
    """Counts of the calls of one stage."""

    files: set[str] = field(default_factory=set)
    """Paths within the project."""
    functions: set[tuple[str, str, int]] = field(default_factory=set)
    """Path, name and first line."""
    types: set[str] = field(default_factory=set)
    """Constructed classes, with their module."""
    returns: int = 0
    """Calls from one file into another file that had been entered before."""

    def counts(self) -> dict[str, int]:
        return {
            "files": len(self.files),
            "functions": len(self.functions),
            "returns": self.returns,
            "types": len(self.types),
        }


def total(stages: Collection[Passed]) -> Passed:
    """Return all stages together; items of several stages count once, and returns are added up."""
    return Passed(
        set().union(*(each.files for each in stages)),
        set().union(*(each.functions for each in stages)),
        set().union(*(each.types for each in stages)),
        sum(each.returns for each in stages),
    )


class Tracer:
    """The profile function, and its counts since the last `begin`."""

    def __init__(self, root: Path, packages: Collection[str], left_out: str, doors: Doors) -> None:
        """Trace `packages`, folders in `root`; the package `left_out` within them does not count."""
        self.stages: dict[str, Passed] = {}
        self._root = root
        self._packages = tuple(f"{each}." for each in packages)
        self._left_out = f"{left_out}."
        self._doors = doors
        self._stage_of = {code: name for name, functions in doors.items() for each in functions for code in codes(each)}
        self._paths: dict[str, str] = {}
        self._begun: set[FrameType] = set()  # held, so that no later frame has the identity of an earlier one

    def begin(self) -> None:
        """Start counting, from 0."""
        self._begun.clear()
        self.stages = {name: Passed() for name in self._doors}

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Trace this thread, and threads that are started in the block."""
        sys.setprofile(self._told)
        threading.setprofile(self._told)
        try:
            yield
        finally:
            threading.setprofile(None)
            sys.setprofile(None)

    def _told(self, frame: FrameType, event: str, returned: object) -> None:
        """Handle an event of the interpreter's profile function."""
        if not self.stages:
            return
        code = frame.f_code
        if event == "call":
            if path := self._path(code):
                self._called(frame, path)
            if code.co_name == CONSTRUCTS and code.co_varnames:
                self._constructed(frame, type(frame.f_locals.get(code.co_varnames[0])))
        elif event == "return" and code.co_name in VALIDATES:
            self._constructed(frame, type(returned))

    def _called(self, frame: FrameType, path: str) -> None:
        code = frame.f_code
        if code.co_name in NO_FUNCTIONS or frame in self._begun:
            return
        if code.co_flags & IS_SUSPENDED:
            self._begun.add(frame)  # the interpreter also reports a call each time it resumes the frame
        stage, caller = self._where(frame)
        if stage is None:
            return
        if caller not in (None, path) and path in stage.files:
            stage.returns += 1
        stage.files.add(path)
        stage.functions.add((path, code.co_qualname, code.co_firstlineno))

    def _constructed(self, frame: FrameType, kind: type) -> None:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name.startswith(self._packages) and not name.startswith(self._left_out):
            stage, _ = self._where(frame)
            if stage is not None:
                stage.types.add(name)

    def _where(self, frame: FrameType) -> tuple[Passed | None, str | None]:
        """Return the stage of a call, and the file of its caller in the packages within the stage."""
        found: tuple[Passed | None, str | None] = (None, None)
        caller: str | None = None
        at: FrameType | None = frame
        while at is not None:
            if at is not frame:
                caller = caller or self._path(at.f_code)
            if (name := self._stage_of.get(at.f_code)) is not None:
                found = (self.stages[name], caller)
            at = at.f_back
        return found

    def _path(self, code: CodeType) -> str | None:
        """Return the path of a function's file within the project; None for a file that does not count."""
        file = code.co_filename
        if file not in self._paths:
            path = Path(file)
            inside = path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else ""
            module = inside.replace("/", ".")
            counts = module.startswith(self._packages) and not module.startswith(self._left_out)
            self._paths[file] = inside if counts else ""
        return self._paths[file] or None


def codes(function: Door) -> Iterator[CodeType]:
    """Yield the code of a function, and of each function that a decorator wrapped."""
    at: Door | None = function
    while at is not None:
        yield at.__code__
        at = getattr(at, "__wrapped__", None)
