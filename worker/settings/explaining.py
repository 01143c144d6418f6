"""Translates pydantic's errors into problems with a message for people and a place.

A message never holds a value, because the value may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from worker.settings import habits
from worker.settings.fields import SOURCES, described, field_at, fields_of, is_secret, model_at
from worker.settings.models import Settings
from worker.settings.origin import DEFAULT, Branch, Items, Node, Origin, Path, Place, Scalar, key_at, node_at
from worker.settings.problems import HIDDEN, Problem, meant, variable
from worker.settings.remedies import section_name, written_right
from worker.settings.section import AtOffset
from worker.settings.walking import origin_of


def explained(root: Branch, error: ValidationError, at: Path, before: Sequence[Problem] = ()) -> list[Problem]:
    """Return a problem for each error. Input values are left out, because one of them may be a secret.

    A rule between settings was judged without the settings that have a problem in `before`: it is left out.
    """
    found = [_problem(root, each, at) for each in error.errors(include_url=False, include_input=False)]
    return [each for each in found if not _follows(root, each, (*before, *found)) and not _misnamed(each, found)]


def _misnamed(one: Problem, found: Sequence[Problem]) -> bool:
    """Return True for a required setting that is missing because it has another name, which is told as well."""
    if not one.message.endswith(("is required here", "is required")):
        return False
    name = re.compile(rf"(?i)(?:\b|__){re.escape(str(one.path[-1]))}(?:_file)?\b")
    return any(
        each is not one and each.path[:-1] == one.path[:-1] and name.search(each.todo) is not None for each in found
    )


def _follows(root: Branch, one: Problem, found: Sequence[Problem]) -> bool:
    """Return True for a problem of a whole that follows from one of its part: "too few items" when an item is wrong."""
    size = len(one.path)
    within = any(len(each.path) > size and each.path[:size] == one.path for each in found)
    return within and isinstance(node_at(root, one.path), Branch | Items)


# The expected kind of value, by pydantic's type of the error.
_KINDS: Mapping[str, str] = {
    "string_type": "a text",
    "dict_type": "a section",
    "model_type": "a section",
    "list_type": "a list",
    "tuple_type": "a list",
    "is_instance_of": "a matcher, such as severity = critical",
}
# The same for texts of the environment.
_READ_AS: Mapping[str, str] = {
    "bool_parsing": "true or false",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
}
_SHOULD = re.compile(r"^(?:Input|String|Tuple|List|Dictionary) should (?=be |have |match )")
_MESSAGES: Mapping[str, str] = {
    "path_not_file": "there is no such file",
    "url_parsing": "expected a URL",
    "url_scheme": "expected a URL that begins with http:// or https://",
}
"""Our message in place of pydantic's, by its type of the error."""
_SETTING = re.compile(r"[a-z]+(?:\.[a-z0-9_-]+)+(?=[: ])")
"""A setting at the beginning of a message about the settings as a whole."""
_FORMS: Mapping[str, str] = {
    "@": "write NAME@DOMAIN",
    "[0-9]{1,5}$": "write HOST:PORT",
    "https?://": "write https://HOST",
}
"""The remedy for a text that does not match a pattern, by a part of the pattern."""


def _problem(root: Branch, error: ErrorDetails, at: Path) -> Problem:
    located = error["loc"]
    is_name = bool(located) and located[-1] == "[key]"  # the name in a dictionary is wrong, not its value
    path = _in_tree(root, (*at, *(located[:-1] if is_name else located)), is_there=error["type"] != "missing")
    if error["type"] == "extra_forbidden":
        return _unknown(root, path)
    if error["type"] == "missing":
        origin = key_at(root, path[:-1])
        if isinstance(origin, Place):
            return Problem(f"{path[-1]!r} is required here", origin, path, _how_to_give(root, path))
        return Problem("is required", DEFAULT, path)
    message = _MESSAGES.get(error["type"], _SHOULD.sub("must ", error["msg"].removeprefix("Value error, ")))
    message = message.replace(" after validation", "")
    if not path and (named := _SETTING.match(message)):
        path = tuple(named[0].split("."))
    if is_name:
        return Problem(message, key_at(root, path) or DEFAULT, path)
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, AtOffset) and cause.item is not None and node_at(root, (*path, cause.item)) is not None:
        path = (*path, cause.item)
    origin = origin_of(root, path)
    node = node_at(root, path)
    if node is not None and error["type"] in _KINDS:
        message = f"expected {_KINDS[error['type']]}, not {described(node)}"
        return Problem(message, origin, path, written_right(node, path))
    if error["type"] in _READ_AS:
        return Problem(f"must be {_READ_AS[error['type']]}", origin, path)
    if isinstance(node, Branch):
        origin = _named_in(message, node, origin)
    if isinstance(cause, AtOffset):
        return Problem(*_within(node, cause, message, origin), path)
    return Problem(message, origin, path, _word_meant(error, node))


def _word_meant(error: ErrorDetails, node: Node | None) -> str:
    """Return the word that was probably meant, for a setting that takes one of a few words; else the form to write."""
    if error["type"] in ("url_parsing", "url_scheme"):
        return "write http://HOST/PATH or https://HOST/PATH"
    if error["type"] == "path_not_file":
        return "create the file, or give another path"
    if error["type"] == "string_pattern_mismatch":
        return next((todo for part, todo in _FORMS.items() if part in error["ctx"]["pattern"]), "")
    if error["type"] != "literal_error" or not isinstance(node, Scalar) or not isinstance(node.value, str):
        return ""
    known = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
    habit = habits.PRIORITY_WORDS.get(node.value.casefold()) if "urgent" in known else None
    close = habit or meant(node.value, known)
    return f"did you mean {close!r}?" if close else ""


def _in_tree(root: Branch, located: tuple[int | str, ...], *, is_there: bool) -> Path:
    """Return the path in the tree: pydantic includes the members of a union in a path, as if they were sections."""
    path: Path = ()
    for index, part in enumerate(located):
        is_last = index == len(located) - 1 and not (is_there and node_at(root, path) is not None)
        if node_at(root, (*path, part)) is not None or is_last or index == 0:
            path = (*path, part)
    return path


def _named_in(message: str, section: Branch, origin: Origin) -> Origin:
    """Return the place of the first setting that a rule between settings names, when the file has it."""
    for word in message.replace(":", " ").replace(",", " ").split():
        node = section.entries[word][1] if word in section.entries else None
        if node is not None and isinstance(node.origin, Place):
            return node.origin
    return origin


def _within(node: Node | None, error: AtOffset, message: str, origin: Origin) -> tuple[str, Origin]:
    """Return the message, and the place of the error within a text."""
    if not isinstance(node, Scalar) or node.within is None:
        return f"{message} (at character {error.offset + 1})", origin
    places = list(node.within())
    if not places:
        return message, origin
    first = places[min(error.offset, len(places) - 1)]
    last = places[min(error.offset + max(error.length, 1), len(places)) - 1]
    column = first.column + (error.offset >= len(places))
    length = last.column - column + 1 if last.line == first.line else len(first.text.lines[first.line - 1])
    return message, replace(first, column=column, length=max(length, 1))


def _unknown(root: Branch, path: Path) -> Problem:
    origin = key_at(root, path) or DEFAULT
    model = model_at(root, Settings, path[:-1])
    fields = fields_of(model) if model is not None else {}
    names = list(fields)
    if not isinstance(origin, Place):
        section = variable(*path[:-1], "")
        close = meant(str(path[-1]), names)
        return Problem(
            "there is no such setting", DEFAULT, path, f"did you mean {section}{close.upper()}?" if close else ""
        )
    secrets = {name for name, field in fields.items() if is_secret(field)}
    names = [f"{each}_file" if each in secrets else each for each in names]
    names += ["kind"] if len(path) == 3 and path[0] == SOURCES else []
    above = section_name(root, path[:-1])
    name = HIDDEN if "://" in str(path[-1]) else str(path[-1])  # a URL may hold a token
    what = f"no setting {name!r} in {above}" if above else f"no section {name!r}"
    if habit := habits.instead(path):
        return Problem(f"there is {what}", origin, path, habit)
    if section := _moved(root, path, names):
        return Problem(f"there is {what}", origin, path, f"{path[-1]!r} belongs to {section}: move it there")
    close = meant(str(path[-1]), [*names, *secrets])
    close = f"{close}_file" if close in secrets else close
    there_are = f"there are: {', '.join(sorted(names))}" if names else ""
    return Problem(f"there is {what}", origin, path, f"did you mean {close!r}?" if close else there_are)


def _moved(root: Branch, path: Path, names: list[str]) -> str:
    """Return the section that has a setting of this very name; empty when none has, or several have."""
    name = str(path[-1])
    if meant(name, names) or path[0] == SOURCES:
        return ""
    found = [each for each in Settings.model_fields if name in fields_of(model_at(root, Settings, (each,)))]
    return found[0] if len(found) == 1 else ""


def _how_to_give(root: Branch, path: Path) -> str:
    field = field_at(root, Settings, path)
    if field is not None and is_secret(field):
        return f"write '{path[-1]}_file: PATH' beneath it, or set {variable(*path)}"
    return f"write '{path[-1]}: …' beneath it"


def told_once(problems: list[Problem]) -> list[Problem]:
    """Keep the first problem of each setting, and drop those that follow from it."""
    kept: list[Problem] = []
    for each in problems:
        if not each.path or not any(other.path == each.path for other in kept):
            kept.append(each)
    return kept
