"""Sends a stream during the faults, over a few connections, each delivery until it is acknowledged.

The faults are spread evenly over the stream. Senders stop before the part of the stream that belongs to the next fault,
so that each fault meets traffic, however long it takes.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from connectors import connector
from connectors.contract.settings import SourceSettings
from tests.acceptance.chaos import checker, faults, stream
from tests.acceptance.chaos.alarms import AlarmWatch
from tests.acceptance.chaos.faults import order_of
from tests.acceptance.chaos.sites import SECRET, Deployment, Kind, deployed
from tests.acceptance.chaos.stream import Delivery, Stream
from tests.acceptance.deployments import CONTROL_TOKEN
from tests.acceptance.processes import wait_until
from tests.no_tls import NO_TLS

SENDERS = 6
PATIENCE_S = 120.0
IDLE_PATIENCE_S = 300.0
CLOCK_WAS_SET = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a run."""

    events: int
    faults: int
    api_faults: int
    dead: int
    """Dead letters at the end; must be 0, because no person decides about them here."""
    seconds: float
    verdict: checker.Verdict
    stories: tuple[str, ...]
    """Some of the wrong cases."""
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How often each fault happened."""
    alarms: Mapping[str, int] = field(default_factory=dict)
    """How often each alarm came up, as far as it was seen."""
    missing_alarms: tuple[str, ...] = ()
    """Alarms that a fault must raise, and did not."""
    left_alarms: tuple[str, ...] = ()
    """Alarms that are up at the end."""

    @property
    def is_clean(self) -> bool:
        return self.verdict.is_clean and not (self.dead or self.missing_alarms or self.left_alarms)


class Senders:
    """Threads that send deliveries, each until it gets a 2xx, as sources do."""

    def __init__(self, deployment: Deployment, deliveries: Sequence[Delivery], sendings: Sequence[int]) -> None:
        self._intake = deployment.intake
        self._clock = deployment.now
        self._deliveries = deliveries
        self._sendings = sendings
        self._acknowledged = {number: threading.Event() for number in set(sendings)}
        self._next = self._done = self._limit = 0
        self._errors: list[BaseException] = []
        self._stopping = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"sender-{each}") for each in range(SENDERS)]
        chat = connector("slack")
        self._sign = chat.sign
        self._chat: SourceSettings = chat.settings.model_validate({"secret": SECRET})

    @property
    def done(self) -> int:
        """The number of acknowledged sendings."""
        return self._done

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def may_send(self, limit: int) -> None:
        """Allow the sendings below this number."""
        with self._changed:
            self._limit = limit
            self._changed.notify_all()

    def wait_until_sent(self, number: int) -> None:
        """Wait until this number of sendings is acknowledged.

        There is no time limit as long as the number grows. Raises the error of a sender.
        """
        while self._done < number:
            before = self._done
            more = f"more than {before} of {number} acknowledged"
            wait_until(lambda: bool(self._errors) or self._done > before, more, IDLE_PATIENCE_S)  # noqa: B023
            if self._errors:
                raise self._errors[0]

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for each in self._threads:
            each.join(PATIENCE_S)

    def _run(self) -> None:
        try:
            with httpx.Client(timeout=10, trust_env=False, verify=NO_TLS) as http:
                while (delivery := self._take()) is not None:
                    for before in delivery.after:
                        wait_until(lambda: self._is_over(before), "the step before", PATIENCE_S)  # noqa: B023
                    if not self._stopping:
                        self._send(http, delivery)
        except Exception as error:  # noqa: BLE001 — raised again by `wait_until_sent`
            self._errors.append(error)
            self._stopping = True

    def _is_over(self, number: int) -> bool:
        return self._stopping or number not in self._acknowledged or self._acknowledged[number].is_set()

    def _take(self) -> Delivery | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopping or self._next < self._limit or self._next >= len(self._sendings)
            )
            if self._stopping or self._next >= len(self._sendings):
                return None
            self._next += 1
            return self._deliveries[self._sendings[self._next - 1]]

    def _send(self, http: httpx.Client, delivery: Delivery) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._is_taken(http, delivery):
            assert time.monotonic() < deadline, f"delivery {delivery.number} is not acknowledged"
            if self._stopping:
                return
            time.sleep(0.1)
        self._acknowledged[delivery.number].set()
        with self._changed:
            self._done += 1

    def _is_taken(self, http: httpx.Client, delivery: Delivery) -> bool:
        headers = {"Authorization": f"Bearer {SECRET}"}
        now = self._clock()
        if delivery.source == "slack":
            headers = dict(self._sign(delivery.body, self._chat, now))
        try:
            answer = http.post(f"{self._intake}/in/{delivery.source}", content=delivery.body, headers=headers)
        except httpx.TransportError:
            return False
        if answer.status_code == 401 and abs(self._clock() - now) > CLOCK_WAS_SET:
            return False  # the clock was set while the delivery was under way: its signature was too old, or too new
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200


class ApiFaults:
    """Fault rules at the Tickets API, added after each of its starts; counts how often they applied in all."""

    def __init__(self, deployment: Deployment, seed: int) -> None:
        self._site = deployment.site
        self._seed = seed
        self._lives = 0
        self._before = 0
        self._now = 0

    def set(self) -> None:
        self._before += self._now
        self._now = 0
        for rule in faults.rules(self._seed * 1000 + self._lives):
            self._site.add_fault(**rule)
        self._lives += 1

    def count(self) -> int:
        """Return how many requests met a rule so far; a killed server loses its count since the last call."""
        with suppress(httpx.TransportError):
            answer = self._site.http.get(
                f"{self._site.control}/faults", headers={"Authorization": f"Bearer {CONTROL_TOKEN}"}
            ).raise_for_status()
            applied = [(each["action"], faults.MANY - each["left"]) for each in answer.json()["data"]]
            self._now = sum(number for action, number in applied if action != "search_lag")
        return self._before + self._now


class Single:
    """The single faults of a run, and the alarms that they must raise."""

    def __init__(self, deployment: Deployment, api: ApiFaults, watch: AlarmWatch) -> None:
        self._faults = {**deployment.kills, **deployment.conditions}
        self._api = api
        self._watch = watch
        self.kinds: Counter[str] = Counter()
        self.missing_alarms: list[str] = []

    def happen(self, name: str) -> None:
        """Let one fault begin and end."""
        self._api.count()
        self.kinds[name] += 1
        fault = self._faults[name]
        place = f"({name}, fault {self.kinds.total()})"
        # An alarm of before would hide that this fault raises none.
        if fault.alarm is not None and not self._watch.is_over(fault.alarm):
            self.missing_alarms.append(f"{fault.alarm} {place}: it was up before")
        fault.begin()
        try:
            time.sleep(fault.lasts_s)
            if fault.alarm is not None and not self._watch.comes_up(fault.alarm):
                self.missing_alarms.append(f"{fault.alarm} {place}")
        finally:
            fault.end()
        if fault.forgets:
            self._api.set()


def run(kind: Kind, folder: Path, *, events: int, faults: int, seed: int, limit: str | None = None) -> Outcome:
    """Do one run in `folder`, which every user can reach; `limit` is as for `deployed`."""
    told = stream.make(events, seed)
    begun = time.monotonic()
    with deployed(kind, folder, limit) as deployment, closing(AlarmWatch(deployment.site.intake)) as watch:
        api = ApiFaults(deployment, seed)
        api.set()
        single = Single(deployment, api, watch)
        order = order_of(sorted(deployment.kills), sorted(deployment.conditions), faults, seed)
        _send_with_faults(deployment, single, told, order, begun)
        _wait_until_idle(deployment)
        _say(begun, "idle; everything is sent once more")
        _send_again(deployment, told, seed)
        dead = _wait_until_idle(deployment)
        _say(begun, "idle again")
        left_alarms = watch.left()
        effects = checker.observe(deployment.site.effects())
        api_faults = api.count()
    verdict = checker.judge(told.expected, effects)
    return Outcome(
        told.events,
        faults,
        api_faults,
        dead,
        round(time.monotonic() - begun, 1),
        verdict,
        tuple(checker.story(case, told.expected, effects) for case in verdict.wrong[:5]),
        kinds=dict(sorted(single.kinds.items())),
        alarms=watch.raised,
        missing_alarms=tuple(single.missing_alarms),
        left_alarms=tuple(sorted(left_alarms)),
    )


def _send_with_faults(deployment: Deployment, single: Single, told: Stream, order: Sequence[str], begun: float) -> None:
    number = len(order)
    places = [len(told.sendings) * (each + 1) // (number + 1) for each in range(number)] + [len(told.sendings)]
    senders = Senders(deployment, told.deliveries, told.sendings)
    senders.start()
    try:
        for each, name in enumerate(order):
            senders.may_send(places[each + 1])
            senders.wait_until_sent(places[each] - SENDERS)
            _say(begun, f"fault {each + 1} of {number}: {name}; {senders.done} of {len(told.sendings)} sent")
            single.happen(name)
        senders.may_send(len(told.sendings))
        senders.wait_until_sent(len(told.sendings))
        _say(begun, f"all {told.events} events are acknowledged")
    finally:
        senders.stop()


def _send_again(deployment: Deployment, told: Stream, seed: int) -> None:
    """Send every delivery once more, in random order; this must have no effect."""
    again = list(range(len(told.deliveries)))
    random.Random(seed).shuffle(again)  # noqa: S311
    senders = Senders(deployment, [_alone(each) for each in told.deliveries], again)
    senders.may_send(len(again))
    senders.start()
    try:
        senders.wait_until_sent(len(again))
    finally:
        senders.stop()


def _alone(delivery: Delivery) -> Delivery:
    """Return the delivery without its predecessors."""
    return Delivery(delivery.number, delivery.source, delivery.body, delivery.steps, ())


def _wait_until_idle(deployment: Deployment) -> int:
    """Wait until no operation waits or is in flight; returns the number of dead letters."""
    while (left := deployment.open_and_dead()[0]) > 0:
        wait_until(lambda: deployment.open_and_dead()[0] < left, f"less than {left} open", IDLE_PATIENCE_S)
    return deployment.open_and_dead()[1]


def _say(begun: float, text: str) -> None:
    print(f"{time.monotonic() - begun:6.1f} s  {text}", file=sys.stderr, flush=True)
