"""A rule of the code, switched off by replacing its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ablation:
    """One rule, the text that switches it off, and the tests that notice."""

    rule: str
    file: str
    text: str
    """Occurs once in the file."""
    instead: str
    tests: Sequence[str]
    """Files, or names of tests as pytest prints them; a name without its parameters names all of them."""
    on_postgresql: bool = False
    """True: only the tests that need PostgreSQL. False: only the others, which take less time."""

    @property
    def module(self) -> str:
        return self.file.removesuffix(".py").replace("/", ".")

    def source(self) -> str:
        """Return the source of the module without the rule. Raises Stale."""
        source = (ROOT / self.file).read_text(encoding="utf-8")
        if (number := source.count(self.text)) != 1:
            raise Stale(f"{self.file} has this text {number} times, expected once: {self.text!r}")
        return source.replace(self.text, self.instead)


def tests_in(file: str, *names: str) -> tuple[str, ...]:
    """Return the full names of these tests in a file below `tests/`."""
    return tuple(f"tests/{file}::{name}" for name in names)


class Stale(Exception):
    """The code has changed: the text of the rule is missing, or occurs more than once."""
