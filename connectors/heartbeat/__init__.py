"""Heartbeat (a dead man's switch): who should come regularly says that it is alive, and that it does not is noticed.

A ping is any authentic delivery, whatever its body: it is no event. That none came for `quiet_after` is noticed by a
job (`worker.jobs.quiet`), which opens a ticket; the next ping closes it.
"""

from __future__ import annotations

from datetime import datetime

from connectors.contract.connector import Connector
from connectors.contract.messages import Denied, Inbound, Keys, Parsed, Remark, Unverified, Verified
from connectors.contract.settings import SourceSettings
from connectors.toolbox.signatures import Username, authorize_by_url, proof


class Settings(SourceSettings):
    """A source of kind `heartbeat`; without `quiet_after` nobody misses it."""

    username: Username | None = None
    """Accept `Basic` with this name and the secret as password too."""


def verify(inbound: Inbound, settings: Settings, _now: datetime, _keys: Keys) -> Verified | Denied:
    """`Authorization: Bearer SECRET`, or `?secret=SECRET` in the URL, which is not kept; `Basic` where a username is
    configured."""
    outcome = authorize_by_url(inbound, settings.secrets, settings.username)
    return outcome if isinstance(outcome, Denied) else Verified(outcome)


def sign(_body: bytes, settings: Settings, _now: datetime) -> dict[str, str]:
    """The header of a ping."""
    return proof(settings.secrets[0], settings.username)


def parse(_message: Verified | Unverified, _settings: Settings) -> Parsed:
    """No event: that it came is all that it says."""
    return Parsed(ignored=(Remark("ping", "it is alive"),))


CONNECTOR = Connector(
    kind="heartbeat",
    title="Heartbeat",
    settings=Settings,
    verify=verify,
    parse=parse,
    sign=sign,
    says_nothing=True,
    attributes={"labels.*": "labels.alertname, which is SourceQuiet, of the ticket that says that nothing came"},
)
