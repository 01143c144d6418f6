"""Tests of the text for people: markup as plain text, files and forwarded messages as lines, differences by line."""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from connectors.slack.rendering import difference, plain, without_mention

from .builders import ADA, BOT, mention, said


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("", ""),
        ("<@U0BOB0001> and <@U0BOB0001|bob>", "@U0BOB0001 and @bob"),
        ("<#C0NET0001|network>, <#C0NET0001|>, <#C0NET0001>", "#network, #C0NET0001, #C0NET0001"),
        ("<!here> <!channel> <!subteam^S012|@net-team> <!subteam^S012>", "@here @channel @net-team @S012"),
        ("<!date^1773453600^{date}|14 March>", "14 March"),
        ("<https://example.net/a?b=1&amp;c=2>", "https://example.net/a?b=1&c=2"),
        ("<https://example.net|the page>", "the page (https://example.net)"),
        ("<http://example.net|example.net>", "http://example.net"),
        ("<mailto:ada@example.net|ada@example.net> <tel:+123>", "ada@example.net +123"),
        ("a &lt;b&gt; &amp;amp; c && d &quot;", "a <b> &amp; c && d &quot;"),
        ("&lt;@U0BOB0001&gt;", "<@U0BOB0001>"),
        ("1 <2> 0, <>, <\n>", "1 2 0, <>, <\n>"),
        (":ticket: *bold* `code`", ":ticket: *bold* `code`"),
        ("a\x00b\x1b[2J\r\nc", "ab[2J\nc"),
        ("\ud800", "\ufffd"),
    ],
)
def test_markup_reads_as_text(raw: str, text: str) -> None:
    assert plain(raw) == text


@pytest.mark.parametrize(
    ("raw", "rest"),
    [
        (f"<@{BOT}> help", "help"),
        (f" <@{BOT}>: <@{BOT}|relay>, help", "help"),
        (f"help <@{BOT}>", f"help <@{BOT}>"),
        ("<@U0BOB0001> help", "<@U0BOB0001> help"),
        (f"<@{BOT}>", ""),
        ("help", "help"),
    ],
)
def test_the_mention_at_the_start_is_left_out(raw: str, rest: str) -> None:
    assert without_mention(raw, {BOT}) == rest


def test_where_the_bot_is_not_known_the_first_mention_is_taken_for_it() -> None:
    assert without_mention("<@U1> <@U2> help", frozenset()) == "<@U2> help"
    assert without_mention("help", frozenset()) == "help"


def test_a_hundred_thousand_mentions_are_left_out_in_one_pass() -> None:
    assert without_mention(f"<@{BOT}> " * 100_000 + "help", {BOT}) == "help"


def test_the_subject_is_the_first_line_that_says_something() -> None:
    assert said(mention(f"<@{BOT}>\n\n  The   VPN\nis down")).subject == "The VPN"
    assert said(mention(f"<@{BOT}>", files=[{"name": "plan.pdf"}])).subject == "Message in #C0HELP001"
    long = said(mention("x" * 400)).subject
    assert (len(long), long[-1]) == (255, "…")


def lines(**more: Any) -> list[str]:
    return said(mention(f"<@{BOT}> look", **more)).text.split("\n")


def test_who_said_it_where_and_when_is_the_last_line() -> None:
    assert lines() == ["look", "", "Slack: @U0ADA0001 in #C0HELP001, 2026-03-14 02:00:00 UTC"]


@pytest.mark.parametrize(
    ("profile", "who"),
    [
        ({"display_name": "Ada", "real_name": "Ada Lovelace"}, f"Ada (@{ADA})"),
        ({"display_name": " ", "real_name": "Ada\nLovelace"}, f"Ada Lovelace (@{ADA})"),
        ({"display_name": 7}, f"@{ADA}"),
        (["Ada"], f"@{ADA}"),
    ],
)
def test_a_person_is_named_where_the_message_names_them(profile: Any, who: str) -> None:
    assert lines(user_profile=profile)[-1].startswith(f"Slack: {who} in ")
    assert said(mention(user_profile=profile)).content_digest == said(mention()).content_digest


def test_a_message_of_nobody_is_somebodys() -> None:
    assert lines(user=...)[-1].startswith("Slack: somebody in ")


def test_files_are_listed_by_name_size_and_link() -> None:
    link = "https://acme.slack.example.net/files/F1"
    files = [
        {"name": "page.png", "size": 92582, "permalink": link},
        {"title": "a\nplan", "size": True, "permalink": "javascript:alert(1)"},
        {"id": "F3", "size": -1},
        {},
        "junk",
    ]
    assert lines(files=files)[2:7] == ["Files:", f"- page.png (92,582 bytes) {link}", "- a plan", "- F3", "- a file"]


def test_many_files_are_counted() -> None:
    listed = lines(files=[{"name": f"{number}.log"} for number in range(13)])
    assert listed[2:-2] == ["Files:", *(f"- {number}.log" for number in range(10)), "… and 3 more"]


@pytest.mark.parametrize("files", [None, {}, "page.png", 7, [[]]])
def test_what_is_no_list_of_files_is_none(files: Any) -> None:
    assert lines(files=files) == lines()


def test_a_forwarded_message_is_shown_and_an_expanded_link_is_not() -> None:
    link = "https://acme.slack.example.net/archives/C1/p1"
    shared = {"is_share": True, "author_name": "Bob", "text": "It &amp; all", "from_url": link}
    assert lines(attachments=[{"title": "Example"}, shared])[2:5] == ["Forwarded, from Bob:", "It & all", link]
    assert lines(attachments=[{"title": "Example", "text": "expanded"}, 7]) == lines()
    assert lines(attachments=[{"is_share": True}])[2:4] == ["Forwarded, from somebody:", "…"]


def test_what_was_sent_with_a_message_is_no_part_of_its_content() -> None:
    with_file = said(mention(files=[{"name": "page.png"}], blocks=[{"type": "rich_text"}]))
    assert with_file.content_digest == said(mention()).content_digest


def test_the_longest_message_fits() -> None:
    shared = {"is_share": True, "author_name": "n" * 999, "text": "t" * 99_999, "from_url": "https://" + "u" * 480}
    files = [{"name": "f" * 999, "size": 10**14, "permalink": "https://" + "p" * 480}] * 99
    event = said(mention("x" * 99_999, files=files, attachments=[shared], user_profile={"display_name": "a" * 999}))
    assert len(event.text) < 60_000
    assert event.text.endswith("UTC")


def test_a_difference_is_what_went_and_what_came() -> None:
    assert difference("a\nb\nc", "a\nc\nd") == "- b\n+ d"
    assert difference("a", "b") == "- a\n+ b"


@pytest.mark.parametrize(("before", "after"), [(None, "a"), ("a", "a"), ("x" * 5000 + "a", "x" * 5000 + "b")])
def test_a_difference_that_cannot_be_told_is_the_text_as_it_is_now(before: str | None, after: str) -> None:
    assert difference(before, after).startswith(f"It says now:\n{after[:10]}")


@hypothesis.settings(deadline=None)
@hypothesis.given(st.text(), st.text())
def test_a_difference_is_short(before: str, after: str) -> None:
    assert 0 < len(difference(before * 300, after * 300)) < 10_000


@hypothesis.settings(deadline=None)
@hypothesis.given(st.text(st.sampled_from("<>@#!|&;ltgamp^\n:/ hé\x00\ud800")))
def test_any_markup_is_read(raw: str) -> None:
    plain(raw).encode()
