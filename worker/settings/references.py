"""Checks that a setting that names another setting names an existing one.

A table: the path of the naming setting, with `*` for any item or name, and the section that holds the names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from worker.settings.origin import Branch, Items, Path, Scalar, node_at
from worker.settings.problems import Finding, meant
from worker.settings.walking import inside


@dataclass(frozen=True, slots=True)
class Reference:
    """`pattern` (`tests.*.source`) leads to a name, or a list of names, in the mapping at `names` (`sources`).

    For a list, `names` leads to the names of its items (`routes.*.name`).
    """

    pattern: str
    names: str


REFERENCES: tuple[Reference, ...] = (
    Reference("smtp.postmaster", "sources"),
    Reference("alarms.notify.*.source", "sources"),
    Reference("tests.*.source", "sources"),
    Reference("tests.*.steps.*.expect.routes", "routes.*.name"),
)
"""One line for each setting that names another one."""


def references(
    settings: BaseModel,
    table: Sequence[Reference] = REFERENCES,
    *,
    given: Branch | None = None,
    broken: Collection[str | int] = (),
) -> list[Finding]:
    """Return every unknown name, in the order of the table.

    Names in `given`, the tree of the settings, are known too: a source that is wrong is missing in the settings. Names
    of a section in `broken` are not judged, because that section could not be read.
    """
    found = []
    for each in table:
        section = each.names.partition(".")[0]
        if section in broken:
            continue
        known = list(dict.fromkeys((*_names(settings, each.names), *_given(given, each.names))))
        for path, value in _reached(settings, tuple(each.pattern.split("."))):
            names = enumerate(value) if isinstance(value, list | tuple) else [(None, value)]
            for index, name in names:
                if isinstance(name, str) and name not in known:
                    at = path if index is None else (*path, index)
                    said = f"there is no {name!r} in {section}"
                    found.append(Finding(at, said, _todo(name, known), is_error=True))
    return found


def _names(settings: BaseModel, pattern: str) -> list[str]:
    if "*" in pattern:
        return [str(value) for _, value in _reached(settings, tuple(pattern.split(".")))]
    return [str(path[-1]) for path, _ in _reached(settings, (*pattern.split("."), "*"))]


def _given(root: Branch | None, pattern: str) -> list[str]:
    """Return the names in the tree, which has those of wrong settings too."""
    section, *rest = pattern.split(".")
    node = node_at(root, (section,)) if root is not None else None
    if isinstance(node, Branch) and not rest:
        return list(node.entries)
    items = node.items if isinstance(node, Items) else ()
    named = [node_at(each, tuple(rest[1:])) for each in items]
    return [str(each.value) for each in named if isinstance(each, Scalar)]


def _todo(name: str, known: Sequence[str]) -> str:
    close = meant(name, known)
    if close:
        return f"did you mean {close!r}?"
    return f"there are: {', '.join(known)}" if known else "none is configured"


def _reached(value: object, pattern: tuple[str, ...], path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield the values at the end of a pattern, each with its path."""
    if not pattern:
        yield path, value
        return
    part, *rest = pattern
    for name, inner in inside(value):
        if part in ("*", name):
            yield from _reached(inner, tuple(rest), (*path, name))
