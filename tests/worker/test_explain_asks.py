"""`explain` says what is missing and what there is, and names the verdict on the sender of a mail."""

from __future__ import annotations

from pathlib import Path

import pytest

import connectors
from connectors import fixtures

from .commands import command, said

ALERT = fixtures("alertmanager")["firing"].body
MAILS = Path(connectors.__file__).parent / "email" / "fixtures"
TWO = {
    f"TICKETRELAY_SOURCES__{name}__{key}": value
    for name in ("PROM_A", "PROM_B")
    for key, value in (("KIND", "alertmanager"), ("SECRET", "0123456789abcdef0123"))
}
URL = "sqlite:///unused.db"


@pytest.fixture
def alert(tmp_path: Path) -> str:
    path = tmp_path / "alert.json"
    path.write_bytes(ALERT)
    return str(path)


def refused(*arguments: str) -> str:
    result = command(URL, "explain", *arguments, "--unverified", **TWO)
    assert (result.exit_code, result.stdout) == (2, "")
    return result.stderr


def test_of_several_sources_of_a_kind_one_must_be_named(alert: str) -> None:
    assert "--source is missing: several sources are of kind alertmanager: prom_a, prom_b" in refused(
        "alertmanager", alert
    )
    result = command(URL, "explain", "alertmanager", alert, "--source", "prom_b", "--unverified", **TWO)
    assert result.exit_code == 0


def test_a_source_in_place_of_its_kind_is_recognised(alert: str) -> None:
    assert "write `explain alertmanager FILE --source prom_a`" in refused("prom_a", alert)


def test_a_missing_file_or_kind_is_named_with_the_kinds_that_there_are(alert: str) -> None:
    assert "FILE is missing: give the kind of a source, and a file; there are: alertmanager" in refused(alert)
    assert "KIND and FILE are missing" in refused()


@pytest.mark.parametrize(
    ("mail", "more", "verdict"),
    [
        ("plain.eml", {}, "unknown: authserv_id is not set"),
        ("forged.eml", {"TICKETRELAY_SOURCES__EMAIL__AUTHSERV_ID": "mx.example.net"}, "fail: DMARC did not pass"),
    ],
)
def test_the_verdict_on_the_sender_of_a_mail_is_named(mail: str, more: dict[str, str], verdict: str) -> None:
    settings = {"TICKETRELAY_SOURCES__EMAIL__SECRET": "0123456789abcdef0123"} | more
    arguments = ("explain", "email", str(MAILS / mail), "--unverified")
    assert f"sender   {verdict}" in command(URL, *arguments, **settings).stdout.splitlines()
    assert said(command(URL, *arguments, "-o", "json", **settings))["verdict"] == verdict


def test_a_message_that_is_no_mail_has_no_verdict(alert: str) -> None:
    result = command(URL, "explain", "alertmanager", alert, "--source", "prom_a", "--unverified", "-o", "json", **TWO)
    assert said(result)["verdict"] is None
