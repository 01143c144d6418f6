"""Checks a template's syntax tree, and refuses everything that is not allowed, with its exact place.

Jinja itself only has the line. The tree is checked node by node. A node that is not in `ALLOWED` is refused, so that a
later version of Jinja adds nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

from jinja2 import Environment, TemplateSyntaxError, nodes

from worker.settings import attributes
from worker.settings.filters import AT_MOST, FILTERS, MAX_ITEMS, WEIGHED
from worker.settings.section import AtOffset

MAX_STEPS = 20_000
"""The most nodes that one rendering may evaluate: those in a `for` count for each of its items."""
MAX_DEPTH = 30
"""Levels of nested nodes."""
MAX_CHAIN = 10
"""Filters in a row."""
LOOP = ("first", "last", "index", "length")
"""Attributes of `loop.` inside a `for`."""

ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.List, nodes.Tuple, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.Filter, nodes.Keyword, nodes.Test, nodes.Neg,
)  # fmt: skip

REFUSED: dict[type[nodes.Node], tuple[str, str]] = {
    nodes.Add: ("+", "there is no arithmetic; write two outputs side by side: {{ a }}{{ b }}"),
    nodes.Sub: ("-", "there is no arithmetic"),
    nodes.Mul: ("*", "there is no arithmetic, and text cannot be repeated"),
    nodes.Div: ("/", "there is no arithmetic"),
    nodes.FloorDiv: ("//", "there is no arithmetic"),
    nodes.Mod: ("%", "there is no arithmetic, and no formatting of text"),
    nodes.Pow: ("**", "there is no arithmetic"),
    nodes.Pos: ("+", "there is no arithmetic"),
    nodes.Concat: ("~", "write two outputs side by side: {{ a }}{{ b }}"),
    nodes.Call: ("(", "there are no calls; use a filter: {{ subject|upper }}"),
    nodes.Dict: ("{", "there are no mappings"),
    nodes.Slice: (":", "there are no slices; {{ text|truncate(100) }} cuts"),
    nodes.Assign: ("set", "a template cannot set variables"),
    nodes.AssignBlock: ("set", "a template cannot set variables"),
    nodes.Macro: ("macro", "there are no macros"),
    nodes.CallBlock: ("call", "there are no macros"),
    nodes.FilterBlock: ("filter", "a filter stands behind a value: {{ subject|upper }}"),
    nodes.Include: ("include", "a template cannot use another template"),
    nodes.Import: ("import", "a template cannot use another template"),
    nodes.FromImport: ("from", "a template cannot use another template"),
    nodes.Extends: ("extends", "a template cannot use another template"),
    nodes.Block: ("block", "a template cannot use another template"),
    nodes.With: ("with", "a template cannot set variables"),
    nodes.Scope: ("autoescape", "a ticket's text has no escaping"),
}
"""Source text by which a refused node is found, and the remedy."""


_OF_GO = re.compile(r"(?<=\{\{)-?\s*([.$])(?:Common|Group)?(\w*)(?:\.(\w+))?")
"""An attribute as Alertmanager and Prometheus write it: `.CommonLabels.team`, `$labels.team`."""


def check(environment: Environment, source: str, names: Mapping[str, str]) -> tuple[nodes.Template, frozenset[str]]:
    """Return the template's tree, made safe, and the attributes that it uses. Raises AtOffset."""
    try:
        tree = environment.parse(source)
    except TemplateSyntaxError as error:
        if found := _OF_GO.search(source):
            hint = f"write {{{{ {found[2].lower()}.{found[3]} }}}}" if found[3] else "write {{ labels.NAME }}"
            raise AtOffset(f"{found[0].strip()!r} is of Go's templates: {hint}", found.start(1), 1) from None
        raise _on_line(source, error.lineno, _in_words(error.message or "")) from None
    except RecursionError:
        raise AtOffset("the template is nested too deeply", 0, len(source)) from None
    except ValueError:  # a number that Python does not read
        raise AtOffset("a number is too long", 0, len(source)) from None
    checker = _Checker(environment, source, names)
    checker.check(tree)
    _make_safe(tree)
    return tree, frozenset(checker.used)


def _in_words(message: str) -> str:
    """Return Jinja's message about an unfinished template in our words, and any other one as it is."""
    if "end of print statement" in message and "end of template" in message:
        return "the end of an output is missing: write }}"
    if "end of statement block" in message and "end of template" in message:
        return "the end of a statement is missing: write %}"
    if found := re.search(r"needs to be closed is '(if|for)'", message):
        return f"the end of {found[1]} is missing: write {{% end{found[1]} %}}"
    return message or "the template cannot be read"


@dataclass
class _Checker:
    environment: Environment
    source: str
    names: Mapping[str, str]
    used: set[str] = field(default_factory=set)
    _steps: int = 0

    def check(self, tree: nodes.Node) -> None:
        # A stack of its own: a template must not exhaust Python's.
        stack: list[tuple[nodes.Node, int, frozenset[str] | None]] = [(tree, 0, None)]
        while stack:
            node, depth, own = stack.pop()
            self._steps += MAX_ITEMS if own is not None else 1
            if depth > MAX_DEPTH:
                self._refuse(node, None, f"the template is nested more than {MAX_DEPTH} levels deep")
            if self._steps > MAX_STEPS:
                self._refuse(node, None, f"the template has too many parts (those in a for count {MAX_ITEMS} times)")
            self._look_at(node, own)
            for child, names in self._children(node, own):
                stack.append((child, depth + 1, names))

    def _children(
        self, node: nodes.Node, own: frozenset[str] | None
    ) -> Iterator[tuple[nodes.Node, frozenset[str] | None]]:
        """Yield the child nodes, each with the names of its `for`; None outside of a `for`."""
        if isinstance(node, nodes.For):
            inside = frozenset(_targets(node))
            yield node.iter, own
            for child in (*node.body, *([node.test] if node.test else [])):
                yield child, inside
            for child in node.else_:
                yield child, own
        elif isinstance(node, nodes.Getattr | nodes.Getitem):
            return  # checked as a whole
        else:
            for child in node.iter_child_nodes():
                yield child, own

    def _look_at(self, node: nodes.Node, own: frozenset[str] | None) -> None:
        kind = type(node)
        if kind in _CHECKS:
            _CHECKS[kind](self, node, own)
        elif kind in REFUSED:
            word, hint = REFUSED[kind]
            self._refuse(node, word, f"{word!r} is not allowed in a template: {hint}")
        elif kind not in ALLOWED:
            self._refuse(node, None, f"{kind.__name__.lower()} is not allowed in a template")

    def attribute(self, node: nodes.Getattr | nodes.Getitem, own: frozenset[str] | None) -> None:
        match node:
            case (
                nodes.Getattr(node=nodes.Name() as base, attr=str() as name)
                | nodes.Getitem(node=nodes.Name() as base, arg=nodes.Const(value=str() as name))
            ):
                self._lookup(base, name, own)
            case _:
                word = node.attr if isinstance(node, nodes.Getattr) else "["
                self._refuse(node, word, 'an attribute is written as labels.team or labels["team"]')

    def output(self, node: nodes.Output, _: frozenset[str] | None) -> None:
        for each in node.nodes:
            if isinstance(each, nodes.Name) and each.name in attributes.groups(self.names):
                self._refuse(each, each.name, f"name one of them: {each.name}.NAME")

    def test(self, node: nodes.Test, _: frozenset[str] | None) -> None:
        if node.name not in self.environment.tests:
            self._refuse(node, node.name, f"there is no test {node.name!r}; there are: defined, undefined")

    def negative(self, node: nodes.Neg, _: frozenset[str] | None) -> None:
        if not isinstance(node.node, nodes.Const):
            self._refuse(node, "-", "there is no arithmetic")

    def _lookup(self, base: nodes.Name, name: str, own: frozenset[str] | None) -> None:
        if base.name == "loop" and own is not None:
            if name not in LOOP:
                self._refuse(base, name, f"a for has only loop.{', loop.'.join(LOOP)}")
        elif base.name in (own or ()) or name.startswith("__"):
            self._refuse(base, name, f"{base.name} has no attribute {name!r}")
        elif wrong := attributes.unknown(f"{base.name}.{name}", self.names):
            self._refuse(base, base.name, "; ".join(wrong))
        else:
            self.used.add(base.name)

    def name(self, node: nodes.Name, own: frozenset[str] | None) -> None:
        if node.name in (own or ()):
            return
        if node.name not in attributes.groups(self.names) and (wrong := attributes.unknown(node.name, self.names)):
            self._refuse(node, node.name, "; ".join(wrong))
        self.used.add(node.name)

    def filter(self, node: nodes.Filter, _: frozenset[str] | None) -> None:
        code = FILTERS.get(node.name)
        if code is None:
            known = ", ".join(sorted(FILTERS))
            self._refuse(node, node.name, f"there is no filter {node.name!r}; there are: {known}")
        if node.node is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            self._refuse(node, node.name, "the arguments of a filter are written one by one")
        try:
            named: dict[str, object] = {str(each.key): each for each in node.kwargs}
            inspect.signature(code).bind(None, None, *node.args, **named)
        except TypeError as error:
            self._refuse(node, node.name, f"the filter {node.name!r} does not take these arguments: {error}")
        length = 1
        inner: nodes.Expr | None = node.node
        while isinstance(inner, nodes.Filter):
            length, inner = length + 1, inner.node
        if length > MAX_CHAIN:
            self._refuse(node, node.name, f"{length} filters stand behind each other, more than {MAX_CHAIN}")

    def loop(self, node: nodes.For, own: frozenset[str] | None) -> None:
        if own is not None:
            self._refuse(node, "for", "a for cannot stand in another one")
        if node.recursive:
            self._refuse(node, "recursive", "a for cannot call itself")
        for name in _targets(node):
            if not name or name.startswith("_") or name == "loop":
                self._refuse(node, None, "a for gives a plain name, or two: for name, value in labels|items")

    def _refuse(self, node: nodes.Node, word: str | None, message: str) -> NoReturn:
        # Jinja gives some nodes no line, such as comparisons: take the line of a node within.
        line = next((each.lineno for each in (node, *node.find_all(nodes.Node)) if each.lineno), 1)
        offset = _find(self.environment, self.source, line, word) if word else None
        if word is None or offset is None:
            raise _on_line(self.source, line, message)
        raise AtOffset(message, offset, len(word))


_CHECKS: Mapping[type[nodes.Node], Callable[[_Checker, Any, frozenset[str] | None], None]] = {
    nodes.Getattr: _Checker.attribute,
    nodes.Getitem: _Checker.attribute,
    nodes.Output: _Checker.output,
    nodes.Name: _Checker.name,
    nodes.Filter: _Checker.filter,
    nodes.Test: _Checker.test,
    nodes.Neg: _Checker.negative,
    nodes.For: _Checker.loop,
}
"""The check for each kind of node. A kind without an entry is allowed or refused whatever it contains."""


def _targets(node: nodes.For) -> list[str]:
    """Return the names that a `for` defines; "" for a target that is not a name."""
    target = node.target
    found: list[nodes.Node] = list(target.items) if isinstance(target, nodes.Tuple) else [target]
    return [each.name if isinstance(each, nodes.Name) else "" for each in found]


def _make_safe(tree: nodes.Template) -> None:
    """Put a bound around the lists of loops and around compared values."""
    for loop in list(tree.find_all(nodes.For)):
        loop.iter = _bounded(cast(nodes.Expr, loop.iter), AT_MOST)
    for comparison in list(tree.find_all(nodes.Compare)):
        comparison.expr = _bounded(comparison.expr, WEIGHED)
        for each in comparison.ops:
            each.expr = _bounded(each.expr, WEIGHED)


def _bounded(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _find(environment: Environment, source: str, line: int, word: str) -> int | None:
    """Return where the word stands as a token, on this line or after it."""
    at = 0
    for _, kind, value in environment.lexer.tokeniter(source, None):
        at = source.find(value, at)
        if at < 0:
            return None  # white space that was stripped
        if kind != "data" and value.strip("'\"") == word and source.count("\n", 0, at) + 1 >= line:
            return at + value.find(word)
        at += len(value)
    return None


def _on_line(source: str, line: int, message: str) -> AtOffset:
    """Return the error for a whole line, without its leading blanks."""
    lines = source.split("\n")
    number = min(max(line, 1), len(lines))
    before, text = sum(len(each) + 1 for each in lines[: number - 1]), lines[number - 1]
    indent = len(text) - len(text.lstrip())
    return AtOffset(message, before + indent, max(1, len(text.strip())))
