"""Correlation: finds the case of an event by its references and the known aliases.

A reply refers to an earlier message by a Message-ID, a thread token or a chat timestamp. The first case with an
alias keeps it. Aliases can be guessed. So if the event requires a participant (`authority`), its author must take part
in the case, or the reference must be proven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from connectors.contract.events import Commented, Event, Opened, digest
from worker.planning.arrival import Arrival
from worker.planning.model import Standing

Name = tuple[str, str]
"""A source id and an alias."""
Key = tuple[str, str]
"""A source id and a case key."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case that exists."""

    key: Key
    called: str
    """The name of the case in a text for people."""
    people: set[str]
    """The participants."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The case that an event goes to."""

    case: int | Key | None
    """The id of an existing case, or the key of a case. None: the event waits, or is kept for a person."""
    new_aliases: frozenset[str] = frozenset()
    authorized: bool = True
    turned_away_from: str | None = None
    """The name of the case in which its author takes no part."""
    proven: bool = False
    """True if a proven reference led here."""
    is_stranger: bool = False
    """True for the event of a stranger for whom no proven reference vouches: nobody joins by it."""
    read_as: Event | None = None
    """For an opening that refers to another case: the comment on that case that replaces it."""


def called(ticket_id: str | None) -> str:
    """Return the name of a case in a text for people, by its ticket."""
    return f"ticket {ticket_id}" if ticket_id else "an earlier message"


def strangers_alias(case_key: str) -> str:
    """Return the alias of the case that gathers what strangers write about the case with this key."""
    return f"strangers:{digest(case_key)}"


def aliases_in(pairs: Iterable[tuple[str, Event]]) -> set[Name]:
    """Return the names by which these events look for their cases, or that they make known."""
    return {
        (source, name)
        for source, event in pairs
        for name in (
            *event.aliases,
            *(each.alias for each in event.references),
            *([strangers_alias(event.case_key)] if _needs_part(event) else []),
        )
    }


def keys_in(pairs: Iterable[tuple[str, Event]]) -> set[Key]:
    """Return the case keys of events that may have to wait. The caller looks up whether each case exists."""
    return {(source, event.case_key) for source, event in pairs if may_wait(event)}


def gathering(
    pairs: Sequence[tuple[str, Event]], known: Mapping[Name, int], there: Mapping[int, KnownCase]
) -> set[Name]:
    """Return the aliases of the cases that may gather what strangers write about these known cases.

    The caller looks them up as it does those of `aliases_in`, and asks again with the cases found, until there are no
    more; then it calls `placed` with all. Empty if no event can be turned away from a known case: that saves a look-up.
    """
    may_be = [(source, event) for source, event in pairs if _needs_part(event)]
    # An event may lead later ones of the list to a known case.
    if len(may_be) < 2 and not any(_is_turned_away(source, event, known, there) for source, event in may_be):
        return set()
    return {(case.key[0], strangers_alias(case.key[1])) for case in there.values()}


def _is_turned_away(source: str, event: Event, known: Mapping[Name, int], there: Mapping[int, KnownCase]) -> bool:
    met = (known.get((source, each.alias)) for each in event.references if not each.proven)
    return any(case is not None and not _is_among(there[case].people, event) for case in met)


def _needs_part(event: Event) -> bool:
    return event.authority == "participant" or event.stranger


def placed(
    pairs: Sequence[tuple[str, Event]], known: Mapping[Name, int], there: dict[int, KnownCase], keys: set[Key]
) -> list[Destination]:
    """Return where each event goes, by the known names and the names that earlier events of the list make known.

    `known` has those names of `aliases_in` and `gathering` that exist, with their cases. `there` has these cases by id.
    `keys` has those keys of `keys_in` that exist.
    """
    view = _View(known, there, keys)
    return [view.place(source, event) for source, event in pairs]


def led_to_its_group(arrival: Arrival, destination: Destination) -> Destination:
    """Return the destination of an event that shares a ticket: its group instead of its own case."""
    group = arrival.treatment.group if arrival.treatment is not None else None
    if group is None or destination.case != (arrival.source, arrival.event.case_key):
        return destination
    return replace(destination, case=(arrival.source, group.key))


def storms_of(arrivals: Iterable[Arrival]) -> set[Key]:
    """Return the keys of the cases in which these events would be gathered in a storm."""
    storms = ((each.source, each.treatment.storm) for each in arrivals if each.treatment is not None)
    return {(source, storm.group.key) for source, storm in storms if storm is not None}


def joining(event: Event) -> set[str]:
    """Return the people whom the event adds to the participants of its case."""
    return {*event.participants, *([event.author] if event.author else [])} if event.joins else set()


def may_wait(event: Event) -> bool:
    """Return True for a comment that waits, or is kept for a person, while its case is not known."""
    return isinstance(event, Commented) and event.unknown != "open"


def standing_of(destination: Destination, opener: str | None, event: Event) -> Standing:
    """Return whether the event's author may do what it requests in its case, which was opened by `opener`."""
    authorized = destination.authorized
    if event.authority == "opener":
        authorized = event.author is not None and event.author == opener
    return Standing(authorized, destination.turned_away_from)


class _View:
    """The known names, growing event by event."""

    def __init__(self, known: Mapping[Name, int], cases: dict[int, KnownCase], keys: set[Key]) -> None:
        self._known: dict[Name, int | Key] = dict(known)
        self.cases = cases
        self.keys = keys
        self._new_people: dict[Key, set[str]] = {}

    def place(self, source: str, event: Event) -> Destination:
        own: Key = (source, event.case_key)
        hit, proven, stranger_to = self._hit(source, event)
        is_stranger = event.stranger and not proven
        if hit is None and may_wait(event) and own not in self.keys:
            return Destination(None, is_stranger=is_stranger)
        aliases = list(event.aliases)
        turned_away_from = None
        if stranger_to is not None:
            turned_away_from = self.cases[stranger_to].called if isinstance(stranger_to, int) else called(None)
            gathering_names = [strangers_alias(each[1]) for each in (self._key(stranger_to), own)]
            if self._key(stranger_to) != own:
                hit = self._known.get((source, gathering_names[0]))
                aliases += gathering_names if hit is None else ()
        where = own if hit is None else hit
        self.keys.add(own)
        new_aliases = frozenset(name for name in aliases if (source, name) not in self._known)
        self._known.update({(source, name): where for name in new_aliases})
        if not is_stranger:
            self._let_in(where, event)
        refers = turned_away_from is not None or self._key(where) != own
        read_as = _as_comment(event) if refers and isinstance(event, Opened) else None
        return Destination(where, new_aliases, True, turned_away_from, proven, is_stranger, read_as)

    def _key(self, case: int | Key) -> Key:
        return self.cases[case].key if isinstance(case, int) else case

    def _hit(self, source: str, event: Event) -> tuple[int | Key | None, bool, int | Key | None]:
        """Return the case that a reference lets the event into, whether that is proven, and the first case otherwise.

        At most one of the two cases is not None.
        """
        first: int | Key | None = None
        for each in event.references:
            if (case := self._known.get((source, each.alias))) is None:
                continue
            if each.proven or self._takes_part(case, event):
                return case, each.proven, None
            first = case if first is None else first
        return None, False, first

    def _takes_part(self, case: int | Key, event: Event) -> bool:
        if not _needs_part(event):
            return True  # the opener is not known here; `standing_of` checks it
        people = self.cases[case].people if isinstance(case, int) else self._new_people.get(case, set())
        return _is_among(people, event)

    def _let_in(self, case: int | Key, event: Event) -> None:
        people = joining(event)
        if isinstance(case, int):
            self.cases[case].people.update(people)
        else:
            self._new_people.setdefault(case, set()).update(people)


def _is_among(people: Collection[str], event: Event) -> bool:
    return event.author in people and not event.stranger


def _as_comment(event: Event) -> Commented:
    return Commented(**{each.name: getattr(event, each.name) for each in fields(Event)})
