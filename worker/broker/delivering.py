"""What delivers in one process: the node, and the jobs beside it. Every way to start a worker starts this."""

from __future__ import annotations

from collections.abc import Callable

from worker.broker.relay import WakeUpApp
from worker.delivery.dispatch import Publish
from worker.delivery.node import Node
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import THREAD, Runner
from worker.ledger import Ledger
from worker.runtime.health import Parts, threads
from worker.runtime.metrics import Metrics
from worker.settings import Settings

ANSWER_PATIENCE_S = 2.0  # for the event loop of the calls, before it counts as dead


class Delivering:
    """The node that the tasks of an application delegate to, and the runner of the jobs."""

    def __init__(
        self,
        app: WakeUpApp,
        settings: Settings,
        ledger: Ledger,
        publish: Publish,
        metrics: Metrics,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        """`current` are the settings of the moment, where they may change while the process runs."""
        self._app = app
        self._node = Node(settings, ledger, publish, metrics, current)
        self._jobs = Runner(
            ledger,
            lambda: jobs_of(current() if current is not None else settings),
            self._node.ring,
            self._node.owner,
            settings.timing.dispatch_interval,
        )

    def start(self) -> None:
        self._app.node = self._node
        self._node.start()
        self._jobs.start()

    def parts(self) -> Parts:
        """What `/livez` looks at, beside what hears the broker."""
        return {
            **threads("bell", "dispatch", "settler", THREAD),
            "calls": lambda: self._node.answers(ANSWER_PATIENCE_S),
        }

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end and settle them; a ring that comes later claims nothing."""
        self._jobs.stop()
        self._node.stop()
