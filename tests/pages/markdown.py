"""Reads the fenced blocks of a Markdown page, with their directives and their expected output.

A directive is an HTML comment on a line of its own, directly before a fence; readers do not see it:

    <!-- page test: not here: REASON -->         this block is not run (on text: not compared); the reason is mandatory
    <!-- page test: here instead: COMMAND -->    run COMMAND instead of this block, which needs systemd or the like
    <!-- page test: where installed: PROGRAM --> this block is left out where PROGRAM is missing, except under CI
    <!-- page test: background until COMMAND --> start this block beside the others, and wait until COMMAND succeeds
    <!-- page test: exit code N -->              this block is one command, which exits with N
    <!-- page test: repeat until shown -->       run this block again until its output has the expected lines, of which
                                                 there must be some
    <!-- page test: save as PATH -->             write this block (yaml, ini …) into a file, as the page says

A `text` block directly after an `sh` block is the expected output of that block. A fence that would be left out by
mistake is refused: one that is indented, or that names another shell, such as `bash`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

_DIRECTIVE = re.compile(r"^<!-- page test: (.*) -->$")
_FENCE = re.compile(r"^(`{3,})(\w*)$")
_LIKE_A_FENCE = re.compile(r"^\s*(?:`{3,}|~{3,})")
_OTHER_SHELLS = {"bash", "console", "fish", "ksh", "powershell", "shell", "shellsession", "zsh"}
_NEXT_COMMAND = re.compile(r"[;\n]|\|\||(?<!>)&(?!>)")


class UnreadablePage(Exception):
    """A page has a fence or a directive that cannot be followed; the message names the page and the line."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    """Line of the opening fence, from 1."""
    language: str
    text: str
    expected: tuple[str, ...] = ()
    """Lines that the output must have, in this order."""
    program: str | None = None
    """Program without which the block is left out."""
    background_until: str | None = None
    exit_code: int = 0
    repeats: bool = False
    save_as: str | None = None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(slots=True)
class _Fence:
    """A fenced block as written, before the blocks are put in relation to each other."""

    line: int
    language: str
    text: str
    last_line: int
    directives: dict[str, str] = field(default_factory=dict)


def blocks(name: str, text: str) -> list[Block]:
    """Return the blocks of a page that are run or saved, in order. Raises UnreadablePage."""
    fences = _fences(name, text.splitlines())
    found = []
    for fence, after in zip(fences, [*fences[1:], None], strict=False):
        if "not here" in fence.directives or not (fence.language == "sh" or "save as" in fence.directives):
            continue
        is_output = after is not None and after.language == "text" and _is_directly_after(fence, after, text)
        expected = after.text.splitlines() if after and is_output and "not here" not in after.directives else []
        block = Block(
            page=name,
            line=fence.line,
            language=fence.language,
            text=fence.directives.get("here instead", fence.text),
            expected=tuple(line.rstrip() for line in expected if line.strip(" …")),
            program=fence.directives.get("where installed"),
            background_until=fence.directives.get("background until"),
            exit_code=int(fence.directives.get("exit code", 0)),
            repeats="repeat until shown" in fence.directives,
            save_as=fence.directives.get("save as"),
        )
        _check(block)
        found.append(block)
    return found


def _check(block: Block) -> None:
    """Raise UnreadablePage for a block that could pass although its commands fail."""
    if block.exit_code and not _is_one_command(block.text):
        raise UnreadablePage(f"{block.place}: a block with `exit code` has one command, since others could fail unseen")
    if block.repeats and not block.expected:
        raise UnreadablePage(f"{block.place}: `repeat until shown` needs a `text` block with the expected lines")


def _is_one_command(text: str) -> bool:
    """Return whether a script is one command, or one pipe of commands. Lines of comments do not count."""
    script = re.sub(r"^[ \t]*#.*$", "", text, flags=re.MULTILINE).replace("\\\n", " ").strip()
    tokens = shlex.shlex(script, posix=True, punctuation_chars="();<>|&\n")
    tokens.whitespace, tokens.whitespace_split, tokens.commenters = " \t\r", True, ""
    marks = set("();<>|&\n")
    try:
        return not any(set(token) <= marks and _NEXT_COMMAND.search(token) for token in tokens)
    except ValueError:  # a quote without its end
        return False


def page_blocks(page: Path, root: Path) -> list[Block]:
    """Return the blocks of a file, named as from `root`. Raises UnreadablePage."""
    return blocks(page.relative_to(root).as_posix(), page.read_text(encoding="utf-8"))


def _is_directly_after(fence: _Fence, after: _Fence, text: str) -> bool:
    between = text.splitlines()[fence.last_line : after.line - 1]
    return all(not line.strip() or _DIRECTIVE.match(line) for line in between)


def _fences(name: str, lines: list[str]) -> list[_Fence]:
    found: list[_Fence] = []
    directives: dict[str, str] = {}
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.lstrip().startswith("<!-- page test"):
            key, value = _directive(f"{name}:{number}", line)
            directives[key] = value
        elif opening := _FENCE.match(line):
            end = next((at for at in range(number, len(lines)) if lines[at].rstrip() == opening[1]), None)
            if end is None:
                raise UnreadablePage(f"{name}:{number}: this block has no end")
            if opening[2].lower() in _OTHER_SHELLS:
                raise UnreadablePage(f"{name}:{number}: write `sh`: a block of {opening[2]!r} would not be run")
            text = "".join(f"{each}\n" for each in lines[number:end])
            found.append(_Fence(number, opening[2], text, end + 1, directives))
            directives, number = {}, end + 1
        elif _LIKE_A_FENCE.match(line):
            problem = (
                "a fence is backticks and one word, at the beginning of a line: otherwise its block would not be run"
            )
            raise UnreadablePage(f"{name}:{number}: {problem}")
        elif directives:
            raise UnreadablePage(f"{name}:{number}: a directive stands directly before a fence, not before {line!r}")
    if directives:
        raise UnreadablePage(f"{name}:{number}: a directive stands directly before a fence, not at the end")
    return found


def _directive(place: str, line: str) -> tuple[str, str]:
    """Return name and value of a directive. Raises UnreadablePage."""
    written = _DIRECTIVE.match(line)
    what = written[1].strip() if written else ""
    for pattern in (
        r"(not here): (?P<value>\S.*)",
        r"(here instead): (?P<value>\S.*)",
        r"(where installed): (?P<value>\S+)",
        r"(background until) (?P<value>\S.*)",
        r"(exit code) (?P<value>\d+)",
        r"(repeat until shown)",
        r"(save as) (?P<value>\S+)",
    ):
        if found := re.fullmatch(pattern, what):
            return found[1], found.groupdict().get("value", "")
    raise UnreadablePage(f"{place}: unknown directive, or one without its value or reason: {line.strip()}")
