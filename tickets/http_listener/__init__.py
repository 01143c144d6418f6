"""How our HTTP listeners read requests: strictly, within deadlines, on a limited number of connections.

limits.py        the deadlines and the cap, and the cap that the limit of open files allows
framing.py       which heads are refused, as a pure function
connections.py   the connections that are open, and which of them give way when there are too many
accepting.py     errors of `accept`, told at most once a minute
protocol.py      uvicorn's protocol on httptools, with all of that
"""

from tickets.http_listener.accepting import AtMostOncePer, PatientServer, accept_errors
from tickets.http_listener.connections import Connections
from tickets.http_listener.limits import MAX_HEAD, Limits
from tickets.http_listener.protocol import StrictProtocol

__all__ = ["MAX_HEAD", "AtMostOncePer", "Connections", "Limits", "PatientServer", "StrictProtocol", "accept_errors"]
