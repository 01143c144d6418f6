"""Walks settings one by one, each with its path: those of the configured tree, and those of the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from worker.settings.fields import field_at
from worker.settings.models import Settings, Source
from worker.settings.origin import DEFAULT, Branch, InFile, Items, Node, Origin, Path, Scalar, key_at, node_at, nodes


@dataclass(frozen=True, slots=True)
class Setting:
    """One configured value; its node has the origin."""

    root: Branch
    path: Path
    node: Scalar | InFile | Items

    @property
    def field(self) -> FieldInfo | None:
        """The model's field of the setting; None when the models have no such setting."""
        return field_at(self.root, Settings, self.path)


def configured(root: Branch) -> Iterator[Setting]:
    """Yield every setting of the tree, in its order; a list, and then its items."""
    return (Setting(root, path, node) for path, node in nodes(root) if not isinstance(node, Branch))


def replaced(root: Branch, by: Callable[[Setting], Node | None]) -> Branch:
    """Return the tree with each setting replaced by the result of `by`; settings with the result None are left out."""

    def section(old: Branch, path: Path) -> Branch:
        entries: dict[str, tuple[Origin, Node]] = {}
        for name, (key, node) in old.entries.items():
            at = (*path, name)
            new = section(node, at) if isinstance(node, Branch) else by(Setting(root, at, node))
            if new is not None:
                entries[name] = (key, new)
        return replace(old, entries=entries)

    return section(root, ())


def inside(value: object) -> Iterator[tuple[str | int, object]]:
    """Yield the members of a model, a source, a mapping or a list, each with its name or number; none for a value."""
    if isinstance(value, Source):
        yield "kind", value.connector.kind
        yield from inside(value.settings)
    elif isinstance(value, BaseModel):
        yield from ((name, getattr(value, name)) for name in type(value).model_fields)
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)


def seen(node: Node, key: Origin) -> Origin:
    """Return the origin to underline for a value: its name for a section and for an empty value."""
    is_empty = isinstance(node, Scalar) and node.value is None
    return key if is_empty or isinstance(node, Branch) else node.origin


def origin_of(root: Branch, path: Path) -> Origin:
    """Return the origin to underline for the value at the path, or for the nearest one above it."""
    for end in range(len(path), 0, -1):
        node = node_at(root, path[:end])
        if node is not None:
            return seen(node, key_at(root, path[:end]) or node.origin)
    return DEFAULT
