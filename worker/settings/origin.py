"""The tree of settings, and the origin of each value: a place in the file, a variable, a flag, or the default.

Settings are a tree before they are models. Each value keeps its origin when a tree is laid over another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

Path = tuple[str | int, ...]
"""Path of a setting: ("sources", "prom", "secret"); a number is an item of a list."""


@dataclass(frozen=True, slots=True)
class Text:
    """A configuration file: its name in errors, and its lines."""

    name: str
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one line of a file; `line` and `column` begin at 1."""

    text: Text
    line: int
    column: int
    length: int = 1

    def __str__(self) -> str:
        return f"{self.text.name}:{self.line}"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the environment."""

    name: str

    def __str__(self) -> str:
        return f"environment {self.name}"


@dataclass(frozen=True, slots=True)
class Flag:
    """A flag of the command line."""

    name: str

    def __str__(self) -> str:
        return f"flag {self.name}"


@dataclass(frozen=True, slots=True)
class Default:
    """The origin of a value that nobody set."""

    def __str__(self) -> str:
        return "default"


Origin = Place | Variable | Flag | Default
DEFAULT = Default()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, truth value or None."""

    value: object = field(repr=False)
    origin: Origin
    within: Callable[[], Iterator[Place]] | None = field(default=None, repr=False, compare=False)
    """The place of each character of a text in the file, for errors within it."""
    lines: tuple[int, int] = (0, 0)
    """First and last line of the value."""


@dataclass(frozen=True, slots=True)
class InFile:
    """A value in a file of its own."""

    path: str
    origin: Origin
    lines: tuple[int, int] = (0, 0)
    is_path: bool = True
    """False for a text that may be the value itself, which somebody wrote in place of the path; it is never shown."""


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Branch:
    """A section: names, the origin of each name, and its value."""

    entries: Mapping[str, tuple[Origin, Node]]
    origin: Origin


Node = Scalar | InFile | Items | Branch


def over(upper: Branch, lower: Branch) -> Branch:
    """Return `lower` with `upper` laid over it: sections are joined name by name, everything else is replaced."""
    entries = dict(lower.entries)
    for name, (key, node) in upper.entries.items():
        below = entries.get(name)
        if below is not None and isinstance(node, Branch):
            node = over(node, below[1]) if isinstance(below[1], Branch) else node
            # A section in both layers keeps the place that a person can see: the one in the file.
            key = below[0] if isinstance(below[0], Place) else key
        entries[name] = (key, node)
    return replace(lower if isinstance(lower.origin, Place) else upper, entries=entries)


def tree_of(values: Mapping[str, object], origin: Origin) -> Branch:
    """Return a tree made from plain dicts, values, and nodes with their origin.

    When `origin` is a Flag, the flag of each value is named after its setting.
    """
    entries: dict[str, tuple[Origin, Node]] = {}
    for name, each in values.items():
        if isinstance(each, dict):
            entries[name] = (origin, tree_of(each, origin))
        elif isinstance(each, Scalar | InFile):
            entries[name] = (each.origin, each)
        else:
            own = Flag(f"--{name.replace('_', '-')}") if isinstance(origin, Flag) else origin
            entries[name] = (origin, Scalar(each, own))
    return Branch(entries, origin)


def plain(node: Node) -> object:
    """Return the values alone, as pydantic takes them."""
    if isinstance(node, Branch):
        return {name: plain(each) for name, (_, each) in node.entries.items()}
    if isinstance(node, Items):
        return [plain(each) for each in node.items]
    return node.value if isinstance(node, Scalar) else None


def node_at(root: Node, path: Path) -> Node | None:
    """Return the node at the path; None when there is none."""
    node: Node | None = root
    for part in path:
        if isinstance(node, Branch):
            node = node.entries.get(str(part), (None, None))[1]
        elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return None
    return node


def key_at(root: Node, path: Path) -> Origin | None:
    """Return the origin of the name at the path (for an item of a list: of the item); None when there is none."""
    above = node_at(root, path[:-1])
    if isinstance(above, Branch) and path and str(path[-1]) in above.entries:
        return above.entries[str(path[-1])][0]
    found = node_at(root, path)
    return found.origin if found is not None else None


def nodes(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield the node and everything beneath it, each with its path."""
    yield path, node
    if isinstance(node, Branch):
        for name, (_, each) in node.entries.items():
            yield from nodes(each, (*path, name))
    elif isinstance(node, Items):
        for index, each in enumerate(node.items):
            yield from nodes(each, (*path, index))


def leaves(node: Node) -> Iterator[tuple[Path, Scalar | InFile]]:
    """Return every value that is neither a section nor a list, with its path."""
    return ((path, each) for path, each in nodes(node) if isinstance(each, Scalar | InFile))
