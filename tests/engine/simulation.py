"""Simulation of delivery: each method of a `Simulation` is one step, and every promise is checked after each step.

Ledger, sender, client, breaker and service are the real ones. Simulated are time, the network, the processes (one claim
each) and the broker: lost, duplicate or late wake-ups appear as the order of claims.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

import httpx
from sqlalchemy import select, update

from tests.engine import promises
from tests.engine.homes import Home
from tests.engine.log import Caused, Log, Seen, look_at
from tests.engine.messages import Messages
from tests.engine.network import EXECUTED, STATUSES, Fate, Flight, Sent, broken, status_answer
from tests.engine.rules import UNLIMITED, Rules, as_claimed, terms_of, timing_of
from tests.engine.workers import Worker
from worker.delivery.sending import tokens_of
from worker.ledger import CannotBeDone, Claim, Delivery, Lease, Limits
from worker.ledger.schema.tables import cases, gate, operations
from worker.planning.model import Kind

WORKERS = ("A", "B")
MOST_ROUNDS = 2000  # until no work is left; more means that the work never ends

Decision = Literal["retry", "skip", "edit", "bind"]


class Simulation:
    """One ledger, one service and two workers, on one simulated time."""

    def __init__(self, home: Home, rules: Rules | None = None, limits: Limits = UNLIMITED) -> None:
        self.home = home
        self.rules = rules or Rules()
        self.timing = timing_of(self.rules)
        self.terms = terms_of(self.rules, self.timing, limits)
        self.time = home.time
        self.service = home.service
        home.begin()
        self.ledger = home.open_ledger(self.timing)
        self.workers = {name: self._new_worker(name) for name in WORKERS}
        self.say = Messages()
        self.sent: list[Delivery] = []
        self.flights: list[Flight] = []
        self.log = Log()
        self.seen = look_at(self.ledger)
        self.backed_up: int | None = None
        self._attempts = 0
        self._before_claim: dict[str, Seen] = {}

    def close(self) -> None:
        with ExitStack() as stack:
            for each in self.workers.values():
                stack.callback(each.die)

    def _new_worker(self, name: str) -> Worker:
        return Worker(name, self.time, self.timing, self.rules, self._left)

    # steps of sources

    def tell(self, message: Delivery) -> None:
        """A source sends a message, for the first time or again."""
        if message not in self.sent:
            self.sent.append(message)
        self.ledger.record([message])
        self._look()

    # steps of a worker

    def claim(self, name: str, kind: Kind) -> bool:
        """A worker receives a wake-up and claims; True if it got a claim."""
        worker = self.workers[name]
        self._before_claim[name] = self.seen
        fence = worker.clock()
        claimed = self.ledger.claim(kind, limit=1, owner=name, terms=self.terms, watch=worker.watch)
        for each in claimed.claims:
            worker.take(as_claimed(self.rules, each), fence, tokens_of(claimed))
        self._look()
        return bool(claimed.claims)

    def send(self, name: str) -> None:
        """A worker uses its claim: it decides without a call, or its request leaves."""
        self.workers[name].send()

    def _left(self, claim: Claim, sent: Sent) -> None:
        request, answer = sent
        self._attempts += 1
        key = request.headers.get("Idempotency-Key")
        if key is not None and not self.rules.same_key:
            request.headers["Idempotency-Key"] = f"{key}-{self._attempts}"
        if key is not None and not self.rules.frozen_bytes:
            content = request.read() + b" " * self._attempts
            headers = {**request.headers, "Content-Length": str(len(content))}
            request = httpx.Request(request.method, request.url, headers=headers, content=content)
        self.flights.append(Flight(self.log.origin(claim, self.seen), request, self.time.seconds(), answer))

    def settle(self, name: str, *, twice: bool = False) -> bool:
        """A worker records the outcome of its claim; True if the ledger accepted it."""
        worker = self.workers[name]
        claim, settlement = worker.held, worker.settlement
        if settlement is None:
            raise RuntimeError(f"worker {name} knows nothing to settle")
        if not self.rules.epoch:
            claim = replace(claim, epoch=self.seen.cases[claim.case_id].epoch)
        stale, _ = self.ledger.settle([(claim, settlement)])
        if twice:
            again, _ = self.ledger.settle([(claim, settlement)])
            if not again:
                raise promises.Violation("a settlement was accepted twice")
        worker.rest()
        self._look()
        return not stale

    def kill(self, name: str) -> None:
        worker = self.workers[name]
        claim = worker.claim
        worker.die()
        self.workers[name] = self._new_worker(name)
        if claim is not None and not self.rules.intent_first:
            self._roll_back(claim, self._before_claim[name])

    def freeze(self, name: str) -> None:
        """Freeze the worker, as by SIGSTOP or a sleeping machine."""
        self.workers[name].is_frozen = True

    def wake(self, name: str) -> None:
        self.workers[name].is_frozen = False
        self.workers[name].turn()

    def _roll_back(self, claim: Claim, before: Seen) -> None:
        """Restore the state before a claim, as if the claim had not been committed."""
        case, head = before.cases[claim.case_id], before.operations[claim.case_id, claim.seq]
        of_case = ("state", "epoch", "owner", "lease_until", "run_at")
        of_head = ("first_sent_at", "last_sent_at", "request", "idempotency_key", "ambiguous", "unproven", "conflicts")
        with self.ledger.database.write() as connection:
            leased = (cases.c.id == claim.case_id, cases.c.epoch == claim.epoch, cases.c.state == "leased")
            if not connection.execute(update(cases).where(*leased).values(_columns(case, of_case))).rowcount:
                return
            this_one = (operations.c.case_id == claim.case_id, operations.c.seq == claim.seq)
            connection.execute(update(operations).where(*this_one).values(_columns(head, of_head)))
        self._look()

    # fates of a request

    def decide(self, flight: Flight, fate: Fate) -> None:
        """Apply this fate of network and service to an awaited request."""
        answer: httpx.Response | Exception | None = None
        if fate in EXECUTED:
            answer = self._execute(flight)
        if fate == "422":
            self.log.rejected.add(flight.origin.root)
        if fate != "late":
            flight.in_air = False
        if fate in STATUSES:
            answer = status_answer(fate)
        if fate != "answered" and fate not in STATUSES:
            answer = broken(fate)
        if answer is not None:
            flight.give(answer)
        self._turn()

    def arrive(self, flight: Flight) -> None:
        """Let a request reach the service, however late; its worker gets the answer if it still waits."""
        answer = self._execute(flight)
        flight.in_air = False
        flight.give(answer)
        self._turn()

    def held(self) -> list[str]:
        """The workers that have a claim."""
        return [name for name, each in self.workers.items() if each.stage != "idle"]

    def busy(self) -> list[str]:
        """The workers that have a claim and are not frozen."""
        return [name for name in self.held() if not self.workers[name].is_frozen]

    def alive(self) -> list[Flight]:
        """The requests that can still be executed."""
        return [each for each in self.flights if each.is_alive(self.time.seconds())]

    def flight_of(self, name: str) -> Flight | None:
        """The request that this worker waits for."""
        claim = self.workers[name].claim
        waiting = [
            each
            for each in self.flights
            if claim is not None and each.is_awaited() and self._is_of(each, claim) and each.in_air
        ]
        return waiting[-1] if waiting else None

    def _is_of(self, flight: Flight, claim: Claim) -> bool:
        return (flight.origin.case_id, flight.origin.seq, flight.origin.life) == (
            claim.case_id, claim.seq, self.log.life,
        )  # fmt: skip

    def _execute(self, flight: Flight) -> httpx.Response:
        answer = self.service.execute(flight.request)
        if 400 <= answer.status_code < 500 and answer.status_code not in (401, 403, 409, 429):
            self.log.rejected.add(flight.origin.root)
        self._note(flight)
        return answer

    def _note(self, flight: Flight) -> None:
        new = [Caused(each, flight.origin) for each in self.service.new_effects()]
        self.log.caused += new
        promises.check(self.log, self.seen, new)

    # steps of time

    def advance(self, seconds: float) -> None:
        self.time.advance(seconds)
        self.flights = [each for each in self.flights if each.is_alive(self.time.seconds()) or each.is_awaited()]
        self._turn()

    def step_clock(self, seconds: float) -> None:
        """Set the ledger's clock, as NTP, an operator or a failover does. Dispatch looked within the last second."""
        self._look_at_clock()
        self.time.step(seconds)
        self.log.clock_was_set = True

    def take_back(self) -> int:
        """A round of dispatch in every process: look at the clock, take back leases that ended, run the due job."""
        self._look_at_clock()
        found = 0
        for each in self._awake():
            if ended := each.leases.ended(self.ledger.leases(), self.time.seconds()):
                found += self.ledger.take_back(timedelta(seconds=self.timing.ghost_wait), ended)
        ghost_wait = timedelta(seconds=self.timing.ghost_wait)
        self.ledger.job_store.mend_clock(ghost_wait + timedelta(seconds=self.timing.backoff_cap), ghost_wait)
        self._look()
        return found

    def _look_at_clock(self) -> None:
        for each in self._awake():
            self.ledger.look_at_clock(self.terms, each.watch)

    def _awake(self) -> list[Worker]:
        return [each for each in self.workers.values() if not each.is_frozen]

    # steps of people

    def dead_letters(self) -> list[str]:
        return [each.id for each in self.ledger.list_dead()]

    def decide_on(self, dead_letter: str, decision: Decision) -> bool:
        """Apply a person's decision; False if the ledger refuses it."""
        act: dict[Decision, Callable[[str], object]] = {
            "retry": self.ledger.retry_operation,
            "skip": lambda each: self.ledger.skip(each, "not wanted"),
            "edit": self._edit,
            "bind": self._bind,
        }
        try:
            act[decision](dead_letter)
        except CannotBeDone:
            return False
        finally:
            self._look()
        return True

    def _edit(self, dead_letter: str) -> None:
        body = self.ledger.show_dead(dead_letter).body
        self.ledger.edit_operation(dead_letter, body.replace(b"text ", b"edited text "))

    def _bind(self, dead_letter: str) -> None:
        """Bind to the ticket that the operation did create, if the ticket system has one; otherwise to a new ticket."""
        row = self.row(dead_letter)
        own = [each.effect.ticket_id for each in self.log.of(self.log.root_of(row)) if row.kind == "create_ticket"]
        ticket = own[0] if own else None
        if ticket is None:
            made = self.service.ask("POST", "/tickets", subject="by hand", description="by hand")
            self.service.new_effects()
            ticket = str(made["id"])
        status = self.service.ask("GET", f"/tickets/{ticket}")["status"]
        self.ledger.bind(dead_letter, ticket, status)

    def row(self, dead_letter: str) -> Any:
        _, case_id, seq = dead_letter.split("-")
        return self.seen.operations[int(case_id), int(seq)]

    def set_pending(self, ticket: str) -> None:
        """A person sets an open ticket to pending."""
        if self.service.ask("GET", f"/tickets/{ticket}")["status"] == "open":
            self.service.ask("PUT", f"/tickets/{ticket}", status="pending")
            self.service.new_effects()

    # steps of a backup

    def back_up(self) -> None:
        self.home.back_up()
        self.backed_up = len(self.sent)

    def restore(self, *, sources_send_again: bool) -> None:
        """Lose the ledger's machine, with every process, and restore; requests in flight stay in flight."""
        known = self.backed_up or 0
        for name in WORKERS:
            self.workers[name].die()
            self.workers[name] = self._new_worker(name)
        self.home.restore()
        self.ledger = self.home.open_ledger(self.timing)
        self.ledger.mark_restored()
        self.log.begin_new_life()
        self._look()
        lost, self.sent = self.sent[known:], self.sent[:known]
        for message in lost if sources_send_again else []:
            self.tell(message)

    # the end

    def finish(self) -> None:
        """Finish without faults: deliver until no work is left, and check the last promises."""
        for name in WORKERS:
            self.wake(name)
            self._come_to_rest(name)
        for _ in range(MOST_ROUNDS):
            self.take_back()
            due = self.ledger.due_kinds()
            if not self._deliver(due) and not self.wait_for_what_is_next():
                break
        else:
            raise promises.Violation("state: there is always something left to do")
        promises.check_end(self.log, self.seen, self._statuses())

    def _come_to_rest(self, name: str) -> None:
        worker = self.workers[name]
        if worker.stage == "claimed":
            self.send(name)
        if (flight := self.flight_of(name)) is not None:
            self.decide(flight, "answered")
        if worker.stage == "sent":  # its request is in the air, and no answer comes
            self.advance(self.timing.http_timeout + 1)
        if worker.stage == "answered":
            self.settle(name)

    def _deliver(self, kinds: Collection[Kind]) -> bool:
        found = False
        for kind in sorted(kinds):
            while self.claim("A", kind):
                found = True
                self._come_to_rest("A")
        return found

    def wait_for_what_is_next(self) -> bool:
        """Let time pass until some work is due; False if none ever will be."""
        moments = [each.run_at for each in self.seen.cases.values() if each.state == "ready"]
        moments += [each.lease_until for each in self.seen.cases.values() if each.state == "leased"]
        if not moments:
            return False
        with self.ledger.database.read() as connection:
            row = connection.execute(select(gate).where(gate.c.id == 1)).one()
        closed = [each for each in (row.closed_until, row.jump_until) if each is not None]
        next_one = max(min(moments), *closed, self.time.now)
        self.advance(max(1.0, (next_one - self.time.now).total_seconds()))
        return True

    def _statuses(self) -> dict[str, tuple[str, str]]:
        found = {}
        for row in self.seen.tickets.values():
            ticket = self.service.ask("GET", f"/tickets/{row.ticket_id}")
            found[row.ticket_id] = (ticket["status"], ticket["priority"])
        return found

    def _turn(self) -> None:
        for each in self.workers.values():
            each.turn()

    def _look(self) -> None:
        self.seen = look_at(self.ledger)
        leased = [Lease(each.id, each.epoch) for each in self.seen.cases.values() if each.state == "leased"]
        for each in self._awake():  # dispatch looks every second
            each.leases.ended(leased, self.time.seconds())
        self.log.learn(self.seen)
        promises.check(self.log, self.seen, [])


def _columns(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
