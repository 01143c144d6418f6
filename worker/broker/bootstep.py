"""The boot step that lets a worker of Celery's own command deliver like `ticketrelay worker`.

The settings are those of `ticketrelay worker`. An option of Celery's command that would change delivery is refused in
one line, before anything is started: a worker that seems to run and claims otherwise is worse than none.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import click
from celery import bootsteps
from celery.concurrency.thread import TaskPool

from worker.broker.delivering import Delivering
from worker.broker.publisher import Publisher
from worker.broker.relay import CONCURRENCY, POOL, PREFETCH, WakeUpApp
from worker.intake.listener import FEW, HttpThread, limits_of
from worker.runtime import lifetime
from worker.runtime.gauges import metrics_of
from worker.runtime.health import health_app, threads
from worker.runtime.heartbeat import THREAD, Heartbeat
from worker.runtime.starting import fail, fleet_settings, ledger_when_there, listen_at, require_good_secrets
from worker.settings.layers import config_of
from worker.settings.planning_digest import PlanningDigest

ROLE = "worker"
OTHER_BROKER = ("CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
"""Variables that Celery reads before its configuration; its option `--broker` sets the first of them."""


class DeliveringProcess:
    """The parts of a worker beside the consumer. The constructor ends the process when it could not deliver."""

    def __init__(self, app: WakeUpApp) -> None:
        loaded = fleet_settings(config_of(os.environ), needs_api=True)
        settings = loaded.settings
        self._ledger = ledger_when_there(settings)
        require_good_secrets(loaded, self._ledger)
        self._ledger.follow(lambda: settings)
        listener, address = listen_at(settings.server.health_listen)
        metrics = metrics_of(self._ledger, settings, sends=True)
        self._loaded, self._address = loaded, address
        self._publisher = Publisher(app, settings, app.publisher_outage)
        self._delivering = Delivering(app, settings, self._ledger, self._publisher.publish, metrics)
        self._heartbeat = Heartbeat(self._ledger, "worker", self._publisher.check, PlanningDigest(lambda: settings))
        parts = {**self._delivering.parts(), **threads(THREAD)}
        self._health = HttpThread(
            [(listener, health_app(self._ledger, metrics, parts))], limits_of(settings.server, FEW)
        )
        self._said = f"Delivering to {settings.api.url}. Health at http://{address}/livez /readyz /metrics"

    def start(self) -> None:
        self._delivering.start()
        self._health.start()
        self._heartbeat.start()
        click.echo(self._said)
        lifetime.started(ROLE, self._loaded, self._ledger, [f"health {self._address}"])

    def stop(self) -> None:
        """Stop in this order: probes are answered until the current calls have ended."""
        self._delivering.stop()
        self._health.stop()
        self._heartbeat.stop()
        self._publisher.close()
        self._ledger.close()
        lifetime.stopped(ROLE, "celery")


class DeliveryStep(bootsteps.StartStopStep):
    """Starts delivery before Celery's consumer, and stops it afterwards: calls in flight end, and are settled.

    `create` returns the object whose `start` and `stop` are called.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        if problems := list(_refusals(parent)):
            fail(problems)

    def create(self, parent: Any) -> DeliveringProcess:  # type: ignore[override]  # the stubs declare no result
        return DeliveringProcess(parent.app)


def _refusals(worker: Any) -> Iterator[str]:
    """Yield one line for each option of Celery's command that this worker does not support."""
    if worker.pool_cls is not TaskPool or _asks_for_prefork():
        yield f"--pool: only {POOL} is supported, because one event loop makes all calls"
    if worker.concurrency != CONCURRENCY or worker.autoscale:
        yield f"--concurrency and --autoscale: {CONCURRENCY} threads claim for all calls; for more, start more workers"
    if worker.prefetch_multiplier != PREFETCH:
        yield f"--prefetch-multiplier: only {PREFETCH} is supported, so that another worker can take a wake-up"
    if set(worker.app.amqp.queues.consume_from) != {worker.app.conf.task_default_queue}:
        yield "--queues: the queue is TICKETRELAY_BROKER__QUEUE"
    if any(os.environ.get(name) for name in OTHER_BROKER):
        yield f"--broker ({', '.join(OTHER_BROKER)}): the broker is TICKETRELAY_BROKER__URL"


def _asks_for_prefork() -> bool:
    """Return True when the command line names prefork, which Celery takes for its default, the configured pool."""
    context = click.get_current_context(silent=True)
    if context is None or context.get_parameter_source("pool") in (None, click.core.ParameterSource.DEFAULT):
        return False
    return any(each.endswith("prefork") for each in (*sys.argv[1:], os.environ.get("CELERY_WORKER_POOL", "")))
