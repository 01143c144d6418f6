"""Origins of settings, and the messages about wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from worker.settings import Settings, SettingsError, load
from worker.settings.loader import gather
from worker.settings.problems import variable

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SECRET = "TICKETRELAY_SOURCES__PROM__SECRET"
SOURCE = {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager", SECRET: "correct horse"}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(API | environ)
    return caught.value.problems


def problem(environ: dict[str, str]) -> str:
    (found,) = problems(environ)
    return found


def test_what_nobody_set_has_a_default() -> None:
    settings = load(API)
    assert settings.server.listen == "127.0.0.1:8080"
    assert (settings.api.per_minute, settings.api.per_second, settings.api.revision) == (100, 20, "A")
    assert (settings.timing.http_timeout, settings.timing.lease, settings.timing.ghost_wait) == (20, 60, 60)
    assert settings.sources == {}


def test_the_environment_sets_every_section() -> None:
    settings = load(
        API
        | SOURCE
        | {
            "TICKETRELAY_SERVER__LISTEN": "[::1]:9000",
            "TICKETRELAY_LEDGER__URL": "postgresql://127.0.0.1/relay",
            "TICKETRELAY_BROKER__URL": "redis://127.0.0.1/0",
            "TICKETRELAY_API__REVISION": "B",
            "TICKETRELAY_TIMING__DISPATCH_INTERVAL": "0.5",
            "TICKETRELAY_POLICY__NOTE_ON_CHANGE": "false",
            "TICKETRELAY_SOURCES__PROM__CATEGORY": "storage",
        }
    )
    assert (settings.server.listen, settings.broker.url) == ("[::1]:9000", "redis://127.0.0.1/0")
    assert (settings.ledger.url, settings.api.revision) == ("postgresql://127.0.0.1/relay", "B")
    assert (settings.timing.dispatch_interval, settings.policy.note_on_change) == (0.5, False)
    source = settings.sources["prom"]
    assert (source.id, source.connector.kind, source.settings.category) == ("prom", "alertmanager", "storage")
    assert source.settings.secrets == (b"correct horse",)


@pytest.mark.parametrize("url", ["postgres://127.0.0.1/relay", "postgresql://127.0.0.1/relay"])
def test_a_database_of_postgresql_may_have_either_scheme(url: str) -> None:
    assert load(API | {"TICKETRELAY_LEDGER__URL": url}).ledger.url == "postgresql://127.0.0.1/relay"


def test_a_source_named_like_its_kind_needs_no_kind() -> None:
    settings = load(API | {"TICKETRELAY_SOURCES__ALERTMANAGER__SECRET": "correct horse"})
    assert settings.sources["alertmanager"].connector.kind == "alertmanager"


def test_flags_come_before_the_environment_and_the_environment_before_defaults() -> None:
    listen = {"TICKETRELAY_SERVER__LISTEN": "127.0.0.1:2"}
    below, above = {"server": {"listen": "127.0.0.1:1"}}, {"server": {"listen": "127.0.0.1:3"}}
    assert load(API, defaults=below).server.listen == "127.0.0.1:1"
    assert load(API | listen, defaults=below).server.listen == "127.0.0.1:2"
    assert load(API | listen, defaults=below, overrides=above).server.listen == "127.0.0.1:3"


def test_a_value_can_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse\r\n", encoding="utf-8")
    settings = load(API | {"TICKETRELAY_SOURCES__ALERTMANAGER__SECRET_FILE": str(secret)})
    assert settings.sources["alertmanager"].settings.secrets == (b"correct horse",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing, binary = tmp_path / "missing", tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path, why in [(missing, "No such file"), (tmp_path, "directory"), (binary, "not UTF-8")]:
        found = problems(SOURCE | {"TICKETRELAY_SOURCES__PROM__CATEGORY_FILE": str(path)})
        assert any("CATEGORY_FILE" in each and str(path) in each and why in each for each in found)


def test_a_value_and_its_file_cannot_both_be_given(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("battery staple", encoding="utf-8")
    found = problem(SOURCE | {f"{SECRET}_FILE": str(path)})
    assert found == f"{SECRET}_FILE: {SECRET} is set too: remove one of the two"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        (
            "TICKETRELAY_TIMING__GHOSTWAIT",
            "TICKETRELAY_TIMING__GHOSTWAIT: there is no such setting; did you mean TICKETRELAY_TIMING__GHOST_WAIT?",
        ),
        (
            "TICKETRELAY_SERVERS__LISTEN",
            "TICKETRELAY_SERVERS: there is no such setting; did you mean TICKETRELAY_SERVER?",
        ),
        ("TICKETRELAY_SERVER_LISTEN", "no such setting; did you mean TICKETRELAY_SERVER__LISTEN?"),
        (
            "TICKETRELAY_SOURCES__PROM__SECERT",
            "TICKETRELAY_SOURCES__PROM__SECERT: there is no such setting; "
            "did you mean TICKETRELAY_SOURCES__PROM__SECRET?",
        ),
        ("TICKETRELAY_BROKER__URI", "did you mean TICKETRELAY_BROKER__URL?"),
        ("TICKETRELAY_XYZZY", "TICKETRELAY_XYZZY: there is no such setting"),
        ("TICKETRELAY_API__XYZZY", "TICKETRELAY_API__XYZZY: there is no such setting"),
    ],
)
def test_an_unknown_setting_is_refused_with_what_was_probably_meant(name: str, meant: str) -> None:
    assert problem(SOURCE | {name: "1"}).endswith(meant)


def test_variables_of_others_and_of_the_tests_are_left_alone() -> None:
    assert load(API | {"PATH": "/bin", "TICKETRELAYS": "x", "TICKETRELAY_TEST_REDIS": "redis://"}).sources == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TICKETRELAY_SERVER__LISTEN", "8080"),
        ("TICKETRELAY_SERVER__LISTEN", "::1:8080"),
        ("TICKETRELAY_SERVER__MAX_BODY", "0"),
        ("TICKETRELAY_SERVER__MAX_BODY", "much"),
        ("TICKETRELAY_LEDGER__URL", "mysql://127.0.0.1/relay"),
        ("TICKETRELAY_LEDGER__URL", "sqlite://"),
        ("TICKETRELAY_BROKER__URL", "http://127.0.0.1"),
        ("TICKETRELAY_API__URL", "ftp://127.0.0.1"),
        ("TICKETRELAY_API__REVISION", "C"),
        ("TICKETRELAY_API__PER_MINUTE", "0"),
        ("TICKETRELAY_API__IN_FLIGHT", "0"),
        ("TICKETRELAY_TIMING__LEASE", "0"),
        ("TICKETRELAY_TIMING__LEASE", "inf"),
        ("TICKETRELAY_TIMING__LEASE", "nan"),
        ("TICKETRELAY_POLICY__REOPEN_WINDOW", "-1"),
        ("TICKETRELAY_SOURCES__PROM__MAX_ITEMS", "0"),
        ("TICKETRELAY_LEDGER__INTAKE_PATIENCE", "9999999y"),
    ],
)
def test_a_wrong_value_is_refused_and_its_place_named(name: str, value: str) -> None:
    assert problem(SOURCE | {name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize("word", ["yes", "1", "on", "True", "t", "maybe"])
def test_only_true_and_false_are_truths_in_the_environment_too(word: str) -> None:
    for name in ("POLICY__NOTE_ON_CHANGE", "SOURCES__PROM__PRIVATE"):
        given = {f"TICKETRELAY_{name}": word, "TICKETRELAY_SOURCES__PROM__SECRET": "x"}
        assert problem(given | {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager"}) == (
            f"TICKETRELAY_{name}: must be true or false"
        )


def test_what_is_no_number_is_told_so_in_words() -> None:
    assert problem({"TICKETRELAY_SERVER__MAX_BODY": "many"}) == "TICKETRELAY_SERVER__MAX_BODY: must be a whole number"
    assert problem({"TICKETRELAY_API__BREAKER_RATE": "x"}) == "TICKETRELAY_API__BREAKER_RATE: must be a number"


@pytest.mark.parametrize("name", ["PER_MINUTE", "PER_SECOND"])
def test_an_empty_limit_is_no_limit(name: str) -> None:
    settings = load(API | {f"TICKETRELAY_API__{name}": ""})
    assert getattr(settings.api, name.lower()) is None


@pytest.mark.parametrize("name", ["TICKETRELAY_API__KEY", SECRET, "TICKETRELAY_SOURCES__PROM__PREVIOUS_SECRET"])
@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_blank_secret_is_refused(name: str, blank: str) -> None:
    assert problem(SOURCE | {name: blank}) == f"{name}: a secret must not be blank"


@pytest.mark.parametrize("secret", [" padded", "padded "])
def test_a_secret_with_white_space_around_it_is_refused(secret: str) -> None:
    assert problem(SOURCE | {SECRET: secret}) == f"{SECRET}: a secret must not begin or end with white space"


def test_a_source_without_a_secret_is_refused() -> None:
    assert problem({"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager"}) == f"{SECRET}: is required"


def test_a_source_that_is_a_value_is_told_what_it_needs() -> None:
    assert problem({"TICKETRELAY_SOURCES__PROM": "yes"}).endswith(
        f"the settings of this source are missing, such as {SECRET}"
    )


def test_a_kind_that_nobody_wrote_is_refused_with_the_one_probably_meant() -> None:
    found = problem(SOURCE | {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanger"})
    assert found.startswith("TICKETRELAY_SOURCES__PROM__KIND: there is no connector of kind 'alertmanger'")
    assert found.endswith("did you mean alertmanager?")


def test_the_api_must_be_named_with_its_url_and_key() -> None:
    with pytest.raises(SettingsError) as caught:
        load({})
    assert caught.value.problems == ["TICKETRELAY_API__URL: is required", "TICKETRELAY_API__KEY: is required"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"http_timeout": "55", "margin": "5"}, "must be less than lease"),
        ({"ghost_wait": "59"}, "must be at least request_life"),
        ({"backoff_base": "1000"}, "must be at least backoff_base"),
        ({"key_window": "86281"}, "key_window must end before"),
        ({"key_window": "82800", "lease": "3600"}, "key_window must end before"),
        ({"key_window": "960"}, "no key would protect a repeated call"),
        ({"breaker_window": "19"}, "must be at least http_timeout"),
        ({"failing_alarm": "19"}, "must be at least http_timeout"),
        ({"search_settles": "0"}, "greater than 0"),
        ({"breaker_window": "inf"}, "finite"),
    ],
)
def test_timings_that_would_break_a_promise_are_refused(changes: dict[str, str], rule: str) -> None:
    found = problem({variable("timing", name): value for name, value in changes.items()})
    assert found.startswith("TICKETRELAY_TIMING")
    assert rule in found


def test_timings_at_a_small_scale_are_accepted() -> None:
    small = {"http_timeout": "0.5", "margin": "0.1", "lease": "1", "request_life": "0.5", "ghost_wait": "0.5"}
    assert load(API | {variable("timing", name): value for name, value in small.items()}).timing.lease == 1


def test_all_problems_are_told_at_once() -> None:
    found = problems(
        SOURCE
        | {
            "TICKETRELAY_SERVER__LISTEN": "nowhere",
            "TICKETRELAY_API__REVISION": "C",
            "TICKETRELAY_XYZZY": "1",
            SECRET: " ",
            "TICKETRELAY_SOURCES__OTHER__KIND": "pager",
        }
    )
    assert sorted(each.partition(":")[0] for each in found) == [
        "TICKETRELAY_API__REVISION",
        "TICKETRELAY_SERVER__LISTEN",
        "TICKETRELAY_SOURCES__OTHER__KIND",
        SECRET,
        "TICKETRELAY_XYZZY",
    ]


def test_secrets_are_neither_in_messages_nor_in_what_is_printed() -> None:
    settings = load(API | SOURCE)
    assert "correct horse" not in repr(settings) + str(settings) + repr(settings.sources)
    assert "ak_test_1" not in repr(settings) + settings.model_dump_json(exclude={"sources"})
    told = problems(
        SOURCE | {SECRET: "battery staple ", "TICKETRELAY_API__KEY": " ak_live_2", "TICKETRELAY_X": "s3cret"}
    )
    assert not any(secret in each for each in told for secret in ("battery staple", "ak_live_2", "s3cret"))


def test_settings_cannot_be_changed() -> None:
    settings: Settings = load(API)
    with pytest.raises(ValidationError):
        settings.server.listen = "127.0.0.1:1"  # type: ignore[misc]


def test_whether_sources_are_configured_can_be_told() -> None:
    assert gather(SOURCE).has("sources")
    assert not gather(API).has("sources")


@pytest.mark.parametrize("name", ["x y", "-x", "x" * 65])
def test_a_source_id_that_would_not_fit_a_path_is_refused(name: str) -> None:
    (found,) = problems({f"TICKETRELAY_SOURCES__{name}__KIND": "alertmanager",
                         f"TICKETRELAY_SOURCES__{name}__SECRET": "correct horse"})  # fmt: skip
    assert found.startswith(f"TICKETRELAY_SOURCES__{name.upper()}: ")


@pytest.mark.parametrize(
    ("postmaster", "why"),
    [
        ("nobody", "TICKETRELAY_SMTP__POSTMASTER: there is no 'nobody' in sources; there are: mail, prom"),
        ("prom", "smtp.postmaster must be a source that takes mail, and prom does not; there are: mail"),
    ],
)
def test_the_postmaster_is_a_source_that_takes_mail(postmaster: str, why: str) -> None:
    sources = {
        "TICKETRELAY_SOURCES__MAIL__KIND": "email",
        "TICKETRELAY_SOURCES__MAIL__ADDRESS": "a@example.net",
        "TICKETRELAY_SOURCES__MAIL__SECRET": "correct horse",
        "TICKETRELAY_SOURCES__PROM__KIND": "alertmanager",
        "TICKETRELAY_SOURCES__PROM__SECRET": "correct horse",
    }
    given = API | sources
    assert load(given | {"TICKETRELAY_SMTP__POSTMASTER": "mail"}).smtp.postmaster == "mail"
    with pytest.raises(SettingsError) as caught:
        load(given | {"TICKETRELAY_SMTP__POSTMASTER": postmaster})
    (problem,) = caught.value.problems
    assert why in problem
