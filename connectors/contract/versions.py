"""Versions of documents that are stored as JSON and may be read by a process of another version.

The field `v` holds a document's version; a document without the field is of version 1, or older. A later version may
give the same fields another meaning, so its documents are left alone: reading one raises `LaterVersion`, and a later
process reads it.

The previous version of this program refuses unknown fields in an event and in a job's memory, and runs beside this one
during an upgrade. So in these documents this version reads the field, and the next release will also write it. The
reader of treatments always ignored unknown fields, so treatments are written with the field already.
"""

from __future__ import annotations

from typing import Any

FIELD = "v"


class LaterVersion(ValueError):
    """A later version of this program wrote the document."""

    def __init__(self, what: str, found: object, known: int) -> None:
        super().__init__(f"{what} of version {found} is left alone: this version reads up to version {known}")


def fields_of(document: dict[str, Any], what: str, known: int) -> dict[str, Any]:
    """Return the document without its version. Raises LaterVersion unless the version is an integer up to `known`."""
    fields = dict(document)
    version = fields.pop(FIELD, known)
    if not isinstance(version, int) or version > known:
        raise LaterVersion(what, version, known)
    return fields
