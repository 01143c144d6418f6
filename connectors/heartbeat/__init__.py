"""Heartbeat (a dead man's switch): a program pings regularly, and missing pings open a ticket.

A ping is any authentic delivery, whatever its body; it makes no event. A job (`worker.jobs.quiet`) opens a ticket when
no ping came for `quiet_after`. The next ping closes the ticket.
"""

from __future__ import annotations

from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, Remark, Unverified, Verified
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Basic
from connectors.toolbox.signatures import Username


class Settings(SourceSettings):
    """A source of kind `heartbeat`. Without `quiet_after`, missing pings have no effect."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""


def parse(_message: Verified | Unverified, _settings: Settings) -> Parsed:
    """Return no event: a ping carries no information besides its arrival."""
    return Parsed(ignored=(Remark("ping", "the sender is alive"),))


CONNECTOR = Connector(
    kind="heartbeat",
    title="Heartbeat",
    settings=Settings,
    proof=Basic(in_url=True),
    parse=parse,
    says_nothing=True,
    attributes={"labels.*": "labels.alertname, which is SourceQuiet, of the ticket that says that nothing came"},
)
