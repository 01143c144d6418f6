"""Sentry, webhooks of the integration platform: an issue is a case, and so is each alert of a metric.

The signature covers the body alone. `Sentry-Hook-Resource` names the format of the body; a header that does not fit its
body is refused. A change of an issue's state carries no time in the body: `Sentry-Hook-Timestamp` holds it.

Source: docs.sentry.io, "Integration Platform Webhooks" (Issues, Issue Alerts, Metric Alerts).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from connectors.contract.connector import Connector
from connectors.contract.events import Event
from connectors.contract.messages import Inbound, Parsed, Remark
from connectors.contract.secrets import Issued
from connectors.contract.settings import Secret, SourceSettings
from connectors.sentry.alerts import issue_alert, metric_alert
from connectors.sentry.facts import LEVELS, Hook, is_level
from connectors.sentry.issues import issue
from connectors.toolbox.proofs import Hmac
from connectors.toolbox.reading import of_object, unknown_word
from connectors.toolbox.reasons import missing, one_of, without_effect
from connectors.toolbox.signatures import seconds
from connectors.toolbox.strict_json import object_at, read_word, within

SIGNATURE, RESOURCE, TIMESTAMP = "Sentry-Hook-Signature", "Sentry-Hook-Resource", "Sentry-Hook-Timestamp"

SHAPES: Mapping[str, str] = {"issue": "issue", "event_alert": "event", "metric_alert": "metric_alert"}
"""Resources, and the field of `data` that holds each."""

_READERS: Mapping[str, Callable[[Hook, SourceSettings], Event | Remark]] = {
    "issue": issue,
    "event_alert": issue_alert,
    "metric_alert": metric_alert,
}


CLIENT_SECRET = Issued(re.compile(r"[0-9a-f]{64}"), "the integration's Client Secret, 64 hex digits")


class Settings(SourceSettings):
    """A source of kind `sentry`; the secret is the integration's client secret."""

    secret: Annotated[Secret, CLIENT_SECRET]
    """The integration's Client Secret: 64 hex digits."""
    previous_secret: Annotated[Secret, CLIENT_SECRET] | None = None
    """Accepted too, while the sender is moved to the new secret."""


@of_object
def parse(payload: Mapping[str, Any], inbound: Inbound, settings: Settings) -> Parsed:
    """Return at most one event.

    Raises UnreadableMessage if the issue or alert, or its start, is missing.
    """
    action = read_word(payload, "action", "the name of an action")
    data = within(payload, "data")
    resource = _resource(inbound.header(RESOURCE), data)
    reader = _READERS.get(resource)
    if reader is None:
        return Parsed(ignored=(without_effect(RESOURCE, resource),))
    said = reader(Hook(action, data, _at(inbound), object_at(payload, "actor"), _delivery(inbound)), settings)
    if isinstance(said, Remark):
        return Parsed(ignored=(said,))
    if said.severity and not is_level(said.severity):
        path = f"data.{SHAPES[resource]}.level"
        return Parsed((said,), ignored=(unknown_word(said, path, one_of(LEVELS)),))
    return Parsed((said,))


def _resource(header: str | None, data: Mapping[str, Any]) -> str:
    """Return the header's resource if the body fits it; without a header, the resource that the body fits."""
    if header is None:
        header = next((name for name, field in SHAPES.items() if field in data), "")
        if not header:
            raise missing(f"data.{next(iter(SHAPES))}", f"{one_of(SHAPES.values())} in data, or the header {RESOURCE}")
    if header in SHAPES and SHAPES[header] not in data:
        raise missing(f"data.{SHAPES[header]}", f"it, since the header {RESOURCE} is {header}")
    return header


def _at(inbound: Inbound) -> datetime:
    """Return the time when Sentry sent the delivery; without the header, the time of arrival."""
    sent = seconds(inbound.header(TIMESTAMP) or "")
    return inbound.received_at.astimezone(UTC) if sent is None else sent


def _delivery(inbound: Inbound) -> str:
    """Return `Request-ID` if it is given, else the time."""
    given = (inbound.header("Request-ID") or "").strip()
    return given if given.isprintable() and 0 < len(given) <= 100 else _at(inbound).isoformat()


CONNECTOR = Connector(
    kind="sentry",
    title="Sentry",
    settings=Settings,
    proof=Hmac(SIGNATURE),
    parse=parse,
    attributes={"labels.*": "labels.project, labels.platform; of an alert labels.environment, labels.rule"},
)
