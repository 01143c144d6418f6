"""Heartbeat (a dead man's switch): who should come regularly says that it is alive, and that it does not is noticed.

A ping is any authentic delivery, whatever its body: it is no event. That none came for `quiet_after` is noticed by a
job (`worker.jobs.quiet`), which opens a ticket; the next ping closes it.
"""

from __future__ import annotations

from connectors.contract.connector import Connector
from connectors.contract.messages import Parsed, Remark, Unverified, Verified
from connectors.contract.settings import SourceSettings
from connectors.toolbox.proofs import Basic
from connectors.toolbox.signatures import Username


class Settings(SourceSettings):
    """A source of kind `heartbeat`; without `quiet_after` nobody misses it."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""


def parse(_message: Verified | Unverified, _settings: Settings) -> Parsed:
    """No event: that it came is all that it says."""
    return Parsed(ignored=(Remark("ping", "it is alive"),))


CONNECTOR = Connector(
    kind="heartbeat",
    title="Heartbeat",
    settings=Settings,
    proof=Basic(in_url=True),
    parse=parse,
    says_nothing=True,
    attributes={"labels.*": "labels.alertname, which is SourceQuiet, of the ticket that says that nothing came"},
)
