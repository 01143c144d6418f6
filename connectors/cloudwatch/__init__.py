"""Amazon CloudWatch, through a topic of SNS with an HTTPS subscription: an alarm is a case.

SNS signs each message and names its certificate, which the worker fetches from hosts of SNS only. A topic sends no
notifications before its subscription is confirmed: the worker calls the URL in `Parsed.confirm` for that. Raw message
delivery omits the envelope and the signature, so it is denied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.alerts.sns import HOST, SIGNED, Envelope, certificates, read_envelope, sign, verify
from connectors.cloudwatch.alarms import read_alarm
from connectors.cloudwatch.settings import Settings
from connectors.contract.connector import Connector, Outside
from connectors.contract.events import Event
from connectors.contract.messages import Parsed, Remark, UnreadableMessage, Unverified, Verified
from connectors.toolbox.reading import parsed
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import found, read_object

__all__ = ["CONNECTOR", "Settings", "parse", "sign", "verify"]


def parse(message: Verified | Unverified, settings: Settings) -> Parsed:
    """Return at most one event, or the URL that confirms a subscription.

    For `explain`, an alarm without an SNS envelope (raw delivery, EventBridge) and the records of a Lambda function are
    read too. `verify` denies these, since they are not signed.

    Raises UnreadableMessage for a body that is not a message of SNS, and for an alarm without name, state or time.
    """
    payload = read_object(message.inbound.body)
    records = payload.get("Records")
    # Fields besides those that SNS signs may be anybody's.
    if isinstance(message, Verified) or not isinstance(records, list):
        return _read(payload, settings)
    return _records(records, settings)


def _records(records: list[Any], settings: Settings) -> Parsed:
    events: list[Event] = []
    ignored = [] if records else [Remark("Records", "the list is empty")]
    unreadable = []
    for index, each in enumerate(records):
        try:
            said = _read(_of_lambda(each), settings)
        except UnreadableMessage as error:
            unreadable.append(Remark(f"Records[{index}]", str(error)))
            continue
        events += said.events
        ignored += said.ignored
    return Parsed(tuple(events), tuple(ignored), tuple(unreadable))


def _of_lambda(record: object) -> Mapping[str, Any]:
    """Return the SNS message in a record of a Lambda function."""
    message = record.get("Sns") if isinstance(record, dict) else None
    if not isinstance(message, dict):
        raise UnreadableMessage(f"{found(record)} holds no message of SNS")
    return message


def _read(payload: Mapping[str, Any], settings: Settings) -> Parsed:
    envelope = Envelope(payload)
    try:
        if envelope.type not in SIGNED and not payload.keys().isdisjoint(("AlarmName", "detail-type")):
            return parsed((read_alarm(payload, settings),))
        return read_envelope(envelope, lambda message: parsed((read_alarm(message, settings),)))
    except ValueError as error:
        raise UnreadableMessage(reason(error)) from None


CONNECTOR: Connector[Settings] = Connector(
    kind="cloudwatch",
    title="Amazon CloudWatch",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    attributes={"labels.*": "labels.alarm, the alarm's name; the metric's dimensions, account and region"},
    outside=Outside(hosts=HOST, keys=certificates),
)
