"""Private messages do not leak: words are planted on every platform, and searched for everywhere else.

Real process, real deliveries over HTTP, signed; the Tickets API refuses some calls, and everything is logged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from connectors import connector
from tests.acceptance.deployments import QUICK, Embedded
from tests.acceptance.planted import Planted, plant, settings
from tests.acceptance.processes import wait_until
from tests.worker.slack_stand_in import TOKEN, Slack, slack

SECRETS = {
    "slack": "secret-of-slack-5a1",
    "teams": "c2VjcmV0IG9mIHRlYW1zIDViMg==",
    "telegram": "secret-of-telegram-5c3",
    "discord": "secret-of-discord-5d4",
    "token": TOKEN,
}
COMMANDS = (
    ["status"], ["events", "list"], ["dead", "list"], ["cases", "list"], ["sources", "list"], ["tail", "--no-follow"],
)  # fmt: skip


ROUTES = """
routes:
  - name: in its own words
    match: ['kind =~ "slack|teams|telegram|discord"']
    private: false
    subject: "{{ text }}"
    description: "as a route says: {{ subject }} {{ text }} {{ user }}"
"""
"""A route that would disclose everything, but applies only to public messages."""


@dataclass
class Seen:
    """All visible output: private notes, and everything else, by place."""

    planted: Planted
    private: str = ""
    elsewhere: dict[str, str] = field(default_factory=dict)

    def leaks(self, words: dict[str, str]) -> list[str]:
        """Return the planted words, with the places where they are visible though they should not be."""
        return [
            f"{where}: in {place}"
            for word, where in words.items()
            for place, text in self.elsewhere.items()
            if word in text
        ]


def send(relay: Embedded, kind: str, body: bytes) -> httpx.Response:
    code = connector(kind)
    own = code.settings.model_validate({"secret": SECRETS[kind]})
    headers = code.sign(body, own, datetime.now(UTC))
    return relay.site.http.post(f"{relay.site.intake}/in/{kind}", content=body, headers=headers)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder, planted = tmp_path_factory.mktemp("leaks") / "var", plant()
    with slack() as web:
        config = tmp_path_factory.mktemp("leaks") / "ticketrelay.yaml"
        config.write_text(ROUTES)
        environment = QUICK | settings(web.url, SECRETS) | {"TICKETRELAY_CONFIG": str(config)}
        relay = Embedded(folder, environment, more=["--log-level", "debug"])
        relay.start()
        try:
            yield look(relay, planted, web, folder)
        finally:
            relay.stop()


def look(relay: Embedded, planted: Planted, web: Slack, folder: Path) -> Seen:
    """Send everything, in order; then collect all output."""
    found = Seen(planted)
    refused = planted.nowhere("a note that the Tickets API refuses")
    relay.site.add_fault(action="status", status=422, body=refused, path="/notes")
    relay.site.add_fault(action="status", status=500, path="/notes", times=2)
    relay.site.add_fault(action="reset", path="/tickets", times=1)
    web.ahead.append((200, {}, b'{"ok": false, "error": "internal_error"}', False))
    thread = planted.deliveries[1]
    planted.deliveries.insert(2, (thread[0], _said(thread[1], refused)))
    answers = [send(relay, kind, body) for kind, body in planted.deliveries]
    assert {each.status_code for each in answers} == {200, 202}
    hidden = planted.nowhere("a delivery with a wrong signature")
    body = json.dumps({"text": hidden}).encode()
    denied = relay.site.http.post(f"{relay.site.intake}/in/slack", content=body, headers={"X-Slack-Signature": "v0=00"})
    assert denied.status_code == 401
    relay.wait_until_idle()
    wait_until(lambda: len(web.calls) >= 3, "receipts")
    public = [json.dumps(each) for each in relay.site.tickets()]
    for each in relay.site.effects():
        if each["kind"] == "add_note" and json.loads(each["body"])["private"]:
            found.private += each["body"]
        else:
            public.append(json.dumps(each))
    found.elsewhere |= {
        "what the tickets show": "\n".join(public),
        "receipts": json.dumps(web.messages),
        "answers": "\n".join(each.text for each in answers),
        "metrics": relay.site.http.get(f"{relay.site.intake}/metrics").text,
    }
    for command in COMMANDS:
        told = relay.ticketrelay(*command)
        assert told.stdout, told.stderr
        found.elsewhere[" ".join(command)] = told.stdout + told.stderr
    shown = [relay.ticketrelay("events", "show", f"in-{number}").stdout for number in range(1, 4)]
    found.elsewhere["events show"] = "\n".join(shown)
    found.elsewhere["logs"] = (folder / "output.txt").read_text()
    return found


def _said(body: bytes, text: str) -> bytes:
    """Return the reply as another message with other words."""
    payload = json.loads(body)
    payload["event"] |= {"text": text, "ts": "1773453600.999999", "event_ts": "1773453600.999999"}
    return json.dumps(payload).encode()


def test_what_is_said_in_private_is_in_private_notes(seen: Seen) -> None:
    assert [where for word, where in seen.planted.noted.items() if word not in seen.private] == []


def test_what_is_said_in_private_is_nowhere_else(seen: Seen) -> None:
    assert seen.leaks(seen.planted.noted) == []


def test_what_is_not_even_noted_is_nowhere(seen: Seen) -> None:
    assert seen.leaks(seen.planted.unnoted) == []
    assert [where for word, where in seen.planted.unnoted.items() if word in seen.private] == []


def test_the_check_finds_what_is_public(seen: Seen) -> None:
    found = {each.partition(":")[0] for each in seen.leaks(seen.planted.public)}
    assert found == set(seen.planted.public.values())
    assert "as a route says" in seen.elsewhere["what the tickets show"]
    assert not any(word in seen.private for word in seen.planted.public)


def test_no_secret_is_anywhere(seen: Seen) -> None:
    secrets = {value: name for name, value in SECRETS.items()}
    assert seen.leaks(secrets) == []
    assert not any(secret in seen.private for secret in secrets)


def test_logs_and_lists_are_not_empty(seen: Seen) -> None:
    for place, word in (
        ("logs", "settled"),
        ("dead list", "422"),
        ("events list", "quarantined"),
        ("receipts", "is open"),
    ):
        assert word in seen.elsewhere[place]
