"""Prints to a terminal. No text that other people wrote can write to it, or change its order.

Every command prints through these functions, and none calls click for it.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import unicodedata
from contextlib import suppress
from typing import Any

import click

from tickets.invisible import escaped_json, shown
from tickets.text import ELLIPSIS, boundary

_OUR_STYLES = re.compile("(\x1b\\[(?:0|1|31|32|33)m)")
"""Bold, the three colours of the commands, and their end. They hide nothing, so they pass wherever they come from."""


def echo(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a text for people."""
    parts = _OUR_STYLES.split(str(text))
    click.echo("".join(each if number % 2 else shown(each) for number, each in enumerate(parts)), err=err, nl=nl)


def secho(text: str, *, err: bool = False, **style: Any) -> None:
    """Print a text for people in a style."""
    echo(click.style(text, **style), err=err)


def echo_json(document: str | bytes, *, nl: bool = True) -> None:
    """Print a JSON document for programs; its value is the same, with escapes."""
    click.echo(escaped_json(document.decode() if isinstance(document, bytes) else document), nl=nl)


def room() -> int | None:
    """Return how many columns a line has: those of the terminal, or COLUMNS. None where the output is not a terminal.

    A line for another program is never cut.
    """
    if not os.environ.get("COLUMNS", "").isdecimal() and not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def width_of(text: str) -> int:
    """Return how many columns a terminal needs for one line: a wide character needs two, a combining one none."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def fitted(text: str, width: int) -> str:
    """Return one line in at most so many columns, with an ellipsis where it was cut between two visible characters."""
    if width_of(text) <= width:
        return text
    used, end = 0, 0
    while used + _width(text[end]) <= width - len(ELLIPSIS):
        used, end = used + _width(text[end]), end + 1
    return text[: boundary(text, end)].rstrip() + ELLIPSIS


def padded(text: str, width: int) -> str:
    """Return one line with blanks up to this width."""
    return text + " " * max(width - width_of(text), 0)


def is_of_the_output(error: OSError) -> bool:
    """Return True for an error of printing, such as a full disk; all commands print by `click.echo`."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    return at is not None and at.tb_frame.f_code is click.echo.__code__


def give_the_output_up() -> None:
    """Let everything that is still to be written to standard output vanish: Python's flush at the end would fail."""
    with suppress(OSError):  # not a file: a test's
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
