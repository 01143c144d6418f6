"""Parses the bytes of a mail into a tree of parts, in time linear in their number.

The parser of the standard library is not used: it recurses once per level (2,000 levels raise RecursionError), and
tests every line at every level for a boundary. Malformed content is skipped; only limits raise. Headers stay bytes
until their text is requested.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from connectors.contract.messages import UnreadableMessage
from connectors.email.charsets import decode, decode_words, unbase64
from connectors.toolbox.text import clean, one_line

MAX_HEADERS = 256 * 1024
"""Bytes of a mail's headers. The headers of its parts are cut at this length."""

MAX_FIELD = 32 * 1024
"""Bytes of one header that are read."""

READINGS = 8
"""Levels of nested parts that fill a whole large mail: each level is searched for its own boundary."""
READ_ANYWAY = 16 * 1024 * 1024
"""Bytes that may be searched however small the mail is."""

_NAME = re.compile(rb"[!-9;-~]+")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))', re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(?:([0-9]{1,3})(\*?))?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the structure of one mail."""

    depth: int
    parts: int


class Headers:
    """The headers of a mail or part: names in lower case, values unfolded, in their original order."""

    def __init__(self, values: Mapping[str, tuple[bytes, ...]]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def all(self, name: str, *, newest: bool = False) -> tuple[str, ...]:
        """Return every value as text, without decoding encoded words.

        A long value loses its end; with `newest`, its beginning.
        """
        looked_at = slice(-MAX_FIELD, None) if newest else slice(MAX_FIELD)
        return tuple(clean(decode(value[looked_at])) for value in self._values.get(name, ()))

    def first(self, name: str) -> str:
        """Return the first value, without white space around it; empty if it is missing."""
        values = self._values.get(name, ())
        return clean(decode(values[0][:MAX_FIELD])).strip() if values else ""

    def text(self, name: str) -> str:
        """Return the first value for people: encoded words decoded, one line."""
        return one_line(decode_words(self.first(name)))


@dataclass(frozen=True)
class Part:
    """A mail or one of its parts."""

    headers: Headers
    body: bytes
    """As it arrived: encoded."""
    children: tuple[Part, ...] = ()
    """The parts of a multipart; the mail within a message/rfc822."""

    @cached_property
    def type(self) -> str:
        """The type, such as `text/html`; `text/plain` if it is missing or malformed."""
        written = self.headers.first("content-type").partition(";")[0].strip().lower()
        return written if _TYPE.fullmatch(written) else "text/plain"

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of Content-Type."""
        return parameters(self.headers.first("content-type"))

    @cached_property
    def disposition(self) -> str:
        """The value of Content-Disposition in lower case, such as `attachment` or `inline`."""
        return self.headers.first("content-disposition").partition(";")[0].strip().lower()

    @cached_property
    def filename(self) -> str:
        """The sender's name for the part, one line; empty if it has none."""
        named = parameters(self.headers.first("content-disposition")).get("filename")
        return one_line(decode_words(named or self.parameters.get("name", "")))

    @cached_property
    def content(self) -> bytes:
        """The decoded body."""
        match self.headers.first("content-transfer-encoding").lower():
            case "base64":
                return unbase64(self.body)
            case "quoted-printable":
                return binascii.a2b_qp(self.body)
        return self.body

    @property
    def text(self) -> str:
        return clean(decode(self.content, self.parameters.get("charset")))

    def walk(self) -> Iterator[Part]:
        """Yield the part and all parts within it, in order."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_mail(raw: bytes, limits: Limits) -> Part:
    """Parse the mail into a tree.

    Raises UnreadableMessage if its headers, its depth or the number of its parts exceed the limits.
    """
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    head, body = _halves(raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"))
    if len(head) > MAX_HEADERS:
        raise UnreadableMessage(f"the headers have {len(head)} bytes: expected at most {MAX_HEADERS}")
    return _Reader(limits, READINGS * len(raw) + READ_ANYWAY).part(_headers(head), body, 1)


def read_headers(raw: bytes) -> Headers:
    """Parse the headers at the beginning of the bytes, up to their limit."""
    head, _ = _halves(raw.lstrip(b"\r\n"))
    return _headers(head[:MAX_HEADERS])


def parameters(value: str) -> dict[str, str]:
    """Return the parameters of a header's value by name in lower case, with continuations (RFC 2231) joined."""
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].lower()
        text = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3].strip()
        split = _CONTINUED.fullmatch(name)
        if split is None:
            plain.setdefault(name, text)
        else:
            is_extended = split[2] is None or bool(split[3])
            pieces.setdefault(split[1], {}).setdefault(int(split[2] or 0), (text, is_extended))
    return plain | {name: _put_together(each) for name, each in pieces.items()}


def _put_together(pieces: dict[int, tuple[str, bool]]) -> str:
    charset, data = None, b""
    for number in sorted(pieces):
        text, is_extended = pieces[number]
        if is_extended:
            if number == 0 and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            data += _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), text.encode())
        else:
            data += text.encode()
    return decode(data, charset)


class _Reader:
    """Counts the parts of one mail, and the bytes searched for boundaries."""

    def __init__(self, limits: Limits, bytes_left: int) -> None:
        self._limits = limits
        self._bytes_left = bytes_left
        self._parts = 0

    def part(self, headers: Headers, body: bytes, depth: int) -> Part:
        if depth > self._limits.depth:
            raise UnreadableMessage(
                f"the parts are nested too deeply: expected at most {self._limits.depth} levels (setting max_depth)"
            )
        self._parts += 1
        if self._parts > self._limits.parts:
            raise UnreadableMessage(
                f"the mail has too many parts: expected at most {self._limits.parts} (setting max_parts)"
            )
        bare = Part(headers, body)
        inner: Iterator[bytes] = iter(())
        if bare.type.startswith("multipart/"):
            self._bytes_left -= len(body)
            if self._bytes_left < 0:
                raise UnreadableMessage("the mail has too many large parts nested in each other")
            inner = _split(body, bare.parameters.get("boundary", ""))
        elif bare.type in ("message/rfc822", "message/global"):
            inner = iter([bare.content.lstrip(b"\r\n")])
        children = []
        for each in inner:
            head, rest = _halves(each)
            children.append(self.part(_headers(head[:MAX_HEADERS]), rest, depth + 1))
        return Part(headers, body, tuple(children)) if children else bare


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    """Yield the parts between the boundary lines. Text before the first and after the last is not a part."""
    if not boundary.strip():
        return
    data, mark = b"\n" + body, b"\n--" + boundary.rstrip().encode("utf-8", "surrogateescape")
    start, at = -1, data.find(mark)
    while at >= 0:
        line_end = data.find(b"\n", at + len(mark))
        line_end = len(data) if line_end < 0 else line_end
        rest = data[at + len(mark) : line_end].strip()
        if rest not in (b"", b"--"):  # another boundary with this one as prefix
            at = data.find(mark, at + len(mark))
            continue
        if start >= 0:
            yield data[start + 1 : at].removesuffix(b"\r")
        if rest:
            return
        start, at = line_end, data.find(mark, line_end)
    if start >= 0:
        yield data[start + 1 :]


def _halves(raw: bytes) -> tuple[bytes, bytes]:
    """Split headers and body at the first empty line."""
    if raw[:1] == b"\n":
        return b"", raw[1:]
    if raw[:2] == b"\r\n":
        return b"", raw[2:]
    short = raw.find(b"\n\n")
    long = raw.find(b"\n\r\n", 0, len(raw) if short < 0 else short + 3)
    if long >= 0:
        return raw[:long], raw[long + 3 :]
    if short >= 0:
        return raw[:short], raw[short + 2 :]
    return _without_empty_line(raw)


def _without_empty_line(raw: bytes) -> tuple[bytes, bytes]:
    """Split headers and body without an empty line.

    The body begins at the first line of the head that is not a header.
    """
    at, has_header = 0, False
    while at < len(raw):
        end = raw.find(b"\n", at) + 1 or len(raw)
        line = raw[at:end]
        name, colon, _ = line[:MAX_FIELD].partition(b":")
        is_header = bool(colon and _NAME.fullmatch(name.rstrip())) or line[:1] in (b" ", b"\t")
        if has_header and not is_header:
            return raw[:at], raw[at:]
        has_header, at = has_header or is_header, end
    return raw, b""


def _headers(head: bytes) -> Headers:
    """Read every header with its continuation lines; other lines are skipped."""
    fields: list[tuple[str, list[bytes]]] = []
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t"):
            if fields:
                fields[-1][1].append(line.rstrip(b"\r"))
            continue
        name, colon, value = line.partition(b":")
        if colon and _NAME.fullmatch(name.rstrip()):
            fields.append((name.rstrip().decode("ascii").lower(), [value.rstrip(b"\r")]))
    values: dict[str, list[bytes]] = {}
    for key, lines in fields:
        values.setdefault(key, []).append(b"".join(lines))
    return Headers({key: tuple(each) for key, each in values.items()})
