"""Tests of reading Outlook's winmail.dat (TNEF), also damaged, in a time that grows with its length."""

from __future__ import annotations

import random
import struct

import pytest

from connectors import fixtures
from connectors.email.tnef import MAX_ATTACHED, Attached, Opened, opened
from tests.connectors.email.mails import event, multipart


def attribute(level: int, name: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def long_property(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def properties(*each: bytes, count: int | None = None) -> bytes:
    return struct.pack("<I", len(each) if count is None else count) + b"".join(each)


def envelope(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


BEGINS = attribute(2, 0x9002, b"\1\0" + b"\xff" * 12)
CODEPAGE = attribute(1, 0x9007, struct.pack("<II", 1250, 0))
SHORT = struct.pack("<HHI", 0x03, 0x3FDE, 65001)
NAMED_PROPERTY = struct.pack("<HH", 0x03, 0x8001) + b"g" * 16 + struct.pack("<III", 1, 3, 0x620061) + b"\0\0\0\0"


def test_attachments_have_their_long_name_type_and_bytes() -> None:
    name = long_property(0x1F, 0x3707, "Verträge.pdf\0".encode("utf-16-le"))
    kind = long_property(0x1E, 0x370E, b"application/pdf\0")
    found = opened(
        envelope(
            CODEPAGE,
            BEGINS,
            attribute(2, 0x8010, b"VERTRA~1.PDF\0"),
            attribute(2, 0x800F, b"%PDF"),
            attribute(2, 0x9005, properties(SHORT, name, kind)),
            BEGINS,
            attribute(2, 0x8010, b"P\xf8\xedloha.txt\0"),
            attribute(2, 0x800F, b"x"),
        )
    )
    assert found == Opened(
        [Attached("Verträge.pdf", "application/pdf", b"%PDF"), Attached("Příloha.txt", "", b"x")], "", ""
    )


def test_its_text_is_found_plain_or_as_html_behind_properties_of_every_shape() -> None:
    many = struct.pack("<HHI", 0x1003, 0x1234, 2) + struct.pack("<II", 1, 2)
    plain = long_property(0x1F, 0x1000, "Grüße\0".encode("utf-16-le"))
    html = long_property(0x102, 0x1013, "<p>Grüße</p>".encode())
    found = opened(envelope(attribute(1, 0x9003, properties(SHORT, many, plain, html))))
    assert found is not None
    assert (found.text, found.html) == ("Grüße", "<p>Grüße</p>")


def test_what_is_no_tnef_is_none() -> None:
    assert opened(b"") == Opened()
    assert opened(b"PK\3\4 something else") is None
    content_type, body = multipart("mixed", "Content-Type: application/ms-tnef; name=winmail.dat\n\nnot really")
    assert "winmail.dat (application/ms-tnef, 10 bytes" in event(body, {"Content-Type": content_type}).text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "data",
    [
        envelope(attribute(1, 0x9003, properties(count=0xFFFFFFFF))),
        envelope(attribute(1, 0x9003, properties(SHORT, count=0xFFFFFFFF))),
        envelope(attribute(1, 0x9003, properties(struct.pack("<HHI", 0x1003, 1, 0xFFFFFFFF), SHORT))),
        envelope(attribute(1, 0x9003, properties(struct.pack("<HHI", 0x1F, 1, 0xFFFFFFFF) + b"\0" * 1_000_000))),
        envelope(*[attribute(1, 0x1111, b"")] * 1_000_000),
        envelope(*[BEGINS] * 100_000),
        envelope(attribute(1, 0x800C, b"x")[:-3]),
    ],
)
def test_a_winmail_dat_that_means_harm_is_read_as_far_as_it_goes(data: bytes) -> None:
    found = opened(data)
    assert found is not None
    assert len(found.attached) <= MAX_ATTACHED


def test_10000_damaged_ones_are_read() -> None:
    whole = envelope(CODEPAGE, BEGINS, attribute(2, 0x9005, properties(SHORT, NAMED_PROPERTY)), BEGINS)
    chance = random.Random(1)  # noqa: S311
    for _ in range(10_000):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        opened(bytes(damaged[: chance.randint(0, len(damaged))]))


def test_the_fixture_of_it_says_what_outlook_said() -> None:
    assert "The contract, from Outlook." in fixtures("email")["winmail"].expected["events"][0]["text"]
