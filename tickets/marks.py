"""By what is a ticket of ours found again, and how does a note say that it may be a repeat?

The marker is the last line of a description: an HMAC of the operation's idempotency key, so that nobody who knows a
message can write it first. Only the last line counts: what quotes a ticket has the marker somewhere above its own.

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
    """The last line of the description of the ticket that this operation creates."""
    word = "trm" + hmac.new(secret, idempotency_key.encode(), hashlib.sha256).hexdigest()[:32]
    return _PLACE.format(word=word)


def word_of(description: str | None) -> str | None:
    """The word of the marker that a description ends with; None where it ends otherwise."""
    lines = (description or "").strip().splitlines()
    found = _LINE.fullmatch(lines[-1].strip()) if lines else None
    return found[1] if found else None


def word_in_request(request: bytes) -> str | None:
    """The word of the marker in the bytes of a create; None where there is none."""
    return word_of(json.loads(request).get("description"))


def without_marker(description: str) -> str:
    """A description without the marker that it ends with."""
    if word_of(description) is None:
        return description
    # Split as `word_of` does: people's mail separates lines in ways of its own.
    return "".join(description.rstrip().splitlines(keepends=True)[:-1]).rstrip()


def with_marker_of(original: bytes, edited: bytes) -> bytes:
    """An edited create with the marker of the original: what is looked for stays the same."""
    word = word_in_request(original)
    fields = json.loads(edited)
    text = without_marker(fields["description"])
    fields["description"] = fit(text, MAX_TEXT, f"\n\n{_PLACE.format(word=word)}") if word else text
    return encoded(fields)


def as_repeat(request: bytes, first_sent_at: datetime, *, max_text: int = MAX_TEXT) -> bytes:
    """The bytes of a note that may have been added before, which now says so."""
    note = json.loads(request)
    since = first_sent_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    line = f"\n\nThis note may be a repeat: whether it was added on {since} is not known."
    if not note["body"].endswith(line):
        note["body"] = fit(note["body"], max_text, line)
    return encoded(note)
