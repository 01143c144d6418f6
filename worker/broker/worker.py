"""A Celery worker in a thread of its own, so that one process (`run`) and a fleet (`worker`) share the same code."""

from __future__ import annotations

from contextlib import suppress

import structlog
from celery.worker import WorkController
from celery.worker import state as celery_state

from worker.broker.delivering import Delivering
from worker.broker.relay import Relay
from worker.delivery.dispatch import BrokerAway
from worker.runtime.health import Parts, threads
from worker.runtime.threads import Loop

log = structlog.get_logger()

RESTART_S = 1.0  # before a consumer that ended by itself begins anew
STOP_PATIENCE_S = 5.0


class WorkerThread:
    """Delivery in this process, and a Celery worker in a thread that hands wake-ups to it."""

    def __init__(self, app: Relay) -> None:
        # Pool threads look a task up in the default application, and drop it silently when it is missing there.
        app.set_default()
        self._app = app
        publish = app.publisher.publish
        self._delivering = Delivering(app, app.relay_settings, app.ledger, publish, app.metrics, app.current)
        self._loop = Loop("celery", self._hear, at_end=_forget_the_end)

    def start(self) -> None:
        self._delivering.start()
        self._loop.start()

    def parts(self) -> Parts:
        """Return the parts that `/livez` checks in a process that delivers."""
        return {**threads("celery"), **self._delivering.parts()}

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end and settle them; then take no more wake-ups."""
        self._delivering.stop()
        # The worker ends itself, in its own thread: stopped from another thread, it reads from its broker in both.
        self._loop.ask_to_stop()
        celery_state.should_stop = 0  # type: ignore[assignment]  # an exit code
        self._wake()
        self._loop.join(STOP_PATIENCE_S)
        self._app.node = None

    def _hear(self) -> None:
        """Consume wake-ups until `stop`, and begin anew after an unexpected end.

        Celery ends for good at an unknown error, such as an element of the queue that is not a wake-up. A worker
        without wake-ups delivers late.
        """
        _forget_the_end()  # an earlier end is not ours; before the loop is checked, since `stop` stops the loop first
        if self._loop.is_stopping:
            return
        WorkController(app=self._app, quiet=True).start()
        if self._loop.rest(RESTART_S):
            log.error("consumer.begins_anew")

    def _wake(self) -> None:
        """Publish two wake-ups, so that the worker checks at once whether to stop.

        The worker checks after each wake-up, and otherwise every second or two. On a transport without an event loop
        (`memory://`) it then waits once more.
        """
        with suppress(BrokerAway):
            for _ in range(2):
                self._app.publisher.publish("create_ticket")


def _forget_the_end() -> None:
    """Reset Celery's stop flag, which belongs to the whole process, so that a later worker of the process may begin."""
    celery_state.should_stop = None
