"""Compares new settings with those in force, and selects the changes that need no restart.

Pure. Secrets are compared and never shown: a change names the setting, without its values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from worker.settings import Settings, Source
from worker.settings.origin import Path
from worker.settings.walking import inside

RELOADABLE: tuple[Path, ...] = (
    ("routes",),
    ("templates",),
    ("policy",),
    ("sources",),
    ("api", "per_minute"),
    ("api", "per_second"),
    ("alarms",),
    ("ledger", "keep_bodies"),
    ("ledger", "keep_attempts"),
)
"""The settings that a reload takes, each with all settings beneath it.

The others are in use since the start: an open listener, a running lease, a connection.
"""
BUDGET: tuple[Path, ...] = (("api", "per_minute"), ("api", "per_second"))

What = Literal["new", "changed", "removed", "moved"]
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """A changed setting (`sources.chat.secret`) or section (`sources.chat`), and the sort of change."""

    setting: str
    what: What


@dataclass(frozen=True, slots=True)
class Changes:
    """The result of comparing new settings with the old ones."""

    settings: Settings
    """The new settings, with the old values of those that need a restart."""
    taken: tuple[Change, ...]
    needs_restart: tuple[Change, ...]
    """Requested changes that are not in force."""
    warnings: tuple[str, ...] = ()
    """Settings that are allowed, and should be changed, such as a weak secret: each with its place."""


def compared(old: Settings, new: Settings) -> Changes:
    """Return the settings that hold when `new` replaces `old`, and the changes."""
    found = list(_between(_flat(old, ()), _flat(new, ())))
    # The budget belongs to one API. With another URL requested, the new numbers are those of another API.
    stays = BUDGET if old.api.url != new.api.url else ()
    taken = tuple(each for path, each in found if _is_reloadable(path) and path not in stays)
    kept = tuple(each for path, each in found if not _is_reloadable(path) or path in stays)
    return Changes(_merged(old, new, stays), taken, kept)


def _is_reloadable(path: Path) -> bool:
    return any(path[: len(each)] == each for each in RELOADABLE)


def _merged(old: Settings, new: Settings, stays: tuple[Path, ...]) -> Settings:
    """Return `old` with the reloadable settings of `new`; the new sources bring their routes, templates and policy."""
    update: dict[str, object] = {}
    for section, *rest in RELOADABLE:
        name = str(section)
        if not rest:
            update[name] = getattr(new, name)
        elif (section, *rest) not in stays:
            (setting,) = rest
            before = update.get(name, getattr(old, name))
            assert isinstance(before, BaseModel)  # noqa: S101 — only a section has settings
            update[name] = before.model_copy(update={str(setting): getattr(getattr(new, name), str(setting))})
    return old.model_copy(update=update)


def _flat(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    """Yield every setting with its path. A source and a route have own entries, so that a new one is one change."""
    if path == ("routes",) and isinstance(value, tuple):
        yield ("routes",), tuple(each.name for each in value)
        yield from ((("routes", each.name), each) for each in value)
    elif isinstance(value, Source | BaseModel) or path in (("sources",), ("templates",)):
        if isinstance(value, Source):
            yield path, Source
        for name, each in inside(value):
            yield from _flat(each, (*path, str(name)))
    else:
        yield path, value


def _between(
    old_settings: Iterator[tuple[Path, object]], new_settings: Iterator[tuple[Path, object]]
) -> Iterator[tuple[Path, Change]]:
    old, new = dict(old_settings), dict(new_settings)
    for path in dict.fromkeys([*old, *new]):
        before, after = old.get(path, _ABSENT), new.get(path, _ABSENT)
        if before == after or _is_part(path, old, new):
            continue
        if path == ("routes",):
            what = _order(before, after)
        else:
            what = "new" if before is _ABSENT else "removed" if after is _ABSENT else "changed"
        if what is not None:
            yield path, Change(".".join(map(str, path)), what)


def _is_part(path: Path, old: Mapping[Path, object], new: Mapping[Path, object]) -> bool:
    """Return True for a setting of a source that is new or removed: that source is one change already."""
    source = path[:2]
    return path[0] == "sources" and len(path) > 2 and (source in old) != (source in new)


def _order(before: object, after: object) -> What | None:
    """Return `moved` when the order of the routes changed: a change of its own, beside added and removed routes."""
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return None
    both = set(before) & set(after)
    return "moved" if [each for each in before if each in both] != [each for each in after if each in both] else None
