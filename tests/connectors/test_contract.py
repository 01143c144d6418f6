"""Tests of the contract that every connector must keep, for every registered kind and all its fixtures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors import connector, kinds
from connectors import fixtures as read_fixtures
from connectors.contract.connector import Connector
from connectors.contract.events import Event
from connectors.contract.messages import ConnectorError, Denied, Inbound, OverLimit, Parsed, Unverified, Verified
from connectors.toolbox.credentials import without_credentials
from tests.connectors.sealing import BY_KEYS_ALONE, KEYS, NEEDED, SAYS_NOTHING, proof, sealed

fixtures = cache(read_fixtures)  # cached: Hypothesis asks for the fixtures thousands of times
NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
SECRET, OLD, THIRD = "correct horse", "battery staple", "neither of them"
UNSAID: dict[str, Any] = {
    "aliases": [],
    "references": [],
    "author": None,
    "participants": [],
    "authority": "source",
    "joins": True,
    "other_words": "change",
    "exchange": None,
    "answer": None,
    "public_note": False,
    "private_change": False,
    "stranger": False,
    "doubt": None,
}
UNSAID_OF: dict[str, dict[str, Any]] = {
    "Commented": {"unknown": "open", "reopens": True},
    "Opened": {"start_known": True},
    "TicketChanged": {"wont_fix": False},
}
JUNK: tuple[Any, ...] = (None, 7, "text", [], {}, [{}], True)
FIXTURES = [(kind, name) for kind in kinds() for name in fixtures(kind)]


def configured(kind: str, name: str | None = None, **changes: Any) -> Any:
    """Return settings of a source of this kind, including those that the fixture needs."""
    wanted = fixtures(kind)[name].expected.get("settings", {}) if name else {}
    return connector(kind).settings.model_validate({"secret": SECRET, **NEEDED.get(kind, {}), **wanted, **changes})


def is_json(body: bytes) -> bool:
    """Return True if the body is a JSON document."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


each_kind = pytest.mark.parametrize("kind", kinds())
each_kind_with_a_shared_secret = pytest.mark.parametrize(
    "kind", [each for each in kinds() if each not in BY_KEYS_ALONE]
)


def each_of(pairs: Iterable[tuple[str, str]]) -> pytest.MarkDecorator:
    """Run the test once for each kind and name of a fixture."""
    return pytest.mark.parametrize(("kind", "name"), [pytest.param(*pair, id="-".join(pair)) for pair in pairs])


each_fixture = each_of(FIXTURES)
each_json_fixture = each_of((kind, name) for kind, name in FIXTURES if is_json(fixtures(kind)[name].body))
each_settings = each_of({(kind, repr(configured(kind, name))): (kind, name) for kind, name in FIXTURES}.values())
"""One fixture for each different settings of each kind."""


def delivery(body: bytes, headers: dict[str, str] | None = None) -> Inbound:
    lower = tuple((key.lower(), value) for key, value in (headers or {}).items())
    return Inbound(source="prod", received_at=NOW, body=body, headers=lower)


def parse(kind: str, body: bytes, settings: Any, headers: dict[str, str] | None = None) -> Parsed:
    return connector(kind).parse(Unverified(delivery(body, headers)), settings)


def spelled(event: Event) -> dict[str, Any]:
    """Return the event in the format of an `.expected.json`."""
    plain = {each.name: getattr(event, each.name) for each in fields(event)}
    plain |= {key: value.isoformat() for key, value in plain.items() if isinstance(value, datetime)}
    changes = {
        "kind": event.kind,
        "text": event.text.split("\n"),
        "aliases": list(event.aliases),
        "references": [asdict(each) for each in event.references],
        "participants": list(event.participants),
        "attributes": dict(event.attributes),
        "exchange": None if event.exchange is None else asdict(event.exchange),
    }
    return plain | changes


def with_defaults(expected: dict[str, Any]) -> dict[str, Any]:
    """Return the contents of an `.expected.json` with its omitted defaults filled in."""
    events = expected.get("events", ())
    filled = [UNSAID | UNSAID_OF.get(each["kind"], {}) | each for each in events]
    return {key: value for key, value in expected.items() if key not in ("settings", "headers")} | (
        {"events": filled} if events else {}
    )


def item_lists(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a key and the payload for each of the payload's lists of two or more objects."""
    try:
        payload = json.loads(body)
    except ValueError:
        return
    for key, value in payload.items():
        if isinstance(value, list) and len(value) > 1 and all(isinstance(item, dict) for item in value):
            yield key, payload


def said(kind: str, body: bytes, settings: Any, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """Return everything that `parse` makes of a body, in the format of an `.expected.json`."""
    try:
        parsed = parse(kind, body, settings, headers)
    except ConnectorError as error:
        return {"error": {type(error).__name__: str(error)}}
    known = connector(kind).attributes
    names = {name for event in parsed.events for name, _ in event.attributes}
    assert {name for name in names if name not in known and f"{name.partition('.')[0]}.*" not in known} == set()
    assert all(event.attributes == tuple(sorted(event.attributes)) for event in parsed.events)
    return {
        "events": [spelled(event) for event in parsed.events],
        "ignored": [asdict(remark) for remark in parsed.ignored],
        "unreadable": [asdict(remark) for remark in parsed.unreadable],
    }


@each_kind
def test_a_connector_is_registered_by_its_own_kind_and_has_fixtures(kind: str) -> None:
    found = connector(kind)
    assert isinstance(found, Connector)
    assert found.kind == kind
    assert found.title.strip()
    if kind in SAYS_NOTHING:
        return
    assert any("error" in fixture.expected for fixture in fixtures(kind).values())
    assert any(fixture.expected.get("events") for fixture in fixtures(kind).values())


@each_fixture
def test_a_fixture_says_what_is_expected_of_it_every_time(kind: str, name: str) -> None:
    fixture = fixtures(kind)[name]
    expected = with_defaults(fixture.expected)
    for _ in range(2):
        assert said(kind, fixture.body, configured(kind, name), fixture.headers) == expected


@each_fixture
def test_a_bad_item_leaves_its_neighbours_as_they_are(kind: str, name: str) -> None:
    settings = configured(kind, name)
    for key, payload in item_lists(fixtures(kind)[name].body):
        items = payload[key]
        for index in range(len(items)):
            without = json.dumps(payload | {key: items[:index] + items[index + 1 :]}).encode()
            neighbours = parse(kind, without, settings)
            for junk in JUNK:
                with_junk = json.dumps(payload | {key: [*items[:index], junk, *items[index + 1 :]]}).encode()
                parsed = parse(kind, with_junk, settings)
                assert parsed.events == neighbours.events
                assert len(parsed.unreadable) == len(neighbours.unreadable) + 1


@each_fixture
def test_the_order_of_items_changes_no_event(kind: str, name: str) -> None:
    settings = configured(kind, name)
    for key, payload in item_lists(fixtures(kind)[name].body):
        items = payload[key]
        expected = set(parse(kind, json.dumps(payload).encode(), settings).events)
        for turn in range(len(items)):
            for order in (items[turn:] + items[:turn], (items[turn:] + items[:turn])[::-1]):
                parsed = parse(kind, json.dumps(payload | {key: order}).encode(), settings)
                assert set(parsed.events) == expected


@each_fixture
def test_more_items_than_allowed_are_refused_and_as_many_are_not(kind: str, name: str) -> None:
    body = fixtures(kind)[name].body
    for key, payload in item_lists(body):
        count = len(payload[key])
        assert parse(kind, body, configured(kind, name, max_items=count)).events
        with pytest.raises(OverLimit):
            parse(kind, body, configured(kind, name, max_items=count - 1))


@pytest.mark.parametrize("kind", sorted(set(kinds()) - set(SAYS_NOTHING)))
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 1_000_000, id="deep list"),
        pytest.param(b'{"a":' * 200_000, id="deep object"),
        pytest.param(b"x" * 5_000_000, id="junk"),
        pytest.param(b'{"a": ' + b"9" * 1_000_000 + b"}", id="huge number"),
        pytest.param(b"\x00" * 1_000_000, id="nothing but NUL"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_monstrous_body_is_refused_with_a_short_reason(kind: str, body: bytes) -> None:
    with pytest.raises(ConnectorError) as caught:
        parse(kind, body, configured(kind))
    assert 0 < len(str(caught.value)) < 500


def sound(event: Event) -> bool:
    """Return True if every database and the Tickets API can take the event."""
    texts = [
        event.subject,
        event.text,
        event.severity or "",
        *(part for pair in event.attributes for part in pair),
    ]
    for text in texts:
        text.encode("utf-8")
    return (
        1 <= len(event.subject) <= 255
        and "\n" not in event.subject
        and len(event.text) <= 60_000
        and not any("\x00" in text for text in texts)
    )


@each_kind
@hypothesis.settings(deadline=None, max_examples=150)
@hypothesis.given(body=st.binary())
def test_any_bytes_are_read_or_refused(kind: str, body: bytes) -> None:
    try:
        parsed = parse(kind, body, configured(kind))
    except ConnectorError:
        return
    assert all(sound(event) for event in parsed.events)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.share(of=2)
@each_settings
@hypothesis.settings(deadline=None, max_examples=60)
@hypothesis.given(payload=ANY_JSON)
def test_any_json_is_read_or_refused(kind: str, name: str, payload: Any) -> None:
    try:
        parsed = parse(kind, json.dumps(payload).encode(), configured(kind, name), fixtures(kind)[name].headers)
    except ConnectorError:
        return
    assert all(sound(event) for event in parsed.events)


@pytest.mark.share(of=4)
@each_json_fixture
@hypothesis.settings(deadline=None, max_examples=40)
@hypothesis.given(data=st.data())
def test_a_payload_with_anything_anywhere_is_read_or_refused(kind: str, name: str, data: st.DataObject) -> None:
    payload = json.loads(fixtures(kind)[name].body)
    for _ in range(data.draw(st.integers(1, 3))):
        payload = replaced_somewhere(payload, data)
    try:
        parsed = parse(kind, json.dumps(payload).encode(), configured(kind, name), fixtures(kind)[name].headers)
    except ConnectorError:
        return
    assert all(sound(event) for event in parsed.events)


def replaced_somewhere(value: Any, data: st.DataObject) -> Any:
    """Return the value with one part replaced by any JSON value."""
    if isinstance(value, dict) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value)))
        return value | {key: replaced_somewhere(value[key], data)}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(value) - 1))
        return [*value[:index], replaced_somewhere(value[index], data), *value[index + 1 :]]
    return data.draw(ANY_JSON)


def verify(kind: str, settings: Any, headers: tuple[tuple[str, str], ...], body: bytes = b"{}") -> Verified | Denied:
    inbound = Inbound(source="prod", received_at=NOW, body=sealed(kind, body), headers=headers)
    return connector(kind).verify(inbound, settings, NOW, KEYS)


def signed(kind: str, settings: Any, body: bytes = b"{}") -> tuple[tuple[str, str], ...]:
    return delivery(body, proof(kind, sealed(kind, body), settings, NOW)).headers


BESIDE_THE_PROOF = {
    "x-signature-timestamp",
    "x-slack-request-timestamp",
    "x-timestamp",
    "webhook-id",
    "webhook-timestamp",
}
"""Headers that a signature covers, and that prove nothing alone."""


@each_settings
def test_every_header_that_proves_a_sender_is_named_as_a_credential(kind: str, name: str) -> None:
    settings = configured(kind, name)
    named = {each.lower() for each in connector(kind).credentials(settings)}
    assert {each for each, _ in signed(kind, settings)} - BESIDE_THE_PROOF <= named


@each_fixture
def test_no_event_depends_on_a_credential_in_the_body(kind: str, name: str) -> None:
    settings, fixture = configured(kind, name), fixtures(kind)[name]
    headers = fixture.expected.get("headers")
    cut = without_credentials(fixture.body, connector(kind).body_credentials(settings))
    assert said(kind, cut, settings, headers) == said(kind, fixture.body, settings, headers)


@each_fixture
def test_what_sign_signs_verify_accepts(kind: str, name: str) -> None:
    settings, body = configured(kind, name), fixtures(kind)[name].body
    verified = verify(kind, settings, signed(kind, settings, body), body)
    assert isinstance(verified, Verified)
    assert verified.inbound.body == sealed(kind, body)


@each_kind
@pytest.mark.parametrize("secret", ["Schlüssel 鍵", "with: colon", "=" * 40, "a" * 4000])
def test_an_unusual_secret_is_accepted_too(kind: str, secret: str) -> None:
    settings = configured(kind, secret=secret)
    assert isinstance(verify(kind, settings, signed(kind, settings)), Verified)


@each_kind
def test_without_its_headers_a_delivery_is_denied(kind: str) -> None:
    assert isinstance(verify(kind, configured(kind), ()), Denied)


@each_kind_with_a_shared_secret
def test_a_wrong_secret_is_denied_and_not_repeated_in_the_reason(kind: str) -> None:
    denied = verify(kind, configured(kind), signed(kind, configured(kind, secret=THIRD)))
    assert isinstance(denied, Denied)
    assert THIRD not in denied.reason
    assert SECRET not in denied.reason


@each_kind_with_a_shared_secret
def test_while_secrets_rotate_the_new_and_the_old_are_accepted_and_a_third_is_not(kind: str) -> None:
    both = configured(kind, previous_secret=OLD)
    outcomes = (verify(kind, both, signed(kind, configured(kind, secret=each))) for each in (SECRET, OLD, THIRD))
    assert [type(outcome) for outcome in outcomes] == [Verified, Verified, Denied]
    assert isinstance(verify(kind, configured(kind), signed(kind, configured(kind, secret=OLD))), Denied)


@each_kind
@pytest.mark.parametrize("field", ["secret", "previous_secret"])
@pytest.mark.parametrize("blank", ["", " ", "\t\n", " padded", "padded\n"])
def test_settings_refuse_a_secret_that_is_blank_or_padded(kind: str, field: str, blank: str) -> None:
    with pytest.raises(ValidationError, match="secret must not"):
        configured(kind, **{field: blank})


@each_kind
def test_settings_do_not_show_their_secrets(kind: str) -> None:
    settings = configured(kind, previous_secret=OLD)
    assert not any(each in f"{settings!r} {settings}" for each in (SECRET, OLD))


@each_kind
def test_a_credential_that_is_sent_twice_is_denied(kind: str) -> None:
    settings = configured(kind)
    for header in signed(kind, settings):
        assert isinstance(verify(kind, settings, (*signed(kind, settings), header)), Denied)


@each_settings
@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(value=st.binary().map(lambda raw: raw.decode("latin-1")) | st.text(), cut=st.integers(0, 12))
def test_any_header_is_denied_or_verified(kind: str, name: str, value: str, cut: int) -> None:
    settings = configured(kind, name)
    for key, genuine in signed(kind, settings):
        for offered in (value, genuine[:cut] + value, genuine + value):
            outcome = verify(kind, settings, ((key, offered),))
            assert isinstance(outcome, Denied) or offered.split() == genuine.split()


@each_kind
def test_an_oversized_header_is_denied(kind: str) -> None:
    for key, genuine in signed(kind, settings := configured(kind)):
        assert isinstance(verify(kind, settings, ((key, genuine + "x" * 1_000_000),)), Denied)
