"""Local Tickets API: the whole contract, on SQLite or PostgreSQL, with faults on demand.

from tickets.server import LocalTicketsApi, Options
from tickets.server.testing import running

with LocalTicketsApi(Options("sqlite:////tmp/tickets.db")) as api, running(api) as served:
    ...  # send requests to served.base_url; api.effects() lists their effects
"""

from tickets.server.api import LocalTicketsApi
from tickets.server.clock import Clock
from tickets.server.faults import FaultRule, Faults
from tickets.server.limits import Limit
from tickets.server.options import SCOPES, Options
from tickets.server.store import Effect
from tickets.server.transport import AbortableProtocol

__all__ = [
    "SCOPES",
    "AbortableProtocol",
    "Clock",
    "Effect",
    "FaultRule",
    "Faults",
    "Limit",
    "LocalTicketsApi",
    "Options",
]
