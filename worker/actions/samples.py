"""Reads a message from a file: a plain body, or a delivery printed by `events export`."""

from __future__ import annotations

import base64

from pydantic import ValidationError

from worker.documents.events import Exported
from worker.documents.registry import adapter, item_adapter
from worker.rehearsal.trial import Sample

EXPORT = "events-export"


class NotOneMessage(ValueError):
    """An export of several deliveries, or of none that can be read. The message holds the remedy."""


def sample_in(raw: bytes) -> Sample:
    """Return the message in the bytes of such a file. Raises NotOneMessage."""
    exported = _exported(raw)
    if exported is None:
        return Sample(raw)
    if len(exported) != 1:
        raise NotOneMessage(f"an export of {len(exported)} deliveries: expected one; take one with jq '.[0]'")
    (one,) = exported
    try:
        body = one.body.encode() if one.body is not None else base64.b64decode(one.body_base64 or "")
    except ValueError as error:
        raise NotOneMessage(f"an export whose body cannot be read: {error}") from None
    return Sample(body, one.headers, one.query)


def _exported(raw: bytes) -> list[Exported] | None:
    """Return the deliveries of an export; None for anything else, which is a body."""
    for read, is_many in ((adapter(EXPORT), True), (item_adapter(EXPORT), False)):
        try:
            found = read.validate_json(raw)
        except ValidationError:
            continue
        if found != []:
            return list(found) if is_many else [found]
    return None
