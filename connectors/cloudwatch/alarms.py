"""Reads alarms of CloudWatch, sent to a topic directly or through EventBridge.

Source: docs.aws.amazon.com/AmazonCloudWatch, "Alarm events and EventBridge"; "Using Amazon CloudWatch alarms".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.contract.events import Event, Opened, Resolved, digest
from connectors.contract.messages import Remark
from connectors.contract.settings import SourceSettings
from connectors.toolbox.reasons import TIME, missing, one_of, path_of, unexpected, unexpected_value, without_effect
from connectors.toolbox.rendering import attributes, block, compose, filled, subject_line
from connectors.toolbox.strict_json import (
    checked_id,
    object_at,
    objects_in,
    read_id,
    read_instant,
    read_time,
    text_at,
    within,
)
from connectors.toolbox.text import Instant, cut, one_line, readable

STATES: Mapping[str, type[Event] | None] = {"ALARM": Opened, "OK": Resolved, "INSUFFICIENT_DATA": None}
"""Events by new state. Without data the state is unknown, so no case begins or ends."""

STATE_CHANGE = "CloudWatch Alarm State Change"
"""The `detail-type` of EventBridge."""


MAX_NAME = 1_000_000
"""Characters of an alarm's name: any, since the name is shown and the ARN is the case."""


@dataclass(frozen=True, slots=True)
class _Alarm:
    key: str
    name: str
    state: str
    at: Instant
    reason: str
    description: str
    facts: tuple[tuple[str, str], ...]
    labels: Mapping[str, str]


def read_alarm(message: Mapping[str, Any], settings: SourceSettings) -> Event | Remark:
    """Return the event, or the reason why there is none. Raises ValueError."""
    if "detail-type" in message:
        if message.get("detail-type") != STATE_CHANGE:
            kind = message.get("detail-type")
            return without_effect(path_of(message, "detail-type"), kind, f"only {STATE_CHANGE!r} is read")
        return _said(_from_event_bridge(message), settings)
    if "AlarmName" in message:
        return _said(_from_topic(message), settings)
    return Remark("Message", "Message has neither AlarmName nor detail-type: only an alarm of CloudWatch has an effect")


def _from_topic(message: Mapping[str, Any]) -> _Alarm:
    at = read_time(message, "StateChangeTime")
    name = read_id(message, "AlarmName", most=MAX_NAME)
    arn = text_at(message, "AlarmArn").strip()
    account, region = text_at(message, "AWSAccountId"), text_at(message, "Region")
    if not arn and not (account and region):
        raise missing(
            path_of(message, "AlarmArn"), "the alarm's ARN, or AWSAccountId and Region, which tell alarms apart"
        )
    measured = object_at(message, "Trigger")
    facts = {
        "account": account,
        "region": region,
        "metric": text_at(measured, "MetricName"),
        "namespace": text_at(measured, "Namespace"),
        **_dimensions(measured.get("Dimensions")),
    }
    return _Alarm(
        key=checked_id(arn, path_of(message, "AlarmArn")) if arn else f"{account}:{region}:{name}",
        name=name,
        state=_state(message, "NewStateValue"),
        at=at,
        reason=text_at(message, "NewStateReason"),
        description=text_at(message, "AlarmDescription"),
        facts=tuple(filled(facts)),
        labels={"account": account, "region": region, "namespace": text_at(measured, "Namespace")},
    )


def _from_event_bridge(message: Mapping[str, Any]) -> _Alarm:
    detail = within(message, "detail")
    state = within(detail, "state")
    at = read_instant(state, "timestamp") or read_instant(message, "time")
    if at is None:
        raise unexpected(state, "timestamp", TIME)
    resources = message.get("resources")
    arn = resources[0] if isinstance(resources, list) and resources else None
    if not isinstance(arn, str) or not arn.strip():
        expected = "a list that begins with the alarm's ARN"
        if not isinstance(resources, list) or not resources:
            raise unexpected(message, "resources", expected)
        raise unexpected_value(path_of(message, "resources") + "[0]", arn, "the alarm's ARN")
    account, region = text_at(message, "account"), text_at(message, "region")
    return _Alarm(
        key=checked_id(arn.strip(), path_of(message, "resources") + "[0]"),
        name=read_id(detail, "alarmName", most=MAX_NAME),
        state=_state(state, "value"),
        at=at,
        reason=text_at(state, "reason"),
        description=text_at(object_at(detail, "configuration"), "description"),
        facts=tuple(filled({"account": account, "region": region})),
        labels={"account": account, "region": region},
    )


def _state(document: Mapping[str, Any], field: str) -> str:
    state = document.get(field)
    if not isinstance(state, str) or state not in STATES:
        raise unexpected(document, field, one_of(STATES))
    return state


def _said(alarm: _Alarm, settings: SourceSettings) -> Event | Remark:
    kind = STATES[alarm.state]
    if kind is None:
        return Remark("NewStateValue", f"the alarm {cut(alarm.name, 100)} has no data, so it neither begins nor ends")
    labels = {f"labels.{name}": value or None for name, value in alarm.labels.items()}
    return kind(
        case_key=alarm.key,
        source_message_id=f"{alarm.key}:{alarm.state}:{alarm.at.text}",
        occurred_at=alarm.at.time,
        started_at=alarm.at.time,
        subject=subject_line(alarm.name, "A CloudWatch alarm"),
        text=compose(
            alarm.description,
            [block("Alarm", [("name", alarm.name), ("state", alarm.state), *alarm.facts]), _why(alarm.reason)],
            [("At", readable(alarm.at.time))],
        ),
        content_digest=digest(alarm.name, alarm.state, alarm.description, *(p for pair in alarm.facts for p in pair)),
        category=settings.category,
        private=settings.private,
        attributes=attributes({**labels, "labels.alarm": alarm.name}),
    )


def _why(written: str) -> str:
    return block("Why", [("reason", written)]) if one_line(written) else ""


def _dimensions(value: object) -> dict[str, str]:
    """Return names and values of a metric's dimensions."""
    named = ((one_line(text_at(each, "name")), text_at(each, "value")) for each in objects_in(value))
    return {name: text for name, text in named if name}
