"""The layers of the configuration: environment and file, as trees that can be laid over each other.

An environment variable is `TICKETRELAY_SECTION__NAME`, or `…_FILE` for the path of a file that holds the value. In the
configuration file, `NAME_file` does the same for secrets, relative to the folder of the configuration file. A secret in
the configuration file itself is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from worker.settings.document import read_document
from worker.settings.fields import (
    SOURCES,
    field_at,
    fields_of,
    holds_secrets,
    is_secret,
    item_misfits,
    keeps_out,
    misfit,
    model_at,
    sections_in,
    sections_of,
)
from worker.settings.models import Settings
from worker.settings.origin import (
    DEFAULT,
    Branch,
    InFile,
    Items,
    Node,
    Origin,
    Path,
    Place,
    Scalar,
    Text,
    Variable,
    leaves,
    over,
    tree_of,
)
from worker.settings.problems import (
    PREFIX,
    Problem,
    SettingsError,
    meant,
    variable,
    without_password,
)
from worker.settings.remedies import truth_of, written_right
from worker.settings.secretfiles import is_path
from worker.settings.substitution import SUBSTITUTION
from worker.settings.walking import seen

CONFIG = "TICKETRELAY_CONFIG"
"""Variable with the path of the configuration file; it is not a setting."""
ONLY_IN_FILE = ("routes", "tests")
"""Sections that only the file has: lists."""
FOR_TESTS = "TICKETRELAY_TEST_"
MAY_BE_NONE = (("api", "per"), ("ledger", "keep"))
"""The sections and first words of settings that an empty variable sets to None."""
_FILE = "_file"
_NO_SECRETS = frozenset(
    name
    for section in sections_of(Settings)
    for name, field in fields_of(section).items()
    if not is_secret(field) and not keeps_out(field)
) | frozenset({"type", "connector", "receipts", "priority", "match", "matchers"})
"""Names of other settings, which hold nothing secret in a section where they do not belong either."""
Found = tuple[Branch, list[Problem], set[int]]
"""A tree, its problems, and the lines of the file that hold a secret."""


def config_of(environ: Mapping[str, str]) -> FilePath | None:
    """Return the path of the configuration file in the environment; None without one."""
    name = environ.get(CONFIG)
    return FilePath(name) if name else None


def from_environment(environ: Mapping[str, str]) -> tuple[Branch, list[Problem]]:
    """Return the tree of the environment, and its problems."""
    problems: list[Problem] = []
    tree: dict[str, Any] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name.startswith(FOR_TESTS) or name == CONFIG:
            continue
        origin = Variable(name)
        path = tuple(part.lower() for part in name.removeprefix(PREFIX).split("__"))
        node: Node = Scalar(environ[name], origin)
        if (
            path[-1].endswith(_FILE) and field_at(tree_of(tree, DEFAULT), Settings, path) is None
        ):  # some settings are paths themselves
            path = (*path[:-1], path[-1].removesuffix(_FILE))
            if variable(*path) in environ:
                problems.append(Problem(f"{variable(*path)} is set too: remove one of the two", origin, path))
            node = InFile(environ[name], origin, is_path=is_path(environ[name], FilePath()))
        elif environ[name] == "" and len(path) == 2 and (path[0], path[1].partition("_")[0]) in MAY_BE_NONE:
            # An empty variable is how a shell or a compose file expresses None, for the settings that may be None.
            node = Scalar(None, origin)
        _put(tree, path, node, origin, problems)
    return tree_of(tree, DEFAULT), problems


def _put(tree: dict[str, Any], path: tuple[str, ...], node: Node, origin: Variable, problems: list[Problem]) -> None:
    if path[0] in ONLY_IN_FILE:
        if not any(each.path == path[:1] for each in problems):
            message = f"the section {path[0]} cannot be set by the environment"
            problems.append(Problem(message, origin, path[:1], f"write it into the configuration file ({CONFIG})"))
        return
    if len(path) == 1:
        known = [
            f"{section}__{name}".upper()
            for section, field in Settings.model_fields.items()
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            for name in field.annotation.model_fields
        ]
        close = meant(origin.name.removeprefix(PREFIX), known)
        problems.append(
            Problem("there is no such setting", origin, path, f"did you mean {PREFIX}{close}?" if close else "")
        )
        return
    at = tree
    for part in path[:-1]:
        at = at.setdefault(part, {})
        if not isinstance(at, dict):
            problems.append(Problem(f"{part!r} is a setting with a value, not a section", origin, path))
            return
    at[path[-1]] = node


def from_file(path: FilePath, environment: Branch) -> Found:
    """Return the tree of the configuration file. Its sources may have their kind from the environment.

    Raises SettingsError when the file is not YAML.
    """
    tree, problems = read_document(str(path), _content(path))
    hidden: set[int] = set()
    kinds = (
        over(Branch({SOURCES: environment.entries[SOURCES]}, DEFAULT), tree) if SOURCES in environment.entries else tree
    )
    return _judged(tree, kinds, (), path.parent, problems, hidden), problems, hidden


def _content(path: FilePath) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        at = Place(Text(str(path), ()), 1, 1)
        todo = "give the path of the file with --config or TICKETRELAY_CONFIG"
        raise SettingsError([Problem(f"the file cannot be read: {error.strerror}", at, todo=todo)]) from None


def _judged(
    node: Branch, kinds: Node, path: Path, folder: FilePath, problems: list[Problem], hidden: set[int]
) -> Branch:
    """Return the section with `NAME_file` as NAME, and without misfits. Empty sections are sections."""

    def inner(node: Node, path: Path) -> Node:
        if isinstance(node, Branch):
            return _judged(node, kinds, path, folder, problems, hidden)
        if isinstance(node, Items):
            return Items(tuple(inner(each, (*path, number)) for number, each in enumerate(node.items)), node.origin)
        is_section = len(path) == 1 or (len(path) == 2 and path[0] == SOURCES)
        if is_section and isinstance(node, Scalar) and node.value is None:
            return Branch({}, node.origin) if model_at(kinds, Settings, path) or path == (SOURCES,) else node
        return node

    model = model_at(kinds, Settings, path)
    fields = fields_of(model)
    entries: dict[str, tuple[Origin, Node]] = {}
    for name, (key, each) in node.entries.items():
        at = (*path, name)
        field = fields.get(name)
        base = name.removesuffix(_FILE)
        of_file = fields.get(base) if base != name else None
        wrong = misfit(each, field) if field is not None else ""
        hidden.update(_unshown(name, key, each, field, model_at(kinds, Settings, at)))
        if field is None and of_file is not None and keeps_out(of_file):
            entry = _in_file(node, base, key, each, folder, (*path, base), problems)
            hidden.update(_texts(each) if not _is_shown(each, folder) else ())
            entries |= {base: (key, entry)} if entry is not None else {}
        elif field is not None and (refused := _inline(each, field, at)):
            problems.append(refused)
            hidden.update(_lines(each) if is_secret(field) and not _is_substitution(each) else ())
        elif wrong and field is not None:
            problems.append(Problem(wrong, seen(each, key), at, written_right(each, at, field)))
        else:
            problems += _in_mapping(each, field, at)
            if field is None and model is not None and _may_be_secret(name, model):
                hidden.update(_lines(each))  # may be a secret under a misspelt name
            entries[name] = (key, inner(each, at))
    return Branch(entries, node.origin)


def _in_mapping(node: Node, field: FieldInfo | None, path: Path) -> list[Problem]:
    """Return the problems of the plain values in a mapping, such as {mention: yes}."""
    if field is None or not isinstance(node, Branch):
        return []
    found: list[Problem] = []
    for name, wrong in item_misfits(node, field):
        key, value = node.entries[name]
        found.append(Problem(wrong, seen(value, key), (*path, name), truth_of(value, name)))
    return found


def _may_be_secret(name: str, model: type[BaseModel]) -> bool:
    """Return True for an unknown name that may be a misspelt secret; False when another setting was meant."""
    if name in ("kind", *_NO_SECRETS) or not holds_secrets(model):
        return False
    close = meant(name, list(model.model_fields))
    field = model.model_fields.get(close)
    return field is None or is_secret(field) or any(map(holds_secrets, sections_in(field)))


def _in_file(
    section: Branch, base: str, key: Origin, node: Node, folder: FilePath, path: Path, problems: list[Problem]
) -> InFile | None:
    if base in section.entries:
        problems.append(Problem(f"{base!r} is given too", key, path, "remove one of the two"))
        return None
    if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
        problems.append(Problem("expected the path of a file", seen(node, key), path))
        return None
    return InFile(str(folder / node.value), node.origin, is_path=is_path(node.value, folder))


def _is_shown(node: Node, folder: FilePath) -> bool:
    """Return True for a text that is a path, or begins with a variable that stands for a folder."""
    text = node.value if isinstance(node, Scalar) else None
    return isinstance(text, str) and (is_path(text, folder) or SUBSTITUTION.match(text) is not None)


def _unshown(name: str, key: Origin, node: Node, field: FieldInfo | None, model: type[BaseModel] | None) -> set[int]:
    """Return the lines of a text that may be a secret: it stands in place of a section with secrets, or is a URL.

    A URL in place of a name is what remains when somebody forgets the name of the setting.
    """
    lines = {key.line} if isinstance(key, Place) and "://" in name else set()
    sections = [*(sections_in(field) if field is not None else ()), *([model] if model is not None else ())]
    may_hold = any(map(holds_secrets, sections)) and name != "kind" and not isinstance(node, Branch)
    return lines | (_texts(node) if may_hold else set())


def _is_substitution(node: Node) -> bool:
    """Return True for a value that is nothing but `${NAME}`, and so no secret."""
    value = node.value if isinstance(node, Scalar) else None
    return isinstance(value, str) and SUBSTITUTION.fullmatch(value) is not None


def _inline(node: Node, field: FieldInfo, path: Path) -> Problem | None:
    """Return the problem of a secret in the configuration file itself."""
    value = node.value if isinstance(node, Scalar) else ""
    has_password = keeps_out(field) and isinstance(value, str) and without_password(value) != value
    if not has_password and (value is None or not is_secret(field)):
        return None
    what = "a secret" if is_secret(field) else "a URL with a password"
    message = f"{what} must not stand in this file"
    if isinstance(value, str) and (found := SUBSTITUTION.search(value)):
        message += f", and {found[0]} is not replaced by its value"
    todo = f"write '{path[-1]}_file: PATH', or set {variable(*path)}"
    return Problem(message, node.origin, path, todo)


def _texts(node: Node) -> set[int]:
    """Return the lines of values that may be secrets: neither empty nor a truth value."""
    return _lines(node, lambda value: value not in (None, True, False))


def _lines(node: Node, counts: Callable[[object], bool] = lambda _: True) -> set[int]:
    found: set[int] = set()
    for _, each in leaves(node):
        if isinstance(each, Scalar) and not counts(each.value):
            continue
        found.update(range(each.lines[0], each.lines[1] + 1))
    return found
