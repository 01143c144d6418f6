"""Tests of the shape of reasons: each names a field or the body, what is wrong there, and what was expected."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from connectors import Fixture, connector, fixtures, kinds
from connectors.contract.messages import ConnectorError, Denied, Inbound, Remark, Unverified
from connectors.toolbox.reasons import (
    MISSING,
    Located,
    UnreadableItem,
    found,
    joined,
    located,
    named,
    one_of,
    too_long,
    too_many,
    unexpected,
    unexpected_value,
    without_effect,
)
from connectors.toolbox.strict_json import object_at, objects_at, read_id, read_time, within
from tests.connectors.mutations import WITHIN, damaged
from tests.connectors.sealing import KEYS, NEEDED, SAYS_NOTHING, sealed

NOW = datetime(2026, 3, 14, 3, tzinfo=UTC)
SECRET = "correct horse battery"
FORBIDDEN = re.compile(
    r"\b(nothing (is|tells|says)|(is|are) no|what (is|was)|it (is|was|says|has|closes)|wrong|of ours|who did)\b"
)
"""Phrases that are read twice, or say that something is bad and not what."""
PATH = r'[A-Za-z][\w$@/-]*(\.[\w$@/-]+|\[[0-9]+\]|\["[^"]*"\])*'
PLACE = re.compile(rf"(the (body|headers|parts|mail|case key|source message id|alias)|{PATH}:?) ")
"""The beginning of a reason: the path of a field, or the part of a message."""
LONGEST = 500  # characters of an item and its reason
VALUES: tuple[Any, ...] = (MISSING, None, [], "x\x1b[31m\u202e\ny" + "z" * 600)
MOST_PLACES = 25
DAMAGED = 40
READ = [each for each in kinds() if each not in SAYS_NOTHING]


def settings(kind: str, fixture: Fixture | None = None) -> Any:
    wanted = fixture.expected.get("settings", {}) if fixture else {}
    return connector(kind).settings.model_validate({"secret": SECRET, **NEEDED.get(kind, {}), **wanted})


def reasons(kind: str, fixture: Fixture, body: bytes) -> Iterator[str]:
    """Yield every reason and remark that a body gets, as people read it."""
    headers = tuple((name.lower(), value) for name, value in fixture.headers.items())
    try:
        parsed = connector(kind).parse(Unverified(Inbound("prod", NOW, body, headers)), settings(kind, fixture))
    except ConnectorError as error:
        yield str(error)
        return
    yield from map(str, (*parsed.ignored, *parsed.unreadable))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every field, and of the first two items of every list."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:2] if isinstance(value, list) else ())
    for key, each in items:
        yield (*path, key)
        yield from places(each, (*path, key))


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at the path, or without the field."""
    whole = copy.deepcopy(document)
    parent = whole
    for step in path[:-1]:
        parent = parent[step]
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return whole


def objects_of(kind: str, fixture: Fixture) -> Iterator[tuple[Any, Any]]:
    """Yield the document of a fixture, and the document in its text, each with a function that makes the body."""
    try:
        document = json.loads(fixture.body)
    except ValueError:
        return
    yield document, lambda one: json.dumps(one).encode()
    try:
        inner = json.loads(document[WITHIN[kind]])
    except (KeyError, ValueError):
        return
    yield inner, lambda one: json.dumps(document | {WITHIN[kind]: json.dumps(one)}).encode()


def bodies(kind: str) -> Iterator[tuple[Fixture, bytes]]:
    """Yield fixtures as they are, with each of their fields changed, and damaged at random."""
    for fixture in fixtures(kind).values():
        yield fixture, fixture.body
        for document, written in objects_of(kind, fixture):
            for path in islice(places(document), MOST_PLACES):
                yield from ((fixture, written(changed(document, path, value))) for value in VALUES)
    yield from islice(damaged(kind, 1), DAMAGED)


def without_quotes(reason: str) -> str:
    return re.sub(r'"[^"]*("|$)', '""', reason)


@pytest.mark.parametrize("kind", READ)
def test_every_reason_names_its_place_and_says_what_is_amiss_in_plain_words(kind: str) -> None:
    told = {reason for fixture, body in bodies(kind) for reason in reasons(kind, fixture, body)}
    assert told
    assert {each for each in told if not PLACE.match(each)} == set()
    assert {each for each in told if FORBIDDEN.search(without_quotes(each))} == set()
    assert {each for each in told if not each.isprintable() or len(each) > LONGEST} == set()


HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("authorization", "Basic !"),),
    (("authorization", f"Bearer {SECRET}x"),),
    (("authorization", "x" * 10_000),),
    (("authorization", "a"), ("authorization", "b")),
    (("authorization", "HMAC \u0431"),),
)


@pytest.mark.parametrize("kind", kinds())
@pytest.mark.parametrize("headers", HEADERS)
def test_every_denial_names_its_place_and_holds_no_secret(kind: str, headers: tuple[tuple[str, str], ...]) -> None:
    for body in (b"", b"{}", sealed(kind, b"{}")):
        verdict = connector(kind).verify(Inbound("prod", NOW, body, headers), settings(kind), NOW, KEYS)
        assert isinstance(verdict, Denied)
        assert not FORBIDDEN.search(verdict.reason)
        assert re.match(r"(the (header|secret|credentials|username|body|setting)|[A-Z]\w+ )", verdict.reason)
        assert SECRET not in verdict.reason
        assert verdict.reason.isprintable()


ALERT = Located({"status": "odd", "labels": {"a b": [1]}, "none": None, "list": [{"id": True}, 7]}, "alerts[0]")


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("absent", "alerts[0].absent is missing: expected text"),
        ("none", "alerts[0].none is null: expected text"),
        ("list", "alerts[0].list is a list: expected text"),
        ("labels", "alerts[0].labels is an object: expected text"),
        ("status", 'alerts[0].status is "odd": expected text'),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_path(field: str, reason: str) -> None:
    assert str(unexpected(ALERT, field, "text")) == reason


def test_what_stands_deeper_is_named_by_its_whole_path() -> None:
    payload = {"data": {"ticket": {"at": "noon"}, "who": 7}}
    ticket = within(within(payload, "data"), "ticket")
    with pytest.raises(UnreadableItem, match=r"^data\.ticket\.id is missing: expected an id "):
        read_id(ticket, "id")
    with pytest.raises(
        UnreadableItem, match=r'^data\.ticket\.at is "noon": expected an RFC 3339 time with a zone, like '
    ):
        read_time(ticket, "at")
    with pytest.raises(UnreadableItem, match=r"^data\.who is 7: expected an object$"):
        within(within(payload, "data"), "who")
    with pytest.raises(UnreadableItem, match=r"^data\.gone\.id is missing: expected an id "):
        read_id(object_at(within(payload, "data"), "gone"), "id")
    (first,) = objects_at(ALERT, "list")
    with pytest.raises(UnreadableItem, match=r"^alerts\[0\]\.list\[0\]\.id is true: expected an id "):
        read_id(first, "id")


def test_an_id_that_is_too_long_is_named_with_its_length() -> None:
    with pytest.raises(UnreadableItem, match=r"^id has 513 characters: expected at most 512$"):
        read_id({"id": "x" * 513}, "id")
    assert str(too_long("", 9, 8)) == "the body has 9 characters: expected at most 8"
    assert too_many("alerts", 3, 2, "max_items") == "alerts has 3 items: expected at most 2 (setting max_items)"
    assert too_many("Headers", 3, 2) == "Headers has 3 items: expected at most 2"


def test_a_path_is_put_together_from_its_steps() -> None:
    assert joined("", "status") == "status"
    assert joined("alerts[0]", "") == "alerts[0]"
    assert joined("alerts[0]", named("status")) == "alerts[0].status"
    assert joined("labels", named("two words")) == 'labels["two words"]'
    assert named("a\x1b\n\u202eb") == '["a �b"]'
    assert len(named("x" * 5000)) < 110


def test_an_error_is_told_with_the_place_of_its_item() -> None:
    assert located(unexpected_value("", 7, "an object"), "alerts[3]") == "alerts[3] is 7: expected an object"
    assert located(unexpected_value("status", None, "text"), "alerts[3]") == "alerts[3].status is null: expected text"
    assert located(ValueError("the alias is empty: expected text"), "items[0]").startswith("items[0]: the alias")
    assert str(UnreadableItem("a sentence of a connector's own")) == "a sentence of a connector's own"


def test_a_quoted_value_is_short_and_can_be_printed() -> None:
    assert found("a\u202eb\x1b[31m\r\nc") == '"a�b[31m c"'
    assert len(found("x" * 100_000)) == 62
    assert len(found(10**300)) == 60


def test_words_are_listed_as_people_do() -> None:
    assert (one_of(["up"]), one_of(["up", "down"]), one_of("abc")) == ("up", "up or down", "a, b or c")


def test_a_remark_is_read_with_its_item_unless_it_begins_with_it() -> None:
    assert str(Remark("text", "the message has no text")) == "text: the message has no text"
    assert str(without_effect("type", "ping")) == 'type is "ping": no effect'
    assert (
        str(without_effect("type", MISSING, "it names no kind")) == "type is missing: no effect, since it names no kind"
    )
