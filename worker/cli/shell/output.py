"""The output of commands: a table or JSON on standard output; notices and progress on standard error.

    table    for people; columns, colours on a terminal only
    json     one document
    jsonl    a document in each line; for a command with a single document the same as `json`

JSON is encoded by the command's type in `worker.documents.registry`, from which the published schema is made, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import click

from tickets.invisible import shown
from worker.documents.registry import adapter, item_adapter
from worker.runtime.terminal import echo, echo_json, fitted, padded, room, secho

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from worker.cli.shell.common import F
    from worker.ledger import OperationStory

T = TypeVar("T")
S = TypeVar("S", contravariant=True)

FORMATS = ("table", "json", "jsonl")
_HELP = "Print a table, one JSON document, or JSON lines."
KIB = 1024
CUT_AT = 400  # characters of a cell
LONG_NAME = 12  # characters: a fingerprint or another name that no person reads in a list
GAP = "  "  # between two columns

_ONE_LINE = {9: " ", 10: " "}


def lines_option(command: F) -> F:
    """Add `--output` to a command that prints a list."""
    return _option(command)


def output_option(command: F) -> F:
    """Add `--output` to a command that prints one document; the command gets `table` or `json`."""
    return _option(command, callback=lambda _ctx, _param, value: "json" if value == "jsonl" else value)


def _option(command: F, **more: Any) -> F:
    return click.option(
        "-o", "--output", type=click.Choice(FORMATS), default="table", show_default=True, help=_HELP, **more
    )(command)


def effects_option(command: F) -> F:
    """Add `--effects` to a command that lists deliveries."""
    return click.option(
        "--effects", is_flag=True, help="Leave out deliveries from which no operation followed, such as repeats."
    )(command)


def counted_option(command: F) -> F:
    """Add `--limit` to a command that lists the newest."""
    return click.option(
        "-n",
        "--limit",
        type=click.IntRange(0, sys.maxsize),
        default=50,
        show_default=True,
        help="Show only the latest N; 0 shows all.",
        metavar="N",
    )(command)


def emit(document: str, value: object) -> None:
    """Print the one document of a command."""
    echo_json(adapter(document).dump_json(value, warnings="error"))


def emit_line(document: str, value: object) -> None:
    """Print one item of a list."""
    echo_json(item_adapter(document).dump_json(value, warnings="error"))


def emit_many(document: str, values: Iterable[object], output: str) -> int:
    """Print items one after the other, as an array or in lines. Returns their number."""
    number = 0
    encode = item_adapter(document).dump_json
    is_array = output == "json"
    for number, value in enumerate(values, 1):
        encoded = encode(value, warnings="error").decode()
        echo_json(("[" if number == 1 else ",\n") + encoded if is_array else encoded, nl=not is_array)
    if is_array:
        echo("]" if number else "[]")
    return number


class ListFormat(Protocol[S]):
    """A way to show a list to people."""

    def show(self, rows: Iterable[S], /) -> None: ...


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column of a table. A cell that is wider moves the others. The last column is not padded."""

    title: str
    width: int
    """The width of the column; at a terminal, the least width of one that grows."""
    value: Callable[[T], object]
    grows: int = 0
    """The column's part of the room that a terminal's line has left. Longer cells are cut at a terminal. 0: never."""
    colour: Callable[[T], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """Shows a list as columns under their titles."""

    columns: Sequence[Column[T]]
    nothing: str = ""
    """The notice beside an empty list."""

    def show(self, rows: Iterable[T]) -> None:
        is_empty = True
        for row in rows:
            if is_empty:
                self.show_titles()
            is_empty = False
            self.show_row(row)
        if is_empty and self.nothing:
            notice(self.nothing)

    def show_titles(self) -> None:
        """Print the titles of the columns."""
        secho(GAP.join(self._cells([each.title for each in self.columns])).rstrip(), bold=True)

    def show_row(self, row: T) -> None:
        """Print one row."""
        cells = self._cells([each.value(row) for each in self.columns])
        colours = [each.colour(row) if each.colour is not None else None for each in self.columns]
        cells = [click.style(text, fg=fg) if fg else text for text, fg in zip(cells, colours, strict=True)]
        echo(GAP.join(cells).rstrip())

    def _cells(self, row: Sequence[object]) -> list[str]:
        """Return the cells of one line, as wide as the present width of the terminal allows."""
        cells = [cell(value) for value in row]
        widths = [each.width for each in self.columns]
        columns = room()
        if columns is not None:
            left = max(columns - sum(widths) - len(GAP) * (len(widths) - 1), 0)
            parts = sum(each.grows for each in self.columns) or 1
            widths = [each.width + left * each.grows // parts for each in self.columns]
            measured = zip(cells, widths, self.columns, strict=True)
            cells = [fitted(text, width) if column.grows else text for text, width, column in measured]
        return [padded(text, width) for text, width in zip(cells, widths, strict=True)]


@dataclass(frozen=True, slots=True)
class Lines(Generic[T]):
    """Shows a list whose items have lines of their own."""

    lines: Callable[[T], str]
    nothing: str = ""
    """The text in place of an empty list."""

    def show(self, rows: Iterable[T]) -> None:
        is_empty = True
        for row in rows:
            is_empty = False
            echo(self.lines(row))
        if is_empty and self.nothing:
            echo(self.nothing)


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """A line of a document behind its title; several lines when the value is a list, none when it is empty."""

    title: str
    value: Callable[[T], str | Iterable[str] | None]


def show_facts(facts: Iterable[Fact[T]], document: T, width: int = 12) -> None:
    """Print the facts of a document, line by line; `width` is that of the titles."""
    for fact in facts:
        found = fact.value(document)
        for line in [found] if isinstance(found, str) else found or ():
            if line:
                echo(f"{fact.title:<{width}}{line}")


def print_document(document: str, value: T, output: str, show: Callable[[T], object]) -> None:
    """Print the one document of a command: as JSON, or by `show`."""
    if output == "json":
        emit(document, value)
    else:
        show(value)


def print_list(document: str, values: Iterable[T], output: str, table: ListFormat[T]) -> None:
    """Print a list, one item after the other."""
    if output == "table":
        table.show(values)
    else:
        emit_many(document, values, output)


def cell(value: object) -> str:
    """Return a value in one line, without characters that a terminal obeys or that nobody sees."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return column_time(value)
    text = shown(str(value).translate(_ONE_LINE))
    return text if len(text) <= CUT_AT else f"{text[:CUT_AT]}…"


def column_time(at: datetime | None) -> str:
    """Return a time for a column whose title has the time zone, UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at is not None else ""


def time_text(at: datetime | None) -> str:
    """Return a time for people, with its time zone."""
    return f"{column_time(at)} UTC" if at is not None else ""


def counts(numbers: Mapping[T, int], named: Callable[[T, int], str] = lambda name, _: str(name)) -> str:
    """Return numbers with their names, in one line; by default the names are stored words, which have no plural."""
    return " · ".join(f"{number} {named(name, number)}" for name, number in numbers.items())


def ticket_of(ticket: str | None, status: object, without: str = "") -> str:
    """Return a ticket and its state; `without` when there is none."""
    return f"{ticket} ({status})" if ticket else without


def without_names(reason: str | None) -> str:
    """Return the reason of a delivery with each part said once, and the long names of messages left out.

    The parts are "NAME: REASON", or a reason alone, such as "key has 600 characters: expected at most 512". `-o json`
    and `events show` have the names.
    """
    parts = (each.partition(": ") for each in (reason or "").split("; "))
    said = (rest if rest and _is_long_name(head) else f"{head}{colon}{rest}" for head, colon, rest in parts)
    return "; ".join(dict.fromkeys(said))


def _is_long_name(text: str) -> bool:
    return len(text) >= LONG_NAME and " has " not in text and " is " not in text


def named_request(request_id: str | None) -> str:
    """Return the Tickets API's id of a request behind a text; nothing without one."""
    return f" (request {cell(request_id)})" if request_id else ""


def request_of(operation: OperationStory) -> str:
    """Return the id of the last request of a dead operation, which the support of the Tickets API asks for."""
    last = operation.tries[-1].request_id if operation.tries and operation.state == "dead" else None
    return named_request(last)


def colour_of(outcome: str) -> str | None:
    """Return the colour of an outcome."""
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
    """Return a number of bytes for people."""
    if number is None:
        return ""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(number) < KIB:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= KIB
    return f"{number:.1f} TiB"


@contextmanager
def progress(label: str, length: int, *, shown: bool = True) -> Iterator[ProgressBar[int]]:
    """Show a progress bar with an estimate of the time left, on a terminal only."""
    with click.progressbar(
        length=max(length, 1),
        label=label,
        file=sys.stderr,
        hidden=not (shown and sys.stderr.isatty()),
        show_eta=True,
    ) as bar:
        yield bar


def notice(text: str) -> None:
    """Print a message beside the result."""
    echo(text, err=True)
