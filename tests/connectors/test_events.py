"""Tests of events: valid ids and times, content digests, and the JSON documents that store events."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.events import (
    LATER_FIELDS,
    MAX_ID_LENGTH,
    Commented,
    Opened,
    Reference,
    digest,
    from_json,
    to_json,
)
from connectors.contract.versions import LaterVersion

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
SOUND: dict[str, Any] = {
    "case_key": "disk",
    "source_message_id": "disk:1",
    "occurred_at": NOW,
    "started_at": NOW,
    "subject": "Disk full",
    "text": "It is full.",
    "content_digest": digest("It is full."),
}


@pytest.mark.parametrize("field", ["case_key", "source_message_id", "aliases"])
@pytest.mark.parametrize("bad", ["", "  ", "a\x00b", "a\nb", "\ud800", "x" * (MAX_ID_LENGTH + 1)])
def test_an_id_that_no_index_can_hold_is_refused(field: str, bad: str) -> None:
    value = ("fine", bad) if field == "aliases" else bad
    with pytest.raises(ValueError, match=r"the (case key|source message id|alias) (is|has|holds)"):
        Opened(**(SOUND | {field: value}))


@pytest.mark.parametrize("field", ["case_key", "source_message_id"])
def test_an_id_of_the_greatest_length_in_any_script_is_taken(field: str) -> None:
    value = "鍵" * MAX_ID_LENGTH
    assert getattr(Opened(**(SOUND | {field: value})), field) == value


@pytest.mark.parametrize("field", ["occurred_at", "started_at"])
def test_a_time_without_a_zone_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} has no time zone"):
        Opened(**(SOUND | {field: NOW.replace(tzinfo=None)}))


def test_a_digest_tells_apart_where_its_parts_end() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", ""), digest()}) == 5


def test_a_digest_takes_any_text() -> None:
    assert digest("\ud800") != digest("\ud801")


WHOLE = Commented(
    **(SOUND | {"text": "half a pair: \ud800"}),
    aliases=("a",),
    attributes=(("severity", "high"),),
    references=(Reference("b"),),
)


def test_an_event_comes_back_from_its_document_as_it_was() -> None:
    assert from_json(to_json(WHOLE)) == WHOLE


@pytest.mark.parametrize("version", [{}, {"v": 0}, {"v": 1}])
def test_an_event_is_read_whether_its_document_says_its_version_or_not(version: dict[str, int]) -> None:
    assert from_json(json.dumps(json.loads(to_json(WHOLE)) | version)) == WHOLE


@pytest.mark.parametrize("version", [2, "1", None])
def test_an_event_of_a_later_version_is_left_alone_and_the_reason_says_so(version: object) -> None:
    with pytest.raises(LaterVersion, match=f"an event of version {version} is left alone: .* up to version 1"):
        from_json(json.dumps(json.loads(to_json(WHOLE)) | {"v": version, "unheard": "of"}))


def test_the_document_of_an_event_has_only_fields_that_the_version_before_knows() -> None:
    """The previous version runs beside this one during an upgrade, and refuses unknown fields.

    For that reason, the document does not hold its version number yet. A later field is written where it says
    something: then the previous version leaves the event alone, since it would trust its author.
    """
    known = {"kind", *Commented.__dataclass_fields__} - set(LATER_FIELDS)
    assert set(json.loads(to_json(WHOLE))) == known
    doubted = replace(WHOLE, stranger=True, doubt="Not verified.")
    assert set(json.loads(to_json(doubted))) == known | set(LATER_FIELDS)
    assert from_json(to_json(doubted)) == doubted
