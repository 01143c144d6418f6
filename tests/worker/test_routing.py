"""Effects of a route on an event: its ticket, the operations that follow, and what `explain` shows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.contract.events import Commented, Event, Reference
from connectors.contract.messages import Inbound, Parsed, Verified
from worker.actions.explain import of_message
from worker.cli.configure.explain import show
from worker.intake.intake import Intake
from worker.intake.reading import read_verified, routed
from worker.ledger import Again, Delivery, Ledger, Recorded
from worker.ledger.schema.tables import cases, operations, pending, seen
from worker.planning.lifecycle import PRIVATE_SUBJECT, PRIVATE_TEXT
from worker.routing import route
from worker.runtime.gauges import metrics_of
from worker.settings import Settings, load

from .builders import NOON, ManualClock, commented, deliver_all, inbound, kinds_of, minute, opened, resolved, rows
from .conftest import MakeLedger

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}


def settings_of(*routes: dict[str, Any], **more: Any) -> Settings:
    sources = {
        "prom": {"kind": "alertmanager", "secret": "x"},
        "board": {"kind": "alertmanager", "secret": "x", "private": True},
        "chat": {"kind": "slack", "secret": "x"},
    }
    return load(API, overrides={"routes": list(routes), "sources": sources, **more})


def observed(settings: Settings, *events: Event, source: str = "prom", at: float = 0, **more: Any) -> Delivery:
    """Build a delivery with these events, treated by the routes."""
    arrived = Inbound(source, minute(at), f"{at}".encode())
    return routed(settings.sources[source], Delivery(arrived, Parsed(events), **more))


def take(ledger: Ledger, settings: Settings, *events: Event, **more: Any) -> Recorded:
    ((recorded,), _) = ledger.record([observed(settings, *events, **more)])
    return recorded


def requests(ledger: Ledger) -> list[dict[str, Any]]:
    return [json.loads(each["request"]) for each in rows(ledger, operations)]


def alert(**more: Any) -> Event:
    return opened(attributes=(("labels.team", "core"),), severity="critical", priority="urgent", **more)


def test_a_ticket_is_as_its_route_says(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(revision="B")
    ledger.upgrade()
    settings = settings_of(
        {
            "name": "core", "match": ["labels.team = core"], "category": "storage", "priority": {"critical": "high"},
            "metadata": {"team": "{{ labels.team }}", "fixed": "yes"}, "subject": {"template": "short"},
            "description": "{{ text }}\x07\n-- {{ source }}",
        },
        templates={"short": "[{{ labels.team|upper }}]\n{{ subject }}"},
    )  # fmt: skip
    take(ledger, settings, alert(text="{{ 7*7 }}"))
    (made,) = requests(ledger)
    assert made["subject"] == "[CORE] disk is full"
    assert made["description"].startswith("{{ 7*7 }}\n-- prom\n\n")
    assert (made["priority"], made["metadata"]) == ("high", {"category": "storage", "fixed": "yes", "team": "core"})


def test_a_template_that_does_not_fit_leaves_the_usual_ticket_which_says_so(ledger: Ledger) -> None:
    settings = settings_of({"name": "a", "subject": "{{ labels.pod }}", "description": "{{ labels.nope }}"})
    metrics = metrics_of(ledger, settings)
    intake = Intake(ledger, lambda _: None, metrics)
    intake.start()
    intake.take(observed(settings, alert())).result(30)
    intake.stop()
    (made,) = requests(ledger)
    assert (made["subject"], made["description"].splitlines()[0]) == ("disk is full", "3% free")
    assert (
        "[The template for subject of route a could not be used: the message has no attribute 'pod'.]"
        in (made["description"])
    )
    count = metrics.registry.get_sample_value("ticketrelay_template_misfits_total", {"source": "prom", "route": "a"})
    assert count == 2


def test_a_subject_that_is_too_long_is_not_used(ledger: Ledger) -> None:
    take(ledger, settings_of({"name": "a", "subject": "{{ text }}"}), alert(text="x" * 256))
    assert requests(ledger)[0]["subject"] == "disk is full"


def test_nothing_that_a_template_makes_of_a_private_event_is_public(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(revision="B")
    ledger.upgrade()
    metadata = {"who": "{{ text }}", "word": "{{ severity }}"}
    settings = settings_of({"name": "a", "private": True, "subject": "S {{ text }}", "metadata": metadata})
    take(ledger, settings, alert(text="secret"))
    create, note = requests(ledger)
    assert create["subject"] == PRIVATE_SUBJECT.format(source="prom")
    assert create["description"].startswith(PRIVATE_TEXT)
    assert create["metadata"] == {"word": "critical"}
    assert "secret" not in json.dumps(create)
    assert note["private"] is True
    assert note["body"].startswith("S secret")


def test_a_route_does_not_make_public_what_a_connector_keeps_private_for_a_reason_of_its_own() -> None:
    settings = settings_of({"name": "a", "private": False})
    private = alert(private=True)
    assert route(settings.sources["prom"], private).event.private  # the source is public, only the event is private
    assert not route(settings.sources["board"], private).event.private


def test_no_route_makes_chat_public_since_its_channels_say_what_is() -> None:
    public, private = ({"name": "a", "private": value} for value in (False, True))
    said = commented(private=True, public_note=True)
    assert route(settings_of(public).sources["chat"], said).event.private
    assert route(settings_of(public).sources["chat"], said).event.public_note
    assert not route(settings_of(private).sources["chat"], said).event.public_note


def test_a_dropped_event_leaves_nothing_but_its_reason_and_counts_once_it_is_not_dropped(ledger: Ledger) -> None:
    dropping = settings_of({"name": "noise", "match": ["labels.team=core"], "drop": "nobody reads it"})
    metrics = metrics_of(ledger, dropping)
    intake = Intake(ledger, lambda _: None, metrics)
    intake.start()
    kept = intake.take(observed(dropping, alert(), opened("other"))).result(30)
    intake.stop()
    assert (kept.outcome, len(kept.effects), kinds_of(ledger)) == ("accepted", 1, ["create_ticket"])
    assert "disk:firing:0: dropped by route noise: nobody reads it" in str(kept.reason)
    assert len(rows(ledger, seen)) == 1
    labels = {"source": "prom", "route": "noise"}
    assert metrics.registry.get_sample_value("ticketrelay_events_dropped_total", labels) == 1
    again = observed(settings_of(), alert(), inbound_id=kept.inbound_id)
    (replayed,) = ledger.replay([Again(again, quarantined=False)])
    assert replayed.effects[0].operations == ("create_ticket",)


def test_another_route_makes_no_known_message_a_changed_one(ledger: Ledger) -> None:
    take(ledger, settings_of(), alert())
    other = settings_of({"name": "a", "priority": "low", "subject": "other", "private": True, "category": "x"})
    assert take(ledger, other, alert(), at=1).effects[0].recurrence == "repeat"
    assert kinds_of(ledger) == ["create_ticket"]


@pytest.mark.parametrize(
    ("on_resolve", "kinds"),
    [("close", ["close_ticket"]), ("resolve", ["add_note", "update_ticket"]), ("note", ["add_note"]), ("nothing", [])],
)
def test_an_end_does_what_its_route_says_and_ends_the_episode(
    ledger: Ledger, on_resolve: str, kinds: list[str]
) -> None:
    settings = settings_of({"name": "a", "on_resolve": on_resolve})
    take(ledger, settings, alert())
    take(ledger, settings, resolved(), at=10)
    assert kinds_of(ledger) == ["create_ticket", *kinds]
    if on_resolve == "resolve":
        assert requests(ledger)[-1] == {"status": "resolved"}
    assert rows(ledger, cases)[0]["phase"] == "closed"
    take(ledger, settings, resolved(), at=11)
    take(ledger, settings, opened(start=20), at=20)
    assert kinds_of(ledger) == ["create_ticket", *kinds, "reopen_ticket", "add_note"]


def test_a_repeat_adds_a_note_for_each_observation_and_none_for_a_replay(ledger: Ledger) -> None:
    settings = settings_of({"name": "a", "on_repeat": "note"})
    number = take(ledger, settings, alert(), alert()).inbound_id
    assert kinds_of(ledger) == ["create_ticket"]
    take(ledger, settings, alert(), alert(), at=5)
    take(ledger, settings, alert(), at=6)
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note"]
    ledger.replay([Again(observed(settings, alert(), inbound_id=number), quarantined=False)])
    take(ledger, settings_of(), alert(), at=7)
    assert kinds_of(ledger) == ["create_ticket", "add_note", "add_note"]
    take(ledger, settings, resolved(), at=10)
    take(ledger, settings, alert(), at=11)
    assert kinds_of(ledger)[3:] == ["close_ticket"]


def test_comments_and_reactions_are_noted_as_their_route_says(ledger: Ledger) -> None:
    settings = settings_of({"name": "a", "on_comment": "note", "on_reaction": "nothing"})
    reaction = commented(message="r", attributes=(("reaction", "eyes"),))
    quiet = settings_of({"name": "a", "on_comment": "nothing"})
    take(ledger, settings, alert(), commented(message="c1"), reaction)
    take(ledger, quiet, commented(message="c2"), at=1)
    assert kinds_of(ledger) == ["create_ticket", "add_note"]


def test_a_route_may_delay_and_its_end_takes_back_the_opening(make_ledger: MakeLedger, clock: ManualClock) -> None:
    settings = settings_of({"name": "a", "match": ["event=opened", "labels.team=core"], "damping": 60})
    ledger = make_ledger(may_delay=True)
    ledger.upgrade()
    take(ledger, settings, alert(), opened("loud"))
    assert deliver_all(ledger) == ["create_ticket"]
    clock.advance(seconds=30)
    take(ledger, settings, resolved(end=0.5), at=0.5)
    clock.advance(seconds=60)
    assert deliver_all(ledger) == []
    assert rows(ledger, operations)[0]["state"] == "skipped"


def test_a_comment_that_waits_keeps_what_was_decided_about_it(make_ledger: MakeLedger) -> None:
    before = make_ledger()
    before.upgrade()
    quiet = settings_of({"name": "a", "match": ["event=commented"], "on_comment": "nothing"})
    reply = commented("chat:reply", "reply", references=(Reference("root"),), unknown="wait")
    assert isinstance(reply, Commented)
    take(before, quiet, reply)
    take(before, settings_of(), commented("chat:second", "second", references=(Reference("root"),)), at=1)
    assert len(rows(before, pending)) == 2
    after = make_ledger()  # another process, with other settings
    take(after, settings_of(), opened("chat:root", aliases=("root",)), at=2)
    assert kinds_of(after) == ["create_ticket", "add_note"]
    assert rows(after, pending) == []


def test_explain_tells_which_routes_matched_which_nearly_did_and_what_the_ticket_would_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = settings_of(
        {"name": "pay", "match": ["severity=critical", "labels.team = pay"]},
        {"name": "core", "match": ["severity=critical"], "category": "x", "subject": "! {{ subject }}"},
        {"name": "rest", "drop": "no"},
    )
    one = {"status": "firing", "labels": {"alertname": "Disk", "severity": "critical", "team": "core"},
           "startsAt": "2026-02-20T11:00:00Z", "fingerprint": "f"}  # fmt: skip
    body = json.dumps({"version": "4", "alerts": [one]}).encode()
    result = of_message(settings, settings.sources["prom"], Verified(inbound(body)))
    (event,) = result["events"]
    assert event["routing"] is not None
    assert event["routing"]["matched"] == [{"route": "core", "sets": ["category", "subject"]}]
    assert event["routing"]["nearly"] == [{"route": "pay", "failed": "labels.team = pay", "value": "core"}]
    assert event["routing"]["not_reached"] == ["rest"]
    assert event["operations"][0]["body"]["subject"].startswith("! Disk")
    show(result)
    assert "route pay nearly matches: labels.team = pay is false for 'core'" in capsys.readouterr().out
    dropping = settings_of({"name": "rest", "drop": "no"})
    (event,) = of_message(dropping, dropping.sources["prom"], Verified(inbound(body)))["events"]
    assert (event["operations"], event["reason"]) == ([], "dropped by route rest: no")


def test_a_delivery_is_routed_as_it_is_read() -> None:
    settings = settings_of({"name": "a", "drop": "no"})
    body = json.dumps({"alerts": [{"status": "firing", "fingerprint": "f", "startsAt": NOON.isoformat()}]}).encode()
    read = read_verified(settings.sources["prom"], Verified(inbound(body)))
    assert (read.parsed.events, read.dropped) == ((), ("a",))


def test_a_window_of_a_route_decides_whether_a_ticket_is_reopened(ledger: Ledger) -> None:
    settings = settings_of({"name": "a", "reopen_window": 60})
    take(ledger, settings, alert())
    take(ledger, settings, resolved(end=10), at=10)
    take(ledger, settings, opened(start=12), at=12)
    assert kinds_of(ledger) == ["create_ticket", "close_ticket", "create_ticket"]
    assert timedelta(seconds=60) == route(settings.sources["prom"], alert()).treatment.policy.reopen_window


def test_alerts_that_are_alike_in_what_a_route_groups_by_share_a_ticket(make_ledger: MakeLedger) -> None:
    ledger = make_ledger(may_group=True)
    ledger.upgrade()
    settings = settings_of({"name": "teams", "group_by": ["labels.team"], "subject": "{{ labels.team }} has trouble"})
    others = opened("home", attributes=(("labels.team", "web"),))
    take(ledger, settings, alert(case="var"), alert(case="opt"), others)
    assert kinds_of(ledger) == ["create_ticket", "add_note", "create_ticket"]
    subjects = [each["subject"] for each in requests(ledger) if "subject" in each]
    assert subjects == ["core has trouble", "web has trouble"]


def test_explain_names_the_group(capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_of({"name": "teams", "group_by": ["labels.alertname"]})
    body = {"status": "firing", "labels": {"alertname": "DiskFull"}, "startsAt": "2026-02-20T12:00:00Z"}
    arrived = Inbound("prom", NOON, json.dumps({"alerts": [body]}).encode())
    show(of_message(settings, settings.sources["prom"], Verified(arrived)))
    assert "  one ticket for the group alertname=DiskFull\n" in capsys.readouterr().out


def test_a_case_key_that_is_ours_is_not_taken_from_a_sender() -> None:
    source = load(API, overrides={"sources": {"json": {"kind": "generic", "secret": "x"}}}).sources["json"]
    body = {"event_action": "trigger", "dedup_key": "ticketrelay:group:team", "payload": {"summary": "x"}}
    said = read_verified(source, Verified(Inbound("json", NOON, json.dumps(body).encode())))
    assert said.parsed.events == ()
    assert "begins with ticketrelay:, which is reserved" in (said.problem or "")
