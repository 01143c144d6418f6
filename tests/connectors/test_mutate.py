"""Tests of the mutations that other tests use: repeatable, varied, and still similar to their seed bodies."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from tests.connectors.mutate import MAX_BODY, mutations

MAIL = b"From: ada@example.net\r\nTo: support@example.net\r\nSubject: The door\r\n\r\nIt does not open.\r\n" * 3
DOCUMENT = json.dumps({"alerts": [{"labels": {"a": "b", "n": 1}, "firing": True}, {"labels": {}}]}).encode()
Kind = Literal["lines", "json"]


@pytest.mark.parametrize("kind", ["lines", "json"])
def test_the_same_seed_gives_the_same_bodies_and_another_seed_others(kind: Kind) -> None:
    def made(seed: int) -> list[bytes]:
        return list(mutations([MAIL, DOCUMENT], kind=kind, seed=seed, count=200))

    assert made(1) == made(1)
    assert made(1) != made(2)
    assert len(made(1)) == 200


@pytest.mark.parametrize("kind", ["lines", "json"])
def test_most_bodies_differ_from_their_seed_and_from_each_other(kind: Kind) -> None:
    made = list(mutations([MAIL, DOCUMENT], kind=kind, seed=3, count=500))
    assert sum(body not in (MAIL, DOCUMENT) for body in made) > 450
    assert len(set(made)) > 300
    assert max(map(len, made)) <= MAX_BODY


def test_most_mutated_documents_can_still_be_read_as_json() -> None:
    def readable(body: bytes) -> bool:
        try:
            json.loads(body)
        except ValueError:
            return False
        return True

    made = mutations([DOCUMENT], kind="json", seed=4, count=500)
    assert 200 < sum(map(readable, made)) < 500


@pytest.mark.parametrize("kind", ["lines", "json"])
def test_an_empty_body_can_be_mutated_too(kind: Kind) -> None:
    assert any(mutations([b""], kind=kind, seed=5, count=50))
