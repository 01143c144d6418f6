"""Do the benchmarks run, and do they count what really arrived? Tiny runs of the real processes; no times."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

PATIENCE_S = 600  # on a busy machine: fifteen starts of real processes

pytestmark = [pytest.mark.own_postgresql, pytest.mark.own_redis, pytest.mark.timeout(PATIENCE_S + 60)]


def result(name: str, *arguments: str) -> dict[str, Any]:
    """The last line of a benchmark that succeeded; it ends with everything that it started."""
    with subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=PATIENCE_S)
        finally:
            _end(process)
    assert process.returncode == 0, errors
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def _end(process: subprocess.Popen[str]) -> None:
    """Told to end, it ends its servers in order; else its group, which holds all of them, is killed."""
    process.terminate()
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def is_a_figure(value: object) -> bool:
    return isinstance(value, float) and value > 0


def test_delivery_prints_its_ratios_and_every_operation_arrived_exactly_once() -> None:
    found = result("delivery", "--operations", "100", "--rounds", "1", "--pools", "threads:2", "--workers", "1")

    cpu = ("cpu_ms", "cpu_ratio_vs_plain", "cpu_ratio_vs_cheapest_plain", "cpu_ratio_vs_bare")
    rates = ("rate", "rate_ratio_vs_default_prefork", "rate_ratio_vs_best_plain")
    assert all(is_a_figure(found[name]) for name in cpu + rates)
    assert (found["benchmark"], found["cheapest_plain"], found["best_plain"]) == ("delivery", "threads:2", "threads:2")
    # Without latency a pool is tried with half as many, and five contenders follow; with it four. All warm up likewise.
    each_way = 50 + 5 * 100 + 4 * 100
    assert found["arrived"] == {"operations": 2 * each_way, "requests": 2 * each_way, "keys": 2 * each_way}


def test_intake_prints_its_ratios_and_every_request_is_held_exactly_once() -> None:
    found = result("intake", "--requests", "100", "--rounds", "1")

    names = ("rate_ratio_vs_bare_delay", "wall_rate_ratio_vs_bare_delay", "per_cpu_second")
    assert all(is_a_figure(found[name]) for name in names)
    for each in (found["half_load"]["ours"], found["half_load"]["bare_delay"]):
        assert 0 < each["p50_ms"] <= each["p99_ms"]
    assert found["benchmark"] == "intake"
    assert found["arrived"]["held"] == found["arrived"]["requests"] > 2 * 2 * 100
