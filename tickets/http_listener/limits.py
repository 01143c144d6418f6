"""The limits of an HTTP listener. Seconds are of the event loop's clock."""

from __future__ import annotations

import resource
from dataclasses import dataclass, replace

MAX_HEAD = 64 * 1024
"""Bytes of a request's address and headers, trailers included; also of data that is neither a head nor a body."""
MAX_PIPELINED = 16
"""Requests that may wait on a connection behind the one that is being answered."""
BYTES_PER_SECOND = 64 * 1024
"""A body has a second more for each so many bytes that arrived."""
LINGER_S = 2.0
"""How long a refused sender may go on sending. Without that, the refusal would be lost in a reset."""
RETRY_AFTER_S = 5
"""The `Retry-After` for a sender that found the listener full, or stopping."""
ACCEPTED_AT_ONCE = 64
"""Connections that are accepted in one turn of the event loop. The kernel keeps more of them."""
ON_PROBATION = 32
"""Connections above the cap that are kept until their head has come, so that probes are answered."""
KEPT_FILES = 256
"""Files that stay free for everything else: the database, the log, calls to other services."""
ABOVE_CAP = ON_PROBATION + 2 * ACCEPTED_AT_ONCE
"""Connections that can be open above the cap for a moment: accepted, and not yet closed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The deadlines and the cap of one process's listener."""

    head_s: float = 10.0
    """For the head of a request, from the connection or from the first byte of the head."""
    body_s: float = 60.0
    """For the body of a request, plus 1 s for each 64 KiB that arrived; also for a sender to take an answer."""
    keep_alive_s: float = 75.0
    """For the next request on a connection."""
    shutdown_s: float = 3.0
    """For a request that is incomplete when the listener ends."""
    connections: int = 500
    """Connections open at once. On one more, only a probe is answered."""
    probes: frozenset[str] = frozenset()
    """Paths that are answered on connections above the cap."""

    def under_file_limit(self) -> Limits:
        """Return the limits with a cap that leaves the process enough open files."""
        return replace(self, connections=min(self.connections, _most_connections(_file_limit())))


def _most_connections(files: int | None) -> int:
    """Return the most connections for a limit of open files; None: it has no limit."""
    return 2**31 if files is None else max(files - KEPT_FILES - ABOVE_CAP, files // 4, 1)


def _file_limit() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft
