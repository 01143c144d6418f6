"""Reads a delivery: verify, then parse. An authentic delivery is kept, even when parsing fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from connectors.contract.messages import (
    Denied,
    Inbound,
    Keys,
    OverLimit,
    Parsed,
    Remark,
    UnreadableMessage,
    Unverified,
    Verified,
)
from worker.intake import internal
from worker.intake.credentials import forgotten
from worker.ledger import INTERNAL, Delivery
from worker.planning.grouping import RESERVED
from worker.routing import route
from worker.runtime.defects import ConnectorFailed, connector_defects
from worker.settings import Source

NO_KEYS: Keys = {}


class TooLarge(OverLimit):
    """The body is larger than its source takes."""


def same(arrived: Inbound) -> Inbound:
    """Return the delivery unchanged: there are no display names."""
    return arrived


def read(
    source: Source,
    arrived: Inbound,
    now: datetime,
    keys: Keys = NO_KEYS,
    named: Callable[[Inbound], Inbound] = same,
    max_body: int | None = None,
) -> Delivery | Denied:
    """Return a delivery that is ready to be recorded, or why its sender is refused. Raises OverLimit and TooLarge.

    Only a proven sender learns that a body is larger than its source takes (`max_body`, in bytes).

    The credentials are taken out of the delivery as soon as they have proven its sender. `named` adds the known display
    names; it is not called for a refused sender.
    """
    arrived = internal.from_outside(arrived)
    verdict = source.connector.verify(arrived, source.settings, now, keys)
    if isinstance(verdict, Denied):
        return verdict
    if max_body is not None and len(arrived.body) > max_body:
        raise TooLarge(f"the body has more than {max_body} bytes")
    return read_verified(source, replace(verdict, inbound=named(forgotten(source, verdict.inbound))))


def read_verified(source: Source, verified: Verified, inbound_id: int | None = None) -> Delivery:
    """Return a delivery that is ready to be recorded. Raises OverLimit.

    A late one is not parsed. A person who takes it out of quarantine decides that it still counts.
    """
    if verified.late is not None:
        return Delivery(verified.inbound, unreadable=verified.late, inbound_id=inbound_id)
    try:
        parsed = parse(source, verified)
    except UnreadableMessage as reason:
        return Delivery(verified.inbound, unreadable=str(reason), inbound_id=inbound_id)
    return routed(source, Delivery(verified.inbound, parsed, inbound_id=inbound_id))


def routed(source: Source, delivery: Delivery) -> Delivery:
    """Return the delivery with its events routed; dropped events are ignored, with the reason."""
    if not source.routing.routes and source.settings.expire_after is None:
        return delivery
    whole = [route(source, event) for event in delivery.parsed.events]
    kept = [each for each in whole if each.why_dropped is None]
    dropped = [Remark(each.event.source_message_id, each.why_dropped) for each in whole if each.why_dropped]
    parsed = replace(
        delivery.parsed,
        events=tuple(each.event for each in kept),
        ignored=(*delivery.parsed.ignored, *dropped),
    )
    return replace(
        delivery,
        parsed=parsed,
        treatments=tuple(each.treatment for each in kept),
        dropped=tuple(each.dropped_by for each in whole if each.dropped_by is not None),
        misfits=tuple(misfit.route for each in kept for misfit in each.misfits),
    )


def parse(source: Source, message: Verified | Unverified) -> Parsed:
    """Parse a message. A defect of the parser counts as unreadable, too.

    Raises UnreadableMessage and OverLimit.
    """
    if isinstance(message, Verified) and internal.is_internal(message.inbound):
        return internal.parse(message.inbound)
    try:
        with connector_defects(source, UnreadableMessage, OverLimit):
            return _without_reserved(source.connector.parse(message, source.settings))
    except ConnectorFailed as error:
        # A defect must not lose the message, nor make its sender repeat it for ever.
        raise UnreadableMessage(str(error)) from error


def _without_reserved(parsed: Parsed) -> Parsed:
    """Refuse events with a reserved case key: with it, a sender could act on a group without being a member of it."""
    if not any(each.case_key.startswith(RESERVED) for each in parsed.events):
        return parsed
    kept = tuple(each for each in parsed.events if not each.case_key.startswith(RESERVED))
    refused = tuple(
        Remark(each.source_message_id, f"the case key {each.case_key!r} begins with {RESERVED}, which is reserved")
        for each in parsed.events
        if each.case_key.startswith(RESERVED)
    )
    return replace(parsed, events=kept, unreadable=(*parsed.unreadable, *refused))


def read_stored(sources: Mapping[str, Source], arrived: Inbound, inbound_id: int) -> Delivery | None:
    """Read a stored delivery as of today; None when its source is not configured. Raises OverLimit.

    The delivery was verified when it came in; its credentials are not kept.
    """
    if arrived.source == INTERNAL:
        return internal.as_delivery(arrived, inbound_id)
    source = sources.get(arrived.source)
    return None if source is None else read_verified(source, Verified(arrived), inbound_id)
