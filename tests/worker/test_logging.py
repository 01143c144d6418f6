"""What becomes of log events that cannot be written?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LOGS = "from worker.cli.common import log_to_stderr; import structlog; log_to_stderr('info')"
MUCH = "[structlog.get_logger().error('alarm.raised', text='x' * 10_000) for _ in range(10)]; print('goes on')"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this platform has no disk that is always full")
def test_who_logs_to_a_full_disk_goes_on() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", f"{LOGS}; {MUCH}"],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.stdout == "goes on\n"
