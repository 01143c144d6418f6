"""What would the ledger plan for these events, if every call were made at once? Its rules, on cases kept in memory.

Naming, recognising and planning are the ledger's own functions. What only a real ledger knows is missing: no create is
rejected, no ticket has an id, and a comment that waits is paired as soon as its case is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from connectors.contract.events import Commented, Event, TicketChanged
from worker.ledger.recording.aliases import Destination, Key, KnownCase, Name, joining, keys_in, names_in, placed
from worker.ledger.recording.planning import (
    COPIED,
    USED_AGAIN,
    Arrival,
    led_to_its_group,
    not_in_the_future,
    standing_of,
    used_again,
)
from worker.ledger.recording.waiting import PATIENCE, Waiting, name_of
from worker.planning.grouping import Grouped, Rate, is_group, latest, plan_member
from worker.planning.keys import idempotency_key
from worker.planning.lifecycle import plan
from worker.planning.loop_guard import Talk, counted, gathered
from worker.planning.model import CaseState, Group, Intent, Plan, Policy, Sighting, Treatment

USUAL = Treatment(Policy())
MESSAGE_BEFORE = "an earlier message"  # as the ledger calls a case without a ticket


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event led to."""

    arrival: Arrival
    sighting: Sighting
    reason: str | None
    """Why nothing follows; None when something does."""
    case: int | None = None
    """The number of its case in this memory; None for an event whose case is not known."""
    case_key: str = ""
    episode: int = 0
    """Of its operations' keys."""
    intents: tuple[Intent, ...] = ()
    ends: bool = False
    """The case's episode was open before, and is over now."""
    takes_back: bool = False
    """Nothing of the episode is sent any more."""

    def key(self, intent: Intent) -> str:
        """The idempotency key of an operation that follows."""
        event = self.arrival.event
        return idempotency_key(self.arrival.source, self.case_key, self.episode, event.source_message_id, intent)


@dataclass(slots=True)
class _Case:
    number: int
    source: str
    key: str
    state: CaseState = field(default_factory=CaseState)
    opener: str | None = None
    people: set[str] = field(default_factory=set)
    damped_until: datetime | None = None
    members: dict[str, CaseState] = field(default_factory=dict)
    """Of a group, by what the source names them by."""
    open_members: int = 0
    rate: Rate = field(default_factory=Rate)


@dataclass(frozen=True, slots=True)
class _Telling:
    event: Event
    sighting: Sighting
    episode: int | None
    destination: Destination
    occasion: str | None


@dataclass(frozen=True, slots=True)
class _Seen:
    content: str
    case: _Case
    episode: int


class Memory:
    """Everything that planning knows, growing delivery by delivery."""

    def __init__(self) -> None:
        self._cases: list[_Case] = []
        self._by_key: dict[Key, _Case] = {}
        self._open_in: dict[Key, _Case] = {}
        """The groups in which alerts are open."""
        self._names: dict[Name, _Case] = {}
        self._seen: dict[tuple[str, str], _Seen] = {}
        self._versions: set[tuple[str, str, str]] = set()
        self._talks: dict[Name, Talk] = {}
        """By source and exchange; their cases by number."""
        self._waiting: dict[Name, dict[tuple[str, str], Waiting]] = {}
        self._patience: deque[tuple[datetime, Name, tuple[str, str]]] = deque()

    @property
    def cases(self) -> int:
        """How many are known; the number of a case that comes next."""
        return len(self._cases)

    def take(self, arrivals: Sequence[Arrival], now: datetime) -> list[Outcome]:
        """What the events of one delivery lead to, in order; what waited for one of them comes right after it."""
        self._drop_expired(now)
        pairs = [(each.source, each.event) for each in arrivals]
        destinations = [led_to_its_group(each, where) for each, where in zip(arrivals, self._place(pairs), strict=True)]
        new_names: dict[Name, _Case] = {}
        cases: list[_Case | None] = []
        for arrival, destination in zip(arrivals, destinations, strict=True):
            case = self._case(destination)
            cases.append(case)
            if case is not None:
                for alias in destination.new_names:
                    new_names[arrival.source, alias] = self._names.setdefault((arrival.source, alias), case)
                new_names[case.source, case.key] = case
        told: set[tuple[str, str, str]] = set()
        outcomes: list[Outcome] = []
        for arrival, destination, case in zip(arrivals, destinations, cases, strict=True):
            was_new = case is not None and not case.state.episode
            own = (arrival.source, arrival.event.case_key)
            was_open = own in self._open_in
            outcomes.append(self._apply(_once(arrival, told), destination, case, now))
            if was_new and case is not None and case.state.episode:
                outcomes += self._take_along({name for name, its in new_names.items() if its is case}, now)
            if not was_open and own in self._open_in:
                outcomes += self._take_along({own}, now)
        return outcomes + self._take_along(new_names, now)

    def _place(self, pairs: Sequence[tuple[str, Event]]) -> list[Destination]:
        known = {name: self._names[name].number for name in names_in(pairs) if name in self._names}
        there = {number: _known(self._cases[number]) for number in set(known.values())}
        return placed(pairs, known, there, {key for key in keys_in(pairs) if key in self._by_key})

    def _case(self, destination: Destination) -> _Case | None:
        where = destination.case
        if where is None or isinstance(where, int):
            return None if where is None else self._cases[where]
        return self._keyed(where)

    def _keyed(self, key: Key) -> _Case:
        if (case := self._by_key.get(key)) is None:
            case = _Case(len(self._cases), *key)
            self._cases.append(case)
            self._by_key[key] = case
        return case

    def _apply(self, arrival: Arrival, destination: Destination, case: _Case | None, now: datetime) -> Outcome:
        if isinstance(arrival.event, TicketChanged):
            return Outcome(arrival, Sighting.NEW, "no ticket has an id here")
        arrival, destination, case, why = self._with_its_own_name(arrival, destination, case)
        event = destination.read_as or arrival.event
        met = self._met(arrival, destination, case)
        case, sighting, episode = self._recognise(arrival.source, event, met)
        if case is None:
            return self._without_case(arrival, cast(Commented, event), now)
        telling = _Telling(event, sighting, episode, destination, arrival.occasion)
        treatment = arrival.treatment or USUAL
        decided, grouped = self._decide(case, treatment, telling, now)
        if (storm := self._storm(arrival, treatment, decided, now)) is not None:
            case, treatment = storm[0], replace(treatment, group=storm[1])
            decided, grouped = self._decide(case, treatment, telling, now)
        if sighting is Sighting.NEW and (stopped := self._stopped(arrival, case, decided, now)) is not None:
            (case, decided), grouped = stopped, None
            arrival = replace(arrival, event=replace(arrival.event, joins=False))
        before = _awake(case, now)
        if decided.unknown is not None:
            return self._without_case(arrival, cast(Commented, event), now)
        if grouped is not None and sighting is Sighting.NEW:
            self._change_member(case, event, grouped)
        if not before.episode and decided.case.episode:
            case.opener = event.author
        self._remember(arrival, case, sighting, decided)
        if decided.case.damped and decided.case.episode != before.episode:
            case.damped_until = now + treatment.policy.damping
        case.state = decided.case
        return Outcome(
            arrival, sighting, decided.reason or why, case.number, case.key,
            episode if episode is not None else decided.case.episode, decided.intents,
            ends=before.phase == "open" and decided.case.phase != "open", takes_back=decided.takes_back,
        )  # fmt: skip

    def _with_its_own_name(
        self, arrival: Arrival, destination: Destination, case: _Case | None
    ) -> tuple[Arrival, Destination, _Case | None, str | None]:
        """A message whose sender used a known id again, under a name of its own: it goes to the case of the first."""
        source, name = arrival.source, arrival.event.source_message_id
        known = self._seen.get((source, name))
        is_copied = (source, name, COPIED) in self._versions
        renamed = used_again(arrival.event, known.content, is_copied=is_copied) if known is not None else None
        if known is None or renamed is None:
            return arrival, destination, case, None
        place = replace(destination, case=known.case.number, read_as=None)
        return replace(arrival, event=renamed), place, known.case, USED_AGAIN

    def _stopped(self, arrival: Arrival, case: _Case, decided: Plan, now: datetime) -> tuple[_Case, Plan] | None:
        """Where a message goes whose exchange does not stop, and what becomes of it there; None for all others."""
        limit = arrival.event.exchange
        if limit is None or arrival.occasion is None or not decided.intents:
            return None
        name = (arrival.source, limit.name)
        talk, verdict = counted(self._talks.get(name, Talk()), limit, case.number, now)
        self._talks[name] = talk
        if verdict == "passes":
            return None
        case = self._cases[talk.case_id] if talk.case_id is not None else case
        return case, gathered(case.state, arrival.event, limit, verdict)

    def _met(self, arrival: Arrival, destination: Destination, led_to: _Case | None) -> _Case | None:
        """The case that the event meets: that in which what it is about is open, by itself or in a group."""
        own = (arrival.source, arrival.event.case_key)
        if destination.case not in (None, own) and not (led_to is not None and is_group(led_to.key)):
            return led_to
        if (group := self._open_in.get(own)) is not None:
            return group
        itself = self._by_key.get(own)
        if itself is not None and itself.state.phase == "open":
            return itself
        if isinstance(arrival.event, Commented) and (itself is None or not itself.state.episode):
            groups = (each for each in self._cases if each.source == own[0] and own[1] in each.members)
            return latest((each, each.members[own[1]]) for each in groups) or led_to
        return led_to

    def _decide(
        self, case: _Case, treatment: Treatment, telling: _Telling, now: datetime
    ) -> tuple[Plan, Grouped | None]:
        event, before = telling.event, _awake(case, now)
        if is_group(case.key):
            member = case.members.get(event.case_key, CaseState())
            found = plan_member(
                case.source, before, case.open_members, member, not_in_the_future(event, member, now),
                telling.sighting, treatment, episode=telling.episode, occasion=telling.occasion,
            )  # fmt: skip
            return found.plan, found
        standing = standing_of(telling.destination, case.opener, event)
        return plan(
            case.source, before, not_in_the_future(event, before, now), telling.sighting, treatment.policy,
            episode=telling.episode, standing=standing, wording=treatment.wording, occasion=telling.occasion,
        ), None  # fmt: skip

    def _storm(
        self, arrival: Arrival, treatment: Treatment, decided: Plan, now: datetime
    ) -> tuple[_Case, Group] | None:
        """The case in which a new incident is gathered when too many begin; it is counted."""
        storm = treatment.storm
        is_new = any(intent.kind == "create_ticket" for intent in decided.intents)
        if storm is None or not is_new or arrival.occasion is None:
            return None
        case = self._keyed((arrival.source, storm.group.key))
        case.rate = case.rate.counted(now)
        return (case, storm.group) if case.rate.is_above(storm.above) else None

    def _change_member(self, case: _Case, event: Event, grouped: Grouped) -> None:
        case.members[event.case_key], case.open_members = grouped.member, grouped.open_members
        if grouped.member.phase == "open":
            self._open_in[case.source, event.case_key] = case
        else:
            self._open_in.pop((case.source, event.case_key), None)

    def _recognise(self, source: str, event: Event, case: _Case | None) -> tuple[_Case | None, Sighting, int | None]:
        """The case that an event belongs to: the one it was recorded in, wherever it would be put today."""
        known = self._seen.get((source, event.source_message_id))
        if known is None:
            return case, Sighting.NEW, None
        version = (source, event.source_message_id, event.content_digest)
        is_change = known.content != event.content_digest and version not in self._versions
        same = not is_change or event.other_words != "change"
        return known.case, Sighting.REPEAT if same else Sighting.CHANGED, known.episode

    def _remember(self, arrival: Arrival, case: _Case, sighting: Sighting, decided: Plan) -> None:
        event = arrival.event
        if sighting is Sighting.REPEAT:
            return
        if sighting is Sighting.NEW:
            self._seen[arrival.source, event.source_message_id] = _Seen(
                event.content_digest, case, decided.case.episode
            )
            if event.other_words == "copy":
                self._versions.add((arrival.source, event.source_message_id, COPIED))
        else:
            self._versions.add((arrival.source, event.source_message_id, event.content_digest))
        if decided.intents:
            case.people.update(joining(event))

    def _without_case(self, arrival: Arrival, event: Commented, now: datetime) -> Outcome:
        if event.unknown == "quarantine":
            return Outcome(arrival, Sighting.NEW, "the case that it belongs to is not known")
        wanted: Name = (arrival.source, name_of(event))
        version = (event.source_message_id, event.content_digest)
        comment = Waiting(*wanted, event, arrival.inbound_id, arrival.treatment)
        if version not in self._waiting.setdefault(wanted, {}):
            self._waiting[wanted][version] = comment
            self._patience.append((now + PATIENCE, wanted, version))
        return Outcome(arrival, Sighting.NEW, "it waits for its case")

    def _drop_expired(self, now: datetime) -> None:
        while self._patience and self._patience[0][0] <= now:
            _, wanted, version = self._patience.popleft()
            waiting = self._waiting.get(wanted, {})
            waiting.pop(version, None)
            if not waiting:
                self._waiting.pop(wanted, None)

    def _take_along(self, names: Iterable[Name], now: datetime) -> list[Outcome]:
        """Plan the comments that waited for cases which are open or were, in the order in which they were made."""
        if not self._waiting:
            return []
        wanted = [name for name in names if name in self._waiting]
        of_names = {name: self._names.get(name) or self._open_in.get(name) or self._by_key.get(name) for name in wanted}
        known = {name: case for name, case in of_names.items() if case is not None and case.state.phase != "new"}
        found = [(each, case) for name, case in known.items() for each in self._waiting.pop(name).values()]
        found.sort(key=lambda each: (each[0].event.occurred_at, each[0].inbound_id))
        outcomes = []
        for each, case in found:
            for alias in each.event.aliases:
                self._names.setdefault((each.source, alias), case)
            arrival = Arrival(each.source, each.event, each.inbound_id, each.treatment)
            outcomes.append(self._apply(arrival, Destination(case.number), case, now))
        return outcomes


def _known(case: _Case) -> KnownCase:
    return KnownCase((case.source, case.key), MESSAGE_BEFORE, set(case.people))


def _once(arrival: Arrival, told: set[tuple[str, str, str]]) -> Arrival:
    """What one delivery says twice is told once."""
    telling = (arrival.source, arrival.event.source_message_id, arrival.occasion or "")
    if telling in told:
        return replace(arrival, occasion=None)
    told.add(telling)
    return arrival


def _awake(case: _Case, now: datetime) -> CaseState:
    """The case as it is now: what was damped is sent once its time is over."""
    is_over = case.damped_until is None or case.damped_until <= now
    return replace(case.state, damped=False) if case.state.damped and is_over else case.state
