"""Starts a Prometheus and an Alertmanager on loopback for a test, which may kill them.

    with own_metric() as metric, own_alertmanager(receiver) as alertmanager, own_prometheus(metric, [alertmanager]):
        metric.value = 1        # a rule fires below 5, and resolves above it

All intervals are about a second. A test that uses these carries the marker `own_prometheus`: it needs the programs.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.acceptance.processes import answers, kept_port
from tests.killable import Program, Server, folder_for, running
from tests.serving import serving

ALERT = "DiskFull"
BELOW = 5.0
REPEAT_S = 5


def prometheus_can_be_started() -> bool:
    return all(shutil.which(each) for each in ("prometheus", "prometheus-alertmanager"))


class Metric:
    """The metric `disk_free_percent`, as served by an exporter."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.value = 100.0


@contextmanager
def own_metric() -> Iterator[Metric]:
    """Serve one metric, with a value that the test sets."""
    metric = Metric(kept_port())

    class Exporter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = f"# TYPE disk_free_percent gauge\ndisk_free_percent {metric.value}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Do not log requests."""

    with serving(ThreadingHTTPServer(("127.0.0.1", metric.port), Exporter)):
        yield metric


@contextmanager
def own_alertmanager(
    receiver: str,
    secret: str,
    *,
    port: int | None = None,
    peers: Sequence[int] = (),
    cluster_port: int | None = None,
) -> Iterator[Server]:
    """Start an Alertmanager that notifies a webhook; `peers` are the cluster ports of other Alertmanagers.

    Peers do not wait for each other, so each one sends all notifications, as peers do that cannot reach each other.
    A killed Alertmanager has forgotten its alerts and its sent notifications at the next start.
    """
    port = port or kept_port()
    with folder_for("alertmanager") as folder:
        settings = folder / "alertmanager.yml"
        webhook = {
            "url": receiver,
            "send_resolved": True,
            "http_config": {"authorization": {"type": "Bearer", "credentials": secret}},
        }
        route = {"receiver": "tickets", "group_wait": "1s", "group_interval": "1s", "repeat_interval": f"{REPEAT_S}s"}
        # JSON is YAML.
        settings.write_text(
            json.dumps({"route": route, "receivers": [{"name": "tickets", "webhook_configs": [webhook]}]})
        )
        command = [
            "prometheus-alertmanager",
            f"--config.file={settings}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--cluster.listen-address={f'127.0.0.1:{cluster_port}' if cluster_port else ''}",
            "--cluster.peer-timeout=0s",
            "--cluster.settle-timeout=1s",
            *(f"--cluster.peer=127.0.0.1:{each}" for each in peers),
        ]
        url = f"http://127.0.0.1:{port}"
        program = Program(command, lambda: answers(f"{url}/-/ready"))
        with running(Server(url, port, folder, program, data=["data"])) as server:
            yield server


@contextmanager
def own_prometheus(metric: Metric, alertmanagers: Sequence[Server]) -> Iterator[Server]:
    """Start a Prometheus with one rule about the metric; `DiskFull` fires below 5."""
    port = kept_port()
    with folder_for("prometheus") as folder:
        rule: dict[str, Any] = {
            "alert": ALERT,
            "expr": f"disk_free_percent < {BELOW}",
            "labels": {"severity": "critical"},
            "annotations": {"summary": "The disk of {{ $labels.instance }} is full"},
        }
        _write(folder / "rules.yml", {"groups": [{"name": "disks", "rules": [rule]}]})
        targets = [f"127.0.0.1:{each.port}" for each in alertmanagers]
        scraped = {"job_name": "disk", "static_configs": [{"targets": [f"127.0.0.1:{metric.port}"]}]}
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": targets}]}]},
            "scrape_configs": [scraped],
        }
        _write(folder / "prometheus.yml", settings)
        command = [
            "prometheus",
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--rules.alert.resend-delay=1s",
        ]
        url = f"http://127.0.0.1:{port}"
        program = Program(command, lambda: answers(f"{url}/-/ready"))
        with running(Server(url, port, folder, program, data=["data"])) as server:
            yield server


def _write(path: Path, settings: dict[str, Any]) -> None:
    path.write_text(json.dumps(settings))
