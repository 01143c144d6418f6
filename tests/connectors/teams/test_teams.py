"""Tests of the outgoing webhook of Teams: its proof, its mentions, and the replies to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.contract.events import Commented, Event, Opened, Reference, Resolved
from connectors.contract.messages import Denied, Inbound, Parsed, UnreadableMessage, Unverified, Verified
from connectors.teams import Settings, parse, sign, verify

NOW = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)
CHANNEL = "19:0123456789abcdef@thread.tacv2"
ADA, BOB = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
ROOT, REPLY = "1773453600101", "1773453600103"
AT = "<at>Tickets</at>"
# The key is the bytes 0 to 31. The expected HMAC of the body below was made with `openssl dgst -sha256 -mac HMAC`.
TOKEN = base64.b64encode(bytes(range(32))).decode()
BODY = b'{"type":"message","text":"ping"}'


def activity(
    text: Any = f"{AT} The VPN is down", number: Any = ROOT, root: str = ROOT, **changes: Any
) -> dict[str, Any]:
    """Return a message in a channel; a change to `...` removes the field."""
    whole = {
        "type": "message",
        "id": number,
        "timestamp": "2026-03-14T02:00:01.1234567Z",
        "from": {"id": "29:1ada", "name": "Ada", "aadObjectId": ADA},
        "conversation": {"id": f"{CHANNEL};messageid={root}", "conversationType": "channel"},
        "textFormat": "plain",
        "text": text,
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def reply(text: str = f"{AT} It works", **changes: Any) -> dict[str, Any]:
    return activity(text, REPLY, **changes)


def configured(**settings: Any) -> Settings:
    return Settings.model_validate({"secret": TOKEN, **settings})


def delivered(payload: Any, **settings: Any) -> Parsed:
    return parse(Unverified(Inbound("chat", NOW, json.dumps(payload).encode())), configured(**settings))


def said(payload: Any, **settings: Any) -> Event:
    """Return the only event of the message."""
    (found,) = delivered(payload, **settings).events
    return found


def answer(payload: Any) -> str:
    """Return the text of the reply, which people read below the message."""
    given = delivered(payload).reply
    assert given is not None
    assert (given.status, given.content_type) == (200, "application/json")
    whole = json.loads(given.body)
    assert whole["type"] == "message"
    return str(whole["text"])


def verdict(header: str | None, body: bytes = BODY, **settings: Any) -> Verified | Denied:
    headers = (("authorization", header),) if header is not None else ()
    return verify(Inbound("chat", NOW, body, headers), configured(**settings), NOW, {})


def test_the_signature_is_the_one_that_another_program_computes() -> None:
    by_hand = base64.b64encode(hmac.digest(bytes(range(32)), BODY, hashlib.sha256)).decode()
    assert sign(BODY, configured(), NOW) == {"Authorization": f"HMAC {by_hand}"}
    assert by_hand == "i1ThqIYXEMtm8fDi6h43M8V5EynR5C22OJXlOR7BihM="
    assert isinstance(verdict(f"HMAC {by_hand}"), Verified)


def test_both_tokens_of_a_rotation_are_accepted() -> None:
    header = sign(BODY, configured(), NOW)["Authorization"]
    other = base64.b64encode(b"another key").decode()
    assert isinstance(verdict(header, secret=other, previous_secret=TOKEN), Verified)
    assert isinstance(verdict(header, secret=other), Denied)


def test_a_token_is_decoded_and_its_text_is_no_key() -> None:
    as_text = base64.b64encode(hmac.digest(TOKEN.encode(), BODY, hashlib.sha256)).decode()
    assert isinstance(verdict(f"HMAC {as_text}"), Denied)


def test_a_header_in_another_form_is_denied() -> None:
    genuine = sign(BODY, configured(), NOW)["Authorization"].removeprefix("HMAC ")
    last = genuine[:-2] + chr(ord(genuine[-2]) + 1) + "="  # another spelling of the same bytes
    forms = (
        "",
        "HMAC",
        "HMAC ",
        genuine,
        f"Bearer {genuine}",
        f"HMAC {genuine}=",
        f"HMAC {genuine[:-1]}",
        f"HMAC {last}",
    )
    more = (f"HMAC {genuine} {genuine}", "HMAC " + "é" * 44, "HMAC \ud800", "HMAC " + "A" * 10**6)
    assert {type(verdict(each)) for each in (None, *forms, *more)} == {Denied}
    assert isinstance(verdict(f"HMAC {genuine}", BODY + b" "), Denied)
    assert isinstance(verdict(f"hmac  {genuine} "), Verified)


def test_a_mention_opens_a_case_that_is_named_after_the_message() -> None:
    event = said(activity())
    assert isinstance(event, Opened)
    assert event.case_key == event.source_message_id == f"{CHANNEL}:{ROOT}"
    assert (event.subject, event.author, event.private) == ("The VPN is down", ADA, True)
    assert answer(activity()).startswith("Received: a ticket will be opened")


def test_a_mention_in_a_thread_is_a_comment_on_the_case_of_its_root_or_opens_it() -> None:
    event = said(reply())
    assert isinstance(event, Commented)
    assert event.unknown == "open"
    assert event.references == (Reference(f"{CHANNEL}:{ROOT}"),)
    assert event.source_message_id == f"{CHANNEL}:{REPLY}"


@pytest.mark.parametrize("text", [f"{AT} close", f"{AT}&nbsp;Close, thanks", f"{AT}: CLOSE.", f"<div>{AT} close</div>"])
def test_a_mention_that_begins_with_the_close_word_closes_if_its_author_may(text: str) -> None:
    event = said(reply(text))
    assert isinstance(event, Resolved)
    assert event.authority == "opener"
    assert said(reply(text), closers=f"x, {ADA}").authority == "source"
    assert said(reply(text), closers=BOB).authority == "opener"


def test_the_close_word_alone_outside_of_a_thread_closes_and_opens_nothing() -> None:
    assert delivered(activity(f"{AT} close")).events == ()
    assert "thread" in answer(activity(f"{AT} close"))
    assert isinstance(said(activity(f"{AT} close button is broken")), Opened)


def test_an_edit_is_the_same_message_with_other_content_and_a_repeat_is_not() -> None:
    first, again, edited = said(activity()), said(activity(locale="en-GB")), said(activity(f"{AT} It is up"))
    assert first == again
    assert edited.source_message_id == first.source_message_id
    assert edited.content_digest != first.content_digest


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"{AT} a &lt;b&gt; &amp; c", "a <b> & c"),
        (f"{AT} one\ntwo", "one\ntwo"),
        (f"<p>{AT}&nbsp;one</p><p>two <b>three</b></p>", "one\n\ntwo three"),
        (f"{AT}, ask <at id='1'>Bob B</at>", "ask @Bob B"),
        (f"please, {AT} help", "please, @Tickets help"),
        (f"{AT} 2 < 3 and <4>", "2 < 3 and <4>"),
        (f"{AT} <script>alert(1)</script><p>x</p>", "x"),
    ],
)
def test_markup_becomes_text_without_the_first_mention(text: str, read: str) -> None:
    assert said(activity(text)).text.split("\n\nTeams: ")[0] == read


def test_html_stands_in_for_a_text_that_is_missing() -> None:
    html = {"contentType": "text/html", "content": "<p>The door</p>"}
    assert said(activity(..., attachments=[html])).subject == "The door"


@pytest.mark.parametrize("text", ["<at>" * 50_000, "<div" * 50_000, AT * 20_000, "<p>" * 50_000 + AT, " " * 150_000])
def test_markup_without_end_is_read(text: str) -> None:
    parsed = delivered(activity(text + " x"))  # in quadratic time, the test would exceed its timeout
    assert len(parsed.events) == 1
    assert len(parsed.events[0].text) < 60_000


@pytest.mark.parametrize(
    ("kind", "settings", "private"),
    [
        ("channel", {}, True),
        ("channel", {"private": False}, False),
        ("channel", {"channels": {CHANNEL: {"private": False}}}, False),
        (None, {"channels": {CHANNEL: {"private": False}}}, False),
        (None, {"private": False}, True),
        ("groupChat", {"private": False, "channels": {CHANNEL: {"private": False}}}, True),
        ("personal", {"private": False, "channels": {CHANNEL: {"private": False}}}, True),
    ],
)
def test_text_is_private_unless_the_channel_is_public_and_may_be(
    kind: str | None, settings: dict[str, Any], private: bool
) -> None:
    conversation = {"id": CHANNEL} | ({"conversationType": kind} if kind else {})
    assert said(activity(conversation=conversation), **settings).private is private


@pytest.mark.parametrize("who", [{"id": "28:x"}, {"id": "29:x", "role": "bot"}])
def test_what_a_bot_wrote_is_ignored(who: dict[str, str]) -> None:
    assert delivered(activity() | {"from": who}).events == ()


def test_an_activity_of_another_type_is_answered_and_ignored() -> None:
    parsed = delivered(activity(type="conversationUpdate"))
    assert (parsed.events, len(parsed.ignored)) == ((), 1)
    assert answer(activity(type="conversationUpdate"))


@pytest.mark.parametrize(
    "changes",
    [
        {"type": 1},
        {"type": ...},
        {"id": ...},
        {"id": 5},
        {"id": "with space"},
        {"conversation": ...},
        {"conversation": {"id": ";messageid=5"}},
        {"from": ...},
        {"timestamp": ...},
        {"timestamp": "yesterday"},
        {"text": ["x"]},
    ],
)
def test_a_message_that_cannot_be_placed_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        delivered(activity() | changes if ... not in changes.values() else activity(**changes))


def test_files_are_listed_by_name_and_link_and_the_message_itself_is_none() -> None:
    html = {"contentType": "text/html", "content": "<p>The VPN is down</p>"}
    log = {"contentType": "reference", "name": "vpn.log", "contentUrl": "https://acme.example/vpn.log"}
    odd = {"contentType": "reference", "contentUrl": "file:///etc/passwd"}
    text = said(
        activity(attachments=[html, log, odd, {"contentType": "application/vnd.microsoft.card.adaptive"}, 5])
    ).text
    assert "Files:\n- vpn.log https://acme.example/vpn.log\n- a file\n\nTeams:" in text
