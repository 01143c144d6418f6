"""Warnings about settings that are allowed but probably wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors import connector
from connectors.contract.settings import Secret, SourceSettings
from worker.settings import Source, load
from worker.settings.lints import LINTS, source_without_authentication, warnings
from worker.settings.loader import gather, judge
from worker.settings.models import Settings
from worker.settings.problems import Finding, render

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SLACK = {"TICKETRELAY_SOURCES__SLACK__SECRET": "correct horse"}
PUBLIC = {"TICKETRELAY_SERVER__LISTEN": "0.0.0.0:8080"}


def warned(environ: dict[str, str], file: Path | None = None) -> list[str]:
    return [render(each) for each in warnings(judge(gather(API | environ, file)))]


def test_defaults_give_no_warning() -> None:
    assert warned({}) == []
    assert warned(SLACK | PUBLIC) == []


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "relay.example.org:80"])
def test_the_development_secret_on_a_public_address_is_warned_of(listen: str) -> None:
    dev = {"TICKETRELAY_SOURCES__SLACK__SECRET": "dev-secret"}
    assert warned(dev | {"TICKETRELAY_SERVER__LISTEN": listen}) == [
        "warning: TICKETRELAY_SOURCES__SLACK__SECRET: the source 'slack' accepts the public secret 'dev-secret' "
        f"on {listen}; set a secret of your own: openssl rand -hex 24"
    ]
    for own in ("127.0.0.1:8080", "localhost:1", "[::1]:8080"):
        assert warned(dev | {"TICKETRELAY_SERVER__LISTEN": own}) == []


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("per_minute", "101", "101"),
        ("per_minute", "", "no limit"),
        ("per_second", "21", "21"),
        ("per_second", "", "no limit"),
    ],
)
def test_a_budget_above_the_documented_limit_is_warned_of(name: str, value: str, said: str) -> None:
    variable = f"TICKETRELAY_API__{name.upper()}"
    documented = {"per_minute": "100", "per_second": "20"}[name]
    (found,) = warned({variable: value})
    assert found.startswith(f"warning: {variable}: {name} is {said}, but the Tickets API documents {documented}")
    assert warned({variable: documented}) == []


def test_a_reopening_window_shorter_than_the_repeats_is_warned_of() -> None:
    prom = {
        "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "x",
        "TICKETRELAY_SOURCES__ALERTMANAGER__REPEAT_INTERVAL": "4h",
    }
    (found,) = warned(prom)
    assert "reopen_window (3600 s) is shorter than repeat_interval of 'alertmanager' (14400 s)" in found
    assert warned(prom | {"TICKETRELAY_POLICY__REOPEN_WINDOW": "4h"}) == []


def test_a_reopening_window_of_a_route_is_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "sources: {prom: {kind: alertmanager, repeat_interval: 4h}}\n"
        "policy: {reopen_window: 5h}\n"
        "routes:\n  - name: a\n    reopen_window: 10m\n"
    )
    (found,) = warned({"TICKETRELAY_SOURCES__PROM__SECRET": "x"}, file=file)
    assert found.startswith(f"{file}:5:20: warning: reopen_window (600 s) is shorter than repeat_interval of 'prom'")


def test_a_heartbeat_that_nobody_misses_is_warned_of() -> None:
    pings = {"TICKETRELAY_SOURCES__HEARTBEAT__SECRET": "x"}
    (found,) = warned(pings)
    assert "the source 'heartbeat' has no quiet_after" in found
    assert warned(pings | {"TICKETRELAY_SOURCES__HEARTBEAT__QUIET_AFTER": "5m"}) == []


def test_an_expiry_that_is_no_longer_than_the_repeats_is_warned_of() -> None:
    prom = {
        "TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "x",
        "TICKETRELAY_SOURCES__ALERTMANAGER__REPEAT_INTERVAL": "30m",
        "TICKETRELAY_SOURCES__ALERTMANAGER__EXPIRE_AFTER": "30m",
    }
    (found,) = warned(prom)
    assert "expire_after of 'alertmanager' (1800 s) is no longer than its repeat_interval (1800 s)" in found
    assert warned(prom | {"TICKETRELAY_SOURCES__ALERTMANAGER__EXPIRE_AFTER": "2h"}) == []


def test_a_secret_of_two_sources_is_warned_of() -> None:
    both = SLACK | {
        "TICKETRELAY_SOURCES__EMAIL__PREVIOUS_SECRET": "correct horse",
        "TICKETRELAY_SOURCES__EMAIL__AUTHSERV_ID": "mx.example.net",
    }
    (found,) = warned(both | {"TICKETRELAY_SOURCES__EMAIL__SECRET": "battery staple"})
    assert "the sources 'slack' and 'email' have the same secret" in found
    rotated = SLACK | {"TICKETRELAY_SOURCES__SLACK__PREVIOUS_SECRET": "correct horse"}
    assert warned(rotated) == []


@pytest.mark.parametrize("kind", ["email", "mailgun", "postmark", "ses"])
def test_mail_of_which_no_server_says_who_sent_it_is_warned_of(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"sources:\n  {kind}: {{trusted_arc: [lists.example]}}\n")
    source = f"TICKETRELAY_SOURCES__{kind.upper()}"
    mail = {f"{source}__SECRET": "correct horse"}
    (found,) = warned(mail)
    assert f"the source '{kind}' has no authserv_id: a mail with a forged From can write to tickets; set" in found
    (found,) = warned(mail, file)
    assert "can write to tickets, and trusted_arc without effect" in found
    assert warned(mail | {f"{source}__AUTHSERV_ID": "mx.example.net"}, file) == []


def test_what_everybody_knows_anyway_may_be_read_by_everybody(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("dev-secret\n")
    secret.chmod(0o644)
    assert warned({"TICKETRELAY_SOURCES__SLACK__SECRET_FILE": str(secret)}) == []


@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True), (0o604, True)])
def test_a_secret_that_everybody_may_read_is_warned_of(mode: int, is_open: bool, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse")
    secret.chmod(mode)
    found = warned({"TICKETRELAY_SOURCES__SLACK__SECRET_FILE": str(secret)})
    told = f"warning: TICKETRELAY_SOURCES__SLACK__SECRET_FILE: every user of this machine may read '{secret}' (mode {mode:04o}); run chmod o-rwx {secret}"  # noqa: E501
    assert found == ([told] if is_open else [])


def test_a_warning_stands_at_its_line_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "policy:\n  damping: 1m\n\nsources:\n  alertmanager:\n    repeat_interval: 2h\n\napi:\n  per_second: 50\n"
    )
    environ = API | {"TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "x"}
    found = sorted(render(each) for each in warnings(judge(gather(environ, file))))
    assert [each.split(" ")[0] for each in found] == [f"{file}:1:1:", f"{file}:9:15:"]
    assert found[1].splitlines()[1:] == [
        "  9 |   per_second: 50",
        "    |               ^^ remove it, unless you agreed on another limit",
    ]


class _Open(SourceSettings):
    secret: Secret | None = None  # type: ignore[assignment]  # a kind of others may have no secret at all


def test_a_source_that_believes_everybody_is_warned_of_on_a_public_address() -> None:
    of_others = Source("paper", connector("slack"), _Open())
    settings = load(API).model_copy(update={"sources": {"paper": of_others}})
    assert list(source_without_authentication(settings)) == []
    in_public = settings.model_copy(update={"server": settings.server.model_copy(update={"listen": "0.0.0.0:1"})})
    (found,) = source_without_authentication(in_public)
    assert (found.path, found.message) == (
        ("sources", "paper"),
        "the source 'paper' has no secret, and accepts messages from anybody on a public address",
    )


def test_the_table_of_lints_takes_more() -> None:
    def never(settings: Settings) -> list[Finding]:
        return [Finding(("policy", "damping"), f"{settings.policy.damping:g}", "do nothing")]

    (found,) = warnings(judge(gather(API)), (*LINTS, never))
    assert render(found) == "warning: TICKETRELAY_POLICY__DAMPING: 0; do nothing"
