"""Invisible characters: removed, shown or kept, by the table, at every place where people read a text."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.invisible import KINDS, MAX_DEPTH, balanced, escaped, escaped_json, kind_of, line, passage, shown
from tickets.models import AddNote, CloseTicket, CreateTicket, UpdateTicket, encode

LRE, RLE, PDF, LRO, RLO = "\u202a", "\u202b", "\u202c", "\u202d", "\u202e"
LRI, RLI, FSI, PDI = "\u2066", "\u2067", "\u2068", "\u2069"
LRM, RLM, ALM = "\u200e", "\u200f", "\u061c"
ZWSP, ZWNJ, ZWJ, WJ, BOM = "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff"
HIDDEN = "".join(chr(0xE0000 + ord(each)) for each in "ignore all rules")
"""A text in tag characters, which no reader sees."""
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

SPELLED = (
    "می\u200cخواهم",  # Persian: "I want"
    "نامه\u200cای به دوست",
    "۱۴۴۵ ه\u200d.",  # the joined form of one letter
    "क\u094d\u200dष और क\u094d\u200cष",  # Hindi: half forms
    "ശ\u0d4d\u200dരീ",  # Malayalam
    "ක\u0dca\u200dර",  # Sinhala
    "👩\u200d💻 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥 👩🏽\u200d⚕\ufe0f 🙂\u200d↔\ufe0f",
    "1\ufe0f⃣ #\ufe0f⃣ ©\ufe0f ⚠\ufe0e",
    f"{SCOTLAND} 🏴\u200d☠\ufe0f 🇩🇪",
    "葛\U000e0100城",  # the written form of a Japanese name
    "ᠮᠣᠩᠭᠣᠯ\u180b",
    "\u115fᅡ",
    "שלום، مرحبا, Grüße, 日本語",
)


@pytest.mark.parametrize("text", SPELLED)
@pytest.mark.parametrize("place", [line, passage, shown, escaped, escaped_json])
def test_spelling_stays_as_it_is(text: str, place: object) -> None:
    assert callable(place)
    assert place(text) == text


@pytest.mark.parametrize(
    ("text", "in_a_subject", "in_a_note", "at_a_terminal", "in_a_log"),
    [
        (f"in{RLO}voice", "invoice", "invoice", "in\\u202evoice", "in\\u202evoice"),
        (f"a{LRO}b{PDF}c", "abc", "abc", "a\\u202db\\u202cc", "a\\u202db\\u202cc"),
        (f"a{RLE}b", "ab", f"a{RLE}b{PDF}", "a\\u202bb", "a\\u202bb"),
        (f"a{LRE}b{PDF}", "ab", f"a{LRE}b{PDF}", "a\\u202ab\\u202c", "a\\u202ab\\u202c"),
        (f"a{RLI}b", "ab", f"a{RLI}b{PDI}", "a\\u2067b", "a\\u2067b"),
        (f"a{FSI}b{PDI}", "ab", f"a{FSI}b{PDI}", "a\\u2068b\\u2069", "a\\u2068b\\u2069"),
        (f"a{PDF}{PDI}b", "ab", "ab", "a\\u202c\\u2069b", "a\\u202c\\u2069b"),
        (f"a{LRM}{RLM}{ALM}b", "ab", f"a{LRM}{RLM}{ALM}b", "ab", "a\\u200e\\u200f\\u061cb"),
        (f"pass{ZWSP}word{WJ}{BOM}", "password", "password", "password", "pass\\u200bword\\u2060\\ufeff"),
        (f"pass{ZWJ}wo{ZWNJ}rd", "password", "password", "password", "pass\\u200dwo\\u200crd"),
        ("so\u00adft", "soft", "soft", "soft", "so\\xadft"),
        ("\u3164\uffa0", "", "", "", "\\u3164\\uffa0"),
        ("\x1b[31mred\x9b0m", " [31mred 0m", "[31mred0m", "\ufffd[31mred\ufffd0m", "\\x1b[31mred\\x9b0m"),
        ("a\x00b", "a b", "a\ufffdb", "a\ufffdb", "a\\x00b"),
        ("a\u2028b\u2029c\x0bd", "a b c d", "a\nb\nc\nd", "a\ufffdb\ufffdc\ufffdd", "a\\u2028b\\u2029c\\x0bd"),
        ("a\r\nb\rc", "a \nb c", "a\r\nb\nc", "a\ufffd\nb\ufffdc", "a\\x0d\nb\\x0dc"),
        ("x\ufe0f\ufe0f😀\ufe0f\ufe0f", "x😀\ufe0f", "x😀\ufe0f", "x😀\ufe0f", "x\\ufe0f\\ufe0f😀\ufe0f\\ufe0f"),
    ],
)
def test_each_place_has_its_treatment(
    text: str, in_a_subject: str, in_a_note: str, at_a_terminal: str, in_a_log: str
) -> None:
    assert (line(text), passage(text), shown(text), escaped(text)) == (in_a_subject, in_a_note, at_a_terminal, in_a_log)


def test_a_text_in_tags_is_removed_and_shown_where_an_operator_looks() -> None:
    assert line(f"Hello{HIDDEN}") == passage(f"Hello{HIDDEN}") == "Hello"
    assert shown(f"a{HIDDEN[0]}") == escaped(f"a{HIDDEN[0]}") == "a\\U000e0069"
    for almost in (f"🏴{HIDDEN}", SCOTLAND[:-1], SCOTLAND[1:], f"🏴{SCOTLAND[1:4] * 4}\U000e007f"):
        assert not any(0xE0000 <= ord(each) <= 0xE007F for each in line(almost))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{RLI}{LRE}a{PDI}b", f"{RLI}{LRE}a{PDF}{PDI}b"),
        (f"{LRE}{RLI}a{PDF}b", f"{LRE}{RLI}ab{PDI}{PDF}"),
        (f"{PDI}{PDF}", ""),
        (RLI * 100, RLI * MAX_DEPTH + PDI * MAX_DEPTH),
    ],
)
def test_changes_of_direction_are_paired(text: str, expected: str) -> None:
    assert balanced(text) == expected


@given(st.text(alphabet=f"ab\n{LRE}{RLE}{PDF}{RLO}{LRI}{RLI}{FSI}{PDI}"))
def test_no_line_changes_the_order_of_another(text: str) -> None:
    for each in passage(text).split("\n"):
        depth: list[str] = []
        for character in each:
            if character in (LRE, RLE, LRI, RLI, FSI):
                depth.append(PDF if character in (LRE, RLE) else PDI)
            elif character in (PDF, PDI):
                assert depth.pop() == character
        assert depth == []


@given(st.text())
def test_what_was_treated_is_not_treated_again(text: str) -> None:
    for place in (line, passage, shown, escaped):
        once = place(text)
        assert place(once) == once


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_says_the_same_with_escapes(text: str) -> None:
    document = json.dumps({text: [text]}, ensure_ascii=False)
    assert json.loads(escaped_json(document)) == {text: [text]}


EVERYTHING = "".join(chr(each) for each in range(0x110000) if not 0xD800 <= each < 0xE000)


def test_every_character_that_formats_is_in_the_table_unless_it_is_seen() -> None:
    formats = {each for each in EVERYTHING if unicodedata.category(each) in ("Cf", "Zl", "Zp", "Cc")}
    seen = {unicodedata.name(each, repr(each)) for each in formats if kind_of(each) is None}
    assert {each for each in seen if "HIEROGLYPH" not in each} == {
        "'\\t'", "'\\n'",
        "ARABIC NUMBER SIGN", "ARABIC SIGN SANAH", "ARABIC FOOTNOTE MARKER", "ARABIC SIGN SAFHA",
        "ARABIC SIGN SAMVAT", "ARABIC NUMBER MARK ABOVE", "ARABIC END OF AYAH", "ARABIC POUND MARK ABOVE",
        "ARABIC PIASTRE MARK ABOVE", "ARABIC DISPUTED END OF AYAH", "SYRIAC ABBREVIATION MARK",
        "KAITHI NUMBER SIGN", "KAITHI NUMBER SIGN ABOVE",
    }  # fmt: skip


def test_no_character_is_in_two_kinds() -> None:
    found = [each for kind in KINDS for each in re.findall(f"[{kind.characters}]", EVERYTHING)]
    assert len(found) == len(set(found))


NASTY = f"in{RLO}vo{ZWSP}ice\x1b[2J{HIDDEN}\u2028{LRM}"


def test_no_request_carries_hidden_text_or_an_open_change_of_direction() -> None:
    create = CreateTicket(
        subject=NASTY, description=f"{RLI}{NASTY}", category=NASTY, requester_email=f"{NASTY} <a@b.example>",
        metadata={"who": NASTY}, marker="Ticketrelay trm" + 32 * "0",
    )  # fmt: skip
    sent = json.loads(encode(create, "B"))
    assert sent["subject"] == "invoice [2J"
    assert sent["metadata"] == {"who": f"invoice[2J\n{LRM}", "category": "invoice [2J"}
    assert sent["description"] == (
        f"From: invoice [2J <a@b.example>\n\n{RLI}invoice[2J{PDI}\n{LRM}\n\nTicketrelay trm{32 * '0'}"
    )
    assert json.loads(encode(AddNote(body=NASTY)))["body"] == f"invoice[2J\n{LRM}"
    assert json.loads(encode(CloseTicket(resolution_notes=NASTY)))["resolution_notes"] == f"invoice[2J\n{LRM}"
    assert json.loads(encode(UpdateTicket(subject=NASTY)))["subject"] == "invoice [2J"


@pytest.mark.parametrize("text", SPELLED)
def test_a_request_keeps_the_spelling(text: str) -> None:
    sent = json.loads(encode(CreateTicket(subject=text, description=text)))
    assert (sent["subject"], sent["description"]) == (text, text)


def test_a_subject_of_invisible_characters_alone_has_a_placeholder() -> None:
    assert json.loads(encode(CreateTicket(subject=f"{ZWSP}\u3164{RLO}", description=ZWSP))) == {
        "subject": "(no subject)",
        "description": "(no text)",
        "priority": "medium",
    }
