"""Tests of the verdict of our own mail server on a sender: pass, fail, vouched for by another, or unknown."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.events import Event
from connectors.email.authentication import verdict
from connectors.email.mime import read_headers
from tests.connectors.email.mails import event, settings

OURS = "mx.example.net"
FROM = "From: Ada <ada@customer.example>\n"
FAILED = f"{OURS}; dmarc=fail header.from=customer.example"
SEAL = "i={}; a=rsa-sha256; cv=pass; d={}; s=arc; t=1; b=AAAA"


def judged(*results: str, sender: str = FROM, more: str = "", **trusted: Any) -> str:
    """Return the verdict on a mail with these Authentication-Results, from the top."""
    written = "".join(f"Authentication-Results: {each}\n" for each in results)
    return verdict(read_headers((written + more + sender).encode()), settings(authserv_id=OURS, **trusted)).result


@pytest.mark.parametrize(
    "results",
    [
        FAILED,
        f"{OURS}; dmarc=fail",
        f"{OURS} 1; dmarc=fail",
        "MX.Example.NET;DMARC=FAIL",
        '"mx.example.net"; dmarc=fail',
        f"(border) {OURS} (of us); dmarc=fail (p=reject dis=none) header.from=customer.example",
        f"{OURS};\n\tspf=pass\n\tsmtp.mailfrom=evil.example;\n\tdmarc=fail\n\theader.from=customer.example",
        f"{OURS}; dmarc = fail header . from = customer.example",
        f"{OURS}; dmarc/1=fail",
        f"{OURS}; dmarc(v1)=(no)fail",
        f"{OURS}; dmarc=fail header.from=customer.example header.from=customer.example",
        f"{OURS}; dmarc=fail header.from=elsewhere.example",
        f"{OURS}; dmarc=pass header.from=customer.example; dmarc=fail header.from=customer.example",
        f"{OURS}; dkim=pass header.d=customer.example; dmarc=fail",
        f"{OURS}; spf=pass smtp.mailfrom=a(b@evil.example; dmarc=fail (p=reject) header.from=customer.example",
        f"{OURS}; spf=pass smtp.mailfrom=a(b@evil.example; dmarc=fail; iprev=pass smtp.helo=c)d",
        f'{OURS}; spf=pass smtp.mailfrom="a@evil.example; dmarc=fail header.from=customer.example',
    ],
)
def test_a_fail_is_one_however_it_is_written_and_whatever_the_sender_put_around_it(results: str) -> None:
    assert judged(results) == "fail"


@pytest.mark.parametrize(
    "results",
    [
        f"{OURS}; none",
        OURS,
        "",
        f"{OURS}; dmarc=none header.from=customer.example",
        f"{OURS}; dmarc=temperror header.from=customer.example",
        f"{OURS}; dmarc=permerror",
        f"{OURS}; dmarc=bestguesspass header.from=customer.example",
        f"{OURS}; dmarc=failed",
        f"{OURS}; dkim=fail header.d=customer.example; spf=fail smtp.mailfrom=customer.example",
        f"{OURS}; x-dmarc=fail",
        f"{OURS}; arc=fail (dmarc=fail)",
        f"{OURS}; dmarc=pass",
        f"{OURS}; dmarc=pass header.from=mail.customer.example",
        f"{OURS} 2; dmarc=pass header.from=customer.example",
        f"x{OURS}; dmarc=fail",
        "mx; dmarc=fail",
    ],
)
def test_anything_else_is_unknown(results: str) -> None:
    assert judged(results) == "unknown"


@pytest.mark.parametrize("filler", [" ", "smtp .", "header.", "(", "((", ";", "; dmarc ", "=", "/", '"', "\\", "a=b "])
def test_a_header_of_the_greatest_length_is_read_in_a_pass_over_it(filler: str) -> None:
    """With a search that begins anew at each character, each of these would take minutes."""
    long = filler * (30_000 // len(filler))
    for report in (f"{OURS}; dmarc{long}fail", f"{long}; dmarc=fail", f"{OURS};{long}"):
        assert judged(*[report] * 7, more=f"ARC-Seal: {report}\n" * 7) in ("fail", "unknown")


def test_without_a_header_or_without_a_trusted_server_a_sender_is_unknown() -> None:
    assert judged() == "unknown"
    headers = read_headers(f"Authentication-Results: {FAILED}\n{FROM}".encode())
    assert verdict(headers, settings()).result == "unknown"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([FAILED, f"{OURS}; dmarc=pass header.from=customer.example"], "fail"),
        ([f"{OURS}; dmarc=pass header.from=customer.example", FAILED], "pass"),
        ([f"{OURS}; spf=pass", f"{OURS}; dmarc=pass header.from=customer.example"], "unknown"),
        ([f"{OURS}; spf=pass", FAILED], "unknown"),
        (["relay.example; spf=none", FAILED], "fail"),
        # A server that we do not know may have left a forged header below its own.
        (["relay.example; spf=none", f"{OURS}; dmarc=pass header.from=customer.example"], "unknown"),
        (["relay.example; dmarc=fail", "evil.example; dmarc=pass header.from=customer.example"], "unknown"),
    ],
)
def test_only_the_topmost_header_of_our_server_counts_and_a_pass_must_be_on_top(
    results: list[str], expected: str
) -> None:
    assert judged(*results) == expected


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (FROM, "pass"),
        ("From: Friends: ada@customer.example;\n", "pass"),
        ("From: =?utf-8?q?Ada?= <ADA@Customer.Example>\n", "pass"),
        ("From: ada@customer.example, eve@evil.example\n", "fail"),
        ("From: Friends: ada@customer.example, bob@customer.example;\n", "fail"),
        ("From: ada@customer.example\nFrom: eve@customer.example\n", "fail"),
        ("Sender: ada@customer.example\n", "fail"),
        ("From: nobody:;\nSender: ada@customer.example\n", "fail"),
        ("From: eve@evil.example\n", "fail"),
        ("From: customer.example:eve@evil.example;\n", "fail"),
        ("From: root\n", "unknown"),
        ("From: eve@sub.customer.example\n", "unknown"),
    ],
)
def test_a_pass_is_for_the_only_address_in_from(sender: str, expected: str) -> None:
    """A pass of an unrelated domain shows that the server read another author than we do."""
    assert judged(f"{OURS}; dmarc=pass header.from=customer.example", sender=sender) == expected


def test_a_domain_is_the_same_in_both_of_its_spellings() -> None:
    sender = "From: ada@bücher.example\n"
    assert judged(f"{OURS}; dmarc=pass header.from=xn--bcher-kva.example", sender=sender) == "pass"
    assert judged(f"{OURS}; dmarc=pass header.from=BÜCHER.example.", sender=sender) == "pass"
    assert judged(f"{OURS}; dmarc=pass header.from=ada@{'ü' * 9000}.example", sender=sender) == "fail"


def arc(*sets: tuple[int, str, str]) -> str:
    """Return the ARC headers of these sealers, each with its number, its domain and its own results."""
    return "".join(
        f"ARC-Seal: {SEAL.format(number, domain)}\nARC-Authentication-Results: i={number}; {domain}; {said}\n"
        for number, domain, said in sets
    )


SEALED = f"{OURS}; arc=pass; dmarc=fail header.from=customer.example"
LISTED = (1, "lists.example", "dmarc=pass header.from=customer.example")


@pytest.mark.parametrize(
    ("results", "headers", "expected"),
    [
        (SEALED, arc(LISTED), "vouched"),
        (SEALED, arc((1, "lists.example", "spf=pass")), "vouched"),
        (SEALED, arc((2, "LISTS.example", "dmarc=pass"), (1, "other.example", "dmarc=fail")), "vouched"),
        (SEALED, arc((1, "other.example", "dmarc=pass"), (2, "lists.example", "dmarc=pass")), "vouched"),
        (SEALED, arc((2, "other.example", "dmarc=pass"), LISTED), "fail"),
        (SEALED, arc((1, "lists.example", "dmarc=fail header.from=customer.example")), "fail"),
        (SEALED, arc((1, "lists.example", "dmarc=pass header.from=evil.example")), "fail"),
        (SEALED, arc((1, "evil-lists.example", "dmarc=pass")), "fail"),
        (SEALED, f"ARC-Seal: {SEAL.format(1, 'lists.example')}\n", "fail"),
        (SEALED, f"{arc(LISTED)}ARC-Seal: {SEAL.format(1, 'lists.example')}\n", "fail"),
        (SEALED, arc(LISTED).replace("d=lists", "d=x; d=lists"), "fail"),
        (SEALED, arc(LISTED).replace("i=1", "i=one"), "fail"),
        (SEALED, "", "fail"),
        (FAILED, arc(LISTED), "fail"),
        (f"{FAILED}; arc=fail", arc(LISTED), "fail"),
        (f"{SEALED}; arc=none", arc(LISTED), "fail"),
        (f"{FAILED}; (arc=pass) spf=pass", arc(LISTED), "fail"),
    ],
)
def test_the_last_sealer_vouches_if_we_trust_it_and_our_server_checked_the_chain(
    results: str, headers: str, expected: str
) -> None:
    assert judged(results, more=headers, trusted_arc=["Lists.example"]) == expected
    assert judged(results, more=headers) == "fail"


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (f"{FAILED}; dkim=pass header.d=lists.example", "vouched"),
        (f"{FAILED}; dkim=fail header.d=customer.example; dkim=pass header.i=@lists.example", "vouched"),
        (f"{FAILED}; spf=pass smtp.mailfrom=bounces@lists.example", "vouched"),
        (f"{FAILED}; spf=pass smtp.mailfrom=lists.example", "vouched"),
        (f"{FAILED}; spf=softfail smtp.mailfrom=lists.example", "fail"),
        (f"{FAILED}; spf=pass smtp.mailfrom=sub.lists.example", "fail"),
        (f"{FAILED}; spf=pass smtp.helo=lists.example", "fail"),
        (f"{FAILED}; dkim=pass header.d=evil.example header.d=lists.example", "fail"),
        (f"{FAILED}; spf=pass smtp.mailfrom=lists.example@evil.example", "fail"),
    ],
)
def test_a_trusted_forwarder_vouches_where_our_server_saw_its_signature_or_its_envelope(
    results: str, expected: str
) -> None:
    assert judged(results, trusted_forwarders=["lists.example"]) == expected
    assert judged(f"relay.example; spf=none\nAuthentication-Results: {results}", trusted_forwarders=[]) == "fail"


def test_nobody_vouches_for_a_from_with_two_addresses() -> None:
    sender = "From: ada@customer.example, eve@evil.example\n"
    signed = f"{FAILED}; dkim=pass header.d=lists.example"
    assert judged(signed, sender=sender, trusted_forwarders=["lists.example"]) == "fail"


def said(results: str | None, **used: Any) -> Event:
    return event(headers={"Authentication-Results": results}, used=settings(**({"authserv_id": OURS} | used)))


@pytest.mark.parametrize("unverified", ["accept", "mark", "stranger"])
def test_an_event_says_whether_its_author_is_doubted_or_a_stranger(unverified: str) -> None:
    passed = said(f"{OURS}; dmarc=pass header.from=customer.example", unverified=unverified)
    assert (passed.doubt, passed.stranger, passed.joins) == (None, False, True)
    failed = said(FAILED, unverified=unverified)
    assert failed.stranger
    assert "somebody else than ada@customer.example" in (failed.doubt or "")
    unknown = said(None, unverified=unverified)
    assert unknown.stranger == (unverified == "stranger")
    assert (unknown.doubt is None) == (unverified == "accept")
    nobody = said(FAILED, unverified=unverified, authserv_id=None)
    assert (nobody.doubt, nobody.stranger) == (None, False)


def test_the_verdict_is_an_attribute_where_a_server_is_trusted_and_changes_no_identity() -> None:
    events = [said(results) for results in (f"{OURS}; dmarc=pass header.from=customer.example", FAILED, None)]
    assert [dict(each.attributes)["verdict"] for each in events] == ["pass", "fail", "unknown"]
    assert "verdict" not in dict(said(FAILED, authserv_id=None).attributes)
    assert len({(each.case_key, each.source_message_id, each.content_digest, each.text) for each in events}) == 1


@pytest.mark.parametrize("bad", ["*.example", "a b", "", "x" * 300, "ada@lists.example"])
def test_a_trusted_domain_is_a_domain(bad: str) -> None:
    for name in ("trusted_arc", "trusted_forwarders"):
        with pytest.raises(ValidationError):
            settings(**{name: [bad]})
