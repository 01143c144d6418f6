"""Loads the settings from all layers, and reports every problem at its place.

Flags of the command line take precedence over the environment, the environment over the configuration file, and the
file over the defaults. All of them form one tree (`origin.py`), in which each value has its origin. pydantic judges the
tree, and its errors are reported at the places of the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connectors import connector, kinds
from connectors.contract.settings import SourceSettings
from worker.settings import route_problems
from worker.settings.explaining import explained, told_once
from worker.settings.fields import SOURCES, described, is_secret, is_truth, kind_of
from worker.settings.layers import from_environment, from_file
from worker.settings.models import Settings, Source, SourceId
from worker.settings.origin import (
    DEFAULT,
    Branch,
    Flag,
    InFile,
    Node,
    Origin,
    Path,
    Place,
    Scalar,
    Variable,
    key_at,
    node_at,
    nodes,
    over,
    plain,
    tree_of,
)
from worker.settings.problems import Problem, SettingsError, meant, variable
from worker.settings.references import references
from worker.settings.secretfiles import SecretFile, Unusable, read_secret, read_value
from worker.settings.substitution import unreplaced
from worker.settings.walking import Setting, configured, origin_of, replaced, seen

Tree = dict[str, Any]
TEMPLATES = "templates"
KIND_NAMES = ("type", "connector")
"""The names that other products have for the kind of a source."""
_ID: TypeAdapter[str] = TypeAdapter(SourceId)


@dataclass(frozen=True, slots=True)
class Given:
    """The configuration, before it is judged."""

    root: Branch
    problems: tuple[Problem, ...] = ()
    hidden: frozenset[int] = frozenset()
    """Lines of the file that hold a secret."""

    def has(self, *path: str) -> bool:
        """Return True when something is configured at the path."""
        node = node_at(self.root, path)
        return node is not None and not (isinstance(node, Branch) and not node.entries)

    def text(self, *path: str) -> str | None:
        """Return the text configured at the path; None when there is none."""
        node = node_at(self.root, path)
        return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else None

    def below(self, defaults: Tree) -> Given:
        """Return the configuration with defaults for missing values."""
        return replace(self, root=over(self.root, tree_of(defaults, DEFAULT)))

    def above(self, flags: Tree) -> Given:
        """Return the configuration with flags over it; each flag is named after its setting."""
        return replace(self, root=over(tree_of(flags, Flag("")), self.root))


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and the origin of each."""

    settings: Settings
    root: Branch
    secret_files: tuple[tuple[Path, Origin, SecretFile], ...]
    hidden: frozenset[int]
    warnings: tuple[Problem, ...] = ()
    """Secrets that are allowed, and will be refused one day; found where a process judges its secrets."""

    def origin(self, path: Path) -> Origin:
        """Return the origin of the setting at the path."""
        node = node_at(self.root, path)
        return node.origin if node is not None else DEFAULT

    def has(self, *path: str) -> bool:
        """Return True when somebody configured something at the path."""
        node = node_at(self.root, path)
        return node is not None and any(
            each.origin != DEFAULT for _, each in nodes(node) if not isinstance(each, Branch)
        )


def gather(environ: Mapping[str, str], file: FilePath | None = None) -> Given:
    """Return the configuration of the environment and the configuration file.

    Raises SettingsError when the file is not YAML.
    """
    root, problems = from_environment(environ)
    if file is None:
        return Given(root, tuple(problems))
    tree, more, hidden = from_file(file, root)
    return Given(over(root, tree), (*more, *problems), frozenset(hidden))


STAND_IN_KEY = "not-used"
"""Takes the place of the API key in a process that makes no call to the Tickets API, and need not know the key."""


def only(section: str, given: Given) -> Given:
    """Return the configuration of one section alone, with stand-ins for required settings of other sections.

    The other sections are not judged.
    """
    entries = {name: entry for name, entry in given.root.entries.items() if name == section}
    problems = tuple(each for each in given.problems if each.path[:1] == (section,))
    unused: Tree = {"api": {"url": "http://127.0.0.1/api/v1", "key": STAND_IN_KEY}}
    return replace(given, root=Branch(entries, given.root.origin), problems=problems).below(unused)


def load(
    environ: Mapping[str, str],
    *,
    file: FilePath | None = None,
    defaults: Tree | None = None,
    overrides: Tree | None = None,
) -> Settings:
    """Load the settings from `defaults`, then the file, then the environment, then `overrides`.

    `defaults` and `overrides` are nested dicts of section and name. Each call reads all layers anew.
    Raises SettingsError with every problem found.
    """
    return judge(gather(environ, file).below(defaults or {}).above(overrides or {})).settings


def judge(given: Given, *, secrets: bool = True) -> Loaded:
    """Return the judged settings. Without `secrets`, secret files are not read, and stand-ins take their place.

    Raises SettingsError with every problem found.
    """
    problems = list(given.problems)
    secret_files: list[tuple[Path, Origin, SecretFile]] = []
    problems += unreplaced(given.root)
    tree = given.root if secrets else replaced(given.root, _unread)
    root = replaced(tree, lambda each: _read(each, problems, secret_files))
    problems += _other_truths(root)
    sources = _sources(root, problems)
    settings: Settings | None = None
    values = {name: plain(node) for name, (_, node) in root.entries.items()}
    try:
        # With an empty API section, the error names the missing setting instead of the section.
        settings = Settings.model_validate({"api": {}, **values, SOURCES: sources})
    except ValidationError as error:
        problems += explained(root, error, (), problems)
    if settings is not None:
        broken = frozenset(each.path[0] for each in problems if len(each.path) == 1)
        found = (
            *references(settings, given=root, broken=broken),
            *route_problems.problems(settings.routes, settings.templates, are_templates_whole=TEMPLATES not in broken),
        )
        problems += [each.at(origin_of(root, each.path)) for each in found if each.is_error]
    if problems or settings is None:
        raise SettingsError(told_once(problems), given.hidden)
    return Loaded(settings, root, tuple(secret_files), given.hidden)


def _unread(setting: Setting) -> Node | None:
    """Return a stand-in for a secret in a file; None, and so the default, for a URL in a file."""
    if not isinstance(setting.node, InFile):
        return setting.node
    field = setting.field
    is_hidden = field is None or is_secret(field)
    return Scalar(f"not-read-{variable(*setting.path)}", setting.node.origin) if is_hidden else None


def _read(setting: Setting, problems: list[Problem], secret_files: list[tuple[Path, Origin, SecretFile]]) -> Node:
    """Return the content of the setting's file; a node with the value None when the file cannot be used."""
    node, field = setting.node, setting.field
    if not isinstance(node, InFile):
        return node
    try:
        if field is None or not is_secret(field):
            return Scalar(read_value(node.path, is_shown=node.is_path), node.origin)
        value, file = read_secret(node.path, is_shown=node.is_path)
    except Unusable as error:
        problems.append(Problem(error.message, node.origin, setting.path, error.todo))
        return Scalar(None, node.origin)
    secret_files.append((setting.path, node.origin, file))
    return Scalar(value, node.origin)


def _other_truths(root: Branch) -> Iterator[Problem]:
    """Yield problems for words of the environment that pydantic takes for truth values, such as yes.

    The file does not accept these words either.
    """
    for each in configured(root):
        node = each.node
        is_odd = isinstance(node, Scalar) and isinstance(node.origin, Variable) and node.value not in ("true", "false")
        if is_odd and each.field is not None and is_truth(each.field):
            yield Problem("must be true or false", node.origin, each.path)


def _sources(root: Branch, problems: list[Problem]) -> dict[str, Source]:
    section = node_at(root, (SOURCES,))
    if section is None:
        return {}
    if not isinstance(section, Branch):
        message = f"expected sources, not {described(section)}"
        problems.append(
            Problem(
                message, section.origin, (SOURCES,), "write the id of each source (ID:), and beneath it its settings"
            )
        )
        return {}
    found: dict[str, Source] = {}
    for source_id, (key, node) in section.entries.items():
        path: Path = (SOURCES, source_id)
        if not isinstance(node, Branch) and isinstance(key, Place) and _is_of_a_source(source_id):
            message = f"{source_id!r} stands in the place of a source's id"
            todo = "write the id of the source (ID:) above this line, and indent the settings of the source beneath it"
            problems.append(Problem(message, key, (SOURCES,), todo))
            continue
        if not isinstance(node, Branch):
            needs = variable(*path, "secret") if not isinstance(key, Place) else "secret_file: PATH"
            problems.append(Problem(f"the settings of this source are missing, such as {needs}", seen(node, key), path))
            continue
        kind = kind_of(root, source_id)
        if not isinstance(kind, str) or kind not in kinds():
            problems.append(_unknown_kind(root, path, kind))
            continue
        if problem := _unfit_id(source_id, key, path):
            problems.append(problem)
        code = connector(kind)
        own = {name: plain(each) for name, (_, each) in node.entries.items() if name != "kind"}
        try:
            found[source_id] = Source(id=source_id, connector=code, settings=code.settings.model_validate(own))
        except ValidationError as error:
            problems += explained(root, error, path, problems)
    return found


def _is_of_a_source(name: str) -> bool:
    """Return True for a setting that every source has."""
    return name == "kind" or name.removesuffix("_file") in SourceSettings.model_fields


def _unfit_id(source_id: str, key: Origin, path: Path) -> Problem | None:
    try:
        _ID.validate_python(source_id)
    except ValidationError as error:
        message = error.errors(include_input=False)[0]["msg"].removeprefix("Value error, ")
        fitting = re.sub(r"[^a-z0-9_-]+", "-", source_id.lower()).strip("-_")[:64]
        return Problem(f"the id of a source {message}", key, path, f"write {fitting}:" if fitting else "")
    return None


def _unknown_kind(root: Branch, path: Path, kind: object) -> Problem:
    close = meant(str(kind), kinds())
    todo = f"did you mean {close}?" if close else f"there are: {', '.join(kinds())}"
    origin = key_at(root, path) or DEFAULT
    if (node := node_at(root, (*path, "kind"))) is not None:
        origin = node.origin
    elif named := next((name for name in KIND_NAMES if key_at(root, (*path, name)) is not None), None):
        other = key_at(root, (*path, named)) or origin
        value = plain(node_at(root, (*path, named)) or Scalar(None, origin))
        todo = f"write kind: {value if value in kinds() else 'KIND'}"
        return Problem(f"there is no setting {named!r} in {'.'.join(map(str, path))}", other, path, todo)
    elif isinstance(origin, Place):
        return Problem(
            f"the kind of the source {path[-1]!r} is missing", origin, path, f"write kind: {' | '.join(kinds())}"
        )
    return Problem(f"there is no connector of kind {kind!r}", origin, (*path, "kind"), todo)
