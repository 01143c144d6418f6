"""The version of Ticketrelay that runs."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

PACKAGE = "ticketrelay"


@cache
def version() -> str:
    """Return the version of the installed package; `unknown` where the code runs without being installed."""
    try:
        return version_of(PACKAGE)
    except PackageNotFoundError:
        return "unknown"
