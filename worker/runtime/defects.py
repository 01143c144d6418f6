"""Contains the failures of a connector: a defect costs its own source the request, and no other source.

The connector may come from another package. The exception is logged without its message, which may be private text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from worker.runtime.tracebacks import error_location
from worker.settings import Source

log = structlog.get_logger()


class ConnectorFailed(Exception):
    """A defect of a connector. The message holds the exception class and the line. A later version may succeed."""


@contextmanager
def connector_defects(source: Source, *meant: type[Exception]) -> Iterator[None]:
    """Turn any exception of the source's connector, except those in `meant`, into a defect. Raises ConnectorFailed."""
    try:
        yield
    except meant:
        raise
    except Exception as defect:
        log.exception("connector.failed", source=source.id, kind=source.connector.kind)
        raise ConnectorFailed(
            f"the connector failed on the message, which is a defect ({error_location(defect)})"
        ) from defect
