"""The versions of documents that are stored as JSON and may be read by a process of another version.

A document says its version in the field `v`; one without it is of version 1, or older. What a later version wrote may
mean something else by the same fields, so it is left alone: `LaterVersion` says so, and a later process reads it.

The version before this one refuses a field that it does not know in an event or in a job's memory. It runs beside this
one during an upgrade. So there the field is read from now on, and written from the release after on. The reader of
treatments ignored such fields all along: there it is written already.
"""

from __future__ import annotations

from typing import Any

FIELD = "v"


class LaterVersion(ValueError):
    """A later version of this program wrote the document."""

    def __init__(self, what: str, found: object, known: int) -> None:
        super().__init__(f"{what} of version {found} is left alone: this version reads up to version {known}")


def fields_of(document: dict[str, Any], what: str, known: int) -> dict[str, Any]:
    """The document without its version. Raises LaterVersion where that is none of those up to `known`."""
    fields = dict(document)
    version = fields.pop(FIELD, known)
    if not isinstance(version, int) or version > known:
        raise LaterVersion(what, version, known)
    return fields
