"""Tests of the credentials that are cut out of bodies before these are stored."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from connectors.toolbox.credentials import without_credentials
from connectors.toolbox.strict_json import read_object

NAMES = ("routing_key", "token")
SECRET = "planted-in-a-body"


@pytest.mark.parametrize(
    "document",
    [
        {"routing_key": SECRET, "payload": {"summary": "s"}},
        {"token": SECRET},
        {"items": [{"routing_key": SECRET}, {"deeper": [{"token": SECRET}]}]},
        {"routing_key": f'quoted "{SECRET}" \\'},
        {"a": "a text with a backslash at its end \\", "token": SECRET},
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_texts_of_the_fields_are_cut_at_any_depth(document: dict[str, Any], indent: int | None) -> None:
    cut = without_credentials(json.dumps(document, indent=indent).encode(), NAMES)
    assert SECRET.encode() not in cut
    assert json.loads(cut).keys() == document.keys()


@pytest.mark.parametrize("spelled", [rb"rout\u0069ng_key", rb"\u0072outing_key", rb"routing\u005Fkey"])
def test_an_escaped_name_hides_nothing(spelled: bytes) -> None:
    cut = without_credentials(b'{"' + spelled + b'": "planted-in-a-body"}', NAMES)
    assert read_object(cut) == {"routing_key": "***"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"summary": "the routing_key is \\"x\\"", "routing_keys": "y", "token": 7}',
        json.dumps({"text": json.dumps({"token": "of the words of somebody"})}).encode(),
        b'{"tokens": "of three", "other": {"token": null}}',
        b"text=%22token%22%3A%22words%22&user_id=U1",
        b"not JSON at all",
        b"",
        b"\xff\x00",
    ],
)
def test_everything_else_stays_byte_for_byte(body: bytes) -> None:
    assert without_credentials(body, NAMES) == body
    assert without_credentials(body, ()) == body


def test_a_field_of_a_form_and_one_of_the_json_in_it_are_cut() -> None:
    inside = json.dumps({"type": "shortcut", "token": SECRET, "text": "ä & b=c"})
    cut = without_credentials(urlencode({"token": SECRET, "text": "a b", "payload": inside}).encode(), NAMES)
    assert SECRET.encode() not in cut
    found = {name: value for name, (value,) in parse_qs(cut.decode()).items()}
    assert (found["token"], found["text"]) == ("***", "a b")
    assert json.loads(found["payload"]) == {"type": "shortcut", "token": "***", "text": "ä & b=c"}


def test_a_hostile_body_is_cut_in_one_pass() -> None:
    body = b'{"token": "' + b"\\\\" * 500_000
    assert without_credentials(body, NAMES) == body
    assert len(without_credentials(b'"token":"x",' * 100_000, NAMES)) == len(b'"token":"***",') * 100_000
