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
from connectors.toolbox.reasons import OBJECT, located, unexpected_value
from connectors.toolbox.rendering import reason
from connectors.toolbox.strict_json import read_object, within

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
        try:
            return _read(payload, settings)
        except ValueError as error:
            raise UnreadableMessage(reason(error)) from None
    return _records(records, settings)


def _records(records: list[Any], settings: Settings) -> Parsed:
    events: list[Event] = []
    ignored = [] if records else [Remark("Records", "Records is an empty list")]
    unreadable = []
    for index, each in enumerate(records):
        try:
            said = _read(_of_lambda(each), settings)
        except ValueError as error:
            item = f"Records[{index}]"
            unreadable.append(Remark(item, reason(located(error, item))))
            continue
        events += said.events
        ignored += said.ignored
    return Parsed(tuple(events), tuple(ignored), tuple(unreadable))


def _of_lambda(record: object) -> Mapping[str, Any]:
    """Return the SNS message in a record of a Lambda function."""
    if not isinstance(record, dict):
        raise unexpected_value("", record, OBJECT)
    return within(record, "Sns")


def _read(payload: Mapping[str, Any], settings: Settings) -> Parsed:
    """Return the result for a message of SNS, or for an alarm without one. Raises ValueError."""
    envelope = Envelope(payload)
    if envelope.type not in SIGNED and not payload.keys().isdisjoint(("AlarmName", "detail-type")):
        return parsed((read_alarm(payload, settings),))
    return read_envelope(envelope, lambda message: parsed((read_alarm(message, settings),)))


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
