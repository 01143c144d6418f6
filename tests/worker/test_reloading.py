"""Reloading of settings: what changes, what needs a restart, and who may ask for it."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client import generate_latest

from tests.no_tls import NO_TLS
from tickets.listening import listen
from worker.reloading import Change, Reloader, compared
from worker.reloading.control import Control, control_app, refusal, unix_listener
from worker.runtime.metrics import Metrics
from worker.settings import Settings, SettingsError, load
from worker.settings.current import Current
from worker.settings.loader import gather, judge

BASE = {
    "TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1",
    "TICKETRELAY_API__KEY": "ak_hidden",
    "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
    "TICKETRELAY_SOURCES__PROM__SECRET": "hunter2",
}
ROUTES = (
    "routes:\n- name: payments\n  match: ['labels.team=pay']\n  priority: high\n"
    "- name: rest\n  category: other\n  continue: true\n"
)
NOTHING = "policy: {}\n"
TOKEN = "token-of-the-test"


def settings(text: str = NOTHING, **environ: str) -> Settings:
    path = Path("c.yaml")
    path.write_text(text, encoding="utf-8")
    return load({**BASE, **environ}, file=path)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def reloader(metrics: Metrics | None = None) -> Reloader:
    Path("c.yaml").write_text(NOTHING, encoding="utf-8")
    first = judge(gather(BASE, Path("c.yaml")))
    return Reloader(Current(first), lambda: judge(gather(BASE, Path("c.yaml"))), metrics or Metrics(), lambda: 1000.0)


def test_every_kind_of_change_is_named_and_no_secret_is_shown() -> None:
    old = settings(ROUTES, TICKETRELAY_SOURCES__SLACK__SECRET="hunter3")
    new = settings(
        "routes:\n- name: first\n  category: x\n  continue: true\n- name: rest\n  category: other\n  continue: true\n"
        "- name: payments\n  match: ['labels.team=pay']\n  priority: urgent\n"
        "templates:\n  short: '{{ subject }}'\npolicy:\n  damping: 30\n",
        TICKETRELAY_SOURCES__PROM__SECRET="hunter4",
        TICKETRELAY_SOURCES__SENTRY__SECRET="hunter5",
        TICKETRELAY_API__PER_MINUTE="60",
    )
    changes = compared(old, new)
    assert set(changes.taken) == {
        Change("routes", "moved"),
        Change("routes.payments", "changed"),
        Change("routes.first", "new"),
        Change("templates.short", "new"),
        Change("policy.damping", "changed"),
        Change("sources.prom.secret", "changed"),
        Change("sources.slack", "removed"),
        Change("sources.sentry", "new"),
        Change("api.per_minute", "changed"),
    }
    assert changes.needs_restart == ()
    assert "hunter" not in repr((changes.taken, changes.needs_restart))
    assert changes.settings == new


def test_what_needs_a_restart_is_named_and_keeps_its_old_value() -> None:
    old = settings()
    new = settings(
        "server:\n  listen: 127.0.0.1:9\n  max_body: 7\nledger:\n  url: sqlite:///other.db\nbroker:\n  queue: other\n"
        "api:\n  revision: B\n  in_flight: 3\ntiming:\n  lease: 2m\npolicy:\n  damping: 5\n",
        TICKETRELAY_API__KEY="ak_other",
    )
    changes = compared(old, new)
    assert [each.setting for each in changes.needs_restart] == [
        "server.listen", "server.max_body", "ledger.url", "broker.queue",
        "api.key", "api.revision", "api.in_flight", "timing.lease",
    ]  # fmt: skip
    assert changes.taken == (Change("policy.damping", "changed"),)
    for section in ("server", "ledger", "broker", "api", "timing"):
        assert getattr(changes.settings, section) == getattr(old, section)
    assert changes.settings.sources["prom"].routing.policy.damping == 5


def test_the_budget_of_another_api_is_not_taken_for_that_of_this_one() -> None:
    old = settings()
    new = settings(TICKETRELAY_API__URL="http://127.0.0.1:2/api/v1", TICKETRELAY_API__PER_MINUTE="5000")
    changes = compared(old, new)
    assert {each.setting for each in changes.needs_restart} == {"api.url", "api.per_minute"}
    assert changes.settings.api == old.api


def test_the_same_settings_are_no_change() -> None:
    changes = compared(settings(ROUTES), settings(ROUTES))
    assert (changes.taken, changes.needs_restart) == ((), ())


def test_a_bad_file_changes_nothing_is_counted_and_the_next_good_one_is_taken() -> None:
    metrics = Metrics()
    tested = reloader(metrics)
    before = tested.current()
    Path("c.yaml").write_text("policy:\n  damping: soon\nroutes: 7\n", encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        tested.reload()
    assert any("c.yaml:2" in each for each in refused.value.problems)
    assert tested.current() is before
    assert b"ticketrelay_config_reload_failed_total 1.0" in generate_latest(metrics.registry)
    assert b"ticketrelay_config_last_reload_successful 0.0" in generate_latest(metrics.registry)
    Path("c.yaml").write_text("policy:\n  damping: 5\n", encoding="utf-8")
    tested.reload()
    assert tested.current().policy.damping == 5
    assert b"ticketrelay_config_last_reload_successful 1.0" in generate_latest(metrics.registry)
    assert b"ticketrelay_config_loaded_timestamp_seconds 1000.0" in generate_latest(metrics.registry)


@pytest.mark.parametrize(
    ("control", "said"),
    [
        ("0.0.0.0:8083", "must be a loopback address"),
        ("192.0.2.7:8083", "must be a loopback address"),
        ("127.evil.example:8083", "must be a loopback address"),
        ("127.0.0.1:8083", "needs control_token_file"),
        ("[::1]:8083", "needs control_token_file"),
        ("127.0.0.1", "must be unix:/PATH or HOST:PORT"),
        ("127.0.0.1:99999", "must be unix:/PATH or HOST:PORT"),
        ("", "must be unix:/PATH or HOST:PORT"),
        ("unix:control.sock", "an absolute path"),
        ("unix:", "an absolute path"),
        ("unix:/" + "a" * 200, "at most 107 bytes"),
    ],
)
def test_a_control_listener_that_others_could_reach_is_refused_when_settings_are_read(control: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(TICKETRELAY_SERVER__CONTROL=control)
    assert said in str(refused.value)


def test_a_blank_token_is_refused() -> None:
    with pytest.raises(SettingsError):
        settings(TICKETRELAY_SERVER__CONTROL="127.0.0.1:8083", TICKETRELAY_SERVER__CONTROL_TOKEN=" ")


@pytest.mark.parametrize(
    ("host", "passes"),
    [
        ("127.0.0.1:8083", True), ("localhost", True), ("[::1]:8083", True), ("LOCALHOST:1", True),
        ("evil.example", False), ("evil.example:8083", False), ("127.0.0.1.evil.example:8083", False),
        ("localhost.evil.example", False), ("", False), ("192.168.0.1", False), ("0.0.0.0:8083", False),
    ],
)  # fmt: skip
def test_a_host_that_is_not_this_machine_is_refused(host: str, passes: bool) -> None:
    assert (refusal(host, None, f"Bearer {TOKEN}", TOKEN) is None) == passes


@contextmanager
def controlled(listener: socket.socket, token: str | None) -> Iterator[Reloader]:
    tested = reloader()
    control = Control(listener, control_app(tested, token))
    control.start()
    try:
        yield tested
    finally:
        control.stop()


def test_over_tcp_only_who_has_the_token_and_is_no_page_reloads() -> None:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    good = {"Authorization": f"Bearer {TOKEN}"}
    with controlled(listener, TOKEN) as tested, httpx.Client(base_url=url, trust_env=False, verify=NO_TLS) as client:
        Path("c.yaml").write_text("policy:\n  damping: 5\n", encoding="utf-8")
        refused: list[tuple[int, dict[str, str]]] = [
            (401, {}),
            (401, {"Authorization": "Bearer"}),
            (401, {"Authorization": "Bearer wrong"}),
            (403, good | {"Origin": "http://127.0.0.1"}),
            (403, good | {"Origin": "null"}),
            (421, good | {"Host": "evil.example"}),
        ]
        for status, headers in refused:
            assert client.post("/reload", headers=headers).status_code == status
            assert client.get("/config", headers=headers).status_code == status
        assert tested.current().policy.damping == 0
        assert client.get("/reload", headers=good).status_code == 405
        told = client.post("/reload", headers=good)
        assert (told.status_code, told.json()) == (
            200, {"changed": [{"setting": "policy.damping", "what": "changed"}], "needs_restart": [], "warnings": []},
        )  # fmt: skip
        assert tested.current().policy.damping == 5
        Path("c.yaml").write_text("policy:\n  dampin: 5\n", encoding="utf-8")
        told = client.post("/reload", headers=good)
        assert told.status_code == 422
        assert "did you mean 'damping'?" in told.json()["problems"][0]
        shown = client.get("/config", headers=good).text
        assert "damping: 5" in shown
        assert not any(secret in shown for secret in ("ak_hidden", "hunter2", TOKEN))
        as_json = client.get("/config", headers=good | {"Accept": "application/json"}).json()
        assert as_json["policy"]["damping"] == 5


def test_a_unix_socket_is_its_owners_alone_needs_no_token_and_goes_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with controlled(unix_listener(path), None):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost") as client:
            assert client.post("/reload").status_code == 200
            assert client.post("/reload", headers={"Host": "evil.example"}).status_code == 421
            assert client.post("/reload", headers={"Origin": "http://localhost"}).status_code == 403
        with pytest.raises(OSError, match="in use"):
            unix_listener(path)
    assert not path.exists()


def test_a_socket_of_a_dead_process_is_taken_over_and_a_file_never(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    unix_listener(path).close()
    path.unlink()
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(OSError, match="not a socket"):
        unix_listener(path)
    assert path.read_text(encoding="utf-8") == "mine"
