"""Tests of Slack's messages: mentions open, replies comment or close, edits and deletions are notes."""

from __future__ import annotations

import itertools

import pytest

from connectors.contract.events import Commented, Opened, Reference, Resolved, digest
from connectors.contract.messages import UnreadableMessage

from .builders import (
    ADA,
    APP,
    BOB,
    BOT,
    CHANNEL,
    LATER,
    REPLY,
    ROOT,
    deletion,
    delivered,
    edit,
    envelope,
    ignored,
    key,
    mention,
    message,
    reply,
    said,
)

EDITED = "1773453710.000000"


def test_a_mention_opens_a_case_that_is_named_after_the_message() -> None:
    event = said(mention())
    assert isinstance(event, Opened)
    assert event.case_key == event.source_message_id == key(ROOT)
    assert event.aliases == (key(ROOT),)
    assert event.references == ()
    assert (event.author, event.participants) == (ADA, (ADA,))
    assert event.occurred_at == event.started_at
    assert event.occurred_at.isoformat() == "2026-03-14T02:00:00.000100+00:00"
    assert event.subject == "The VPN is down"
    assert event.private


def test_a_message_that_mentions_the_bot_is_the_same_event_as_its_mention() -> None:
    text = f"<@{BOT}> The VPN is down"
    assert said(message(text)) == said(mention(text))
    assert said(reply(text)) == said(mention(text, REPLY, thread_ts=ROOT))
    assert said(reply(f"<@{BOT}>: close")) == said(mention(f"<@{BOT}>: close", REPLY, thread_ts=ROOT))


def test_one_message_under_eleven_event_ids_is_one_event() -> None:
    text = f"<@{BOT}> The VPN is down"
    both = [message(text, client_msg_id="1f0c2a"), mention(text)]
    for order in itertools.permutations(both):
        deliveries = [
            envelope(event, event_id=f"Ev{number}", event_time=1773453600 + number, retry=number)
            for number, event in enumerate(order * 6)
        ]
        events = {event for each in deliveries[:11] for event in delivered(each).events}
        assert [event.source_message_id for event in events] == [key(ROOT)]


def test_a_mention_counts_though_its_message_was_ignored_where_the_bot_is_not_known() -> None:
    unknown = {"authorizations": ...}
    assert ignored(message(f"<@{BOT}> help"), unknown) == "the message neither mentions the bot nor is a reply"
    event = said(mention(f"<@{BOT}> help"), unknown)
    assert isinstance(event, Opened)
    assert event.subject == "help"
    assert said(message(f"<@{BOT}> help"), unknown, bot_user_id=BOT) == event


def test_a_user_who_authorized_the_app_is_not_its_bot() -> None:
    person = [{"team_id": "T0ACME001", "user_id": BOB, "is_bot": False}]
    assert ignored(message(f"<@{BOB}> help"), {"authorizations": person})
    assert isinstance(said(mention(f"<@{BOT}> help", user=BOB), {"authorizations": person}), Opened)


def test_a_mention_in_a_thread_comments_on_the_case_of_its_root_or_opens_it() -> None:
    event = said(mention(ts=REPLY, thread_ts=ROOT))
    assert isinstance(event, Commented)
    assert (event.unknown, event.authority, event.reopens) == ("open", "source", True)
    assert (event.case_key, event.source_message_id) == (key(ROOT), key(REPLY))
    assert event.references == (Reference(key(ROOT)),)
    assert event.aliases == (key(ROOT), key(REPLY))


def test_a_reply_waits_for_the_case_of_its_root_and_makes_its_own_name_known() -> None:
    event = said(reply(user=BOB))
    assert isinstance(event, Commented)
    assert (event.unknown, event.authority) == ("wait", "source")
    assert (event.case_key, event.source_message_id) == (key(ROOT), key(REPLY))
    assert event.references == (Reference(key(ROOT)),)
    assert key(REPLY) in event.aliases
    assert event.author == BOB


def test_the_root_of_a_thread_is_no_reply_to_itself() -> None:
    assert isinstance(said(mention(thread_ts=ROOT)), Opened)
    assert ignored(message(thread_ts=ROOT))


def test_a_message_that_mentions_nobody_of_ours_is_ignored_unless_every_one_counts() -> None:
    assert ignored(message()) == "the message neither mentions the bot nor is a reply"
    assert ignored(message(f"<@{BOB}> look"))
    assert isinstance(said(message(), gestures={"message": True}), Opened)
    assert isinstance(said(reply(), gestures={"message": True}), Commented)


def test_a_direct_message_opens_a_case_and_needs_no_mention() -> None:
    for event in (message(channel="C0ADA0001", channel_type="im"), message(channel="D0ADA0001", channel_type=...)):
        assert isinstance(said(event), Opened)
    assert ignored(message(channel="G0GROUP01", channel_type="mpim"))


@pytest.mark.parametrize("text", ["close", "Close", "CLOSE.", "close! it works", " close\nthanks", "close, please"])
def test_a_reply_that_begins_with_the_close_word_closes_if_its_author_opened(text: str) -> None:
    event = said(reply(text))
    assert isinstance(event, Resolved)
    assert event.authority == "opener"
    assert (event.case_key, event.references) == (key(ROOT), (Reference(key(ROOT)),))


@pytest.mark.parametrize("text", ["closed", "please close", "!close", "/close", "*close*", f"<@{BOB}> close", "", " "])
def test_every_other_reply_is_a_comment(text: str) -> None:
    assert isinstance(said(reply(text)), Commented)


def test_the_close_word_is_a_setting() -> None:
    assert isinstance(said(reply("!DONE"), close_word="!done"), Resolved)
    assert isinstance(said(reply("close"), close_word="!done"), Commented)


def test_who_is_listed_may_close_any_case() -> None:
    assert [said(reply("close", user=each), closers=f"U0X, {BOB}").authority for each in (BOB, ADA)] == [
        "source",
        "opener",
    ]


def test_a_close_word_that_is_no_reply_closes_nothing() -> None:
    assert isinstance(said(mention(f"<@{BOT}> close")), Opened)
    assert ignored(message("close"))


@pytest.mark.parametrize("subtype", [..., None, "", "file_share", "thread_broadcast", "me_message"])
def test_what_people_write_counts_whatever_its_form(subtype: object) -> None:
    assert isinstance(said(reply(subtype=subtype)), Commented)


@pytest.mark.parametrize(
    "subtype", ["bot_message", "channel_join", "channel_topic", "message_replied", "pinned_item", "new", 7, ["a"]]
)
def test_every_other_form_is_ignored_by_name(subtype: object) -> None:
    assert ignored(reply(subtype=subtype)).startswith("event.subtype is ")


@pytest.mark.parametrize("mark", [{"bot_id": "B0OTHER01"}, {"user": BOT}, {"app_id": APP}])
def test_what_bots_and_our_own_app_write_is_ignored(mark: dict[str, str]) -> None:
    text = f"<@{BOT}> ticket 7 is open"
    for event in (reply(text, **mark), mention(text, **mark), edit(reply(text, **mark), reply("old", **mark))):
        assert ignored(event).endswith("wrote the message")
    assert ignored(deletion(reply(**mark))).endswith("wrote the message")


def test_what_another_app_wrote_for_a_person_counts() -> None:
    assert isinstance(said(reply(app_id="A0OTHER01")), Commented)
    assert isinstance(said(reply(), {"api_app_id": ...}), Commented)


def test_an_edit_becomes_a_note_with_the_difference() -> None:
    event = said(edit(reply("one\ntwo &amp; a half\nthree"), reply("one\ntwo\nthree")))
    assert isinstance(event, Commented)
    assert (event.unknown, event.reopens, event.authority) == ("wait", False, "source")
    assert event.case_key == key(ROOT)
    assert event.source_message_id == f"{key(REPLY)}:edited:{EDITED}"
    assert event.references == (Reference(key(ROOT)), Reference(key(REPLY)))
    assert event.text == f"@{ADA} edited a message of 2026-03-14 02:01:00 UTC:\n\n- two\n+ two & a half"
    assert event.occurred_at.isoformat() == "2026-03-14T02:01:50+00:00"
    assert event.content_digest == digest("one\ntwo &amp; a half\nthree")


def test_an_edit_finds_its_message_by_what_was_there_before() -> None:
    event = said(edit(message("new", ts=...), reply("old")))
    assert (event.case_key, event.source_message_id) == (key(ROOT), f"{key(REPLY)}:edited:{EDITED}")


@pytest.mark.parametrize("marked", [True, False])
def test_an_edit_with_unchanged_text_is_nothing(marked: bool) -> None:
    expanded = reply("see <https://example.net>", attachments=[{"title": "Example"}])
    assert "unchanged" in ignored(edit(expanded, reply("see <https://example.net>"), marked=marked))


def test_an_edit_whose_past_is_unknown_says_how_the_text_reads_now() -> None:
    assert said(edit(reply("new"), ...)).text.endswith("It says now:\nnew")
    assert "unchanged" in ignored(edit(reply("new"), ..., marked=False))


def test_an_edit_that_is_not_marked_as_one_is_known_by_its_own_time() -> None:
    event = said(edit(reply("new"), reply("old"), marked=False))
    assert event.source_message_id == f"{key(REPLY)}:edited:{LATER}"


def test_a_mention_that_an_edit_adds_opens_once_whichever_delivery_comes_first() -> None:
    text = f"<@{BOT}> The VPN is down"
    changed = said(edit(message(text), message("The VPN is down")))
    again = said(mention(text, edited={"user": ADA, "ts": EDITED}))
    assert changed == again
    assert isinstance(again, Commented)
    assert (again.unknown, again.case_key, again.subject) == ("open", key(ROOT), "The VPN is down")
    assert again.source_message_id == f"{key(ROOT)}:edited:{EDITED}"


def test_an_edit_of_a_mention_is_one_note_though_slack_sends_the_mention_again() -> None:
    text = f"<@{BOT}> The VPN is up"
    changed = said(edit(message(text), message(f"<@{BOT}> The VPN is down")))
    again = said(mention(text, edited={"user": ADA, "ts": EDITED}))
    assert changed.source_message_id == again.source_message_id != key(ROOT)
    assert changed.content_digest == again.content_digest
    assert isinstance(changed, Commented)
    assert changed.unknown == "wait"
    assert changed.text.endswith("- @U0RELAY01 The VPN is down\n+ @U0RELAY01 The VPN is up")


def test_a_deletion_is_a_private_note_that_does_not_repeat_the_text() -> None:
    event = said(deletion(reply("the password is hunter2")), channels={CHANNEL: {"private": False}})
    assert isinstance(event, Commented)
    assert (event.unknown, event.reopens, event.private) == ("wait", False, True)
    assert event.case_key == key(ROOT)
    assert event.source_message_id == f"{key(REPLY)}:deleted"
    assert event.text == "The message of 2026-03-14 02:01:00 UTC in #C0HELP001 was deleted."
    assert event.aliases == ()
    assert "hunter2" not in repr(event)


def test_a_deletion_that_does_not_tell_the_thread_is_found_by_the_message_itself() -> None:
    event = said(deletion())
    assert (event.case_key, event.references) == (key(REPLY), (Reference(key(REPLY)),))
    assert event.author is None
    assert event.participants == ()


def test_a_root_that_is_deleted_under_its_replies_is_a_deletion() -> None:
    gone = message("This message was deleted.", subtype="tombstone", user="USLACKBOT", thread_ts=ROOT)
    event = said(edit(gone, message(thread_ts=ROOT), marked=False))
    assert event.source_message_id == f"{key(ROOT)}:deleted"
    assert event.private
    assert ignored(edit(gone, message(thread_ts=ROOT, bot_id="B0OTHER01"), marked=False)) == "a bot wrote the message"


def test_a_message_without_a_user_is_still_read() -> None:
    event = said(reply(user=...))
    assert (event.author, event.participants) == (None, ())
    assert dict(event.attributes) == {"channel": CHANNEL, "team": "T0ACME001"}


@pytest.mark.parametrize("field", ["channel", "ts"])
@pytest.mark.parametrize("value", [..., None, "", "a b", "x:y", [], {}, True, "\x00", "é", "9" * 99])
@pytest.mark.parametrize("build", [message, mention, reply])
def test_without_a_channel_and_a_time_it_cannot_be_read(build: object, field: str, value: object) -> None:
    assert callable(build)
    with pytest.raises(UnreadableMessage, match=rf"^event\.{field} is "):
        delivered(envelope(build() | {field: value} if value is not ... else build(**{field: ...})))


@pytest.mark.parametrize("thread_ts", ["", "soon", "1.2.3", -1, [], True])
def test_a_thread_that_cannot_be_read_is_not_guessed(thread_ts: object) -> None:
    with pytest.raises(UnreadableMessage, match=r"^event\.thread_ts is "):
        delivered(envelope(reply(thread_ts=thread_ts)))


def test_numbers_where_text_is_expected_name_the_same_message() -> None:
    event = said(reply(1, ts=1773453660.0002, thread_ts=1773453600.0001, user=77))
    assert (event.case_key, event.source_message_id, event.author) == (key(ROOT), key(REPLY), "77")
    assert event.subject == "1"
    assert said(mention(ts=1773453600)).source_message_id == key("1773453600.000000")


@pytest.mark.parametrize("text", [f"<@{BOT}>", f" <@{BOT}>: "])
def test_a_mention_alone_opens_nothing_and_in_a_thread_means_what_stands_above(text: str) -> None:
    for event in (mention(text), message(text)):
        assert ignored(event) == "the message has no text beside the mention"
        assert isinstance(said(event | {"thread_ts": ROOT, "ts": REPLY}), Commented)
    assert isinstance(said(mention(text, files=[{"name": "plan.pdf"}])), Opened)
