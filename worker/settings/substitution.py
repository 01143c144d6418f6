"""Refuses `${NAME}` in a value: neither the file nor a variable is a template for the environment.

The environment itself can set the value: the message names the variable that sets this very setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.settings.fields import field_at, is_secret
from worker.settings.models import Settings
from worker.settings.origin import Branch, InFile, Node, Origin, Path, Place, Scalar, Variable, nodes
from worker.settings.problems import Problem, variable

SUBSTITUTION = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-+?=][^}]*)?\}")
"""A reference that a shell, Compose or another product replaces: `${NAME}`, `${NAME:-default}`."""
_DATA = (("tests", "message"), ("tests", "headers"))
"""The settings that hold messages of senders, in which the characters mean nothing: section, and a name beneath it."""


def unreplaced(root: Branch) -> Iterator[Problem]:
    """Yield a problem for each value with `${NAME}`, except secrets and the messages of tests."""
    for path, node in nodes(root):
        text, origin = _text(node)
        found = SUBSTITUTION.search(text)
        if found is None or not isinstance(origin, Place | Variable) or _may_hold(root, path, node):
            continue
        yield Problem(f"{found[0]} is not replaced by its value", origin, path, _remedy(root, path, node, found[0]))


def _text(node: Node) -> tuple[str, Origin]:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value, node.origin
    return (node.path, node.origin) if isinstance(node, InFile) else ("", node.origin)


def _may_hold(root: Branch, path: Path, node: Node) -> bool:
    if any(path[0] == section and name in path for section, name in _DATA):
        return True
    field = field_at(root, Settings, path)
    return isinstance(node, Scalar) and field is not None and is_secret(field)


def _remedy(root: Branch, path: Path, node: Node, found: str) -> str:
    if path[0] == "templates" or (path[0] == "routes" and {"subject", "description", "metadata"} & set(path)):
        return f"write the value itself; in a template, {{{{ '$' }}}}{found[1:]} writes the characters themselves"
    if isinstance(node.origin, Variable):
        return "write the value itself into the variable"
    name = variable(*path) + ("_FILE" if isinstance(node, InFile) else "")
    is_known = field_at(root, Settings, path) is not None or path[-1] == "kind"
    is_setting = is_known and not any(isinstance(part, int) for part in path)
    return f"remove the line, and set {name} in the environment" if is_setting else "write the value itself"
