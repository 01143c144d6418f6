"""Tests of the identity of mails: which mails are the same message, and which references lead a mail to a case."""

from __future__ import annotations

import re

import pytest

from connectors.contract.events import Reference
from connectors.email import own_message_id, thread_address
from connectors.email.identity import case_ref, normalised
from tests.connectors.email.mails import event, mail, parse, settings

CASE = "mail:0123"
PROVEN = Reference(f"token:{case_ref(CASE)}", proven=True)


def own(number: str) -> Reference:
    return Reference(f"id:{number}@customer.example")


FIRST = own("first.1")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("<abc.1@Example.NET>", "abc.1@example.net"),
        ("<ABC.1@example.net>", "ABC.1@example.net"),
        (" (a comment) <abc.1 @\texample.net> rest", "abc.1@example.net"),
        ("abc.1@example.net", "abc.1@example.net"),
        ("(a (deep) comment) abc.1@example.net", "(acomment)abc.1@example.net"),
        ("[<abc.1@example.net>]", "abc.1@example.net"),
        ("", None),
        ("<>", None),
        ("<a@b.c>", None),
        ("<no.at.sign.here>", None),
        (f"<{'x@' + 'y' * 1000}>", None),
        ("<****@example.net>", None),
        ("<xxxxxxxx@example.net>", None),
        ("<SMTPIN_ADDED_MISSING@mx.example.net>", None),
        ("<smtpin_added_broken@mx.example.net>", None),
    ],
)
def test_a_message_id_is_normalised_and_one_that_names_nothing_is_absent(written: str, expected: str | None) -> None:
    assert normalised(written) == expected


def test_copies_of_a_mail_in_several_mailboxes_are_one_message() -> None:
    copies = (
        mail(headers={"Received": "from a by b", "Delivered-To": "one@example.net"}),
        mail(headers={"Received": "from c by d", "Delivered-To": "two@example.net"}).replace(b"\n", b"\r\n"),
        mail(headers={"Message-ID": "<first.1@CUSTOMER.example>", "Date": "Fri, 13 Mar 2026 13:00:00 +0100"}),
    )
    events = [parse(each).events[0] for each in copies]
    assert len({(each.source_message_id, each.case_key, each.content_digest) for each in events}) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"Message-ID": "<first.2@customer.example>"},
        {"Date": "Fri, 13 Mar 2026 12:00:01 +0000"},
        {"Date": None},
        {"From": "Mallory <mallory@elsewhere.example>"},
    ],
)
def test_another_id_another_second_or_another_sender_is_another_message(change: dict[str, str | None]) -> None:
    assert event(headers=change).source_message_id != event().source_message_id


def test_an_id_used_again_with_another_body_is_another_message() -> None:
    first, again = event("It is stuck.\n"), event("The window too.\n")
    assert first.source_message_id == again.source_message_id
    assert first.content_digest != again.content_digest
    assert (first.other_words, again.other_words) == ("message", "message")


@pytest.mark.parametrize("headers", [{"List-Id": "<ops.example.net>"}, {"List-Post": "<x>"}, {"Precedence": "list"}])
def test_a_copy_that_a_list_passed_on_is_a_copy_whatever_it_says(headers: dict[str, str | None]) -> None:
    assert event("It is stuck.\nA footer.\n", headers).other_words == "copy"


def test_a_mail_in_two_mailboxes_is_two_messages_where_each_has_its_own_tickets() -> None:
    apart = settings(per_mailbox=True)
    sales, shop = (event(used=apart, envelope={"to": f"{each}+x@example.net"}) for each in ("sales", "shop"))
    assert sales.case_key != shop.case_key
    assert sales.references == (Reference("id@sales@example.net:first.1@customer.example"),)
    assert set(sales.aliases).isdisjoint(shop.aliases)
    known = event(used=apart, headers={"Delivered-To": "sales@example.net"})
    assert known.source_message_id == sales.source_message_id
    answer = event(
        used=apart, headers={"Delivered-To": "shop@example.net", "In-Reply-To": "<parent.1@customer.example>"}
    )
    assert answer.references[0] == Reference("id@shop@example.net:parent.1@customer.example")


def test_ids_that_we_issued_come_before_all_others() -> None:
    answer = event(
        headers={
            "In-Reply-To": "<parent.3@customer.example>",
            "References": f"{own_message_id(settings(), CASE, '7')} <mid.00002@customer.example>",
        }
    )
    assert answer.references == (PROVEN, own("parent.3"), own("mid.00002"), FIRST)


def test_spacing_and_the_footer_of_a_list_are_no_change() -> None:
    listed = {"List-Id": "<ops.example.net>"}
    direct = event("It is  stuck.\n\n\n")
    copy = event(f"It is stuck.\n{'_' * 47}\nops mailing list\n", listed)
    assert direct.source_message_id == copy.source_message_id
    assert direct.content_digest == copy.content_digest


def test_a_mail_without_a_usable_id_is_known_by_what_it_says() -> None:
    nameless: dict[str, str | None] = {"Message-ID": "<SMTPIN_ADDED_MISSING@mx>"}
    one = event(headers=nameless)
    assert one.source_message_id == event(headers={"Message-ID": None, "Received": "x"}).source_message_id
    assert one.source_message_id != event("Something else.\n", nameless).source_message_id
    assert one.source_message_id != event(headers=nameless | {"To": "other@example.net"}).source_message_id
    assert one.source_message_id != event(headers=nameless | {"Subject": "Other"}).source_message_id
    assert one.references == ()


def test_a_new_mail_opens_a_case_and_looks_whether_an_answer_came_before_it() -> None:
    opened = event()
    assert opened.kind == "Opened"
    assert opened.case_key == f"mail:{opened.source_message_id}"
    assert opened.references == (FIRST,)
    assert opened.aliases == (FIRST.alias, f"token:{case_ref(opened.case_key)}")
    assert (opened.author, opened.authority) == ("ada@customer.example", "participant")


def test_a_message_id_that_no_database_column_holds_is_known_by_its_digest() -> None:
    long = event(headers={"Message-ID": f"<{'x' * 900 + 'y'}1@customer.example>"})
    assert re.fullmatch(r"id:sha256-[0-9a-f]{64}", long.aliases[0])
    odd = event(headers={"Message-ID": "<caf\u00e9\u200b123@customer.example>"})
    assert re.fullmatch(r"id:sha256-[0-9a-f]{64}", odd.aliases[0])


@pytest.mark.parametrize("name", ["X-Original-To", "Delivered-To", "To", "Cc"])
def test_a_token_in_a_recipient_proves_the_case_and_comes_first(name: str) -> None:
    address = thread_address(settings(), CASE)
    answer = event(headers={name: f"Support <{address.upper()}>", "In-Reply-To": "<parent.1@customer.example>"})
    assert answer.kind == "Commented"
    assert answer.references == (PROVEN, own("parent.1"), FIRST)


def test_the_envelope_names_the_token_where_no_header_does() -> None:
    answer = event(envelope={"to": f"other@example.net, {thread_address(settings(), CASE)}"})
    assert answer.references == (PROVEN, FIRST)


def test_a_token_that_is_not_ours_is_ignored() -> None:
    address = thread_address(settings(), CASE)
    proof = address[address.index(".") + 1 : address.index("@")]
    forged = address.replace(proof, proof[::-1])
    assert event(headers={"To": forged}).kind == "Opened"
    assert event(headers={"To": address}, used=settings(secret="another")).kind == "Opened"
    other = thread_address(settings(), "mail:other")
    swapped = address.replace(case_ref(CASE), case_ref("mail:other"))
    assert swapped != other
    assert event(headers={"To": swapped}).kind == "Opened"


def test_a_token_made_with_the_previous_secret_still_proves() -> None:
    rotated = settings(secret="new", previous_secret="correct horse")
    assert event(headers={"To": thread_address(settings(), CASE)}, used=rotated).references[0] == PROVEN


def test_the_proof_of_an_address_is_none_for_a_message_id() -> None:
    address = thread_address(settings(), CASE)
    proof = address[address.index(".") + 1 : address.index("@")]
    crafted = f"<t-{case_ref(CASE)}.1.{proof}@example.net>"
    assert not any(each.proven for each in event(headers={"In-Reply-To": crafted}).references)


def test_a_thread_address_is_short_enough_for_every_mail_server() -> None:
    local = thread_address(settings(address=f"{'a' * 20}@example.net"), CASE).partition("@")[0]
    assert len(local) <= 64


def test_in_reply_to_comes_before_references_and_those_from_right_to_left() -> None:
    answer = event(
        headers={
            "In-Reply-To": "<parent.3@customer.example>",
            "References": "<root.00001@customer.example>\n <mid.00002@customer.example> <parent.3@customer.example>",
        }
    )
    ids = [own("parent.3"), own("mid.00002"), own("root.00001")]
    assert answer.references == (*ids, FIRST)
    assert answer.aliases[:4] == (FIRST.alias, *(each.alias for each in ids))
    assert answer.authority == "participant"


def test_an_answer_to_a_mail_of_ours_proves_the_case_by_its_id() -> None:
    answer = event(headers={"In-Reply-To": own_message_id(settings(), CASE, "7")})
    assert answer.references == (PROVEN, FIRST)


def test_a_token_in_the_quoted_text_comes_after_the_ids_and_a_ticket_number_last() -> None:
    quoted = f"Done.\n\n> Write to {thread_address(settings(), CASE)} about this.\n"
    answer = event(quoted, {"Subject": "Re: [#1042] The door", "In-Reply-To": "<parent.1@customer.example>"})
    assert answer.references == (own("parent.1"), FIRST, PROVEN, Reference("ticket:1042"))


def test_the_subject_alone_belongs_to_no_case() -> None:
    assert event(headers={"Subject": "Re: The door does not open"}).kind == "Opened"


@pytest.mark.parametrize("prefix", ["Fwd:", "FW:", "WG:", "TR:", "RV:", "[ops] Fwd:", "Fwd[2]:", "转发："])
def test_a_forward_is_new_although_it_names_other_mails(prefix: str) -> None:
    forwarded = {"Subject": f"{prefix} Re: x", "In-Reply-To": "<parent.1@customer.example>"}
    opened = event(headers=forwarded)
    assert (opened.kind, opened.references) == ("Opened", (FIRST,))
    assert "id:parent.1@customer.example" not in opened.aliases


def test_a_forward_of_a_mail_of_ours_belongs_to_its_case() -> None:
    answer = event(headers={"Subject": "Fwd: x", "In-Reply-To": own_message_id(settings(), CASE, "1")})
    assert (answer.kind, answer.references) == ("Commented", (PROVEN, FIRST))


def test_an_answer_to_a_forward_is_an_answer() -> None:
    answered = {"Subject": "Re: Fwd: x", "In-Reply-To": "<parent.1@customer.example>"}
    assert event(headers=answered).kind == "Commented"


def test_those_who_are_written_to_take_part_but_not_the_source_itself() -> None:
    opened = event(
        headers={"Cc": f'"Grace, the" <GRACE@x.example>, {thread_address(settings(), CASE)}, (c) bob@x.example'}
    )
    assert opened.participants == ("ada@customer.example", "grace@x.example", "bob@x.example")


def test_more_ids_than_anybody_reads_are_cut() -> None:
    answer = event(headers={"References": " ".join(f"<number.{n:06}@x.example>" for n in range(5_000))})
    assert answer.references[0] == Reference("id:number.004999@x.example")
    assert len(answer.references) == 51


def test_a_mail_of_ours_is_recorded_and_makes_no_event() -> None:
    for headers in ({"Message-ID": own_message_id(settings(), CASE, "1")}, {"X-Loop": "Support@example.net"}):
        parsed = parse(mail(headers=dict(headers)))
        assert (parsed.events, len(parsed.ignored)) == ((), 1)
    assert parse(mail(headers={"X-Loop": "somebody@else.example"})).events


@pytest.mark.parametrize("number", ["", "A", "a b", "a.b", "x" * 41])
def test_a_number_that_no_message_id_can_hold_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="number of a Message-ID"):
        own_message_id(settings(), CASE, number)
