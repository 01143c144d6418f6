"""Where does a setting come from, and what is said about one that is wrong?

Until there is a configuration file, settings are environment variables: `TICKETRELAY_SECTION__NAME`, and
`TICKETRELAY_SOURCES__<ID>__NAME` for sources. Each may be given as `…_FILE` instead: the path of a file that holds
the value. Flags of the command line come before the environment, and the environment before the defaults.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from connectors import connector, kinds
from worker.settings.models import Settings, Source

PREFIX = "TICKETRELAY_"
FOR_TESTS = "TICKETRELAY_TEST_"
Tree = dict[str, Any]


class SettingsError(Exception):
    """One or more settings are wrong; `problems` has a line for each: where, what, and what was probably meant."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(environ: Mapping[str, str], *, defaults: Tree | None = None, overrides: Tree | None = None) -> Settings:
    """The settings from `defaults`, then the environment, then `overrides` (nested dicts of section and name).

    Raises SettingsError with every problem found.
    """
    problems: list[str] = []
    tree = _merge(_merge(defaults or {}, _from_environment(environ, problems)), overrides or {})
    sources, source_problems = _sources(tree.pop("sources", {}))
    problems += source_problems
    try:
        # With an empty section for the API, what is missing in it is named, and not the section.
        settings = Settings.model_validate({"api": {}, **tree, "sources": sources})
    except ValidationError as error:
        problems += _explain(error, (), Settings)
        raise SettingsError(problems) from None
    if problems:
        raise SettingsError(problems)
    return settings


def configures_sources(environ: Mapping[str, str]) -> bool:
    """True when the environment names a source of its own."""
    return any(name.startswith(f"{PREFIX}SOURCES__") for name in environ)


def variable(*path: str | int) -> str:
    """The environment variable of a setting: ("api", "key") is TICKETRELAY_API__KEY."""
    return PREFIX + "__".join(str(part).upper() for part in path)


def _from_environment(environ: Mapping[str, str], problems: list[str]) -> Tree:
    tree: Tree = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(FOR_TESTS):
            continue
        path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
        value: str | None = environ[name]
        if path[-1].endswith("_file") and path[-1] not in _names(Settings, path[:-1]):  # some settings are paths
            path = (*path[:-1], path[-1].removesuffix("_file"))
            if variable(*path) in environ:
                problems.append(f"{name}: {variable(*path)} is set too; give one of them")
            value = _read(name, environ[name], problems)
        if value is not None:
            _put(tree, path, value, name, problems)
    return tree


def _read(name: str, path: str, problems: list[str]) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        problems.append(
            f"{name}: cannot read {path!r}: {error.strerror if isinstance(error, OSError) else 'not UTF-8'}"
        )
        return None


def _put(tree: Tree, path: tuple[str, ...], value: str, name: str, problems: list[str]) -> None:
    node = tree
    for part in path[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            problems.append(f"{name}: {part!r} is a value, not a section")
            return
    if len(path) == 1:
        problems.append(f"{name}: no such setting{_meant(name, _all_names(), PREFIX)}")
        return
    # An empty variable is how a shell or a compose file says "none" for the settings that may have none.
    node[path[-1]] = None if value == "" and path[0] == "api" and path[-1].startswith("per_") else value


def _merge(lower: Tree, upper: Tree) -> Tree:
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return merged


def _sources(raw: Tree) -> tuple[dict[str, Source], list[str]]:
    found: dict[str, Source] = {}
    problems: list[str] = []
    for source_id, fields in raw.items():
        if not isinstance(fields, dict):
            secret = variable("sources", source_id, "secret")
            problems.append(f"{variable('sources', source_id)}: a source needs settings, such as {secret}")
            continue
        own = dict(fields)
        kind = str(own.pop("kind", source_id))
        if kind not in kinds():
            problems.append(
                f"{variable('sources', source_id, 'kind')}: no connector of kind {kind!r}{_meant(kind, kinds())}"
            )
            continue
        code = connector(kind)
        try:
            found[source_id] = Source(id=source_id, connector=code, settings=code.settings.model_validate(own))
        except ValidationError as error:
            problems += _explain(error, ("sources", source_id), code.settings)
    return found, problems


def _explain(error: ValidationError, at: tuple[str, ...], model: type[BaseModel]) -> list[str]:
    """A line for each problem; input values are left out, since one of them may be a secret."""
    lines = []
    for each in error.errors(include_url=False, include_input=False, include_context=False):
        location = tuple(each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        if location[-1] == "[key]":  # of a dictionary: the name itself is wrong
            location = location[:-1]
        if each["type"] == "extra_forbidden":
            section = variable(*at, *location[:-1], "")
            known = (section + name.upper() for name in _names(model, location[:-1]))
            message = f"no such setting{_meant(variable(*at, *location), known, section)}"
        elif each["type"] == "missing":
            message = "is required"
        lines.append(f"{variable(*at, *location)}: {message}")
    return lines


def _names(model: type[BaseModel], path: tuple[int | str, ...]) -> tuple[str, ...]:
    for part in path:
        annotation = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return ()
        model = annotation
    return tuple(model.model_fields)


def _all_names() -> Iterator[str]:
    for section, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from (variable(section, name) for name in field.annotation.model_fields)


def _meant(word: str, known: Iterable[str], prefix: str = "") -> str:
    """What was probably meant; a `prefix` that all have is no likeness."""
    names = {name.removeprefix(prefix): name for name in known}
    close = difflib.get_close_matches(word.removeprefix(prefix), list(names), n=1, cutoff=0.6)
    return f"; did you mean {names[close[0]]}?" if close else ""
