"""Tests of the text made from a mail, across charsets, nesting and mail programs."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest

from connectors.email.charsets import decode, decode_words
from connectors.email.mime import parameters
from tests.connectors.email.mails import NOW, event, mail, multipart, parse, settings

LEAD = "From: Ada Byron <ada@customer.example>\n\n"


def test_a_mail_says_who_wrote_it_and_then_its_text() -> None:
    assert event().text == f"{LEAD}It is stuck."
    assert event("").text == f"{LEAD}(no text)"
    assert event(headers={"Subject": None}).subject == "(no subject)"


@pytest.mark.parametrize(
    ("data", "charset", "expected"),
    [
        ("Grüße".encode(), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode("latin-1"), "us-ascii", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        (b"\x93quoted\x94", "iso-2022-unheard", "“quoted”"),
        ("朱镕基".encode("gb18030"), "gb2312", "朱镕基"),
        ("朱镕基".encode("gb18030"), "X-GBK", "朱镕基"),
        ("한국어".encode("cp949"), "ks_c_5601-1987", "한국어"),
        ("שלום".encode("iso-8859-8"), "iso-8859-8-i", "שלום"),
        ("日本語".encode("iso-2022-jp"), "iso-2022-jp", "日本語"),
        (("ж" * 60).encode()[:-1], "utf-8", "ж" * 59 + "\ufffd"),
        (b"plain", None, "plain"),
        ("Tür".encode("utf-16-le"), "utf-16-le", "Tür"),
        ("Tür".encode("utf-16"), "utf-16", "Tür"),
        (b"a-b", "punycode", "a-b"),
        (rb"\q", "unicode_escape", r"\q"),
        (b"eJw=", "zlib", "eJw="),
        (b"x", "\x00", "x"),
        (b"x", "aliases", "x"),
        (b"x", "../../etc", "x"),
    ],
)
def test_every_charset_is_read_and_an_unknown_one_is_no_error(data: bytes, charset: str | None, expected: str) -> None:
    assert decode(data, charset) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("plain", "plain"),
        ("=?utf-8?Q?T=C3=BCr_zu?=", "Tür zu"),
        ("=?utf-8?b?VMO8cg==?=  =?utf-8?B?IHp1?=", "Tür zu"),
        ("=?utf-8?Q?T=C3?= =?utf-8?Q?=BCr?=", "Tür"),
        ("a =?iso-8859-1?Q?=FC?= b", "a ü b"),
        ("=?utf-8*en?Q?x?=", "x"),
        ("=?x-unheard-of?Q?=FC?=", "ü"),
        ("=?utf-8?Q?two words?=", "two words"),
        ("=?utf-8?B?broken", "=?utf-8?B?broken"),
        ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
        ("=?utf-8?B?VMO?=", "TÃ"),
        ("=????=", "=????="),
    ],
)
def test_encoded_words_are_read_and_broken_ones_stand_as_they_are(written: str, expected: str) -> None:
    assert decode_words(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('attachment; filename="a b.pdf"', {"filename": "a b.pdf"}),
        (r'attachment; filename="a \"b\".pdf"; size=3', {"filename": 'a "b".pdf', "size": "3"}),
        ("attachment; filename*=utf-8'en'%E2%82%AC.pdf", {"filename": "€.pdf"}),
        ("x; filename*0*=utf-8''%E2%82; filename*1*=%AC; filename*2=.pdf", {"filename": "€.pdf"}),
        ("x; filename*1=b; filename*0=a", {"filename": "ab"}),
        ("text/plain; name*", {}),
        ("text/plain; name*=%", {"name": "%"}),
        ('x; a="open', {"a": '"open'}),
        (";;;=;", {}),
    ],
)
def test_parameters_are_read_in_all_their_spellings(written: str, expected: dict[str, str]) -> None:
    assert parameters(written) == expected


def test_plain_text_is_taken_before_html_and_html_where_the_plain_says_nothing() -> None:
    html = "Content-Type: text/html\n\n<p>from <b>HTML</b></p>"
    both, body = multipart("alternative", html, "Content-Type: text/plain\n\nfrom plain")
    assert event(body, {"Content-Type": both}).text == f"{LEAD}from plain"
    blank, body = multipart("alternative", "Content-Type: text/plain\n\n \n", html)
    assert event(body, {"Content-Type": blank}).text == f"{LEAD}from HTML"


def test_html_is_laid_out_and_what_nobody_sees_is_left_out() -> None:
    html = "<style>p{}</style><script>alert(1)</script><p style='padding-left: 900em'>One<br>two</p><ul><li>a<li>b</ul>"
    assert event(html, {"Content-Type": "text/html"}).text == f"{LEAD}One\ntwo\n\n  * a\n  * b"


@pytest.mark.parametrize(
    "html", ["<div>" * 3_000 + "deep", "<p>\x00deep</p>", "<?xml version='1.0' encoding='x'?><p>deep"]
)
def test_html_that_is_nested_or_broken_keeps_its_words(html: str) -> None:
    assert "deep" in event(html, {"Content-Type": "text/html"}).text


def test_parts_of_text_follow_each_other_and_the_rest_is_listed() -> None:
    data = b"\x89PNG not really"
    image = f"Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{base64.b64encode(data).decode()}"
    named = 'Content-Type: text/plain\nContent-Disposition: attachment; filename="log\n .txt"\n\nline'
    content_type, body = multipart("mixed", "\none", image, "\ntwo", named)
    lines = event(body, {"Content-Type": content_type}).text.split("\n")
    assert lines[2:5] == ["one", "", "two"]
    assert f"  unnamed (image/png, {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()})" in lines
    assert f"  log .txt (text/plain, 4 bytes, SHA-256 {hashlib.sha256(b'line').hexdigest()})" in lines


def test_another_attachment_is_another_content() -> None:
    def with_attachment(data: str) -> str:
        content_type, body = multipart("mixed", "\none", f"Content-Type: application/x\n\n{data}")
        return event(body, {"Content-Type": content_type}).content_digest

    assert with_attachment("a") == with_attachment("a")
    assert with_attachment("a") != with_attachment("b")


def test_many_attachments_are_counted_and_never_push_the_text_out() -> None:
    parts = [f'Content-Type: application/x; name="{n:04}{"n" * 190}"\n\nx' for n in range(300)]
    content_type, body = multipart("mixed", "\n" + "word " * 1_000, *parts)
    text = event(body, {"Content-Type": content_type}, settings(max_text=5_000)).text
    assert len(text) <= 5_000
    assert text.count("word") > 500
    assert "0000nnn" in text
    assert "and 250 more" in event(body, {"Content-Type": content_type}).text


def test_a_long_text_is_cut_and_its_attachments_still_listed() -> None:
    content_type, body = multipart("mixed", "\n" + "word " * 100_000, 'Content-Type: application/x; name="a.bin"\n\nx')
    text = event(body, {"Content-Type": content_type}).text
    assert len(text) <= 60_000
    assert text.endswith(")")
    assert "a.bin" in text


def test_a_mail_that_only_brings_another_along_says_what_that_one_says() -> None:
    inner = "Content-Type: message/rfc822\n\nFrom: x@y.example\nSubject: Inner\n\nThe words within."
    content_type, body = multipart("mixed", inner)
    text = event(body, {"Content-Type": content_type}).text
    assert text.startswith(f"{LEAD}Subject: Inner\n\nThe words within.")
    assert "  Inner (message/rfc822, " in text


def test_parts_of_a_multipart_without_boundary_are_text() -> None:
    assert event("It is stuck.\n", {"Content-Type": "multipart/mixed"}).text == f"{LEAD}It is stuck."
    assert event("--b\n\nnever closed\n", {"Content-Type": "multipart/mixed; boundary=b"}).text == f"{LEAD}never closed"


def test_a_boundary_that_begins_like_another_divides_nothing() -> None:
    body = "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\ninner\n--bb--\n--b\n\nouter\n--b--\nepilogue\n"
    assert event(body, {"Content-Type": "multipart/mixed; boundary=b"}).text == f"{LEAD}inner\n\nouter"


@pytest.mark.parametrize(
    ("headers", "priority"),
    [
        ({}, "medium"),
        ({"Importance": "High"}, "high"),
        ({"X-Priority": "1 (Highest)"}, "high"),
        ({"Priority": "urgent"}, "high"),
        ({"X-MSMail-Priority": "Low"}, "low"),
        ({"X-Priority": "5"}, "low"),
        ({"Importance": "normal", "X-Priority": "1"}, "medium"),
        ({"Importance": "enormous", "X-Priority": "2"}, "high"),
    ],
)
def test_importance_is_priority_and_never_urgent(headers: dict[str, str | None], priority: str) -> None:
    assert event(headers=headers).priority == priority


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Fri, 13 Mar 2026 12:00:00 -0500", datetime(2026, 3, 13, 17, 0, tzinfo=UTC)),
        ("13 Mar 2026 12:00:00 -0000", datetime(2026, 3, 13, 12, 0, tzinfo=UTC)),
        ("yesterday", NOW),
        (None, NOW),
        ("Fri, 31 Feb 99999 25:61:61 +9999", NOW),
        ("Fri, 13 Mar 2099 12:00:00 +0000", NOW),
        ("9" * 10_000, NOW),
    ],
)
def test_the_date_is_when_it_happened_and_else_the_arrival(date: str | None, expected: datetime) -> None:
    found = event(headers={"Date": date})
    assert (found.occurred_at, found.started_at) == (expected, expected)


@pytest.mark.parametrize(
    ("written", "author", "shown"),
    [
        ("ada@x.example", "ada@x.example", "ada@x.example"),
        ('"Byron, Ada" <Ada@X.example>', "ada@x.example", "Byron, Ada <ada@x.example>"),
        ('"mallory@y.example" <ada@x.example>', "ada@x.example", "mallory@y.example <ada@x.example>"),
        ("=?utf-8?Q?Andr=C3=A9?= <a@x.example>", "a@x.example", "André <a@x.example>"),
        ("=?utf-8?B?QWRhIDxhZGFAeC5leGFtcGxlPg==?=", "ada@x.example", "Ada <ada@x.example>"),
        ('"Ada <ada@x.example>', "ada@x.example", "Ada <ada@x.example>"),
        ("ada@x.example (Ada (the first) Byron)", "ada@x.example", "ada@x.example"),
        ("Friends: ada@x.example, bob@y.example;", "ada@x.example", "ada@x.example"),
        ("root (Cron Daemon)", "root", "root"),
    ],
)
def test_the_author_is_read_from_every_kind_of_address(written: str, author: str, shown: str) -> None:
    found = event(headers={"From": written})
    assert found.author == author
    assert found.text.startswith(f"From: {shown}\n")


def test_without_from_the_sender_or_the_envelope_names_the_author() -> None:
    assert event(headers={"From": None, "Sender": "grace@x.example"}).author == "grace@x.example"
    assert event(headers={"From": None}, envelope={"from": "bob@x.example"}).author == "bob@x.example"


def test_headers_behind_a_broken_line_still_count() -> None:
    raw = b"From mbox Fri Mar 13\n" + mail().replace(b"Subject:", b"this line is no header\nSubject:")
    assert parse(raw).events[0].subject == "The door does not open"


def test_a_text_that_no_empty_line_divides_from_its_headers_is_kept() -> None:
    assert parse(b"From: a@b.example\nSubject: x\nthe text: here\nand here").events[0].text.endswith("and here")
    content_type, body = multipart("mixed", "Content-Type: text/plain\none", "Content-Type: text/html\n<p>two")
    assert event(body, {"Content-Type": content_type}).text == f"{LEAD}one\n\ntwo"


def test_a_mail_whose_own_text_is_empty_says_what_the_one_says_that_it_brings_along() -> None:
    inner = "Content-Type: message/rfc822\n\nSubject: Inner\n\nThe words within."
    content_type, body = multipart("mixed", "Content-Type: text/html\n\n<p> </p>", inner)
    assert "The words within." in event(body, {"Content-Type": content_type}).text


def test_a_source_can_make_all_its_tickets_private_and_of_one_category() -> None:
    found = event(used=settings(private=True, category="mail"))
    assert (found.private, found.category) == (True, "mail")
