"""Precedence of flags, environment, file and defaults; files of secrets; no secret is shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from connectors.contract.durations import UNITS_S, AtOffset, seconds
from worker.settings import Settings, SettingsError, load
from worker.settings.loader import gather, judge
from worker.settings.references import Reference, references

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}


def written(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(API if environ is None else environ, file=written(folder, text))
    return caught.value.problems


def test_flags_come_before_the_environment_that_before_the_file_and_that_before_defaults(tmp_path: Path) -> None:
    file = written(tmp_path, "server:\n  listen: 127.0.0.1:2\n")
    below, above = {"server": {"listen": "127.0.0.1:1"}}, {"server": {"listen": "127.0.0.1:4"}}
    environ = API | {"TICKETRELAY_SERVER__LISTEN": "127.0.0.1:3"}
    assert load(API, defaults=below).server.listen == "127.0.0.1:1"
    assert load(API, defaults=below, file=file).server.listen == "127.0.0.1:2"
    assert load(environ, defaults=below, file=file).server.listen == "127.0.0.1:3"
    assert load(environ, defaults=below, file=file, overrides=above).server.listen == "127.0.0.1:4"


def test_every_value_knows_where_it_came_from(tmp_path: Path) -> None:
    file = written(tmp_path, "server:\n  max_body: 5\n\nbroker:\n  url_file: u\nsources:\n  slack:\n    category: c\n")
    (tmp_path / "u").write_text("redis://127.0.0.1/1\n")
    environ = API | {"TICKETRELAY_SOURCES__SLACK__SECRET": "correct horse", "TICKETRELAY_SERVER__MAX_WAITING": "3"}
    given_ = gather(environ, file).below({"timing": {"lease": 30}}).above({"server": {"health_listen": "127.0.0.1:1"}})
    loaded = judge(given_)
    told = {
        path: str(loaded.origin(path))
        for path in [("server", "max_body"), ("broker", "url"), ("sources", "slack", "category"),
                     ("sources", "slack", "secret"), ("server", "max_waiting"), ("timing", "lease"),
                     ("server", "health_listen"), ("policy", "damping")]
    }  # fmt: skip
    assert list(told.values()) == [
        f"{file}:2", f"{file}:5", f"{file}:8", "environment TICKETRELAY_SOURCES__SLACK__SECRET",
        "environment TICKETRELAY_SERVER__MAX_WAITING", "default", "flag --health-listen", "default",
    ]  # fmt: skip
    assert loaded.settings.broker.url == "redis://127.0.0.1/1"
    assert loaded.settings.sources["slack"].settings.secrets == (b"correct horse",)


def test_a_source_may_have_its_kind_from_the_environment(tmp_path: Path) -> None:
    file = written(tmp_path, "sources:\n  prom:\n    secret_file: s\n    repeat_interval: 4h\n")
    (tmp_path / "s").write_text("correct horse")
    source = load(API | {"TICKETRELAY_SOURCES__PROM__KIND": "alertmanager"}, file=file).sources["prom"]
    assert (source.connector.kind, source.settings.secrets) == ("alertmanager", (b"correct horse",))


def test_an_empty_section_is_one_with_defaults(tmp_path: Path) -> None:
    assert load(API, file=written(tmp_path, "server:\ntiming:\nsources:\n")) == load(API)


def test_settings_are_read_anew_each_time(tmp_path: Path) -> None:
    file = written(tmp_path, "api:\n  key_file: k\nserver:\n  max_body: 1\n")
    (tmp_path / "k").write_text("one")
    before = load({"TICKETRELAY_API__URL": "http://127.0.0.1:1"}, file=file)
    (tmp_path / "k").write_text("two")
    after = load({"TICKETRELAY_API__URL": "http://127.0.0.1:1"}, file=file)
    assert (before.api.key.get_secret_value(), after.api.key.get_secret_value()) == ("one", "two")


def test_a_secret_and_the_previous_one_come_from_files_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "new").write_text("battery staple\n")
    (tmp_path / "old").write_text("correct horse\r\n")
    text = f"sources:\n  slack:\n    secret_file: secrets/new\n    previous_secret_file: {tmp_path / 'old'}\n"
    settings = load(API, file=written(tmp_path, text))
    assert settings.sources["slack"].settings.secrets == (b"battery staple", b"correct horse")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot read '{path}': No such file or directory"),
        (b"", "the file '{path}' is empty"),
        (b"\n", "the file '{path}' is empty"),
        (b" \t\n", "the file '{path}' holds white space only"),
        (b" padded\n", "the secret in '{path}' begins or ends with white space"),
        (b"padded \n", "the secret in '{path}' begins or ends with white space"),
        (b"\xff\xfe", "cannot read '{path}': not UTF-8"),
    ],
)
def test_what_is_wrong_with_the_file_of_a_secret_is_told_apart(
    content: bytes | None, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    (found,) = problems(tmp_path, f"api:\n  url: http://a\n  key_file: {path}\n", {})
    assert found.splitlines()[0] == f"{tmp_path}/c.yaml:3:13: {told.format(path=path)}"
    (found,) = problems(tmp_path, "api:\n  url: http://a\n", {"TICKETRELAY_API__KEY_FILE": str(path)})
    assert found.startswith(f"TICKETRELAY_API__KEY_FILE: {told.format(path=path)}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_secret_that_may_not_be_read_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "key").touch(mode=0o000)
    (found,) = problems(tmp_path, "api:\n  url: http://a\n  key_file: key\n", {})
    assert "Permission denied" in found


def test_a_folder_in_place_of_a_secret_is_told_so(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "api:\n  url: http://a\n  key_file: .\n", {})
    assert "Is a directory" in found


def test_a_secret_of_the_environment_makes_the_file_of_one_unnecessary(tmp_path: Path) -> None:
    file = written(tmp_path, "api:\n  url: http://a\n  key_file: nowhere\n")
    assert load({"TICKETRELAY_API__KEY": "ak_1"}, file=file).api.key.get_secret_value() == "ak_1"


SECRETS = [
    "api:\n  key: hunter2\n",
    "api:\n  key: |\n    hunter2\n    hunter2\n",
    "api:\n  key: [hunter2]\n",
    "api:\n  key: {a: hunter2}\n",
    "api:\n  kye: hunter2\n",
    "api: {url: 'http://a', key: 'hunter2', in_flight: 0}\n",
    'api:\n  key: "hunter2\n',
    "api:\n  key: *hunter2\n",
    "api:\n  key: !hunter2 x\n",
    "api:\n  key: >\n    hunter2\n   x\n",
    "api:\n  key: @hunter2\n",
    "api:\n  key: a\n\thunter2\n",
    "sources:\n  slack:\n    secret: hunter2\n    secret: hunter2\n",
    "sources:\n  slack:\n    previous_secret: hunter2: b\n",
    "sources:\n  slack: {pssword: hunter2}\n",
    "ledger:\n  url: postgresql://me:hunter2@h/d\n",
    "ledger:\n  url: postgresql://me:hun/ter@hunter2@h/d\n",
    "ledger:\n  url: postgresql://h/d?user=a&password=hunter2\n",
    "broker:\n  url: sentinel://:hunter2@a;sentinel://:hunter2@b\n",
    "broker:\n  url: redis://:hunter2@a:b\n  password: hunter2\n  xyzzy: 1\n",
]


@pytest.mark.parametrize("text", SECRETS)
def test_no_error_shows_a_secret_that_stands_in_the_file(text: str, tmp_path: Path) -> None:
    told = "\n".join(problems(tmp_path, text, {}))
    assert "hunter2" not in told
    assert f"{tmp_path}/c.yaml:" in told


@pytest.mark.parametrize(
    ("text", "meant"),
    [("90", 90), ("0.5", 0.5), ("1e2", 100), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("30d", 2_592_000),
     ("500ms", 0.5), ("1y2w3d4h5m6s7ms", 365 * 86400 + 14 * 86400 + 3 * 86400 + 4 * 3600 + 306.007)],
)  # fmt: skip
def test_a_duration_is_a_number_of_seconds_or_has_units(text: str, meant: float, tmp_path: Path) -> None:
    assert seconds(text) == pytest.approx(meant)
    in_file = load(API, file=written(tmp_path, f"policy:\n  reopen_window: {text}\n")).policy.reopen_window
    in_environment = load(API | {"TICKETRELAY_POLICY__REOPEN_WINDOW": text}).policy.reopen_window
    assert [in_file, in_environment] == pytest.approx([meant, meant])


@pytest.mark.parametrize(
    ("text", "offset", "length"),
    [("1h30", 2, 2), ("5 m", 0, 3), ("1m1h", 2, 2), ("1h1h", 2, 2), ("", 0, 1), ("1.5h", 0, 4), ("-5m", 0, 3),
     ("5M", 0, 2)],
)  # fmt: skip
def test_a_duration_that_cannot_be_read_is_refused_at_its_first_wrong_part(text: str, offset: int, length: int) -> None:
    with pytest.raises(AtOffset) as caught:
        seconds(text)
    assert (caught.value.offset, caught.value.length) == (offset, length)


@given(st.lists(st.tuples(st.sampled_from(list(UNITS_S)), st.integers(0, 10**6)), unique_by=lambda each: each[0]))
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[str, int]]) -> None:
    parts.sort(key=lambda each: list(UNITS_S).index(each[0]))
    text = "".join(f"{number}{unit}" for unit, number in parts)
    if text:
        assert seconds(text) == pytest.approx(sum(number * UNITS_S[unit] for unit, number in parts))


def test_retention_is_what_the_limits_say(tmp_path: Path) -> None:
    ledger = load(API).ledger
    assert (ledger.keep_bodies, ledger.keep_attempts) == (30 * 86400, 90 * 86400)
    (found,) = problems(tmp_path, "ledger:\n  keep_bodies: 0s\n")
    assert "c.yaml:2:16: must be greater than 0" in found


class _Rule(BaseModel):
    template: str
    sources: tuple[str, ...] = ()


class _Config(BaseModel):
    rules: tuple[_Rule, ...] = ()
    templates: dict[str, str] = {}
    sources: dict[str, Any] = {}


def test_a_name_that_leads_nowhere_is_told_with_its_path_and_what_was_probably_meant() -> None:
    table = (Reference("rules.*.template", "templates"), Reference("rules.*.sources", "sources"))
    rules = (_Rule(template="breif", sources=("prom", "slak")), _Rule(template="brief"))
    config = _Config(rules=rules, templates={"brief": ""}, sources={"prom": 1, "slack": 2})
    found = references(config, table)
    assert [(each.path, each.message, each.todo) for each in found] == [
        (("rules", 0, "template"), "there is no 'breif' in templates", "did you mean 'brief'?"),
        (("rules", 0, "sources", 1), "there is no 'slak' in sources", "did you mean 'slack'?"),
    ]
    assert references(_Config(rules=rules[1:]), table)[0].todo == "none is configured"


def test_settings_of_a_file_are_frozen_as_all_are(tmp_path: Path) -> None:
    settings = load(API, file=written(tmp_path, "server:\n  max_body: 7\n"))
    assert isinstance(settings, Settings)
    assert settings.server.max_body == 7
    assert hash(settings.server) == hash(settings.server.model_copy())
