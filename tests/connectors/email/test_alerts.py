"""Tests of alert mails: the source's rules decide which mails are alerts, and set their case, state and labels."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connectors.contract.events import Event
from connectors.email.settings import Settings
from tests.connectors.email.mails import event, settings

NAGIOS: dict[str, Any] = {
    "name": "nagios",
    "sender": "nagios@*.example.net",
    "subject": r"^\*\* (?P<kind>\w+) Service Alert: (?P<host>[^/]+)/(?P<service>.+) is (?P<state>\w+) \*\*$",
    "case": ["host", "service"],
    "firing": "WARNING|CRITICAL|UNKNOWN",
    "recovery": "^OK$",
    "priority": "high",
}
CRON: dict[str, Any] = {
    "name": "cron",
    "sender": "root@db-?.example.net",
    "text": r"job (?P<job>\S+) on (?P<host>\S+)",
    "case": ["host", "job"],
    "firing": "failed",
    "repeat": "still",
    "recovery": "fine",
}


def alert(subject: str, body: str = "x\n", sender: str = "nagios@mon.example.net", **more: Any) -> Event:
    used: Settings = settings(alerts=[NAGIOS, CRON], **more)
    return event(body, {"Subject": subject, "From": sender}, used)


def test_a_mail_that_a_rule_fits_names_case_state_and_labels() -> None:
    found = alert("** PROBLEM Service Alert: db-1/disk /srv is CRITICAL **")
    assert (found.kind, found.case_key) == ("Opened", "alert:nagios:host=db-1,service=disk /srv")
    assert (found.priority, found.severity, found.authority) == ("high", "firing", "source")
    said = dict(found.attributes)
    assert (said["rule"], said["state"], said["labels.host"], said["labels.state"]) == (
        "nagios", "firing", "db-1", "CRITICAL",
    )  # fmt: skip
    assert (found.references, found.exchange) == ((), None)
    assert "id:first.1@customer.example" in found.aliases


def test_its_end_has_the_same_case_and_another_message_id() -> None:
    began = alert("** PROBLEM Service Alert: db-1/disk is CRITICAL **")
    ended = alert("** RECOVERY Service Alert: db-1/disk is OK **")
    assert (ended.kind, ended.case_key) == ("Resolved", began.case_key)
    assert ended.source_message_id != began.source_message_id


@pytest.mark.parametrize(
    ("subject", "kind"), [("It failed", "Opened"), ("It still failed", "Commented"), ("All is fine", "Resolved")]
)
def test_without_a_group_for_it_the_subject_says_the_state(subject: str, kind: str) -> None:
    found = alert(subject, "This is job nightly on db-1\n", "root@db-1.example.net")
    assert (found.kind, found.case_key) == (kind, "alert:cron:host=db-1,job=nightly")


@pytest.mark.parametrize(
    ("subject", "sender"),
    [
        ("** PROBLEM Service Alert: db-1/disk is CRITICAL **", "eve@elsewhere.example"),
        ("** PROBLEM Service Alert: db-1/disk is CRITICAL **", "nagios@mon.example.net.evil.example"),
        ("** PROBLEM Service Alert: db-1/disk is PENDING **", "nagios@mon.example.net"),
        ("Re: ** PROBLEM Service Alert: db-1/disk is CRITICAL **", "nagios@mon.example.net"),
        ("It failed", "root@db-1.example.net"),
        ("Hello", "root@db-10.example.net"),
    ],
)
def test_what_no_rule_fits_is_a_mail_like_any(subject: str, sender: str) -> None:
    found = alert(subject, sender=sender)
    assert (found.kind, found.case_key[:5]) == ("Opened", "mail:")


def test_values_that_are_long_or_odd_stand_as_digests_and_are_told_apart() -> None:
    keys = {
        alert(f"** PROBLEM Service Alert: {host}/{service} is CRITICAL **").case_key
        for host, service in [("a", "b,service=c"), ("a,service=b", "c"), ("x" * 100, "y"), ("x" * 101, "y")]
    }
    assert len(keys) == 4
    assert all(len(each) < 200 for each in keys)


def test_two_alerts_with_one_message_id_and_second_are_two() -> None:
    one, two = (alert(f"** PROBLEM Service Alert: {host}/disk is CRITICAL **") for host in ("db-1", "db-2"))
    assert one.source_message_id != two.source_message_id


def test_an_expression_that_would_not_end_elsewhere_ends_here() -> None:
    rule = NAGIOS | {"subject": "(?P<host>(a+)+)b", "case": ["host"]}
    found = event(headers={"Subject": "a" * 5_000, "From": "nagios@mon.example.net"}, used=settings(alerts=[rule]))
    assert found.case_key.startswith("mail:")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"subject": "("}, "cannot be read as RE2"),
        ({"subject": r"(?P<host>a)\1"}, "cannot be read as RE2"),
        ({"case": ["nobody"]}, "case: names 'nobody'"),
        ({"firing": None}, "firing, repeat: give at least one"),
        ({"subject": None, "case": []}, "subject, text: give at least one"),
        ({"name": "Nagios!"}, "pattern"),
        ({"sender": ""}, "at least 3"),
        ({"unheard": 1}, "not permitted"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        settings(alerts=[NAGIOS | changes])
