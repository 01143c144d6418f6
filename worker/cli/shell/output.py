"""How does a command answer? On standard output as a table or JSON; notices and progress go to standard error.

    table    for people; columns, colours on a terminal only
    json     one document
    jsonl    a document in each line; of a command that answers with one document the same as `json`

What is printed as JSON is encoded by the type that `worker.documents.registry` names for the command, and the published
schema is made of the same type.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from worker.documents.registry import adapter, item_adapter

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from worker.cli.shell.common import F

FORMATS = ("table", "json", "jsonl")
_HELP = "A table, one JSON document, or JSON lines."
KIB = 1024
CUT_AT = 400  # characters of a cell

# Control characters would let a sender's text write to the operator's terminal.
_UNPRINTABLE = {
    number: "\N{REPLACEMENT CHARACTER}" for number in (*range(32), *range(127, 160)) if number not in (9, 10)
}
_ONE_LINE = _UNPRINTABLE | {9: " ", 10: " "}


def lines_option(command: F) -> F:
    """`--output` of a command that answers with many things."""
    return _option(command)


def output_option(command: F) -> F:
    """`--output` of a command that answers with one document, which is one line: it is told `table` or `json`."""
    return _option(command, callback=lambda _ctx, _param, value: "json" if value == "jsonl" else value)


def _option(command: F, **more: Any) -> F:
    return click.option(
        "-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True, help=_HELP, **more
    )(command)


def emit(document: str, value: object) -> None:
    """Print the one document of a command."""
    click.echo(adapter(document).dump_json(value, warnings="error"))


def emit_line(document: str, value: object) -> None:
    """Print one of the things of a command that answers with many."""
    click.echo(item_adapter(document).dump_json(value, warnings="error"))


def emit_many(document: str, values: Iterable[object], output: str) -> int:
    """Print them one after the other, as an array or in lines; gives their number."""
    number = 0
    encode = item_adapter(document).dump_json
    is_array = output == "json"
    for number, value in enumerate(values, 1):
        encoded = encode(value, warnings="error").decode()
        click.echo(("[" if number == 1 else ",\n") + encoded if is_array else encoded, nl=not is_array)
    if is_array:
        click.echo("]" if number else "[]")
    return number


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; what is wider than it moves the others."""

    title: str
    width: int


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[object]]) -> int:
    """Print rows as they come, under their titles; gives their number. The last column is not padded."""
    number = 0
    for number, row in enumerate(rows, 1):
        if number == 1:
            click.secho(_line(columns, [each.title for each in columns]), bold=True)
        click.echo(_line(columns, row))
    return number


def _line(columns: Sequence[Column], row: Sequence[object]) -> str:
    cells = [f"{cell(value):<{column.width}}" for column, value in zip(columns, row, strict=True)]
    return "  ".join(cells).rstrip()


def cell(value: object) -> str:
    """A value in one line, without what a terminal would obey."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = str(value).translate(_ONE_LINE)
    return text if len(text) <= CUT_AT else f"{text[:CUT_AT]}…"


def colour_of(outcome: str) -> str | None:
    """In which colour an outcome is shown."""
    return _COLOURS.get(outcome)


_COLOURS = {
    "done": "green",
    "accepted": "green",
    "adopted": "green",
    "rejected": "red",
    "refused": "red",
    "dead": "red",
    "quarantined": "red",
    "unknown": "yellow",
    "not executed": "yellow",
    "under way": "yellow",
}


def size(number: float | None) -> str:
    """Bytes, for people."""
    if number is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(number) < KIB:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= KIB
    return f"{number:.1f} TiB"


@contextmanager
def progress(label: str, length: int) -> Iterator[ProgressBar[int]]:
    """A bar with an estimate of the time that is left, on a terminal only."""
    with click.progressbar(
        length=max(length, 1), label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_eta=True
    ) as bar:
        yield bar


def notice(text: str) -> None:
    """Say something beside the result."""
    click.echo(text, err=True)
