"""The digest of the settings that planning reads, part by part, and how two of them differ.

Processes record the digest of theirs, and a command that plans compares its own before it commits anything.

| part | what its hash is of |
|---|---|
| `api.revision` | the revision |
| `policy.NAME` | a setting of `policy` |
| `routes` | the names of the routes, in their order |
| `routes.NAME` | the route of that name |
| `templates.NAME` | the template of that name |
| `sources.ID.kind`, `sources.ID.NAME` | the kind of a source; a setting of it |

Settings of `policy` and of sources that have their default value are left out. So are secrets, passwords in URLs, and
paths of files: secrets make no plan, and a short hash of one could be tried out offline.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from worker.settings.fields import is_secret, keeps_out, secret_kinds
from worker.settings.matchers import Matcher
from worker.settings.models import Settings, Source
from worker.settings.problems import without_password
from worker.settings.templates import Template

Parts = Mapping[str, str]
"""Part to the short hash of its value."""
LENGTH = 12  # hexadecimal digits
ROUTES, ROUTE, SOURCE = "routes", "routes.", "sources."


@dataclass(frozen=True, slots=True)
class Difference:
    """A part that differs between the settings of a command and those of the live processes."""

    part: str
    what: Literal["other", "only here", "missing here"]


class PlanningDigest:
    """The digest and the parts of the settings in force, made anew after a reload."""

    def __init__(self, current: Callable[[], Settings]) -> None:
        self._current = current
        self._made: tuple[Settings, tuple[str, Parts]] | None = None

    def __call__(self) -> tuple[str, Parts]:
        settings = self._current()
        if self._made is None or self._made[0] is not settings:
            parts = parts_of(settings)
            self._made = settings, (digest_of(parts), parts)
        return self._made[1]


def parts_of(settings: Settings) -> dict[str, str]:
    """Return the hash of each part, in a fixed order."""
    return {part: _short(value) for part, value in _values(settings)}


def digest_of(parts: Parts) -> str:
    """Return the digest of all parts together."""
    return _short(dict(sorted(parts.items())))


def differences(own: Parts, live: Iterable[Parts]) -> list[Difference]:
    """Return the parts of `own` with which no live process plans; none when there is no live process.

    Processes may have different settings: during a rollout, and where each has only the sources that it takes in. The
    plan for a source is right when one process that has the source would make the same plan, so the source and the
    parts that belong to no source are compared with that process. The one that differs least is named.
    """
    others = list(live)
    if not others:
        return []
    found: dict[str, Difference] = {}
    ids = _sources(own)
    for source in ids:
        with_it = [each for each in others if source in _sources(each)]
        if with_it:
            found |= _least(own, with_it, source)
        else:
            found[f"{SOURCE}{source}"] = Difference(f"{SOURCE}{source}", "only here")
    if not ids:
        found |= _least(own, others, None)
    for source in sorted(set.intersection(*(_sources(each) for each in others)) - ids):
        found[f"{SOURCE}{source}"] = Difference(f"{SOURCE}{source}", "missing here")
    return sorted(found.values(), key=lambda each: (each.part.startswith(SOURCE), each.part))


def said(difference: Difference, own: Parts) -> str:
    """Return a part as people find it in their file, such as `routes[2] (urgent-first)`."""
    note = "" if difference.what == "other" else f": {difference.what}"
    if difference.part == ROUTES:
        return "the order of routes"
    if not difference.part.startswith(ROUTE):
        return difference.part + note
    names = [each for each in own if each.startswith(ROUTE)]
    number = f"[{names.index(difference.part)}]" if difference.part in names else ""
    return f"routes{number} ({difference.part.removeprefix(ROUTE)}){note}"


def _sources(parts: Parts) -> set[str]:
    return {each.removeprefix(SOURCE).partition(".")[0] for each in parts if each.startswith(SOURCE)}


def _least(own: Parts, others: Iterable[Parts], source: str | None) -> dict[str, Difference]:
    """Return the differences from the settings that differ least."""
    found = [_between(own, each, source) for each in others]
    return min(found, key=len)


def _between(own: Parts, other: Parts, source: str | None) -> dict[str, Difference]:
    """Return the differences in one source, and in the parts that belong to no source."""
    found: dict[str, Difference] = {}
    for part in dict.fromkeys((*own, *other)):
        belongs = not part.startswith(SOURCE) or part.startswith(f"{SOURCE}{source}.")
        if belongs and own.get(part) != other.get(part):
            is_setting = part.startswith(("policy.", SOURCE))  # a setting without a hash has its default
            both = is_setting or (part in own and part in other)
            found[part] = Difference(part, "other" if both else "only here" if part in own else "missing here")
    if any(each.what != "other" for name, each in found.items() if name.startswith(ROUTE)):
        found.pop(ROUTES, None)  # the order follows from the routes
    return found


def _values(settings: Settings) -> Iterator[tuple[str, object]]:
    yield "api.revision", settings.api.revision
    yield from _of_section("policy", settings.policy)
    yield ROUTES, [each.name for each in settings.routes]
    for route in settings.routes:
        yield f"{ROUTE}{route.name}", _plain(route)
    for name, template in settings.templates.items():
        yield f"templates.{name}", _plain(template)
    for name, source in settings.sources.items():
        yield from _of_source(f"{SOURCE}{name}", source)


def _of_source(path: str, source: Source) -> Iterator[tuple[str, object]]:
    yield f"{path}.kind", source.connector.kind
    yield from _of_section(path, source.settings)


def _of_section(path: str, section: BaseModel) -> Iterator[tuple[str, object]]:
    """Yield the settings of a section that do not have their default value."""
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if not _is_left_out(field) and value != field.get_default(call_default_factory=True):
            yield f"{path}.{name}", _plain(value)


def _is_left_out(field: FieldInfo) -> bool:
    return is_secret(field) or keeps_out(field) or bool(secret_kinds(field))


def _plain(value: object) -> object:
    """Return the value for JSON, without what is left out."""
    match value:
        case SecretStr() | PurePath():
            return None
        case Template():
            return value.source
        case Matcher():
            return str(value)
        case BaseModel():
            fields = type(value).model_fields
            return {name: _plain(getattr(value, name)) for name, field in fields.items() if not _is_left_out(field)}
        case Mapping():
            return {str(name): _plain(each) for name, each in value.items()}
        case set() | frozenset():
            return sorted(json.dumps(_plain(each), sort_keys=True) for each in value)
        case str():
            return without_password(value)
        case Sequence():
            return [_plain(each) for each in value]
        case None | bool() | int() | float():
            return value
    return without_password(str(value))


def _short(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:LENGTH]
