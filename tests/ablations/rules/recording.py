"""Records: messages, names, waiting comments, mailboxes and intake."""

from __future__ import annotations

ABLATIONS = (
)  # fmt: skip
