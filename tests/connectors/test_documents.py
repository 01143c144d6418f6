"""Tests of reading bodies as strict JSON, and of the reasons for refusing others."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract.messages import UnreadableMessage
from connectors.toolbox.reasons import UnreadableItem, found
from connectors.toolbox.strict_json import read_object, scalar


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1, "b": [1.5, true, null]}', {"a": 1, "b": [1.5, True, None]}),
        (b'\xef\xbb\xbf{"a": "\xc3\xbc"}', {"a": "ü"}),
        (b'{"a": {"a": 1}}', {"a": {"a": 1}}),
        (b'{"a": ' + b"9" * 400 + b"}", {"a": int("9" * 400)}),
    ],
)
def test_an_object_is_read(body: bytes, value: dict[str, Any]) -> None:
    assert read_object(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1} {}', "not JSON"),
        (b"[1]", "is a list: expected an object"),
        (b'"x"', 'is "x": expected an object'),
        (b"null", "is null: expected an object"),
        (b"\xff\xfe{\x00}\x00", "not UTF-8: byte 0"),
        (b'{"a": "\xe9"}', "not UTF-8: byte 7"),
        (b'{"a": 1, "b": 2, "a": 1}', 'holds the name "a" twice in one object'),
        (b'{"x": [{"a": 1, "a": 2}]}', 'holds the name "a" twice in one object'),
        (b'{"a": NaN}', "holds NaN"),
        (b'{"a": -Infinity}', "holds -Infinity"),
        (b'{"a": 1e999}', "holds the number 1e999, which is too large"),
        (b'{"a": ' + b"9" * 401 + b"}", "401 digits"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
    ],
)
def test_whatever_is_no_plain_object_is_unreadable_with_a_reason(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        read_object(body)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (7, "7"),
        (1.5, "1.5"),
        ([1], "a list"),
        ({}, "an object"),
        ("a\n\x00b", '"a b"'),
        ("x" * 100_000, f'"{"x" * 59}…"'),
    ],
)
def test_what_was_found_is_told_shortly(value: object, words: str) -> None:
    assert found(value) == words


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (None, ""), (True, "true"), (False, "false"), (7, "7"), (0.5, "0.5")]
)
def test_a_scalar_becomes_text(value: object, text: str) -> None:
    assert scalar(value) == text


@pytest.mark.parametrize("value", [[], {}, ["a"]])
def test_a_list_or_object_is_no_scalar(value: object) -> None:
    with pytest.raises(UnreadableItem, match=r"^code is (a list|an object): expected text$"):
        scalar(value, "code")
