"""Reads the configuration file: YAML, as a tree that records the place of each value.

The format is YAML 1.2 with its core schema: `true` and `false` are the only truth values, `on`, `no` and a date are
texts, 010 is ten. PyYAML reads the syntax; this module decides the meaning of each text. Tags, merge keys and names
that are not texts are refused. So is excessive growth: too many levels, too many values, aliases of aliases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import yaml  # type: ignore[import-untyped]  # not worth a stubs package for a handful of calls

from worker.settings.origin import Branch, Items, Node, Path, Place, Scalar, Text
from worker.settings.problems import Problem, SettingsError

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 30
MAX_NODES = 100_000
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # line ends as PyYAML counts them
_CORE = "tag:yaml.org,2002:"
_MAX_DIGITS = 100


class _Resolver(yaml.resolver.BaseResolver):  # type: ignore[misc]  # no types
    """The core schema of YAML 1.2 (section 10.3.2)."""


for _tag, _pattern, _first in (
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    (
        "float",
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+0123456789."),
    ),
):
    _Resolver.add_implicit_resolver(_CORE + _tag, re.compile(_pattern), _first)


class _Refused(Exception):
    """A node exceeds a limit or is not supported; raised with its mark."""

    def __init__(self, message: str, todo: str, mark: Any) -> None:
        super().__init__(message)
        self.todo = todo
        self.mark = mark


class _Loader(
    yaml.reader.Reader,  # type: ignore[misc]  # no types, all of them
    yaml.scanner.Scanner,  # type: ignore[misc]
    yaml.parser.Parser,  # type: ignore[misc]
    yaml.composer.Composer,  # type: ignore[misc]
    _Resolver,
):
    """PyYAML's classes up to the graph of nodes, without its constructors: a file cannot run code."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)
        _Resolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse too many levels before Python's stack ends, and tags while they are still visible."""
        event = self.peek_event()
        if getattr(event, "tag", None) is not None:
            raise _Refused(
                "a tag (!), which this file may not have", "remove the word that begins with !", event.start_mark
            )
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused(f"more than {MAX_DEPTH} nested levels", "no setting is nested so deeply", event.start_mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


_SYNTAX = (
    # PyYAML's message, our message, the remedy
    (r"character '\\t'", "a tab where YAML allows spaces only", "replace the tab by spaces"),
    (
        r"mapping values are not allowed",
        "a ':' in a place where no name can stand",
        "indent the line like its neighbours, or put the text with ': ' into quotes",
    ),
    (r"could not find expected ':'", "a name without a ':' after it", "write NAME: VALUE"),
    (
        r"expected <block end>|unindent does not match",
        "the indentation of this line differs from its neighbours",
        "indent all lines of a section by the same number of spaces",
    ),
    (
        r"end of stream|expected '<document start>'.*end",
        "the file ends within a text or a list",
        "close the quote or bracket",
    ),
    (
        r"expected ',' or '[\]}]'",
        "a comma or the closing bracket is missing",
        "add it",
    ),
    (
        r"undefined alias",
        "no anchor has this name",
        "an alias (*NAME) stands after its anchor (&NAME); a text that begins with * needs quotes",
    ),
    (r"duplicate anchor|second occurrence", "another anchor has this name already", "give this one another name"),
    (
        r"another document|single document|expected '<document start>'",
        "a second document",
        "write one document, without ---",
    ),
    (
        r"character '@'|character '`'|character '%'",
        "a text without quotes cannot begin with this character",
        "put the text into quotes",
    ),
    (
        r"unknown escape",
        "an unknown escape in double quotes",
        "write \\\\ for a backslash, or use single quotes",
    ),
)


def read_document(name: str, content: bytes) -> tuple[Branch, list[Problem]]:
    """Return the tree of a configuration file called `name`, and the problems in it.

    Raises SettingsError when there is no tree.
    """
    text, lines = _decoded(name, content)
    document = Text(name, lines)
    start = Place(document, 1, 1)
    try:
        root = _Loader(text).get_single_node()
    except yaml.reader.ReaderError as error:
        raise SettingsError([_unprintable(document, text, error)]) from None
    except yaml.MarkedYAMLError as error:
        raise SettingsError([_syntax(document, error)]) from None
    except _Refused as error:
        raise SettingsError([Problem(str(error), _place(document, error.mark), todo=error.todo)]) from None
    except (ValueError, OverflowError):  # an escape of a character that does not exist
        raise SettingsError([Problem("this is not YAML", start)]) from None
    if root is None or (isinstance(root, yaml.ScalarNode) and root.tag == f"{_CORE}null"):
        raise SettingsError([Problem("the file is empty", start, todo="write a section, or run without --config")])
    build = _Build(document, text)
    tree = build.node(root, (), ())
    if build.expanded:
        raise SettingsError([build.expanded])  # the tree is incomplete, so every other problem would be a guess
    if not isinstance(tree, Branch):
        what = "a list" if isinstance(tree, Items) else "a value"
        todo = "write the sections' names, each with a ':'"
        raise SettingsError([Problem(f"expected sections, not {what}", tree.origin, todo=todo)])
    return tree, build.problems


def _decoded(name: str, content: bytes) -> tuple[str, tuple[str, ...]]:
    if len(content) > MAX_BYTES:
        at = Place(Text(name, ("",)), 1, 1)
        raise SettingsError([Problem(f"the file has {len(content)} bytes, and may have {MAX_BYTES}", at)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8-sig", "replace")
        shown = tuple(_BREAK.split(content.decode("utf-8-sig", "replace")))
        lines = _BREAK.split(before)
        at = Place(Text(name, shown), len(lines), len(lines[-1]) + 1)
        raise SettingsError([Problem("a byte that is not UTF-8", at, todo="save the file as UTF-8")]) from None
    return text, tuple(_BREAK.split(text))


def _unprintable(document: Text, text: str, error: Any) -> Problem:
    lines = _BREAK.split(text[: error.position])
    at = Place(document, len(lines), len(lines[-1]) + 1)
    return Problem(f"a character that YAML does not allow (U+{ord(text[error.position]):04X})", at, todo="remove it")


_UNQUOTED = re.compile(r"""^\s*(?:-\s+)?(?:([\w.-]+):\s+)?((?:\{\{|\{%|\[[^'"]*\{\{).*)""")
"""A line with a template that does not stand in quotes: its name, and the template."""


def _syntax(document: Text, error: Any) -> Problem:
    told = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    if mark is not None and mark.line < len(document.lines) and (found := _UNQUOTED.match(document.lines[mark.line])):
        at = Place(document, mark.line + 1, found.start(2) + 1, len(found[2].rstrip()))
        return Problem(UNQUOTED, at, todo=_in_quotes(found[1] or ""))
    if mark is not None and (name := _without_colon(document, mark, told)):
        return name
    for pattern, message, todo in _SYNTAX:
        if re.search(pattern, told):
            return Problem(message, _place(document, mark), todo=todo)
    return Problem("this is not YAML", _place(document, mark), todo=str(error.problem or ""))


def _without_colon(document: Text, mark: Any, told: str) -> Problem | None:
    """Return the problem of the name above a line that is indented below it, if that name has no colon."""
    above = document.lines[mark.line - 1] if 0 < mark.line <= len(document.lines) else ""
    found = re.fullmatch(r"(\s*(?:-\s+)?)([\w-]+)\s*", above)
    here = document.lines[mark.line] if mark.line < len(document.lines) else ""
    is_below = found is not None and len(here) - len(here.lstrip()) > len(found[1])
    if found is None or not is_below or "mapping values are not allowed" not in told:
        return None
    at = Place(document, mark.line, len(found[1]) + 1, len(found[2]))
    return Problem("a name without a ':' after it", at, todo=f"write {found[2]}:")


def _place(document: Text, start: Any, end: Any = None) -> Place:
    """Return the place between two marks, up to the end of the first line; for the end of the file, its last place."""
    line, column = start.line + 1, start.column + 1
    while line > 1 and (line > len(document.lines) or not document.lines[line - 1].strip()):
        line -= 1
        column = len(document.lines[line - 1]) + 1
    if end is None:
        return Place(document, line, column)
    stops = end.column if end.line == start.line else len(document.lines[line - 1].rstrip())
    return Place(document, line, column, max(stops - column + 1, 1))


UNQUOTED = "a template without quotes, which YAML reads as a mapping"


def _in_quotes(name: str) -> str:
    return f'write {name + ": " if name else ""}"{{{{ … }}}}"'


class _Build:
    """Makes our tree from PyYAML's nodes; `problems` holds the problems in it."""

    def __init__(self, document: Text, text: str) -> None:
        self._document = document
        self._text = text
        self._nodes = 0
        self.expanded: Problem | None = None
        """Aliases expand the file beyond a limit."""
        self.problems: list[Problem] = []

    def node(self, node: Any, path: Path, above: tuple[int, ...]) -> Node:
        origin = _place(self._document, node.start_mark, node.end_mark)
        self._nodes += 1
        if id(node) in above:
            self._once("an anchor that contains itself", origin, path, "write the values out")
            return Scalar(None, origin)
        if self._nodes > MAX_NODES or len(above) > MAX_DEPTH:
            limit = f"{MAX_NODES} values" if self._nodes > MAX_NODES else f"{MAX_DEPTH} nested levels"
            message = f"aliases expand this to more than {limit}"
            self.expanded = self.expanded or Problem(message, origin, path, "write the values out")
            return Scalar(None, origin)
        if isinstance(node, yaml.MappingNode):
            return self._branch(node, origin, path, (*above, id(node)))
        if isinstance(node, yaml.SequenceNode):
            inner = (*above, id(node))
            return Items(tuple(self.node(each, (*path, index), inner) for index, each in enumerate(node.value)), origin)
        value = _value(node)
        within = partial(self._places, node) if isinstance(value, str) else None
        return Scalar(value, origin, within, (node.start_mark.line + 1, node.end_mark.line + 1))

    def _branch(self, node: Any, origin: Place, path: Path, above: tuple[int, ...]) -> Branch:
        entries: dict[str, tuple[Any, Node]] = {}
        if self._text.startswith("{{", node.start_mark.index):
            name = next((each for each in reversed(path) if isinstance(each, str)), "")
            self.problems.append(Problem(UNQUOTED, origin, path, _in_quotes(name)))
            return Branch(entries, origin)
        for key, value in node.value:
            at = _place(self._document, key.start_mark, key.end_mark)
            if self._nodes > MAX_NODES:
                break
            if not isinstance(key, yaml.ScalarNode):
                self.problems.append(Problem("a name must be a text", at, path, "write NAME: VALUE"))
            elif key.value == "<<" and key.style is None:
                self.problems.append(Problem("merge keys (<<) are not supported", at, path, "write the settings out"))
            elif key.value in entries:
                first = entries[key.value][0].line
                told = f"{key.value!r} is given a second time"
                self.problems.append(Problem(told, at, path or (key.value,), f"the first is in line {first}"))
            else:
                entries[key.value] = (at, self.node(value, (*path, key.value), above))
        return Branch(entries, origin)

    def _once(self, message: str, origin: Place, path: Path, todo: str) -> None:
        if not any(each.message == message for each in self.problems):
            self.problems.append(Problem(message, origin, path, todo))

    def _places(self, node: Any) -> Iterator[Place]:
        """Yield the place of each character of a text: its source is read alongside, past escapes and folds."""
        source = self._text[node.start_mark.index : node.end_mark.index]
        header = _BREAK.search(source) if node.style in ("|", ">") else None
        at = header.end() if header else 1 if node.style in ("'", '"') else 0
        starts = [0, *(each.end() for each in _BREAK.finditer(source))]
        line = 0
        for character in node.value:
            at = _start(source, at, character, node.style)
            while line + 1 < len(starts) and starts[line + 1] <= at:
                line += 1
            column = at - starts[line] + (node.start_mark.column if line == 0 else 0) + 1
            yield Place(self._document, node.start_mark.line + line + 1, column)
            at += _step(source, at, node.style)


_ESCAPED_BREAK = re.compile(r"\\(?:\r\n|[\r\n\x85\u2028\u2029])[ \t]*")


def _start(source: str, at: int, character: str, style: str | None) -> int:
    """Return where the next character of a text begins: past a line end and the indentation of the next line."""
    while style == '"' and (joined := _ESCAPED_BREAK.match(source, at)):
        at = joined.end()
    while at < len(source) and source[at] != character and source[at].isspace() and not character.isspace():
        at += 1
    while style == '"' and (joined := _ESCAPED_BREAK.match(source, at)):
        at = joined.end()
    return at


_ESCAPE_LENGTHS = {"x": 4, "u": 6, "U": 10}


def _step(source: str, at: int, style: str | None) -> int:
    """Return how many characters of the source make the character at `at`."""
    if style == '"' and source[at : at + 1] == "\\":
        return _ESCAPE_LENGTHS.get(source[at + 1 : at + 2], 2)
    return 2 if style == "'" and source[at : at + 2] == "''" else 1


def _value(node: Any) -> object:
    """Return the value of a scalar."""
    text: str = node.value
    kind = node.tag.removeprefix(_CORE)
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int" and len(text) <= _MAX_DIGITS:
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    if kind == "float" and len(text) <= _MAX_DIGITS:
        return float(re.sub(r"\.(inf|nan)$", r"\1", text.lower()))
    return text
