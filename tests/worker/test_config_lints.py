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
from worker.settings.permissions import open_to_others
from worker.settings.problems import Finding, render

EXAMPLE = Path(__file__).parents[2] / "deploy/dev-secrets/source.secret"
API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SLACK = {"TICKETRELAY_SOURCES__SLACK__SECRET": "correct horse"}
PUBLIC = {"TICKETRELAY_SERVER__LISTEN": "0.0.0.0:8080"}


def warned(environ: dict[str, str], file: Path | None = None) -> list[str]:
    return [render(each) for each in warnings(judge(gather(API | environ, file)))]


def test_defaults_give_no_warning() -> None:
    assert warned({}) == []
    assert warned(SLACK | PUBLIC) == []


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "[::]:8080", "relay.example.org:80"])
def test_the_secret_of_the_examples_on_a_public_address_is_warned_of(listen: str) -> None:
    dev = {"TICKETRELAY_SOURCES__SLACK__SECRET": EXAMPLE.read_text().strip()}
    assert warned(dev | {"TICKETRELAY_SERVER__LISTEN": listen}) == [
        "warning: TICKETRELAY_SOURCES__SLACK__SECRET: the source 'slack' accepts the public secret "
        f"'public-secret-of-the-examples' on {listen}; make one of your own with `ticketrelay secret new`"
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


def opened(environ: dict[str, str]) -> list[str]:
    return [render(each) for each in open_to_others(judge(gather(API | environ)))]


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
@pytest.mark.parametrize(("mode", "is_open"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_ledger_that_everybody_may_read_is_warned_of(tmp_path: Path, end: str, mode: int, is_open: bool) -> None:
    tmp_path.chmod(0o750)
    file = tmp_path / f"ledger.db{end}"
    file.touch()
    file.chmod(mode)
    found = opened({"TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}"})
    told = f"warning: TICKETRELAY_LEDGER__URL: every user of this machine may read the ledger '{file}' (mode {mode:04o}); run chmod o-rwx {file}"  # noqa: E501
    assert found == ([told] if is_open else [])


@pytest.mark.parametrize(("mode", "is_open"), [(0o700, False), (0o750, False), (0o755, True), (0o701, True)])
def test_a_data_folder_that_everybody_may_enter_is_warned_of(tmp_path: Path, mode: int, is_open: bool) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    folder.chmod(mode)
    found = opened({"TICKETRELAY_LEDGER__URL": f"sqlite:///{folder / 'ledger.db'}"})
    told = f"warning: TICKETRELAY_LEDGER__URL: every user of this machine may enter the folder of the ledger, '{folder}' (mode {mode:04o}); run chmod o-rwx {folder}"  # noqa: E501
    assert found == ([told] if is_open else [])


def test_what_is_missing_is_not_warned_of(tmp_path: Path) -> None:
    assert opened({"TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'no' / 'ledger.db'}"}) == []
    assert opened({"TICKETRELAY_LEDGER__URL": "postgresql://127.0.0.1/ledger"}) == []


def test_a_key_or_token_in_a_file_that_everybody_may_read_is_warned_of(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    key, token = tmp_path / "smtp.key", tmp_path / "refresh.token"
    for each in (key, token):
        each.touch()
        each.chmod(0o644)
    mailbox = "TICKETRELAY_SOURCES__EMAIL__IMAP__MAIN__"
    environ = {
        "TICKETRELAY_LEDGER__URL": f"sqlite:///{tmp_path / 'ledger.db'}",
        "TICKETRELAY_SMTP__CERTIFICATE_KEY": str(key),
        "TICKETRELAY_SOURCES__EMAIL__SECRET": "x" * 16,
        f"{mailbox}PRESET": "gmail",
        f"{mailbox}USER": "ada",
        f"{mailbox}OAUTH__CLIENT_ID": "id",
        f"{mailbox}OAUTH__TOKEN_STORE": str(token),
    }
    told = opened(environ)
    assert [each.partition(";")[0] for each in told] == [
        f"warning: TICKETRELAY_SMTP__CERTIFICATE_KEY: every user of this machine may read the key or token in '{key}' (mode 0644)",  # noqa: E501
        f"warning: {mailbox}OAUTH__TOKEN_STORE: every user of this machine may read the key or token in '{token}' (mode 0644)",  # noqa: E501
    ]
