"""The log events of the code, found by reading its log calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LOGGER = "log"
LEVELS = {name: name for name in ("debug", "info", "warning", "error")} | {"exception": "error"}
EXCEPTION = "exc_info"


class LogCall(NamedTuple):
    """A call that logs an event."""

    name: str
    level: str
    fields: frozenset[str]


def log_calls(folder: Path) -> list[LogCall]:
    """Return the log calls in a folder's modules. Raises ValueError for a call whose event cannot be read."""
    return [call for path in sorted(folder.rglob("*.py")) for call in calls_in(path.read_text(encoding="utf-8"))]


def calls_in(source: str) -> Iterator[LogCall]:
    """Yield the log calls of a module, and the events that its loops log of an error that they outlive."""
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name(name), level), [first, *_]) if name == LOGGER and level in LEVELS:
                function = _function(node, parents)
                for event in _events(first, function):
                    yield LogCall(event, LEVELS[level], _fields(node, level, function))
            case ast.Call(ast.Name("Outlived"), [_, ast.Constant(str(event))]) if event:
                yield LogCall(event, "warning", frozenset({"error"}))


def _function(node: ast.AST, parents: dict[ast.AST, ast.AST]) -> ast.AST:
    """Return the function around a node."""
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        node = parents[node]
    return node


def _fields(call: ast.Call, level: str, function: ast.AST) -> frozenset[str]:
    named = {each.arg for each in call.keywords if each.arg is not None}
    for each in call.keywords:
        if each.arg is None:
            named |= _keys(each.value, function)
    if level == "exception" or EXCEPTION in named:
        named = named - {EXCEPTION} | {"exception"}
    return frozenset(named)


def _keys(mapping: ast.expr, function: ast.AST) -> set[str]:
    """Return the keys of a dict that the function makes, and passes as `**name`. Raises ValueError."""
    for node in ast.walk(function):
        match node:
            case ast.Assign([ast.Name(name)], ast.Dict(keys)) if name == ast.unparse(mapping):
                return {each.value for each in keys if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    raise ValueError(f"line {mapping.lineno}: the fields of the log event cannot be read: {ast.unparse(mapping)}")


def _events(first: ast.expr, function: ast.AST) -> list[str]:
    """Return the names that the first argument of a log call can be. Raises ValueError."""
    match first:
        case ast.Constant(str(name)):
            return [name]
        case ast.IfExp(_, body, orelse):
            return [*_events(body, function), *_events(orelse, function)]
        case ast.Name(variable):
            assigned = [
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == [variable]
            ]
            if assigned:
                return [name for value in assigned for name in _events(value, function)]
        case ast.Attribute(attr="event"):
            return []  # of `Outlived`, whose calls hold the name
    raise ValueError(f"line {first.lineno}: the name of the log event cannot be read: {ast.unparse(first)}")
