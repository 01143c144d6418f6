"""Numbers the parallel test processes (xdist slots), so that they can divide shared resources."""

from __future__ import annotations

import os

XDIST_SLOTS = 8
"""Number of test processes that can run in parallel without conflicts."""


def xdist_slot() -> int:
    """Return the xdist slot of this process, a number below `XDIST_SLOTS`; 0 for the first or only process."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % XDIST_SLOTS
