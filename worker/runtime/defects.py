"""What if a connector fails in a way that it should not? That costs its source what was asked of it, and nobody else.

It may be somebody else's package. What it raised is logged, without what it says: that may be what somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from worker.runtime.tracebacks import where
from worker.settings import Source

log = structlog.get_logger()


class ConnectorFailed(Exception):
    """A defect of a connector; the message is the class and the line. The same may succeed with a later version."""


@contextmanager
def of_connector(source: Source, *meant: type[Exception]) -> Iterator[None]:
    """Whatever the source's connector raises besides what it is `meant` to is a defect. Raises ConnectorFailed."""
    try:
        yield
    except meant:
        raise
    except Exception as defect:
        log.exception("connector.failed", source=source.id, kind=source.connector.kind)
        raise ConnectorFailed(f"the connector failed on it ({where(defect)})") from defect
