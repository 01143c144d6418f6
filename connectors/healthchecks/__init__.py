"""Healthchecks (healthchecks.io, or your own), webhook integration: a check is a case; down opens it, up resolves it.

The user pastes the body's template, which README.md has. Deliveries are not signed: the secret is in a header, or in
the query of the URL. A placeholder that was not filled in arrives unchanged.

Source: healthchecks.io/docs/configuring_notifications/, section "Webhooks".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.contract.connector import Connector
from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Inbound, Parsed, Remark
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Bearer
from connectors.toolbox.reading import of_object
from connectors.toolbox.reasons import one_of, unexpected
from connectors.toolbox.rendering import attributes, block, compose, reason, subject_line
from connectors.toolbox.strict_json import read_id, read_time, text_at
from connectors.toolbox.text import PRIORITIES, one_line, readable

STATUSES: Mapping[str, type[Event]] = {"down": Opened, "up": Resolved}


class Settings(SourceSettings):
    """A source of kind `healthchecks`."""


@of_object
def parse(payload: Mapping[str, Any], _inbound: Inbound, settings: Settings) -> Parsed:
    """Return one event.

    Raises UnreadableMessage if the check, its status or the time is missing.
    """
    event = _event(payload, settings)
    if len(told := _severities(payload)) > 1:
        several = reason(f"tags holds several severities ({', '.join(told)}): the first one counts")
        return Parsed((event,), ignored=(Remark("tags", several),))
    return Parsed((event,))


def _event(payload: Mapping[str, Any], settings: Settings) -> Event:
    code = read_id(payload, "code")
    status = text_at(payload, "status").strip().casefold()
    if status not in STATUSES:
        raise unexpected(payload, "status", one_of(STATUSES))
    if code.startswith("$"):
        raise unexpected(payload, "code", "the check's id, which Healthchecks fills in; compare the webhook's template")
    at = read_time(payload, "now")
    tags = _tags(payload)
    name = _filled(payload, "name") or f"Check {code}"
    severity = next(iter(_severities(payload)), None)
    facts = [("name", name), *([("tags", " ".join(tags))] if tags else [])]
    return STATUSES[status](
        case_key=code,
        source_message_id=f"{code}:{status}:{at.text}",
        occurred_at=at.time,
        started_at=at.time,
        subject=subject_line(f"{name} is {status}", ""),
        text=compose("", [block("Check", facts)], [("At", readable(at.time))]),
        content_digest=digest(status, name, *tags),
        severity=severity,
        priority=PRIORITIES[severity] if severity else "medium",
        category=settings.category,
        private=settings.private,
        attributes=attributes({"labels.check": name, **{f"labels.tag_{tag}": "yes" for tag in tags}}),
    )


def _filled(payload: Mapping[str, Any], field: str) -> str:
    """Return the text at the field; empty if the placeholder itself arrived."""
    text = one_line(text_at(payload, field))
    return "" if text == f"${field.upper()}" else text


def _tags(payload: Mapping[str, Any]) -> list[str]:
    return _filled(payload, "tags").split()


def _severities(payload: Mapping[str, Any]) -> list[str]:
    """Return the tags that are words of a severity."""
    return [tag for tag in map(str.casefold, _tags(payload)) if tag in PRIORITIES]


CONNECTOR = Connector(
    kind="healthchecks",
    title="Healthchecks",
    settings=Settings,
    proof=Bearer(in_url=True),
    parse=parse,
    attributes={"labels.*": "labels.check, the check's name; labels.tag_NAME is yes for each of its tags"},
)
