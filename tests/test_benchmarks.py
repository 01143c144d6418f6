"""Do the benchmarks run, and do they count what really arrived? Tiny runs of the real processes; no times."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from benchmarks.parts.servers import program

PATIENCE_S = 600  # on a busy machine: fifteen starts of real processes
PROGRAMS = ("initdb", "postgres", "createdb", "redis-server")

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.redis,
    pytest.mark.timeout(PATIENCE_S + 60),
    pytest.mark.skipif(
        os.environ.get("CI") != "true" and not all(map(program, PROGRAMS)),
        reason="a benchmark starts servers of its own, and their programs are not on this machine",
    ),
]


def bench(name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a benchmark to its end, with everything that it starts; gives exit code, output and errors."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=PATIENCE_S)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return process.returncode, output, errors


def result(name: str, *arguments: str) -> dict[str, Any]:
    """The last line of a benchmark that succeeded."""
    code, output, errors = bench(name, *arguments)
    assert code == 0, errors
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def holds(fields: Mapping[str, Any], names: str, what: Callable[[Any], bool]) -> bool:
    return all(what(fields[name]) for name in names.split())


def is_a_figure(value: object) -> bool:
    return isinstance(value, float) and value > 0


def test_delivery_prints_its_ratios_and_every_operation_arrived_exactly_once() -> None:
    found = result("delivery", "--operations", "30", "--rounds", "1", "--pools", "threads:2", "--workers", "1")

    ratios = "cpu_ratio_vs_plain cpu_ratio_vs_cheapest_plain cpu_ratio_vs_bare cpu_ms rate"
    assert holds(found, ratios, is_a_figure), found
    assert holds(found, "rate_ratio_vs_default_prefork rate_ratio_vs_best_plain", is_a_figure), found
    assert (found["benchmark"], found["cheapest_plain"], found["best_plain"]) == ("delivery", "threads:2", "threads:2")
    # Without latency a pool is tried with half as many, and five contenders follow; with it four. All warm up likewise.
    each_way = 15 + 5 * 30 + 4 * 30
    assert found["arrived"] == {"operations": 2 * each_way, "requests": 2 * each_way, "keys": 2 * each_way}


def test_intake_prints_its_ratios_and_every_request_is_held_exactly_once() -> None:
    found = result("intake", "--requests", "40", "--rounds", "1")

    assert holds(found, "rate_ratio_vs_bare_delay wall_rate_ratio_vs_bare_delay per_cpu_second", is_a_figure), found
    for each in (found["half_load"]["ours"], found["half_load"]["bare_delay"]):
        assert 0 < each["p50_ms"] <= each["p99_ms"]
    assert found["benchmark"] == "intake"
    assert found["arrived"]["held"] == found["arrived"]["requests"] > 2 * 2 * 40
