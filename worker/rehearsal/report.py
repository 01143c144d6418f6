"""The report on two rehearsals: their differences, and the limits that these differences exceed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from connectors.contract.events import Priority
from worker.rehearsal.difference import Difference, Was, calls, difference

if TYPE_CHECKING:  # commands that print other documents need not load connectors and templates
    from worker.rehearsal.tickets import Rehearsal, Ticket, Times


@dataclass(frozen=True, slots=True)
class TicketLine:
    """A ticket of a rehearsal."""

    source: str
    case: str
    episode: int
    delivery: str
    """The delivery that opens it; `events export` prints it."""
    message: str
    """The source message id that opens it."""
    messages: int
    calls: int
    subject: str
    priority: Priority
    category: str | None
    private: bool


@dataclass(frozen=True, slots=True)
class TicketGone:
    """A ticket that would be missing."""

    ticket: TicketLine
    why: str | None
    """The reason of the route that drops its opening message; None: no route drops that message."""


@dataclass(frozen=True, slots=True)
class TicketChanged:
    """A ticket that would have other fields."""

    ticket: TicketLine
    """As it would be after the change."""
    fields: dict[str, Was]
    """priority, category, private or subject: the fields that differ."""


@dataclass(frozen=True, slots=True)
class TicketsRegrouped:
    """Tickets with messages that would be in other tickets."""

    how: Literal["merged", "split", "regrouped"]
    before: tuple[TicketLine, ...]
    after: tuple[TicketLine, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason why events are dropped or deliveries cannot be read, and how often that happened."""

    reason: str
    before: int
    after: int
    first: str
    """The first delivery with this reason."""


@dataclass(frozen=True, slots=True)
class TemplateFailed:
    """A template that could not be used for some events."""

    route: str
    template: str
    why: str
    before: int
    after: int
    first: str


@dataclass(frozen=True, slots=True)
class Sides:
    """A number before, and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that was given."""

    limit: str
    """`max-new`, `max-gone`, `max-changed`: tickets; `max-calls-more`: per cent."""
    allowed: float
    found: float | None
    """None: infinite, since there were no calls before."""
    passed: bool
    """True if more was found than is allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest differences that are allowed; None: no limit."""

    new: int | None = None
    gone: int | None = None
    changed: int | None = None
    calls_more: float | None = None
    """Per cent."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of the rehearsal."""

    config: str
    against: str
    since: datetime
    source: str | None


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The document of `rehearse`: before is the present configuration, after the new one."""

    config: str
    against: str
    since: datetime
    source: str | None
    deliveries: int
    pruned: int
    """Deliveries with a pruned body: their events are not known."""
    tickets: Sides
    calls: dict[str, Sides]
    """By kind."""
    calls_total: Sides
    new: list[TicketLine]
    gone: list[TicketGone]
    changed: list[TicketChanged]
    regrouped: list[TicketsRegrouped]
    dropped: list[Reason]
    """Events, by the reason of the route."""
    templates: list[TemplateFailed]
    unread: list[Reason]
    """Deliveries, or parts of a delivery, by the reason."""
    limits: list[Limit]


def report(
    asked: Asked, before: Rehearsal, after: Rehearsal, limits: Limits, *, deliveries: int, pruned: int
) -> Rehearsed:
    """Return the whole document; pure."""
    found = difference(before.tickets, after.tickets)
    old, now = calls(before.tickets), calls(after.tickets)
    total = Sides(old.total(), now.total())
    return Rehearsed(
        config=asked.config,
        against=asked.against,
        since=asked.since,
        source=asked.source,
        deliveries=deliveries,
        pruned=pruned,
        tickets=Sides(len(before.tickets), len(after.tickets)),
        calls={kind: Sides(old[kind], now[kind]) for kind in sorted(old.keys() | now.keys())},
        calls_total=total,
        new=[_line(each) for each in found.new],
        gone=[TicketGone(_line(each), _why(each, after)) for each in found.gone],
        changed=[TicketChanged(_line(each.ticket), each.fields) for each in found.changed],
        regrouped=[
            TicketsRegrouped(each.how, tuple(map(_line, each.before)), tuple(map(_line, each.after)))
            for each in found.regrouped
        ],
        dropped=_reasons(before.dropped, after.dropped),
        templates=[
            TemplateFailed(
                each.route, each.template, each.why, *_times(before.failed.get(each), after.failed.get(each))
            )
            for each in dict.fromkeys([*after.failed, *before.failed])
        ],
        unread=_reasons(before.unread, after.unread),
        limits=list(_judged(limits, found, total)),
    )


def _line(ticket: Ticket) -> TicketLine:
    return TicketLine(
        source=ticket.source,
        case=ticket.case_key,
        episode=ticket.episode,
        delivery=f"in-{ticket.opened_by}",
        message=next(iter(ticket.messages)),
        messages=len(ticket.messages),
        calls=ticket.calls.total(),
        subject=ticket.subject,
        priority=ticket.priority,
        category=ticket.category,
        private=ticket.private,
    )


def _why(ticket: Ticket, after: Rehearsal) -> str | None:
    return after.dropped_messages.get((ticket.source, next(iter(ticket.messages))))


def _reasons(before: Mapping[str, Times], after: Mapping[str, Times]) -> list[Reason]:
    return [Reason(why, *_times(before.get(why), after.get(why))) for why in dict.fromkeys([*after, *before])]


def _times(before: Times | None, after: Times | None) -> tuple[int, int, str]:
    first = next(each.first for each in (after, before) if each is not None)
    return before.number if before else 0, after.number if after else 0, f"in-{first}"


def _judged(limits: Limits, found: Difference, total: Sides) -> Iterator[Limit]:
    more = _per_cent_more(total)
    sizes: Sequence[tuple[str, float | None, float | None]] = (
        ("max-new", limits.new, found.more),
        ("max-gone", limits.gone, found.fewer),
        ("max-changed", limits.changed, len(found.changed) + len(found.regrouped)),
        ("max-calls-more", limits.calls_more, more),
    )
    for name, allowed, size in sizes:
        if allowed is not None:
            yield Limit(name, allowed, size, size is None or size > allowed)


def _per_cent_more(total: Sides) -> float | None:
    """Return how many per cent more calls there are (fewer: below 0); None if there were no calls before."""
    if not total.before:
        return None if total.after else 0.0
    return (total.after - total.before) / total.before * 100
