"""Tests that a hostile mail is read or refused, and does not take minutes.

`survey(20_000)` counts how many damaged mails were read, ignored and refused. The test uses a tenth of that number.
"""

from __future__ import annotations

import random
from collections import Counter

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors import fixtures
from connectors.contract.events import Event, Reference
from connectors.contract.messages import ConnectorError, UnreadableMessage
from connectors.email import thread_address
from connectors.email.identity import case_ref
from connectors.email.mime import MAX_HEADERS, Limits, read_mail
from tests.connectors.email.mails import event, mail, parse, settings
from tests.connectors.mutate import mutations

HEAD = b"From: a@b.example\nMessage-ID: <12345678@b.example>\nSubject: x\n"
BODIES = [fixture.body for fixture in fixtures("email").values()]


def nested(depth: int, fill: bytes = b"x\n") -> bytes:
    levels = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))
    return HEAD + levels + b"\n" + fill


def html(page: bytes) -> bytes:
    return HEAD + b"Content-Type: text/html\n\n" + page


def answer(text: bytes) -> bytes:
    return HEAD + b"In-Reply-To: <abcdefgh@b.example>\n\n" + text


REFUSED = {
    "nested 2,000 deep": nested(2_000),
    "a mail in a mail in a mail": HEAD + b"Content-Type: message/rfc822\n\n" * 2_000,
    "large parts in each other": nested(45, b"x\n" * 1_500_000),
    "100,000 headers": b"A: b\n" * 100_000 + HEAD + b"\n",
    "one endless header": HEAD + b"Subject: " + b"x" * 2_000_000,
    "10,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000,
    "no mail": b"GET / HTTP/1.1\r\nHost: example.net\r\n\r\n",
    "nothing": b"",
}

READ = {
    "giant Base64": HEAD + b"Content-Transfer-Encoding: base64\n\n" + b"QUFB" * 2_000_000,
    "giant quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"=41" * 2_000_000,
    "nothing but empty lines": HEAD + b"\n" + b"\n" * 5_000_000,
    "nothing but control characters": HEAD + b"\n" + b"\x01" * 5_000_000,
    "a parameter without a value": HEAD + b"Content-Type: text/plain; name*\n\nx",
    "parameters left open": HEAD + b"Content-Type: text/plain" + b';a="\\' * 50_000 + b"\n\nx",
    "a boundary that is no text": HEAD + b'Content-Type: multipart/mixed; boundary="\xff"\n\n--\xff\n\nx',
    "a bracketed Message-ID": b"From: a@b.example\nMessage-ID: [<x>]\n\nx",
    "a Message-ID of brackets": b"From: a@b.example\nMessage-ID: " + b"<(" * 50_000 + b"\n\nx",
    "comments left open": HEAD + b"To: " + b"(" * 100_000 + b"\n\nx",
    "quotes left open": HEAD + b"To: " + b'"\\' * 50_000 + b"\n\nx",
    "60,000 recipients": HEAD + b"To: " + b"a@b," * 60_000 + b"\n\nx",
    "30,000 references": HEAD + b"References: " + b"<a@b> " * 30_000 + b"\n\nx",
    "encoded words left open": b"From: a@b.example\nSubject: " + b"=?a?q?" * 30_000 + b"\n\nx",
    "a date without end": HEAD + b"Date: " + b"9" * 100_000 + b"\n\nx",
    "a codec that is slow": HEAD + b"Content-Type: text/plain; charset=punycode\n\n" + b"a-" * 1_000_000,
    "a codec that warns": HEAD + b"Content-Type: text/plain; charset=unicode_escape\n\n\\q",
    "lone surrogates": HEAD + b"Content-Type: text/plain; charset=utf-16-le\n\n" + b"\x00\xd8" * 100_000,
    "HTML nested 50,000 deep": html(b"<div>" * 50_000 + b"x"),
    "tables in tables": html(b"<table><tr><td>" * 80 + b"<p>x<br>" * 2_000),
    "a row of 10,000 cells": html(b"<table><tr>" + b"<td>x" * 10_000),
    "margins": html(b"<p style='padding-left: 30000em; margin-top: 99999em'>" + b"x<br>" * 10_000),
    "HTML of nothing but <": html(b"<" * 5_000_000),
    "an answer of markers": answer(b">\n" * 500_000),
    "an answer of empty lines": answer(b"\n" * 5_000_000),
    "an answer that attributes without end": answer(b"x\n\nOn 2026 a@b.example wrote:\n" * 50_000),
    "an answer of one word": answer(b"On " * 500_000),
    "a bounce of ids": HEAD + b"X-Failed-Recipients: a\n\n" + b"message-id: <" * 200_000,
}


@pytest.mark.timeout(30)
@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED)
def test_a_mail_beyond_every_limit_is_refused_with_a_short_reason(raw: bytes) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        parse(raw)
    assert 0 < len(str(caught.value)) < 200


@pytest.mark.timeout(30)
@pytest.mark.parametrize("raw", READ.values(), ids=READ)
def test_a_mail_that_is_only_odd_is_read(raw: bytes) -> None:
    (found,) = parse(raw).events
    assert sound(found)


def test_a_mail_at_its_limits_is_read_and_one_beyond_is_not() -> None:
    deep = nested(9)
    assert read_mail(deep, Limits(depth=10, parts=10)).children
    with pytest.raises(UnreadableMessage, match="nested too deeply: expected at most 9 levels"):
        read_mail(deep, Limits(depth=9, parts=10))
    with pytest.raises(UnreadableMessage, match="too many parts: expected at most 9"):
        read_mail(deep, Limits(depth=10, parts=9))
    padded = HEAD + b"X: " + b"x" * (MAX_HEADERS - len(HEAD) - 3)
    assert parse(padded + b"\n\nx").events
    with pytest.raises(UnreadableMessage, match="the headers have"):
        parse(padded + b"x\n\nx")


def test_limits_are_settings() -> None:
    assert parse(nested(3), settings(max_depth=4)).events
    with pytest.raises(UnreadableMessage):
        parse(nested(3), settings(max_depth=3))
    with pytest.raises(UnreadableMessage):
        parse(nested(3), settings(max_parts=3))
    assert len(event("word " * 1_000, used=settings(max_text=1_000)).text) <= 1_000


def sound(found: Event) -> bool:
    """Return True if every database and the Tickets API can take the event."""
    texts = [found.subject, found.text, found.author or "", *found.participants]
    texts += [part for pair in found.attributes for part in pair]
    for text in texts:
        text.encode("utf-8")
    has_one_line = found.subject.isprintable() or "\n" not in found.subject
    return (
        has_one_line and 1 <= len(found.subject) <= 255 and len(found.text) <= 60_000 and "\x00" not in "".join(texts)
    )


def survey(count: int, seed: int = 5322) -> Counter[str]:
    """Count the outcomes of `count` damaged mails: event, ignored or refused. Raises any error but ConnectorError."""
    found: Counter[str] = Counter()
    for raw in mutations(BODIES, kind="lines", seed=seed, count=count):
        try:
            parsed = parse(raw)
        except ConnectorError:
            found["refused"] += 1
            continue
        assert all(sound(each) for each in parsed.events)
        found["event" if parsed.events else "ignored"] += 1
    return found


def test_2000_damaged_mails_are_read_or_refused() -> None:
    found = survey(2_000)
    assert sum(found.values()) == 2_000
    assert found["event"] >= 400
    assert found["refused"] > 0


@hypothesis.settings(deadline=None, max_examples=150)
@hypothesis.given(head=st.binary(max_size=200), body=st.binary(max_size=400))
def test_any_bytes_behind_a_header_are_read_or_refused(head: bytes, body: bytes) -> None:
    try:
        parsed = parse(b"From: a@b.example\n" + head + b"\n\n" + body)
    except ConnectorError:
        return
    assert all(sound(each) for each in parsed.events)


HEADER_NAMES = ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "List-Id", "Importance"]


@hypothesis.settings(deadline=None, max_examples=200)
@hypothesis.given(
    name=st.sampled_from(HEADER_NAMES),
    value=st.text(st.sampled_from(list("abc <>()[]@:;,.\"\\=?*'%\t\u00e9\u200b\u4e2d1")), max_size=60),
)
def test_any_value_of_a_header_is_read_or_refused(name: str, value: str) -> None:
    (found,) = parse(mail(headers={name: value})).events
    assert sound(found)


def test_no_damage_makes_a_proof() -> None:
    case = "mail:0123"
    genuine = mail(headers={"To": thread_address(settings(), case)})
    wanted = Reference(f"token:{case_ref(case)}", proven=True)
    address = thread_address(settings(), case).encode()
    chance = random.Random(1)  # noqa: S311
    forged = 0
    for _ in range(500):
        at = chance.randrange(address.index(b"t-") + 2, address.index(b"@"))
        digit = bytes([chance.choice(b"0123456789abcdef")])
        changed = address[:at] + digit + address[at + 1 :]
        if changed == address:
            continue
        forged += 1
        (found,) = parse(genuine.replace(address, changed)).events
        assert not any(each.proven for each in found.references)
    assert forged > 400
    assert wanted in parse(genuine).events[0].references
