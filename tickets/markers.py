"""Markers by which our tickets are found again, and the line by which a note is declared a possible repeat.

The marker is the last line of a description: an HMAC of the operation's idempotency key. Without the secret, nobody can
write the marker of a message in advance. Only the last line counts: a text that quotes a ticket has the quoted marker
above its own.

    Ticketrelay trm3f0c…     one word to search for, without punctuation that a full-text index would split
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from datetime import UTC, datetime

from tickets.assumptions import MAX_TEXT
from tickets.models import encoded
from tickets.text import fit

_LINE = re.compile(r"Ticketrelay (trm[0-9a-f]{32})")
_PLACE = "Ticketrelay {word}"


def marker(secret: bytes, idempotency_key: str) -> str:
    """Return the last line of the description of the ticket that this operation creates."""
    word = "trm" + hmac.new(secret, idempotency_key.encode(), hashlib.sha256).hexdigest()[:32]
    return _PLACE.format(word=word)


def word_of(description: str | None) -> str | None:
    """Return the word of the marker at the end of a description; None if the last line is not a marker."""
    lines = (description or "").strip().splitlines()
    found = _LINE.fullmatch(lines[-1].strip()) if lines else None
    return found[1] if found else None


def word_in_request(request: bytes) -> str | None:
    """Return the word of the marker in the bytes of a create; None if there is none."""
    return word_of(json.loads(request).get("description"))


def without_marker(description: str) -> str:
    """Return a description without the marker at its end."""
    if word_of(description) is None:
        return description
    # Lines are split as in `word_of`: mail contains other line separators than \n.
    return "".join(description.rstrip().splitlines(keepends=True)[:-1]).rstrip()


def with_marker_of(original: bytes, edited: bytes) -> bytes:
    """Return an edited create with the marker of the original, so that the search term stays the same."""
    word = word_in_request(original)
    fields = json.loads(edited)
    text = without_marker(fields["description"])
    fields["description"] = fit(text, MAX_TEXT, f"\n\n{_PLACE.format(word=word)}") if word else text
    return encoded(fields)


def as_repeat(request: bytes, first_sent_at: datetime, *, max_text: int = MAX_TEXT) -> bytes:
    """Return the bytes of a note that may have been added before, with a line that states this."""
    note = json.loads(request)
    since = first_sent_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    line = f"\n\nThis note may be a repeat: whether it was added on {since} is not known."
    if not note["body"].endswith(line):
        note["body"] = fit(note["body"], max_text, line)
    return encoded(note)
