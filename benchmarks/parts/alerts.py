"""Alerts of Alertmanager for the benchmarks, each about a case of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

SECRET = "bench-secret-of-the-benchmarks"  # noqa: S105 — used only by processes that live as long as a benchmark
AUTHORIZATION = {"Authorization": f"Bearer {SECRET}"}


def alerts() -> Iterator[dict[str, Any]]:
    """Yield firing alerts without end; fingerprints are unique, also across processes."""
    for number in count(1):
        fingerprint = f"{os.getpid():08x}{number:08x}"
        yield {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "severity": "critical", "instance": f"db{number}:9100"},
            "annotations": {"summary": f"Disk full on db{number}", "description": "sda1 is at 98%"},
            "startsAt": "2026-02-20T14:30:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.net/graph",
            "fingerprint": fingerprint,
        }


def body(of: Iterable[dict[str, Any]]) -> bytes:
    """Return the body of one delivery with these alerts."""
    message = {"version": "4", "status": "firing", "receiver": "tickets", "alerts": list(of)}
    return json.dumps(message).encode()
