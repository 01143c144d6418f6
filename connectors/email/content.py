"""Renders a mail for tickets: author, text and attachments. The mail itself stays in the ledger.

A reply's own words come first. If the quote was cut off, the whole text follows below, so no text is lost.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.contract.events import Priority, digest
from connectors.email import replies, tnef
from connectors.email.mime import Headers, Part
from connectors.toolbox import markup
from connectors.toolbox.text import ELLIPSIS, clean, cut, one_line

FULL_MESSAGE = "--- full message ---"
"""The line between a reply's own words and the whole text."""

NO_TEXT = "(no text)"
NO_SUBJECT = "(no subject)"
MAX_SUBJECT = 255  # characters
MAX_LISTED = 50  # attachments
MAX_FILENAME = 200  # characters
MAX_REPORT = 2_000  # characters of a mail server's report

IMPORTANCE: dict[str, Priority] = {
    "1": "high", "2": "high", "highest": "high", "high": "high", "urgent": "high",
    "3": "medium", "normal": "medium", "medium": "medium",
    "4": "low", "5": "low", "low": "low", "lowest": "low", "non-urgent": "low",
}  # fmt: skip
"""Priorities by the first word of an importance header. None is urgent, since anybody can write the header."""

IMPORTANCE_HEADERS = ("importance", "x-priority", "priority", "x-msmail-priority")
"""In order: the first header with a word of the table counts."""

FORWARDS = ("fwd", "fw", "wg", "tr", "rv", "vb", "vl", "doorst", "i", "enc", "pd", "转发", "轉寄")
"""Subject prefixes of forwarded mail, in lower case. `VS:` is missing on purpose: it means a forward in Norwegian, and
a reply in Finnish."""

AUTOMATIC = (
    "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "out of office", "out of the office",
    "automatische antwort", "abwesenheitsnotiz", "abwesend", "réponse automatique", "absence du bureau",
    "respuesta automática", "risposta automatica", "fuori sede", "automatisch antwoord", "afwezigheidsbericht",
    "resposta automática", "odpowiedź automatyczna", "automatisk svar", "automatiskt svar", "автоответ",
    "自动回复", "自動返信", "自動応答",
)  # fmt: skip
"""Subject prefixes of automatic answers, in lower case."""

TEXTS = ("text/plain", "text/html", "text/enriched")

REPORTED = ("final-recipient", "action", "status", "remote-mta", "diagnostic-code")
"""Fields of delivery reports that are shown."""

_FOLD = re.compile(r"\n[ \t]+")
_PREFIX = re.compile(r"\s*([^\W\d_]{1,6})(?:\[[0-9]{1,2}\])?\s?[:：]")
_AUTOMATIC = re.compile(rf"(?:{'|'.join(map(re.escape, AUTOMATIC))})\s*(?:[:：]|-\s|$)\s*")
_NUMBERED = re.compile(r"[\[(][^\[\]()#]{0,20}#\s?[0-9]{1,19}[\])]")
_LIST_TAG = re.compile(r"\s*\[[^\]]{1,60}\]")
_LIST_FOOTER = re.compile(r"\n_{40,}\n")


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    type: str
    size: int
    """Size in bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a mail, before rendering."""

    text: str
    attachments: tuple[Attachment, ...]
    digest: str
    """Digest of the words, without their spacing, and of the attachments. Differences between copies are left out."""


def content(mail: Part) -> Content:
    """Return text and attachments of a mail. The attachments of an attached mail are not listed."""
    reader = _Reader()
    reader.read(mail)
    text = _together(reader.texts) or reader.enclosed or _together(_inner_texts(mail, reader))
    words = _LIST_FOOTER.split(text)[0] if "list-id" in mail.headers else text
    sums = sorted(f"{each.type} {each.sha256}" for each in reader.attachments)
    return Content(text, tuple(reader.attachments), digest(" ".join(words.split()), *sums))


def subject(headers: Headers) -> str:
    """Return the subject as one line of 1 to 255 characters."""
    return cut(headers.text("subject"), MAX_SUBJECT) or NO_SUBJECT


def is_forward(headers: Headers) -> bool:
    """True if the first prefix of the subject, after a list's tag, marks a forward."""
    written = headers.text("subject")
    match = _PREFIX.match(_LIST_TAG.sub("", written, count=1) if _LIST_TAG.match(written) else written)
    return match is not None and match[1].lower() in FORWARDS


def bare_subject(headers: Headers) -> str:
    """Return the subject that all mails of one conversation share: no prefixes, no ticket numbers, lower case."""
    text = headers.text("subject").casefold()[:1024]
    while True:
        shorter = _NUMBERED.sub(" ", text).strip()
        if (match := _PREFIX.match(shorter) or _AUTOMATIC.match(shorter)) is not None:
            shorter = shorter[match.end() :].strip()
        if shorter == text:
            return " ".join(text.split())
        text = shorter


def importance(headers: Headers) -> tuple[str | None, Priority]:
    """Return the sender's word for the importance, and its priority; (None, "medium") without a known word."""
    for name in IMPORTANCE_HEADERS:
        word = (re.split(r"[\s(;,]", headers.first(name).lower(), maxsplit=1))[0]
        if word in IMPORTANCE:
            return word, IMPORTANCE[word]
    return None, "medium"


def report(mail: Part) -> str:
    """Return a report's fields for all recipients; empty if there are none."""
    lines = []
    for part in mail.walk():
        if part.type == "message/delivery-status":
            for line in _FOLD.sub(" ", part.text).split("\n"):
                name, colon, value = line.partition(":")
                if colon and name.strip().lower() in REPORTED:
                    lines.append(f"{name.strip()}: {one_line(value)}")
    return cut("\n".join(lines), MAX_REPORT)


def rendered(author: str, said: Content, extra: str, *, limit: int, strip: bool) -> str:
    """Return plain text of at most `limit` characters: the author, the text, the attachments.

    With `strip`, a reply's own words stand before the whole text.
    """
    lead = f"From: {author or 'unknown'}"
    closing = "\n\n".join(part for part in (extra, _listed(said.attachments)) if part)
    own = replies.own_words(said.text) if strip else None
    body = said.text or NO_TEXT
    # Long texts never push attachments out, nor long lists a reply's own words.
    closing = cut(closing, limit // 3)
    room = limit - len(lead) - len(closing) - 4
    if own is not None:
        body = f"{own}\n\n{FULL_MESSAGE}\n{said.text}"
    return "\n\n".join(part for part in (lead, cut(body, room), closing) if part)


class _Reader:
    """Collects texts and attachments of a mail, within a limit on HTML."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.attachments: list[Attachment] = []
        self.enclosed = ""
        """The text of a winmail.dat."""
        self._html_left = markup.MAX_HTML

    def read(self, part: Part) -> None:
        if part.type == "multipart/alternative" and part.children:
            self._read_best(part.children)
        elif part.type.startswith("multipart/") and part.children:
            for child in part.children:
                self.read(child)
        elif _is_text(part):
            self.texts.append(self.text(part))
        elif part.type != "message/delivery-status":
            self.attachments.append(_attachment(part))
            if _is_tnef(part):
                self._open(part)

    def text(self, part: Part) -> str:
        if part.type != "text/html":
            return part.text
        return self._laid_out(part.text)

    def _laid_out(self, page: str) -> str:
        html = page[: self._html_left]
        self._html_left -= len(html)
        return clean(markup.text_of(html)) if html else ""

    def _open(self, part: Part) -> None:
        """List the content of a winmail.dat, and keep its text for a mail without a text of its own."""
        found = tnef.opened(part.content)
        if found is None:
            return
        within = self.attachments[-1].name
        for each in found.attached:
            kind = one_line(each.type) or "application/octet-stream"
            self.attachments.append(_listed_as(f"{within}: {each.name or 'unnamed'}", kind, each.data))
        self.enclosed = self.enclosed or clean(found.text).strip() or self._laid_out(clean(found.html))

    def _read_best(self, versions: Iterable[Part]) -> None:
        """Read the first version with a text, plain before HTML; keep the attachments of all versions."""
        found = ""
        for version in sorted(versions, key=lambda each: any(part.type == "text/html" for part in each.walk())):
            before = len(self.texts)
            if found.strip() and _is_text(version):
                continue
            self.read(version)
            said = "\n\n".join(self.texts[before:])
            del self.texts[before:]
            found = found if found.strip() else said
        self.texts.append(found)


def _inner_texts(mail: Part, reader: _Reader) -> Iterator[str]:
    """Yield the text of a mail without a body: its first named text part, or the first attached mail."""
    for part in mail.walk():
        is_text = part.type in TEXTS and not part.children and part.disposition != "attachment"
        if is_text and (text := reader.text(part)).strip():
            yield text
            return
        if part.type == "message/rfc822" and part.children:
            inner = part.children[0]
            yield f"Subject: {subject(inner.headers)}"
            reader.texts.clear()
            listed = list(reader.attachments)
            reader.read(inner)
            reader.attachments[:] = listed
            yield from reader.texts
            return


def _together(texts: Iterable[str]) -> str:
    return "\n\n".join(each for each in (text.strip() for text in texts) if each)


def _is_text(part: Part) -> bool:
    is_readable = part.type in TEXTS or part.type.startswith("multipart/")
    return is_readable and part.disposition != "attachment" and not part.filename


def _attachment(part: Part) -> Attachment:
    data = part.content
    named = part.filename or (part.children[0].headers.text("subject") if part.children else "") or "unnamed"
    return _listed_as(named, part.type, data)


def _listed_as(name: str, kind: str, data: bytes) -> Attachment:
    return Attachment(cut(one_line(name), MAX_FILENAME), cut(kind, 100), len(data), hashlib.sha256(data).hexdigest())


def _is_tnef(part: Part) -> bool:
    return part.type in tnef.TYPES or part.filename.lower() == tnef.FILENAME


def _listed(attachments: Iterable[Attachment]) -> str:
    return "\n".join(_lines(tuple(attachments)))


def _lines(attachments: tuple[Attachment, ...]) -> Iterator[str]:
    if attachments:
        yield "Attachments (kept with the mail):"
    for each in attachments[:MAX_LISTED]:
        unit = "byte" if each.size == 1 else "bytes"
        yield f"  {each.name} ({each.type}, {each.size} {unit}, SHA-256 {each.sha256})"
    if len(attachments) > MAX_LISTED:
        yield f"  {ELLIPSIS} and {len(attachments) - MAX_LISTED} more"
