"""Tiny runs of the benchmarks with real processes: they run, and count what arrived; times are not checked."""

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
    """Run a benchmark and return its last line; the benchmark must succeed and end all its processes."""
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
    """Ask the benchmark to end its servers in order; if it does not, kill its group, which holds all of them."""
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
    # Without latency, a pool is tried with half the operations, and five contenders follow; with latency, four.
    # All warm up alike.
    each_way = 50 + 5 * 100 + 4 * 100
    assert found["arrived"] == {"operations": 2 * each_way, "requests": 2 * each_way, "keys": 2 * each_way}


def test_storm_prints_its_figures_for_each_way_of_counting_and_everything_was_sent() -> None:
    found = result("storm", "--operations", "60", "--urgent", "0.1", "--real", "8")

    for window in ("fixed", "sliding", "token_bucket"):
        each = found[window]
        assert each["answers_429"] == 0
        assert 0 < each["urgent_p99_s"] <= each["urgent_max_s"]
        assert (each["operations"], each["urgent"]) == (60, 6)
        assert each["most_in_60_s"] <= 100
        assert 0 < each["calls"] <= 60
    real = found["real_time"]
    assert real["calls"]["real"] == real["calls"]["simulated"] > 0
    assert real["answers_429"] == 0
    assert is_a_figure(found["real_vs_simulated"])


def test_intake_prints_its_ratios_and_every_request_is_held_exactly_once() -> None:
    found = result("intake", "--requests", "100", "--rounds", "1")

    names = ("rate_ratio_vs_bare_delay", "wall_rate_ratio_vs_bare_delay", "per_cpu_second")
    assert all(is_a_figure(found[name]) for name in names)
    for each in (found["half_load"]["ours"], found["half_load"]["bare_delay"]):
        assert 0 < each["p50_ms"] <= each["p99_ms"]
    assert found["benchmark"] == "intake"
    assert found["arrived"]["held"] == found["arrived"]["requests"] > 2 * 2 * 100


def test_deadlines_prints_percentiles_of_every_platform_and_each_message_became_one_ticket() -> None:
    found = result("deadlines", "--messages", "4", "--rate", "20", "--commit-delay", "0.05")

    assert set(found["platforms"]) == {"slack", "discord", "teams", "telegram"}
    for each in found["platforms"].values():
        assert 0.05 < each["p50_s"] <= each["p99_s"] <= each["max_s"]  # the delayed commit is waited for
    assert (found["messages"], found["tickets"], found["refused"]) == (16, 16, 0)


def test_rehearse_prints_what_a_delivery_costs_and_which_tickets_came_of_them() -> None:
    found = result("rehearse", "--deliveries", "120", "--rounds", "1")

    assert is_a_figure(found["cpu_ms_per_delivery"])
    assert is_a_figure(found["cpu_ratio_vs_reading"])
    assert found["deliveries"] == 120
    assert found["tickets"]["before"] == 60
    assert 20 < found["tickets"]["after"] < 60  # two of three teams have groups
