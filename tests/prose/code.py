"""Checks the prose in a Python module: docstrings, comments, and the messages that its program prints."""

from __future__ import annotations

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator

from tests.prose.phrases import Fault, phrases

OPENINGS = re.compile(r"^(It|Its|They|He|She|What|Who|Whoever|Whose|Which|Why|How|When|Where|Whether|Of|Nothing)\b")
"""First words that leave the subject of a module, class or function unnamed."""
ATTRIBUTE_OPENINGS = re.compile(r"^(It|Its|They|What|Who|Whose|Which|Whether|Of|Nothing)\b")
"""The same for an attribute. "When it began." and "How long it waits." say what an attribute holds."""
_PRINTED = {"echo", "secho", "print"}
"""Functions whose first argument a person reads."""
_TOLD = re.compile(
    r"fail|notice|Finding|Problem|Alarm|DeclaredAlarm|LogEvent|Remark|Denied|UnreadableItem|missing|unexpected\w*"
    r"|\w*without_effect\w*"
)
"""Functions and classes whose texts a person reads, in any argument."""
_BETWEEN_LINES = re.compile(r"\s*[\"']?\s*\n\s*(?:#+|[fr]*[\"'])?\s*")
"""Stands between the lines of a comment, and between the parts of a string."""
_CODE = re.compile(r"`[^`]*`")


def without_code(text: str) -> str:
    """Return a text of as many lines in which `x` stands for each piece of code."""
    return _CODE.sub(lambda found: "`x`" + "\n" * found.group().count("\n"), text)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module and its statements at any depth, without their expressions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for inside in ("body", "handlers", "orelse", "finalbody", "cases"):
            below = getattr(node, inside, ())
            waiting += below if isinstance(below, list) else ()  # an expression such as a lambda has one node there


def docstrings(tree: ast.Module) -> Iterator[tuple[ast.AST, int, str]]:
    """Yield the owner, the line and the text of each docstring; an attribute's docstring follows the attribute."""
    for owner in _statements(tree):
        body = (
            owner.body if isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) else []
        )
        for before, node in zip([owner, *body], body, strict=False):
            if isinstance(before, ast.Assign | ast.AnnAssign) or before is owner:
                match node:
                    case ast.Expr(ast.Constant(str(text))):
                        yield before, node.lineno, inspect.cleandoc(text)


def docstring_faults(name: str, tree: ast.Module) -> Iterator[Fault]:
    """Yield the faults of a module's docstrings."""
    for owner, line, text in docstrings(tree):
        first = text.partition("\n")[0]
        if isinstance(owner, ast.Module) and re.search(r"\?(\s|$)", without_code(text)):
            yield Fault(name, line, "a module docstring is a statement, without a question")
        openings = ATTRIBUTE_OPENINGS if isinstance(owner, ast.Assign | ast.AnnAssign) else OPENINGS
        if openings.match(first):
            yield Fault(name, line, f"the first line names its subject: {first[:60]!r}")
        for place, advice in phrases(text):
            yield Fault(name, line + text.count("\n", 0, place), advice)


def comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of each comment; comments in lines that follow each other are one."""
    first, texts = 0, list[str]()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        alone = not token.line[: token.start[1]].strip()
        if texts and not (alone and token.start[0] == first + len(texts)):
            yield first, "\n".join(texts)
            texts = []
        first = first if texts else token.start[0]
        texts.append(token.string.lstrip("#!").strip())
    if texts:
        yield first, "\n".join(texts)


def _text(node: ast.expr) -> Iterator[tuple[int, str]]:
    """Yield line and text of the strings in an expression; `x` stands for values that are put in."""
    match node:
        case ast.Constant(str(text)):
            yield node.lineno, text
        case ast.JoinedStr(values):
            parts = (part.value if isinstance(part, ast.Constant) else "x" for part in values)
            yield node.lineno, "".join(str(part) for part in parts)
        case ast.IfExp(_, body, other):
            yield from _text(body)
            yield from _text(other)
        case ast.BinOp(left, _, right):
            yield from _text(left)
            yield from _text(right)
        case ast.List(each) | ast.Tuple(each):
            for part in each:
                yield from _text(part)
        case _:
            return


def messages(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each message: of an exception, a `help`, a text that is printed, a call in `_TOLD`."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=arguments)):
                for argument in arguments:
                    yield from _text(argument)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in _PRINTED:
                yield from _text(first)
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if _TOLD.fullmatch(name):
                for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                    yield from _text(argument)
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in {"help", "short_help", "epilog"}:
                    yield from _text(keyword.value)


def message_faults(name: str, source: str, tree: ast.Module) -> Iterator[Fault]:
    """Yield the faults of a module's comments and messages."""
    if not any(phrases(_BETWEEN_LINES.sub(" ", source))):
        return  # most modules have none, and to look at every expression of all takes seconds
    for line, text in (*comments(source), *messages(tree)):
        for place, advice in phrases(text):
            yield Fault(name, line + text.count("\n", 0, place), advice)
