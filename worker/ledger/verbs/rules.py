"""Keeps the current rules of planning: the rules of the settings, and the facts of the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from tickets.models import Revision
from worker.ledger.engine import facts
from worker.ledger.engine.database import Database
from worker.ledger.engine.facts import Facts
from worker.ledger.recording import group_members
from worker.planning.arrival import Rules
from worker.planning.model import Policy
from worker.routing import default_policy, may_answer, may_delay, may_group
from worker.settings import Settings, TimingSettings


class StandingRules:
    """The rules as given at the start, or as in the current settings once `follow` was called."""

    def __init__(
        self,
        policy: Policy,
        revision: Revision,
        timing: TimingSettings,
        *,
        may_delay: bool,
        may_group: bool,
        may_answer: bool,
    ) -> None:
        self._policy = policy
        self._may_delay = may_delay
        self._may_group = may_group
        self._may_answer = may_answer
        self._current: Callable[[], Settings] | None = None
        self._revision = revision
        self.ghost_wait = timedelta(seconds=timing.ghost_wait)
        self.key_window = timedelta(seconds=timing.key_window)
        self.all_gone = timedelta(seconds=timing.lease + timing.ghost_wait)
        """After this time, no request that was begun before is under way."""
        self._facts: Facts | None = None

    def follow(self, current: Callable[[], Settings]) -> None:
        """Use from now on the settings that are current when a transaction begins."""
        self._current = current

    def forget_facts(self) -> None:
        """Read the facts of the ledger again at the next use, since they were changed."""
        self._facts = None

    def may_answer(self) -> bool:
        """Return True if a source may have receipts."""
        return self._may_answer or (self._current is not None and may_answer(self._current().sources))

    def read(self, database: Database, connection: Connection) -> Rules:
        """Return the rules for a transaction that plans, at the ledger's time."""
        if self._facts is None:
            self._facts = facts.read(connection)
            # Members of a group may still be in it after grouping was switched off.
            self._may_group = self._may_group or group_members.is_any(connection)
        now = database.now(connection)
        restored = self._facts.restored_at
        rests_until = None if restored is None else restored + self.all_gone
        key = self._facts.marker_key
        policy = self._policy
        if self._current is not None:
            settings = self._current()
            policy = default_policy(settings.policy)
            # A delayed opening may still wait after the opening delay was switched off.
            self._may_delay = self._may_delay or may_delay(settings.policy, settings.routes)
            self._may_group = self._may_group or may_group(settings.policy, settings.routes)
        return Rules(policy, self._revision, key, now, restored, rests_until, self._may_delay, self._may_group)
