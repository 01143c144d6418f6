"""PagerDuty, webhooks v3: an incident is a case; its events open, change, comment or resolve the case.

Deliveries come in any order, and more than once: `event.id` names the event, `occurred_at` orders it. A note or status
update holds its incident in `data.incident`.

Source: developer.pagerduty.com, "Webhooks v3" (event types, `event.data`); "Verifying Signatures".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from connectors.contract.connector import Connector
from connectors.contract.events import Changed, Commented, Event, Opened, Priority, Resolved, digest
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Verified
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret, SourceSettings
from connectors.toolbox.reading import of_object, unknown_word
from connectors.toolbox.reasons import TEXT, missing, path_of, without_effect
from connectors.toolbox.rendering import MAX_ATTRIBUTE, attributes, block, compose, filled, subject_line
from connectors.toolbox.signatures import MAX_HEADER, absent, hmac_sha256, is_hmac, mismatch, read_hex, too_long
from connectors.toolbox.strict_json import (
    number_at,
    object_at,
    objects_in,
    read_id,
    read_instant,
    read_time,
    read_word,
    text_at,
    within,
)
from connectors.toolbox.text import Instant, cut, one_line, priority_of, readable

SIGNATURE = "X-PagerDuty-Signature"
VERSION = "v1"
MOST_SIGNATURES = 20
_SIGNATURE = re.compile(r"v[0-9]{1,3}=[0-9A-Za-z+/=_-]{16,512}")

URGENCIES: Mapping[str, Priority] = {"high": "high", "low": "low"}
"""Priorities of incidents without a priority, by urgency. PagerDuty has only these two urgencies."""

OPENED: Mapping[str, str] = {"incident.triggered": "Triggered", "incident.reopened": "Reopened"}
RESOLVED: Mapping[str, str] = {"incident.resolved": "Resolved"}
CHANGED: Mapping[str, str] = {
    "incident.acknowledged": "Acknowledged",
    "incident.delegated": "Delegated to another escalation policy",
    "incident.escalated": "Escalated",
    "incident.incident_type.changed": "Type changed",
    "incident.priority_updated": "Priority changed",
    "incident.reassigned": "Reassigned",
    "incident.service_updated": "Moved to another service",
    "incident.unacknowledged": "Unacknowledged",
}
WRITTEN: Mapping[str, str] = {
    "incident.annotated": "Note",
    "incident.status_update_published": "Status update",
}
"""Texts that people wrote. One without a text is unreadable."""
COMMENTED: Mapping[str, str] = {
    **WRITTEN,
    "incident.conference_bridge.updated": "Conference bridge changed",
    "incident.custom_field_values.updated": "Custom fields changed",
    "incident.responder.added": "Responder requested",
    "incident.responder.replied": "Responder replied",
    "incident.role.assigned": "Role assigned",
}
"""Events that refer to their incident (`data.incident`) and carry no priority. So they are notes, not changes."""
NOTHING: Mapping[str, str] = {
    "pagey.ping": "PagerDuty tests the subscription",
    "incident.action_invocation.created": "automation does not change the incident",
    "incident.action_invocation.terminated": "automation does not change the incident",
    "incident.action_invocation.updated": "automation does not change the incident",
    "incident.workflow.completed": "automation does not change the incident",
    "incident.workflow.started": "automation does not change the incident",
    "service.created": "the event is about a service, not an incident",
    "service.custom_field_values.updated": "the event is about a service, not an incident",
    "service.deleted": "the event is about a service, not an incident",
    "service.updated": "the event is about a service, not an incident",
}
"""Event types that are understood and have no effect, with the reason."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The data that every event carries."""

    id: str
    type: str
    at: Instant
    data: Mapping[str, Any]
    agent: str
    """The name of the user who acted; empty for a program, or if it is missing."""
    author: str | None


WEBHOOK_SECRET = Issued(
    re.compile(r"[A-Za-z0-9+/=_-]{32,255}"), "the secret that PagerDuty showed when the webhook subscription was made"
)


class Settings(SourceSettings):
    """A source of kind `pagerduty`; the secret is that of the webhook subscription."""

    secret: Annotated[Secret, WEBHOOK_SECRET]
    """The secret that PagerDuty showed when the webhook subscription was made."""
    previous_secret: Annotated[Secret, WEBHOOK_SECRET] | None = None
    """Accepted too, while the sender is moved to the new secret."""


def verify(inbound: Inbound, settings: Settings, _now: datetime, _keys: Keys) -> Verified | Denied:
    """Check `X-PagerDuty-Signature`: the HMAC-SHA256 of the raw body, `v1=HEX`.

    While secrets rotate, the header holds several signatures, separated by commas.
    """
    header = inbound.header(SIGNATURE)
    if header is None:
        return absent(SIGNATURE)
    if len(header) > MAX_HEADER:
        return too_long(SIGNATURE)
    listed = [each.strip() for each in header.split(",")]
    if len(listed) > MOST_SIGNATURES or not all(map(_SIGNATURE.fullmatch, listed)):
        return Denied(
            f"the header {SIGNATURE} is malformed: expected at most {MOST_SIGNATURES} signatures, {VERSION}=HEX"
        )
    offered = [each.partition("=") for each in listed]
    digests = [read for version, _, digits in offered if version == VERSION and (read := read_hex(digits))]
    if not digests:
        return Denied(f"the header {SIGNATURE} holds no signature of version {VERSION}: expected {VERSION}=HEX")
    if not any(is_hmac(each, settings.secrets, inbound.body) for each in digests):
        return mismatch(f"the signature in the header {SIGNATURE}")
    return Verified(inbound)


def sign(body: bytes, settings: Settings, _now: datetime) -> dict[str, str]:
    """Return the header as PagerDuty sends it."""
    return {SIGNATURE: f"{VERSION}={hmac_sha256(settings.secrets[0], body).hex()}"}


@of_object
def parse(payload: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event.

    Raises UnreadableMessage if the incident, the event's id or its time is missing.
    """
    event = within(payload, "event")
    kind = read_word(event, "event_type", "the type of an event")
    if kind in NOTHING:
        return Parsed(ignored=(without_effect("event.event_type", kind, NOTHING[kind]),))
    build = _BUILDERS.get(kind)
    if build is None:
        return Parsed(ignored=(without_effect("event.event_type", kind, "this type of event is unknown"),))
    return _parsed(build(_told(event, kind), settings))


def _parsed(event: Event) -> Parsed:
    if event.severity is None or _in_a_table(event.severity):
        return Parsed((event,))
    return Parsed((event,), ignored=(unknown_word(event, "event.data.priority", "a known priority, like P1"),))


def _told(event: Mapping[str, Any], kind: str) -> _Told:
    at = read_time(event, "occurred_at")
    agent = object_at(event, "agent")
    known = agent if agent.get("type") == "user_reference" else {}
    return _Told(
        id=read_id(event, "id"),
        type=kind,
        at=at,
        data=within(event, "data"),
        agent=one_line(text_at(known, "summary")),
        author=one_line(text_at(known, "id")) or None,
    )


def _incident(build: type[Event], words: Mapping[str, str]) -> Callable[[_Told, Settings], Event]:
    """Return a function that reads an event about an incident as a whole."""

    def event(told: _Told, settings: Settings) -> Event:
        incident = told.data
        key = read_id(incident, "id")
        created = read_instant(incident, "created_at")
        # A reopening begins an episode of its own. All other events came after the incident's creation.
        began = told.at if told.type == "incident.reopened" or created is None else created
        severity, priority = _priority(incident)
        facts = _facts(incident)
        happened = words[told.type]
        return build(
            case_key=key,
            source_message_id=told.id,
            occurred_at=told.at.time,
            started_at=min(began.time, told.at.time),
            subject=subject_line(text_at(incident, "title"), f"PagerDuty incident {key}"),
            text=compose(
                f"{happened} by {told.agent}." if told.agent else f"{happened}.",
                [block("Incident", facts)],
                [("At", readable(told.at.time)), ("PagerDuty", incident.get("html_url"))],
            ),
            content_digest=digest(told.type, *(part for pair in facts for part in pair)),
            severity=severity,
            priority=priority,
            category=settings.category,
            private=settings.private,
            author=told.author,
            attributes=_attributes(incident),
        )

    return event


def _comment(told: _Told, settings: Settings) -> Event:
    """Return a note, or an event beside the incident.

    `incident` is a reference with an id; the text is the event's own.
    """
    incident = within(told.data, "incident")
    written = text_at(told.data, "content") or text_at(told.data, "message")
    if told.type in WRITTEN and not one_line(written):
        raise missing(path_of(told.data, "content"), TEXT)
    by = f"{COMMENTED[told.type]} by {told.agent}" if told.agent else COMMENTED[told.type]
    trimmed = "\n\n(PagerDuty sent only the beginning.)" if told.data.get("trimmed") is True else ""
    key = read_id(incident, "id")
    title = text_at(incident, "summary") or text_at(incident, "title")
    return Commented(
        case_key=key,
        source_message_id=told.id,
        occurred_at=told.at.time,
        started_at=told.at.time,
        subject=subject_line(title, f"PagerDuty incident {key}"),
        text=compose(
            f"{by}:\n\n{written}{trimmed}" if written else f"{by}.", [], [("PagerDuty", incident.get("html_url"))]
        ),
        content_digest=digest(told.type, written),
        category=settings.category,
        private=settings.private,
        author=told.author,
        unknown="wait",
        reopens=False,
    )


def _priority(incident: Mapping[str, Any]) -> tuple[str | None, Priority]:
    """Return the priority's name and our priority: by name (`P1`), or by urgency if the incident has no known name."""
    named = object_at(incident, "priority")
    name = one_line(text_at(named, "summary") or text_at(named, "name"))
    urgency = one_line(text_at(incident, "urgency")).casefold()
    by_urgency = URGENCIES.get(urgency, "medium")
    if name:
        ours, known = priority_of(name)
        return cut(name, MAX_ATTRIBUTE), ours if known else by_urgency
    return cut(urgency, MAX_ATTRIBUTE) or None, by_urgency


def _in_a_table(severity: str) -> bool:
    return severity in URGENCIES or priority_of(severity)[1]


def _facts(incident: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an incident's facts that count as content."""
    facts = {
        "number": number_at(incident, "number"),
        "title": text_at(incident, "title"),
        "status": text_at(incident, "status"),
        "service": text_at(object_at(incident, "service"), "summary"),
        "priority": text_at(object_at(incident, "priority"), "summary"),
        "urgency": text_at(incident, "urgency"),
        "escalation policy": text_at(object_at(incident, "escalation_policy"), "summary"),
        "assigned to": _summaries(incident.get("assignees")),
        "teams": _summaries(incident.get("teams")),
        "why resolved": text_at(object_at(incident, "resolve_reason"), "summary"),
    }
    return filled(facts)


def _attributes(incident: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    labels = {
        "labels.service": text_at(object_at(incident, "service"), "summary"),
        "labels.team": _summaries(incident.get("teams")),
        "labels.urgency": text_at(incident, "urgency"),
        "labels.escalation_policy": text_at(object_at(incident, "escalation_policy"), "summary"),
    }
    return attributes({name: value or None for name, value in labels.items()})


def _summaries(references: object) -> str:
    """Return the names in a list of references."""
    return ", ".join(filter(None, (text_at(each, "summary") for each in objects_in(references))))


_BUILDERS: Mapping[str, Callable[[_Told, Settings], Event]] = {
    **dict.fromkeys(OPENED, _incident(Opened, OPENED)),
    **dict.fromkeys(RESOLVED, _incident(Resolved, RESOLVED)),
    **dict.fromkeys(CHANGED, _incident(Changed, CHANGED)),
    **dict.fromkeys(COMMENTED, _comment),
}

CONNECTOR = Connector(
    kind="pagerduty",
    title="PagerDuty",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    credentials=lambda _settings: (SIGNATURE,),
    attributes={"labels.*": "labels.service, labels.team, labels.urgency, labels.escalation_policy"},
)
