"""The verbs of people who read the ledger. Each has a short transaction; long lists are read in pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from worker.ledger.engine import paging
from worker.ledger.engine.paging import WINDOW
from worker.ledger.operator import dead_letters
from worker.ledger.operator.dead_letters import DeadLetter
from worker.ledger.recording import group_members
from worker.ledger.recording.group_members import MemberLine
from worker.ledger.reports import accounting, caselist, deliveries, following, operator_ids
from worker.ledger.reports import timeline as timelines
from worker.ledger.reports.caselist import CaseFilter, CaseLine
from worker.ledger.reports.deliveries import DeliveryLine, Filter, StoredDelivery
from worker.ledger.reports.overview import CaseStory
from worker.ledger.reports.timeline import Timeline
from worker.ledger.schema.tables import inbound
from worker.ledger.verbs.transaction import Verbs, at_now, plain, reads
from worker.planning.grouping import is_group


@dataclass(frozen=True, slots=True)
class CaseShown:
    """One case with all its messages, all its planned operations, and its ticket."""

    case: CaseStory
    messages: tuple[DeliveryLine, ...]
    members: tuple[MemberLine, ...] = ()
    """For a group's case: its present and former members, in the order of their keys."""


class Reading(Verbs):
    """Reports for people."""

    outcomes = reads(plain(accounting.of_source))
    uid_outcomes = reads(plain(accounting.of_folder))
    counts = reads(plain(deliveries.counts))
    sources_among = reads(plain(deliveries.sources_among))
    stories = reads(plain(caselist.stories_of))
    operations = reads(plain(caselist.number_of_operations))
    begin_following = reads(plain(following.begin))
    latest = reads(plain(following.latest))
    news = reads(at_now(following.news))

    def deliveries(self, wanted: Filter, limit: int | None) -> Iterator[DeliveryLine]:
        """Yield the latest `limit` deliveries (None: all), the newest first."""
        return islice(self._deliveries(wanted), limit)

    def _deliveries(self, wanted: Filter) -> Iterator[DeliveryLine]:
        with self.database.read() as connection:
            first, end = paging.bounds(connection, inbound.c.received_at)
            if wanted.since is not None:
                first = paging.first_since(connection, inbound.c.received_at, wanted.since)
        while end > first:
            start = max(first, end - WINDOW)
            with self.database.read() as connection:
                found = deliveries.window(connection, start, end, wanted)
            yield from found
            end = start

    @reads
    def timeline(self, connection: Connection, name: str) -> Timeline | None:
        """Return the timeline of a delivery, operation, message, case or ticket; None if the name is unknown."""
        targets = operator_ids.find(connection, name)
        return None if targets.is_nothing else timelines.timeline(connection, name, targets)

    @reads
    def stored(self, connection: Connection, name: str) -> list[StoredDelivery]:
        """Return the deliveries of that name with their bytes, at most a hundred, the oldest first."""
        targets = operator_ids.find(connection, name)
        found = [deliveries.stored(connection, number) for number in sorted(set(targets.inbound_ids))]
        return [each for each in found if each is not None]

    def cases(self, wanted: CaseFilter, limit: int | None) -> Iterator[CaseLine]:
        """Yield the latest `limit` cases (None: all), the newest first."""
        return islice(self._cases(wanted), limit)

    def _cases(self, wanted: CaseFilter) -> Iterator[CaseLine]:
        number: int | None = None
        while True:
            with self.database.read() as connection:
                page = caselist.before(connection, number, wanted)
            if not page:
                return
            yield from page
            number = caselist.number_of(page[-1])

    @reads
    def case(self, connection: Connection, name: str) -> list[CaseShown]:
        """Return the cases of that name, each with its messages."""
        found = caselist.stories_of(connection, operator_ids.find(connection, name).case_ids)
        return [
            CaseShown(
                each,
                tuple(_messages(connection, {one.inbound_id for one in each.operations})),
                group_members.of_group(connection, each.id) if is_group(each.key) else (),
            )
            for each in found
        ]

    def search(
        self, text: str, since: datetime | None, most: int, looked: Callable[[int], None] = lambda _: None
    ) -> list[int]:
        """Return at most `most` cases with a text in their people or requests, in upper or lower case.

        `looked` receives the number of operations that were searched, part by part.
        """
        with self.database.read() as connection:
            found = dict.fromkeys(caselist.of_people(connection, text, most))
        place: tuple[int, int] | None = None
        while len(found) < most:
            with self.database.read() as connection:
                part = caselist.with_text(connection, text, since, place)
            if part is None:
                break
            found |= dict.fromkeys(part.case_ids)
            place = part.next
            looked(part.looked_at)
        return list(found)[:most]

    def dead(self) -> Iterator[DeadLetter]:
        """Yield every dead letter, in the order of `list_dead`, read in pages."""
        page: list[DeadLetter] = []
        while True:
            with self.database.read() as connection:
                page = dead_letters.next_dead(connection, page[-1] if page else None)
            if not page:
                return
            yield from page


def _messages(connection: Connection, numbers: Collection[int]) -> Iterator[DeliveryLine]:
    wanted = sorted(numbers)
    for start in range(0, len(wanted), WINDOW):
        yield from deliveries.lines(connection, wanted[start : start + WINDOW])
