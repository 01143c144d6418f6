"""Redacts a delivery, so that it may be shown: personal data and secrets are replaced.

Replaced are: secrets of the settings, values of headers and fields with a secret's name, mail addresses, IP addresses
and phone numbers; in texts, in JSON, in forms, and in the decoded parts of a mail. The same address gives the same
replacement everywhere, so that related messages stay related. The replacements are from the ranges reserved for
documentation: RFC 2606 (names), RFC 5737 and RFC 3849 (addresses), 555-01xx (phones).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.charset import QP, Charset
from email.errors import MessageError
from email.header import Header, decode_header
from email.message import Message
from email.policy import compat32
from typing import Any
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, SecretStr

from connectors.contract.directory import DISPLAY_NAMES
from worker.settings import Source
from worker.settings.loader import STAND_IN_KEY

SECRET = "redacted-secret"  # noqa: S105 — the replacement of a secret
SECRET_NAME = re.compile(
    r"secret|token|passw|signature|(?:api|routing|service|integration)[-_]?key|authorization|cookie|credential|response_url|dkim|^arc-|^x-google-dkim",
    re.IGNORECASE,
)
ATTACHMENT = "(an attachment that is left out)"

_MAIL = r"[^\s@<>()\[\],;:\"'=?&/\\]{1,64}(?:@|%40|\\u0040|&\#64;|&commat;)\w[\w-]*(?:\.[\w-]+)*"
_IPV4 = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)"
_IPV6 = r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?![\w:])"
_PHONE = (
    r"(?<![\w.+/-])(?<!\d:)(?:\+\d[\d ()./-]{5,18}\d|00[1-9][\d ()./-]{5,18}\d|\(?0\d{1,5}\)?[ /-]\d[\d -]{3,14}\d"
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?!\w)"
)
_AT = re.compile(r"@|%40|\\u0040|&\#64;|&commat;")
_FORM = re.compile(rb"[!-~]+=[!-~]*")
_MAIL_HEADER = re.compile(rb"(?:From [^\n]*\n)?[!-9;-~]+:[^\n]*\r?\n")
_DOCUMENTATION = tuple(ipaddress.IPv4Network(each) for each in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
_MANY = ipaddress.IPv4Network("198.18.0.0/15")  # RFC 2544: reserved for benchmarks
_V6 = ipaddress.IPv6Network("2001:db8::/32")
_FREE_V4 = [str(address) for network in _DOCUMENTATION for address in network.hosts()]


_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)*")
_NOT_ASCII = re.compile(r"\S*[^\x00-\x7f]\S*")
_READABLE = Charset("utf-8")
_READABLE.body_encoding = QP


class CannotRedact(ValueError):
    """The body cannot be taken apart, so its content is unknown."""


_KINDS = {"mail": _MAIL, "ipv4": _IPV4, "ipv6": _IPV6, "phone": _PHONE}


class Redactor:
    """Replaces consistently for its lifetime."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = sorted({each for each in secrets if each}, key=len, reverse=True)
        patterns = [f"(?P<secret>{'|'.join(map(re.escape, self._secrets))})"] if self._secrets else []
        patterns += [f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items()]
        self._pattern = re.compile("|".join(patterns))
        self._given: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, int] = {}

    def text(self, text: str) -> str:
        """Return the text with replacements."""
        return self._pattern.sub(self._replaced, text)

    def secrets(self, text: str) -> str:
        """Return the text without the secrets; everything else stays."""
        for secret in self._secrets:
            text = text.replace(secret, SECRET)
        return text

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Return the headers; a value with a secret's name is replaced as a whole."""
        kept = (
            (name, value) for name, value in headers if name != DISPLAY_NAMES
        )  # holds the names of people, and nothing else
        return tuple((name, SECRET if SECRET_NAME.search(name) else self.text(value)) for name, value in kept)

    def query(self, query: str) -> str:
        """Return the query of a URL with replacements."""
        pairs = parse_qsl(query, keep_blank_values=True)
        replaced = [(self.text(name), self._field(name, value)) for name, value in pairs]
        return query if replaced == pairs else urlencode(replaced)

    def body(self, body: bytes) -> bytes:
        """Redact a body: JSON, a form, a mail, or text. Raises CannotRedact."""
        found = self._json(body)
        if found is None and _FORM.fullmatch(body.strip()):
            found = self.query(body.strip().decode("ascii")).encode()
        if found is None and _MAIL_HEADER.match(body):
            found = self._mail(body)
        if found is None:
            found = self._raw(body)
        for secret in self._secrets:
            found = found.replace(secret.encode(), SECRET.encode())
        return found

    def _raw(self, body: bytes) -> bytes:
        try:
            return self.text(body.decode()).encode()
        except UnicodeDecodeError:
            return self.text(body.decode("latin-1")).encode("latin-1")

    def _json(self, body: bytes | str) -> bytes | None:
        try:
            value = json.loads(body)
            replaced = self._value("", value)
        except (ValueError, RecursionError):
            return None
        if replaced == value:
            return body.encode() if isinstance(body, str) else body
        return json.dumps(replaced, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return self._field(name, value)
        if isinstance(value, dict):
            return {self.text(key): self._value(key, each) for key, each in value.items()}
        return [self._value(name, each) for each in value] if isinstance(value, list) else value

    def _field(self, name: str, value: str) -> str:
        if value and SECRET_NAME.search(name):
            return SECRET
        if value[:1] in ("{", "[") and (found := self._json(value)) is not None:
            return found.decode("utf-8", "surrogatepass")
        return self.text(value)

    def _mail(self, body: bytes) -> bytes:
        policy = compat32.clone(linesep="\r\n" if b"\r\n" in body else "\n")
        try:
            message = message_from_bytes(body, policy=policy)
            for part in message.walk():
                self._part(part)
            return message.as_bytes(policy=policy)
        except (MessageError, LookupError, ValueError, TypeError, RecursionError) as error:
            raise CannotRedact(f"the mail cannot be taken apart ({type(error).__name__})") from error

    def _part(self, part: Message) -> None:
        headers = [(name, str(value)) for name, value in part.items()]
        for name in {name for name, _ in headers}:
            del part[name]
        for name, value in headers:
            new = SECRET if SECRET_NAME.search(name) else self.text(_ENCODED_WORDS.sub(self._words, value))
            part[name] = _NOT_ASCII.sub(lambda word: _encoded(word[0]), new)
        if part.is_multipart():
            part.preamble = part.epilogue = None
            return
        if part.get_content_maintype() != "text":
            del part["Content-Transfer-Encoding"]
            part.set_payload(ATTACHMENT)
            return
        raw = part.get_payload(decode=True)
        text = _text_of(raw if isinstance(raw, bytes) else b"", part.get_content_charset())
        del part["Content-Transfer-Encoding"]
        new = self.text(text)
        part.set_payload(new, "us-ascii" if new.isascii() else _READABLE)

    def _words(self, match: re.Match[str]) -> str:
        """Redact adjacent encoded words of a header (RFC 2047); without a replacement they stay unchanged."""
        text = _decoded(match[0])
        new = self.text(text)
        return match[0] if new == text else _encoded(new)

    def _replaced(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        found = match[0]
        if kind == "secret":
            return SECRET
        if kind in ("ipv4", "ipv6") and not _is_address(found):
            return found
        key = _AT.sub("@", found).lower() if kind == "mail" else re.sub(r"\D", "", found) if kind == "phone" else found
        if (kind, key) not in self._given:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            self._given[kind, key] = _replacement(kind, number)
        return self._given[kind, key]


def _replacement(kind: str, number: int) -> str:
    if kind == "mail":
        return f"person{number}@example.com"
    if kind == "ipv4":
        many = _MANY[number % _MANY.num_addresses]
        return _FREE_V4[number - 1] if number <= len(_FREE_V4) else str(many)
    return str(_V6[number]) if kind == "ipv6" else f"+1 555 01{number:02}"


def _is_address(text: str) -> bool:
    try:
        return text != "::" and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _encoded(text: str) -> str:
    """Return text as an encoded word."""
    return Header(text, "utf-8", maxlinelen=10_000).encode()


def _decoded(words: str) -> str:
    """Decode encoded words, even those with an unknown charset. Raises MessageError, ValueError."""
    parts = decode_header(words)
    return "".join(part if isinstance(part, str) else _text_of(part, charset) for part, charset in parts)


def _text_of(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "utf-8")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def known_secrets(value: Any) -> set[str]:
    """Return every secret of the settings: the `SecretStr` values, and the passwords in URLs."""
    return {each for each in _secrets(value) if each and each != STAND_IN_KEY}


_IN_URL = re.compile(r"://(?:[^:@/\s;]*):([^@/\s;]+)@")


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _secrets(each)
    elif isinstance(value, Source):
        yield from _secrets(value.settings)
    elif not isinstance(value, bytes):
        yield from _IN_URL.findall(str(value))
