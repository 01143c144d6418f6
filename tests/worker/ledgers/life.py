"""Records messages in a ledger and makes its calls while time passes, with real connectors and real delivery.

The module `steps` defines what happens to a ledger before it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from connectors import fixtures
from connectors.contract.messages import Inbound, Verified
from worker.intake.reading import read_verified
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import Runner
from worker.ledger import Claim, Ledger, Limits, Mailbox, Recorded, Terms, UidPlace
from worker.planning.model import Kind
from worker.settings import Settings, load

from ..builders import ManualClock
from ..relay import Relay

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_local"}
SUPPORT, ADA, GRACE = "support@example.net", "ada@customer.example", "grace@staff.example.net"
BOX = Mailbox("support", "main")
LEASE = timedelta(seconds=60)


def settings() -> Settings:
    """Return the settings of the ledger: every source with messages, and every kind of route."""
    sources = {
        "prom": {"kind": "alertmanager", "secret": "dev-secret"},
        "night": {"kind": "alertmanager", "secret": "dev-secret"},
        "beats": {"kind": "alertmanager", "secret": "dev-secret", "quiet_after": 3600, "expire_after": 86400 * 30},
        "support": {"kind": "email", "secret": "dev-secret", "address": SUPPORT, "authserv_id": "mx.example.net",
                    "commands_from": ["*@staff.example.net"]},
        "chat": {"kind": "slack", "secret": "dev-secret", "receipts": True, "bot_token": "xoxb-fixture",
                 "api_url": "http://127.0.0.1:1/api"},
        "aurion": {"kind": "aurion", "secret": "dev-secret", "wont_fix": ["metadata.resolution=wont_fix"]},
    }  # fmt: skip
    routes = [
        {"name": "team", "match": ["labels.team = core"], "group_by": ["labels.team"]},
        {"name": "patient", "match": ["labels.patient = yes"], "damping": 600},
        {"name": "storm", "match": ["labels.storm = yes"], "storm_above": 2},
    ]
    return load(API, overrides={"sources": sources, "routes": routes})


@dataclass
class Life:
    """A ledger, its deliverer, and the ways to record messages."""

    ledger: Ledger
    relay: Relay
    clock: ManualClock
    settings: Settings
    begins: dict[str, datetime] = field(default_factory=dict)
    """When each firing alert began."""
    uids: int = 0
    taken: int = 0

    def take(self, source: str, body: bytes, place: UidPlace | None = None) -> Recorded:
        """Record a delivery with a verified sender."""
        arrived = Inbound(source, self.clock(), body)
        read = read_verified(self.settings.sources[source], Verified(arrived))
        ((recorded,), _) = self.ledger.record([replace(read, place=place)])
        self.taken += 1
        return recorded

    def fire(self, name: str, *, source: str = "prom", summary: str = "3% free", severity: str = "warning",
             **labels: str) -> Recorded:  # fmt: skip
        """Record an alert that fires: it begins now, or continues."""
        return self.take(source, self.alert(name, "firing", summary, severity, labels))

    def end(self, name: str, *, source: str = "prom", **labels: str) -> Recorded:
        """Record that an alert is resolved now."""
        return self.take(source, self.alert(name, "resolved", "all well", "warning", labels))

    def alert(self, name: str, status: str = "firing", summary: str = "3% free", severity: str = "warning",
              labels: Mapping[str, str] = MappingProxyType({})) -> bytes:  # fmt: skip
        """Build the body that Alertmanager sends."""
        begins = self.begins.setdefault(name, self.clock())
        if status == "resolved":
            del self.begins[name]
        one = {
            "status": status,
            "labels": {"alertname": name, "severity": severity, **labels},
            "annotations": {"summary": f"{name} {summary}"},
            "startsAt": begins.isoformat(),
            "endsAt": self.clock().isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
            "fingerprint": name,
        }
        return json.dumps({"version": "4", "status": status, "receiver": "tickets", "alerts": [one]}).encode()

    def mail(self, name: str, text: str, *, author: str = ADA, subject: str = "The door", answers: str | None = None,
             **headers: str) -> bytes:  # fmt: skip
        whole = {
            "Authentication-Results": f"mx.example.net; dmarc=pass header.from={author.partition('@')[2]}",
            "From": author,
            "To": SUPPORT,
            "Subject": subject,
            "Date": format_datetime(self.clock()),
            "Message-ID": f"<{name}@customer.example>",
        } | headers
        if answers is not None:
            whole["In-Reply-To"] = f"<{answers}@customer.example>"
        return "\n".join([*(f"{key}: {value}" for key, value in whole.items()), "", text, ""]).encode()

    def fetched(self, mail: bytes, *, owed: bool = False) -> Recorded:
        """Record a mail that was read from the mailbox."""
        self.uids += 1
        return self.take("support", mail, UidPlace(BOX.name, "INBOX", 7, self.uids, owed))

    def say(self, text: str, ts: str, thread: str | None = None) -> Recorded:
        """Record a mention of the bot in a channel, or a reply in a thread."""
        whole = json.loads(fixtures("slack")["mention" if thread is None else "reply"].body)
        whole["event"] |= {"text": text, "ts": ts, "event_ts": ts} | ({} if thread is None else {"thread_ts": thread})
        whole["event_id"] = f"Ev{ts.replace('.', '')}"
        return self.take("chat", json.dumps(whole).encode())

    def told(self, ticket: str, status: str, **metadata: str) -> Recorded:
        """Record a webhook of the Tickets API about what a person did, a minute later."""
        self.relay.advance(seconds=60)
        data = {"id": ticket, "subject": "The alert", "status": status, "priority": "medium", "metadata": metadata}
        kind = "reopened" if status == "open" else "updated" if status == "pending" else "closed"
        whole = {"id": f"evt_{self.taken}", "type": f"ticket.{kind}", "timestamp": self.clock().isoformat(),
                 "data": data}  # fmt: skip
        return self.take("aurion", json.dumps(whole).encode())

    def deliver(self, *, breaks: str | None = None, method: str = "POST", path: str = "/tickets$", **how: Any) -> None:
        """Send what is due at this moment; with `breaks`, the first matching call fails."""
        if breaks is not None:
            self.relay.break_once(breaks, method=method, path=path, **how)
        self.relay.send_what_is_due()

    def tickets(self) -> list[dict[str, Any]]:
        """Return the latest tickets at the Tickets API."""
        found: list[dict[str, Any]] = self.relay.by_hand("GET", "/tickets?limit=100")["data"]
        return found

    def case_of(self, name: str) -> int:
        (found,) = self.ledger.find(name)
        return int(found.id)

    def ticket_of(self, name: str) -> str:
        (found,) = self.ledger.find(name)
        assert found.ticket_id is not None
        return found.ticket_id

    def claim(self, kind: Kind, *, limits: Limits, limit: int = 1, owner: str = "killed") -> list[Claim]:
        """Claim as a worker that is killed before it can settle."""
        terms = Terms(LEASE, timedelta(hours=23), timedelta(seconds=30), limits, True)
        return self.ledger.claim(kind, limit=limit, owner=owner, terms=terms).claims

    def do_jobs(self, *kinds: str) -> None:
        """Run the jobs of these kinds once."""
        jobs = {name: job for name, job in jobs_of(self.settings).items() if name.partition(":")[0] in kinds}
        Runner(self.ledger, lambda: jobs, lambda _: None, "one", 1.0).once()
