"""The delivering parts of a process: the node and the jobs. Every way to start a worker starts them."""

from __future__ import annotations

from collections.abc import Callable

from worker.broker.relay import WakeUpApp
from worker.delivery.dispatch import Publish
from worker.delivery.node import Node
from worker.jobs.alarm_loop import PING_THREAD, AlarmLoop
from worker.jobs.alarm_loop import THREADS as ALARM_THREADS
from worker.jobs.catalogue import jobs_of
from worker.jobs.runner import THREAD, Runner
from worker.ledger import Ledger
from worker.runtime.health import Parts, threads
from worker.runtime.metrics import Metrics
from worker.settings import Settings

ANSWER_PATIENCE_S = 2.0  # for the event loop of the calls, before it counts as dead


class Delivering:
    """The node that an application's tasks delegate to, the runner of the jobs, and the look at the alarms."""

    def __init__(
        self,
        app: WakeUpApp,
        settings: Settings,
        ledger: Ledger,
        publish: Publish,
        metrics: Metrics,
        current: Callable[[], Settings] | None = None,
    ) -> None:
        """`current` returns the present settings, where they may change while the process runs."""
        self._app = app
        self._node = Node(settings, ledger, publish, metrics, current)
        self._jobs = Runner(
            ledger,
            lambda: jobs_of(current() if current is not None else settings),
            self._node.wake,
            self._node.owner,
            settings.timing.dispatch_interval,
        )
        self._alarms = AlarmLoop(ledger, current or (lambda: settings), delivers=True)

    def start(self) -> None:
        self._app.node = self._node
        self._node.start()
        self._jobs.start()
        self._alarms.start()

    def parts(self) -> Parts:
        """Return the parts that `/livez` checks, without the broker's consumer."""
        return {
            **threads("bell", "dispatch", "settler", THREAD, *ALARM_THREADS, PING_THREAD),
            "calls": lambda: self._node.answers(ANSWER_PATIENCE_S),
        }

    def stop(self) -> None:
        """Claim nothing more, let the calls in flight end and settle them. A later wake-up claims nothing."""
        self._alarms.stop()
        self._jobs.stop()
        self._node.stop()
