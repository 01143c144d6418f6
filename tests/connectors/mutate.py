"""Mutates message bodies in one to four places, repeatably, to imitate damage on the way.

The same seed bodies, kind, seed and count give the same bytes on every machine and every run.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal
from urllib.parse import quote_plus, unquote_to_bytes

Mutation = Callable[[bytes, random.Random], bytes]

MAX_BODY = 200_000
"""The maximum size of a mutated body in bytes; without it, mutations of mutations could grow without end."""

MOST_AT_ONCE = 4

FIELD = b"payload="
"""The beginning of a form whose only field is a JSON document."""

NASTY_BYTES = (
    b"\x00",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\r",
    b"\r\n\r\n",
    b"\x1b[2J",
    b'"',
    b"<",
    b">",
    b"=?utf-8?B?",
    b"=?x?Q?=FF?=",
    b"; charset=unheard-of",
    b"%00",
    b"=\n",
    b"\\",
    b"\xe2\x80\xae",
    "\N{PILE OF POO}".encode(),
)

NASTY_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    1e308,
    "",
    " ",
    "\x00",
    "\ud800",
    "x" * 5000,
    "line\nline",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    [],
    [[]],
    {},
    {"": None},
)


def mutations(
    seed_bodies: Sequence[bytes], *, kind: Literal["lines", "json"], seed: int, count: int
) -> Iterator[bytes]:
    """Yield `count` bodies, each a seed body with one to four mutations.

    `lines` damages bytes and lines, as in mail. `json` replaces, edits, moves, drops and repeats values, and sometimes
    damages bytes too. In a form whose only field holds JSON, that JSON is damaged. A body that is neither JSON nor
    such a form is damaged as bytes and lines.
    """
    chance = random.Random(seed)  # noqa: S311
    for _ in range(count):
        body = chance.choice(seed_bodies)
        if kind == "lines" and chance.random() < 0.15:
            body = _spliced(body, chance.choice(seed_bodies), chance)
        for _ in range(chance.randint(1, MOST_AT_ONCE)):
            mutate = chance.choice(_BY_LINE if kind == "lines" else _BY_VALUE)
            body = mutate(body, chance)[:MAX_BODY]
        yield body


def _spliced(head: bytes, tail: bytes, chance: random.Random) -> bytes:
    """Join the first lines of one body to the last lines of another."""
    first, last = head.splitlines(keepends=True), tail.splitlines(keepends=True)
    return b"".join(first[: _place(first, chance)] + last[_place(last, chance) :])


def _place(sequence: Sequence[Any], chance: random.Random) -> int:
    return chance.randint(0, len(sequence))


def _noise(chance: random.Random) -> bytes:
    return chance.choice(NASTY_BYTES) if chance.random() < 0.7 else chance.randbytes(chance.randint(1, 12))


def _byte_changed(body: bytes, chance: random.Random) -> bytes:
    if not body:
        return _noise(chance)
    at = chance.randrange(len(body))
    return body[:at] + bytes([chance.randrange(256)]) + body[at + 1 :]


def _inserted(body: bytes, chance: random.Random) -> bytes:
    at = _place(body, chance)
    return body[:at] + _noise(chance) + body[at:]


def _deleted(body: bytes, chance: random.Random) -> bytes:
    at = _place(body, chance)
    return body[:at] + body[at + chance.randint(1, 60) :]


def _truncated(body: bytes, chance: random.Random) -> bytes:
    return body[: _place(body, chance)]


def _line_dropped(body: bytes, chance: random.Random) -> bytes:
    lines = body.splitlines(keepends=True)
    if lines:
        del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def _line_repeated(body: bytes, chance: random.Random) -> bytes:
    lines = body.splitlines(keepends=True)
    at = _place(lines[1:], chance)
    return b"".join(lines[:at] + lines[at : at + 1] * chance.choice((2, 3, 200)) + lines[at + 1 :])


def _lines_swapped(body: bytes, chance: random.Random) -> bytes:
    lines = body.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _line_emptied(body: bytes, chance: random.Random) -> bytes:
    """Cut a line after its first colon, or after its first equals sign if the line has no colon."""
    lines = body.splitlines(keepends=True)
    if lines:
        at = chance.randrange(len(lines))
        mark = b":" if b":" in lines[at] else b"="
        lines[at] = lines[at].split(mark)[0] + mark + b"\n"
    return b"".join(lines)


def _line_filled(body: bytes, chance: random.Random) -> bytes:
    """Append noise to a line, sometimes 5,000 times."""
    lines = body.splitlines(keepends=True)
    if lines:
        at = chance.randrange(len(lines))
        noise = _noise(chance) * chance.choice((1, 1, 1, 5_000))
        lines[at] = lines[at].rstrip(b"\r\n") + noise + b"\n"
    return b"".join(lines)


def _ends_changed(body: bytes, chance: random.Random) -> bytes:
    return body.replace(b"\r\n", b"\n").replace(b"\n", chance.choice((b"\r", b"\r\n", b"\n\n", b"\n ", b"\r\r\n")))


_BY_LINE: tuple[Mutation, ...] = (
    _byte_changed,
    _inserted,
    _inserted,
    _deleted,
    _truncated,
    _line_dropped,
    _line_dropped,
    _line_repeated,
    _lines_swapped,
    _line_emptied,
    _line_filled,
    _ends_changed,
)


def _value_mutated(body: bytes, chance: random.Random) -> bytes:
    """Replace, edit, drop, repeat or overwrite one value of the JSON document."""
    if body.startswith(FIELD):
        document = unquote_to_bytes(body.removeprefix(FIELD).replace(b"+", b" "))
        return FIELD + quote_plus(_value_mutated(document, chance)).encode()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return chance.choice(_BY_LINE)(body, chance)
    places = list(_places(document))
    if not places:
        return json.dumps(chance.choice(NASTY_VALUES)).encode()
    container, key = chance.choice(places)
    chance.choice((_replaced, _replaced, _dropped, _repeated, _moved, _edited))(container, key, places, chance)
    return json.dumps(document).encode()


_BY_VALUE: tuple[Mutation, ...] = (*[_value_mutated] * 9, _byte_changed, _inserted, _truncated)

Place = tuple[Any, Any]
"""A list or object, and an index or name in it."""


def _places(value: Any) -> Iterator[Place]:
    """Yield every place of a document that holds a value; a container comes before its contents."""
    keys: Sequence[Any] = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _replaced(container: Any, key: Any, _places: Sequence[Place], chance: random.Random) -> None:
    container[key] = chance.choice(NASTY_VALUES)


def _dropped(container: Any, key: Any, _places: Sequence[Place], _chance: random.Random) -> None:
    del container[key]


def _repeated(container: Any, key: Any, _places: Sequence[Place], chance: random.Random) -> None:
    if isinstance(container, list):
        container[key:key] = [container[key]] * chance.choice((1, 2, 50))
    else:
        container[f"{key}_{chance.randrange(10)}"] = container[key]


def _moved(container: Any, key: Any, places: Sequence[Place], chance: random.Random) -> None:
    """Overwrite a value with a copy of another one; a copy, so that no container contains itself."""
    other, name = chance.choice(places)
    container[key] = json.loads(json.dumps(other[name]))


def _edited(container: Any, key: Any, _places: Sequence[Place], chance: random.Random) -> None:
    """Insert noise into a text, change a number, or negate a boolean; replace anything else."""
    match container[key]:
        case bool() as truth:
            container[key] = not truth
        case int() | float() as number:
            container[key] = chance.choice((-number, number + 1, number * 1000, str(number)))
        case str() as text:
            at = _place(text, chance)
            container[key] = text[:at] + _noise(chance).decode("utf-8", "replace") + text[at:]
        case _:
            container[key] = chance.choice(NASTY_VALUES)
