"""Problems of the settings, printed like a compiler's errors: place, message, underlined part, remedy.

    ticketrelay.yaml:4:3: 'listen' is given a second time
      4 |   listen: 127.0.0.1:8080
        |   ^^^^^^ the first is in line 2

A line that holds a secret is shown without the secret.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from worker.settings.origin import Flag, Origin, Path, Place, Text, Variable

PREFIX = "TICKETRELAY_"
WIDTH = 110  # columns of a line that are shown
HIDDEN = "***"
LONG = 2000  # characters of a line that is shown at all
_HIDES = r"(?![\w-]*_file\b)(?:[\w-]*(?:secret|secert|password|passwd|token|credential)[\w-]*|(?:api[_-]?)?key)"
_SECRET_VALUE = re.compile(rf"(?i)(?:^|(?<=[\s,{{\"'?&-]))({_HIDES}[\"']?\s*[:=]\s*)(?=[^\s#]).*")
_SECRET_KEY = re.compile(rf"(?i)^[\s-]*[\"']?{_HIDES}[\"']?\s*:")
_URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):(\S*)@|(?<=[?&])(password|sslpassword)=[^&\s]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error, or (a warning) a value that is allowed and probably not intended."""

    message: str
    origin: Origin
    path: Path = ()
    todo: str = ""
    """The probable intention, or the remedy."""
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """An error or oddity of a setting, without its origin, which is looked up later."""

    path: Path
    message: str
    todo: str = ""
    """The probable intention, or the remedy."""
    is_error: bool = False
    """The settings cannot be used."""

    def at(self, origin: Origin) -> Problem:
        """Return the finding as a problem of a place, variable or flag."""
        return Problem(self.message, origin, self.path, self.todo, "error" if self.is_error else "warning")


class SettingsError(Exception):
    """One or more settings are wrong; `problems` holds the place, the message and the remedy of each."""

    def __init__(self, found: Iterable[Problem], hidden: Collection[int] = ()) -> None:
        self.found = in_order(found)
        self.hidden = frozenset(hidden)
        self.problems = [render(each, self.hidden) for each in self.found]
        super().__init__("\n".join(self.problems))


def variable(*path: str | int) -> str:
    """Return the environment variable of a setting: ("api", "key") is TICKETRELAY_API__KEY."""
    return PREFIX + "__".join(str(part).upper() for part in path)


def in_order(found: Iterable[Problem]) -> list[Problem]:
    """Sort problems: those in a file by their place, then the others in their order; each once."""

    def place(each: Problem) -> tuple[float, float]:
        return (each.origin.line, each.origin.column) if isinstance(each.origin, Place) else (float("inf"), 0)

    return sorted(dict.fromkeys(found), key=place)


def render(problem: Problem, hidden: Collection[int] = ()) -> str:
    """Return the problem as text; of the lines in `hidden` only the names are shown."""
    level = "warning: " if problem.severity == "warning" else ""
    origin = problem.origin
    if isinstance(origin, Place):
        head = f"{origin.text.name}:{origin.line}:{origin.column}: {level}{problem.message}"
        return f"{head}\n{_excerpt(origin, problem.todo, hidden)}"
    todo = f"; {problem.todo}" if problem.todo else ""
    return f"{level}{where(origin, problem.path)}: {problem.message}{todo}"


def where(origin: Origin, path: Path) -> str:
    """Return the variable or flag of a problem."""
    return origin.name if isinstance(origin, Variable | Flag) else variable(*path)


def meant(word: str, known: Iterable[str]) -> str:
    """Return the word of `known` that was probably meant; empty when none is similar."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6) or [
        each for each in names if each.casefold() == word.casefold()
    ]
    return close[0] if close else ""


def without_password(text: str) -> str:
    """Return a text with the passwords of URLs hidden."""
    return _URL_PASSWORD.sub(lambda found: f"{found[3]}={HIDDEN}" if found[3] else f"{found[1]}:{HIDDEN}@", text)


def _excerpt(place: Place, todo: str, hidden: Collection[int]) -> str:
    line, end = shown_line(place.text, place.line, place.line in hidden)
    start = min(place.column - 1, end)
    length = max(min(place.length, len(line) - start), 1)
    if start >= WIDTH - 10:  # the underlined part must be visible
        line, start = "…" + line[start - 20 :], 21
    if len(line) > WIDTH:
        line = line[: WIDTH - 1] + "…"
    length = max(min(length, len(line) - start), 1)
    margin = " " * len(str(place.line))
    under = " " * _columns(line[:start]) + "^" * max(_columns(line[start : start + length]), 1)
    shown = f"  {place.line} | {line}".rstrip()
    return f"{shown}\n  {margin} | {under}{f' {todo}' if todo else ''}".rstrip()


def shown_line(text: Text, number: int, is_secret: bool) -> tuple[str, int]:
    """Return the line as it may be shown, and the last column (from 0) that may be underlined."""
    line = text.lines[number - 1] if number <= len(text.lines) else ""
    if len(line) > LONG:
        return f"(a line of {len(line)} characters)", 0
    safe = "".join(each if each.isprintable() else " " for each in line)
    if _continues_a_secret(text.lines, number - 1):
        return HIDDEN, 0
    if is_secret:
        name = re.match(r"[\s-]*[\w\"'-]+\s*:\s*", safe)
        start = name.end() if name else len(safe) - len(safe.lstrip())
        return safe[:start] + HIDDEN, start
    if found := _SECRET_VALUE.search(safe):
        return safe[: found.end(1)] + HIDDEN, found.end(1)
    if found := _URL_PASSWORD.search(safe):
        return without_password(safe), found.start()
    return safe, len(safe)


def _continues_a_secret(lines: tuple[str, ...], index: int) -> bool:
    """Return True for a further line of a secret: it is indented more than the name of the secret above it."""
    if index >= len(lines) or not lines[index].strip():
        return False
    depth = _depth(lines[index])
    for above in range(index - 1, -1, -1):
        line = lines[above]
        if line.strip() and _depth(line) < depth:
            return _SECRET_KEY.match(line) is not None
    return False


def _depth(line: str) -> int:
    wide = line.expandtabs(8)
    return len(wide) - len(wide.lstrip())


def _columns(text: str) -> int:
    """Return the width of a text in terminal columns."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide - sum(unicodedata.combining(each) > 0 for each in text)
