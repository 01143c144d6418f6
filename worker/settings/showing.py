"""Shows settings as YAML or JSON, with origins, and never with a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, SecretStr

from worker.settings.loader import Loaded
from worker.settings.models import Source
from worker.settings.origin import Path
from worker.settings.problems import HIDDEN, without_password
from worker.settings.walking import inside

_PLAIN = re.compile(r"[A-Za-z/.][A-Za-z0-9_./@+-]*(:[A-Za-z0-9_./@+-]+)*")
_NO_TEXT = {"true", "false", "null", "nan", "inf"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that may be shown, and its origin."""

    value: object
    origin: str


Shown = Mapping[str, "Shown | Leaf"]


def shown(loaded: Loaded) -> Shown:
    """Return every setting in force, section by section."""
    return _section(loaded, loaded.settings, ())


def _section(loaded: Loaded, section: object, path: Path) -> Shown:
    found: dict[str, Shown | Leaf] = {}
    for name, value in inside(section):
        at = (*path, str(name))
        if isinstance(value, Source | BaseModel | Mapping):
            found[str(name)] = _section(loaded, value, at)
        else:
            found[str(name)] = Leaf(_value(value), str(loaded.origin(at)))
    return found


def _value(value: object) -> object:
    """Return the value for JSON: texts without passwords, whole numbers without a point."""
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, BaseModel | Mapping):
        return {str(name): _value(each) for name, each in inside(value)}
    if isinstance(value, tuple | list | set | frozenset):
        return [_value(each) for each in value]
    return without_password(str(value))


def as_json(tree: Shown, *, origins: bool) -> dict[str, object]:
    """Return nested objects; with origins, each value is `{"value": …, "origin": …}`."""
    found: dict[str, object] = {}
    for name, each in tree.items():
        if isinstance(each, Leaf):
            found[name] = {"value": each.value, "origin": each.origin} if origins else each.value
        else:
            found[name] = as_json(each, origins=origins)
    return found


def as_yaml(tree: Shown, *, origins: bool) -> str:
    """Return a YAML document; with origins, each value has its origin in a comment."""
    lines = list(_lines(tree, ""))
    width = min(max((len(line) for line, _ in lines), default=0), 60)
    return "\n".join(f"{line:<{width}}  # {origin}" if origins and origin else line for line, origin in lines)


def _lines(tree: Shown, indent: str) -> Iterator[tuple[str, str]]:
    for name, each in tree.items():
        if isinstance(each, Leaf):
            yield f"{indent}{_scalar(name)}: {_scalar(each.value)}", each.origin
        elif each:
            yield f"{indent}{_scalar(name)}:", ""
            yield from _lines(each, indent + "  ")
        else:
            yield f"{indent}{_scalar(name)}: {{}}", ""


def _scalar(value: object) -> str:
    """Return the value plain if it can only be read as this text; else as JSON, which YAML 1.2 contains."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
