"""The digest of the settings that planning reads: what it depends on, and how two of them differ."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.settings import Settings, load
from worker.settings.planning_digest import PlanningDigest, differences, digest_of, parts_of, said

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SECRET = "correct horse battery"
TREE: dict[str, Any] = {
    "policy": {"reopen_window": 60},
    "sources": {
        "prom": {"kind": "alertmanager", "secret": SECRET, "category": "storage"},
        "mail": {"kind": "email", "secret": SECRET, "address": "support@example.org"},
    },
    "routes": [
        {"name": "noise", "match": ["severity = info"], "drop": "noise"},
        {"name": "core", "match": ["labels.team = core"], "priority": {"critical": "urgent"}, "continue": True},
        {"name": "urgent-first", "subject": {"template": "short"}},
    ],
    "templates": {"short": "{{ subject }}"},
}


def settings(changes: dict[str, Any] | None = None, **environ: str) -> Settings:
    """Return the settings of TREE with other values, by their paths: `{"policy.reopen_window": 5}`."""
    tree = json.loads(json.dumps(TREE))
    for path, value in (changes or {}).items():
        *above, name = path.split(".")
        at = tree
        for part in above:
            at = at[int(part)] if isinstance(at, list) else at[part]
        if value is None:
            del at[int(name) if isinstance(at, list) else name]
        else:
            at[int(name) if isinstance(at, list) else name] = value
    return load(API | environ, overrides=tree)


def differing(own: Settings, *live: Settings) -> list[str]:
    parts = parts_of(own)
    return [said(each, parts) for each in differences(parts, [parts_of(each) for each in live])]


def test_equal_settings_have_equal_digests_in_every_process() -> None:
    one, other = parts_of(settings()), parts_of(settings())
    assert (one, digest_of(one)) == (other, digest_of(other))
    assert digest_of(dict(reversed(one.items()))) == digest_of(one)
    assert list(one)[:6] == ["api.revision", "policy.reopen_window", "routes", "routes.noise", "routes.core",
                             "routes.urgent-first"]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"policy.reopen_window": 5}, ["policy.reopen_window"]),
        ({"policy.damping": 5}, ["policy.damping"]),
        ({"routes.2.category": "x"}, ["routes[2] (urgent-first)"]),
        ({"routes.1.priority": {"critical": "high"}}, ["routes[1] (core)"]),
        ({"routes.1.match": ["labels.team = other"]}, ["routes[1] (core)"]),
        ({"routes.1.continue": None}, ["routes[1] (core)"]),
        ({"routes.0": None}, ["routes (noise): missing here"]),
        ({"routes.0": TREE["routes"][1], "routes.1": TREE["routes"][0]}, ["the order of routes"]),
        ({"routes.0.name": "quiet"}, ["routes (noise): missing here", "routes[0] (quiet): only here"]),
        ({"templates.short": "{{ text }}"}, ["templates.short"]),
        ({"sources.mail.address": "help@example.org"}, ["sources.mail.address"]),
        ({"sources.prom.private": True}, ["sources.prom.private"]),
        ({"sources.prom": None}, ["sources.prom: missing here"]),
        ({"sources.other": {"kind": "slack", "secret": SECRET}}, ["sources.other: only here"]),
        ({"sources.prom.kind": "grafana"}, ["sources.prom.kind"]),
    ],
)  # fmt: skip
def test_a_setting_that_planning_reads_is_named_when_it_differs(changes: dict[str, Any], named: list[str]) -> None:
    assert differing(settings(changes), settings()) == named


def test_a_revision_that_differs_is_named() -> None:
    assert differing(settings(TICKETRELAY_API__REVISION="B"), settings()) == ["api.revision"]


@pytest.mark.parametrize(
    "changes",
    [
        {"sources.prom.secret": "another secret of it"},
        {"sources.prom.previous_secret": "another secret of it"},
        {"sources.prom.max_items": 10_000},
    ],
)
def test_a_secret_and_a_default_value_leave_the_digest_as_it_is(changes: dict[str, Any]) -> None:
    assert parts_of(settings(changes)) == parts_of(settings())


def test_settings_that_planning_does_not_read_leave_the_digest_as_it_is() -> None:
    other = settings(TICKETRELAY_SERVER__LISTEN="127.0.0.1:1", TICKETRELAY_TIMING__LEASE="90",
                     TICKETRELAY_LEDGER__URL="postgresql://127.0.0.1/x", TICKETRELAY_API__PER_MINUTE="5")  # fmt: skip
    assert parts_of(other) == parts_of(settings())


def test_processes_that_take_in_different_sources_are_compared_source_by_source() -> None:
    serve, mail = settings({"sources.mail": None}), settings({"sources.prom": None})
    assert differing(settings(), serve, mail) == []
    assert differing(serve, serve, mail) == []
    assert differing(settings({"sources.mail.address": "a@b.example"}), serve, mail) == ["sources.mail.address"]


def test_a_source_is_compared_with_the_routes_of_the_process_that_takes_it_in() -> None:
    with_routes, without = settings({"sources.mail": None}), load(API, overrides={"sources": {
        "mail": TREE["sources"]["mail"]}})  # fmt: skip
    own = load(API, overrides={"sources": TREE["sources"]})
    assert "routes[0] (noise)" not in differing(own, with_routes, without)
    assert "routes (noise): missing here" in differing(own, with_routes, without)


def test_during_a_rollout_the_settings_of_either_version_are_accepted() -> None:
    old, new = settings(), settings({"routes.2.category": "new"})
    assert differing(old, old, new) == differing(new, old, new) == []
    assert differing(settings({"routes.2.category": "newer"}), old, new) == ["routes[2] (urgent-first)"]


def test_without_a_live_process_there_is_nothing_to_compare() -> None:
    assert differing(settings()) == []


def test_the_digest_of_a_process_follows_a_reload() -> None:
    current = [settings()]
    digest = PlanningDigest(lambda: current[0])
    before, parts = digest()
    assert digest() == (before, parts) == (digest_of(parts_of(current[0])), parts_of(current[0]))
    current[0] = settings({"policy.damping": 5})
    assert digest()[0] != before
