"""Reads requests for all HTTP listeners: strictly, within deadlines, on a limited number of connections.

limits.py        the deadlines and the cap, and the cap that the limit of open files allows
framing.py       the choice of the heads that are refused, as a pure function
connections.py   the open connections, and the choice of those that give way when there are too many
refusals.py      the answers that the listener itself gives
accepting.py     errors of `accept`, told at most once a minute
protocol.py      uvicorn's protocol on httptools, with all of that
"""

from tickets.http_listener.accepting import AtMostOncePer, PatientServer, accept_errors
from tickets.http_listener.connections import Connections
from tickets.http_listener.limits import MAX_HEAD, Limits
from tickets.http_listener.protocol import StrictProtocol

__all__ = ["MAX_HEAD", "AtMostOncePer", "Connections", "Limits", "PatientServer", "StrictProtocol", "accept_errors"]
