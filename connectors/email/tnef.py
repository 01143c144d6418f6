"""Reads winmail.dat: Outlook's envelope (TNEF) around a mail's attachments, and sometimes its text.

The file is a list of attributes: a level (1 byte), a name and a type (2 each), a length (4), the value, a checksum (2).
A value may itself be a list of MAPI properties. All is read once, by its own length; the first inconsistency ends the
reading.

Source: [MS-OXTNEF]; the numbers of properties are those of [MS-OXPROPS].
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.email.charsets import decode

TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
FILENAME = "winmail.dat"

SIGNATURE = 0x223E9F78
BODY, ATTACHMENT_TITLE, ATTACHMENT_DATA, OEM_CODEPAGE = 0x800C, 0x8010, 0x800F, 0x9007
ATTACHMENT_BEGINS, MESSAGE_PROPERTIES, ATTACHMENT_PROPERTIES = 0x9002, 0x9003, 0x9005
PLAIN_BODY, HTML_BODY = 0x1000, 0x1013
SHORT_NAME, LONG_NAME, DATA, MIME_TYPE = 0x3704, 0x3707, 0x3701, 0x370E

STRING, UNICODE, OBJECT, BINARY = 0x1E, 0x1F, 0x0D, 0x102
SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of a property's value, by its type. Values of other types carry their length."""
MANY, NAMED = 0x1000, 0x8000

MAX_ATTRIBUTES = 10_000
MAX_PROPERTIES = 2_000
MAX_ATTACHED = 200


class _Broken(ValueError):
    """The data ends too early, or is not TNEF."""


@dataclass(slots=True)
class Attached:
    """One attached file; missing names and types are empty."""

    name: str = ""
    type: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Opened:
    attached: list[Attached] = field(default_factory=list)
    text: str = ""
    html: str = ""


def opened(data: bytes) -> Opened | None:
    """Return the content as far as it can be read; None if the data is not TNEF."""
    found, codepage = Opened(), "cp1252"
    try:
        source = _Source(memoryview(data))
        if source.number("<I") != SIGNATURE:
            return None
        source.number("<H")
        for name, value in _attributes(source):
            if name == OEM_CODEPAGE:
                codepage = f"cp{_Source(value).number('<I')}"
            elif name == ATTACHMENT_BEGINS:
                if len(found.attached) == MAX_ATTACHED:
                    break
                found.attached.append(Attached())
            elif name == BODY:
                found.text = _string(value, codepage)
            elif name == MESSAGE_PROPERTIES:
                _read_message(found, value, codepage)
            elif found.attached:
                _read_attached(found.attached[-1], name, value, codepage)
    except _Broken:
        pass  # attributes read so far are valid
    return found


class _Source:
    """Bytes that are read from the front."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return len(self._data) > 0

    def take(self, size: int) -> memoryview:
        if size > len(self._data):
            raise _Broken
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def number(self, form: str) -> int:
        (found,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(found)

    def padded(self, size: int) -> memoryview:
        """Take `size` bytes of a value that is padded to a multiple of four."""
        taken = self.take(size)
        self.take(min(-size % 4, len(self._data)))
        return taken


def _attributes(source: _Source) -> Iterator[tuple[int, memoryview]]:
    for _ in range(MAX_ATTRIBUTES):
        if not source:
            return
        source.number("<B")
        name = source.number("<H")
        source.number("<H")
        value = source.take(source.number("<I"))
        yield name, value
        source.number("<H")


def _properties(value: memoryview) -> Iterator[tuple[int, int, memoryview]]:
    """Yield name, type and first value of each MAPI property."""
    source = _Source(value)
    for _ in range(min(source.number("<I"), MAX_PROPERTIES)):
        kind, name = source.number("<H"), source.number("<H")
        if name & NAMED:
            source.take(16)
            if source.number("<I"):
                source.padded(source.number("<I"))
            else:
                source.take(4)
        is_long = kind & ~MANY not in SIZES
        count = source.number("<I") if kind & MANY or is_long else 1
        for number in range(count):
            size = source.number("<I") if is_long else SIZES[kind & ~MANY]
            said = source.padded(size)
            if number == 0:
                yield name, kind & ~MANY, said


def _read_message(found: Opened, value: memoryview, codepage: str) -> None:
    for name, kind, said in _properties(value):
        if name == PLAIN_BODY:
            found.text = _string(said, "utf-16-le" if kind == UNICODE else codepage)
        elif name == HTML_BODY:
            found.html = _string(said, "utf-16-le" if kind == UNICODE else "utf-8")


def _read_attached(attached: Attached, name: int, value: memoryview, codepage: str) -> None:
    if name == ATTACHMENT_TITLE:
        attached.name = attached.name or _string(value, codepage)
    elif name == ATTACHMENT_DATA:
        attached.data = bytes(value)
    elif name == ATTACHMENT_PROPERTIES:
        for number, kind, said in _properties(value):
            text = _string(said[:1024], "utf-16-le" if kind == UNICODE else codepage)
            if number == LONG_NAME or (number == SHORT_NAME and not attached.name):
                attached.name = text
            elif number == MIME_TYPE:
                attached.type = text
            elif number == DATA and not attached.data:
                attached.data = bytes(said)


def _string(value: memoryview, charset: str) -> str:
    return decode(bytes(value), charset).rstrip("\x00")
