"""How does a person read the ledger? Each verb in a short transaction; what is long is read in pages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from worker.ledger.engine import paging
from worker.ledger.engine.database import Database
from worker.ledger.engine.paging import WINDOW
from worker.ledger.operator import dead_letters
from worker.ledger.operator.dead_letters import DeadLetter
from worker.ledger.recording import group_members
from worker.ledger.recording.group_members import MemberLine
from worker.ledger.reports import accounting, caselist, deliveries, following, names
from worker.ledger.reports import timeline as timelines
from worker.ledger.reports.accounting import Outcomes
from worker.ledger.reports.caselist import CaseFilter, CaseLine
from worker.ledger.reports.deliveries import DeliveryLine, Filter, StoredDelivery
from worker.ledger.reports.following import Following, Happening
from worker.ledger.reports.overview import CaseStory
from worker.ledger.reports.timeline import Timeline
from worker.ledger.schema.tables import inbound
from worker.ledger.sources.mailboxes import Mailbox
from worker.planning.grouping import is_group


@dataclass(frozen=True, slots=True)
class CaseShown:
    """One case: all its messages, everything that was planned for it, and its ticket."""

    case: CaseStory
    messages: tuple[DeliveryLine, ...]
    members: tuple[MemberLine, ...] = ()
    """Of a group's case: what is or was in the group, in the order of their keys."""


class Reading:
    """What a person may want to know. Raises one of `LedgerAway` when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deliveries(self, wanted: Filter, limit: int | None) -> Iterator[DeliveryLine]:
        """The latest so many (None: all), the newest first."""
        return islice(self._deliveries(wanted), limit)

    def _deliveries(self, wanted: Filter) -> Iterator[DeliveryLine]:
        with self._database.read() as connection:
            first, end = paging.bounds(connection, inbound.c.received_at)
            if wanted.since is not None:
                first = paging.first_since(connection, inbound.c.received_at, wanted.since)
        while end > first:
            start = max(first, end - WINDOW)
            with self._database.read() as connection:
                found = deliveries.window(connection, start, end, wanted)
            yield from found
            end = start

    def outcomes(self, source: str, since: datetime | None) -> Outcomes:
        """The deliveries of a source since then, by what they became."""
        with self._database.read() as connection:
            return accounting.of_source(connection, source, since)

    def uid_outcomes(self, mailbox: Mailbox, folder: str, uidvalidity: int) -> Outcomes:
        """The mails of a folder that are accounted for, by what they became."""
        with self._database.read() as connection:
            return accounting.of_folder(connection, mailbox, folder, uidvalidity)

    def timeline(self, name: str) -> Timeline | None:
        """The story of a delivery, operation, message, case or ticket; None where nothing is known of it."""
        with self._database.read() as connection:
            meant = names.meant(connection, name)
            return None if meant.is_nothing else timelines.timeline(connection, name, meant)

    def stored(self, name: str) -> list[StoredDelivery]:
        """The deliveries of that name with their bytes, at most a hundred, the oldest first."""
        with self._database.read() as connection:
            meant = names.meant(connection, name)
            found = [deliveries.stored(connection, number) for number in sorted(set(meant.inbound_ids))]
            return [each for each in found if each is not None]

    def cases(self, wanted: CaseFilter, limit: int | None) -> Iterator[CaseLine]:
        """The latest so many (None: all), the newest first."""
        return islice(self._cases(wanted), limit)

    def _cases(self, wanted: CaseFilter) -> Iterator[CaseLine]:
        number: int | None = None
        while True:
            with self._database.read() as connection:
                page = caselist.before(connection, number, wanted)
            if not page:
                return
            yield from page
            number = caselist.number_of(page[-1])

    def case(self, name: str) -> list[CaseShown]:
        """The cases of that name, each with its messages."""
        with self._database.read() as connection:
            found = caselist.stories_of(connection, names.meant(connection, name).case_ids)
            return [
                CaseShown(
                    each,
                    tuple(_messages(connection, {one.inbound_id for one in each.operations})),
                    group_members.of_group(connection, each.id) if is_group(each.key) else (),
                )
                for each in found
            ]

    def stories(self, case_ids: Collection[int]) -> list[CaseStory]:
        with self._database.read() as connection:
            return caselist.stories_of(connection, case_ids)

    def search(
        self, text: str, since: datetime | None, most: int, looked: Callable[[int], None] = lambda _: None
    ) -> list[int]:
        """Cases whose people or requests hold a text, in any case; at most `most`. Tells how many it looked at."""
        with self._database.read() as connection:
            found = dict.fromkeys(caselist.of_people(connection, text, most))
        place: tuple[int, int] | None = None
        while len(found) < most:
            with self._database.read() as connection:
                part = caselist.with_text(connection, text, since, place)
            if part is None:
                break
            found |= dict.fromkeys(part.case_ids)
            place = part.next
            looked(part.looked_at)
        return list(found)[:most]

    def operations(self, since: datetime | None) -> int:
        """How many a search looks at."""
        with self._database.read() as connection:
            return caselist.number_of_operations(connection, since)

    def begin_following(self) -> Following:
        with self._database.read() as connection:
            return following.begin(connection)

    def latest(self, position: Following, number: int, wanted: following.Filter) -> list[Happening]:
        """The latest so many up to that position, the oldest first."""
        with self._database.read() as connection:
            return following.latest(connection, position, number, wanted)

    def news(self, position: Following, wanted: following.Filter) -> tuple[list[Happening], Following]:
        """What is new since that position, and the next one."""
        with self._database.read() as connection:
            return following.news(connection, position, wanted, self._database.now(connection))

    def counts(self, source: str, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
        """A source's deliveries and attempts since then, by outcome."""
        with self._database.read() as connection:
            return (
                deliveries.outcomes_of(connection, source, since),
                deliveries.attempts_of(connection, source, since),
            )

    def dead(self) -> Iterator[DeadLetter]:
        """Every dead letter, in the order of `list_dead`, in pages."""
        page: list[DeadLetter] = []
        while True:
            with self._database.read() as connection:
                page = dead_letters.next_dead(connection, page[-1] if page else None)
            if not page:
                return
            yield from page


def _messages(connection: Connection, numbers: Collection[int]) -> Iterator[DeliveryLine]:
    wanted = sorted(numbers)
    for start in range(0, len(wanted), WINDOW):
        yield from deliveries.lines(connection, wanted[start : start + WINDOW])
