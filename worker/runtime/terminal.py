"""Prints to a terminal. No text that other people wrote can write to it, or change its order.

Every command prints through these functions, and none calls click for it.
"""

from __future__ import annotations

import re
from typing import Any

import click

from tickets.invisible import escaped_json, shown

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
