"""Which of the processes that test side by side is this one? What they would share, they share out by that number."""

from __future__ import annotations

import os

SIDES = 8
"""As many may run side by side without getting into each other's way."""


def side() -> int:
    """A number below `SIDES`: 0 in the first process of pytest-xdist, and where there is only one."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SIDES
