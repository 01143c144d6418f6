"""Switches off the rules of planning one by one, and prints which tests fail.

    python3 -m tests.worker.planning.mutations [WORD…]    only rules with one of these words in their name

Each mutation is made in memory (tests/ablations/running.py). It must fail a test of a rehearsal and a test of a ledger:
both use one planner, so a comparison of the two would not notice. Rules about tickets that people moved must fail a
test over values instead of a test of a rehearsal, because a rehearsal has no tickets. Exits with 1 if a mutation went
unnoticed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from tests.ablations.ablation import Ablation
from tests.ablations.running import run

PLANNING = "worker/planning"
AT_ONCE = 2
HISTORIES = ("tests/worker/planning/test_rules.py",)
OF_TICKETS = ("tests/worker/planning/test_people.py", "tests/worker/test_lifecycle_table.py")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A rule that is switched off by replacing its text."""

    rule: str
    file: str
    text: str
    """Occurs once in the file."""
    instead: str
    tests: Sequence[str] = HISTORIES

    @property
    def ablation(self) -> Ablation:
        return Ablation(self.rule, f"{PLANNING}/{self.file}", self.text, self.instead, self.tests)


MUTATIONS = (
    # decide: recognising
    Mutation("a known message is a repeat", "decide.py",
             "    if known is None:\n        return met, Recurrence.FIRST, None\n",
             "    return met, Recurrence.FIRST, None\n"),
    Mutation("other content is a change", "decide.py", "Recurrence.REPEAT if same else Recurrence.CHANGED",
             "Recurrence.REPEAT"),
    Mutation("a version is remembered", "decide.py", "or version in batch.known.seen or", "or"),
    Mutation("a known message stays in its case", "decide.py", "return batch.known.cases[known.case_id], Recurrence",
             "return met, Recurrence"),
    Mutation("an id that was used again is another message", "reused_ids.py",
             "if event.other_words != \"message\" or event.content_digest == known_content or is_copied:",
             "if True:"),
    Mutation("copies are one message", "reused_ids.py", "or is_copied:", "or False:"),
    Mutation("an event counts once in an observation", "decide.py",
             "    if observed in batch.observed:\n        return None\n", ""),
    Mutation("what had an effect is remembered", "decide.py", "        batch.known.seen[name] = remembered\n"
             "        batch.seen[name] = (remembered, arrival.inbound_id)\n", "        pass\n"),
    # decide: where an event goes
    Mutation("an alert stays where it is open by itself", "decide.py",
             "    if itself is not None and itself.state.phase == \"open\":\n        return itself\n", ""),
    Mutation("an alert stays in the group where it is open", "decide.py",
             "    if (group := known.open_in.get(own)) is not None:\n        return known.cases[group]\n", ""),
    Mutation("who is open in a group is remembered", "decide.py", "batch.known.open_in[own] = case.id", "pass"),
    Mutation("who left a group is not open in it", "decide.py", "batch.known.open_in.pop(own, None)", "pass"),
    Mutation("an end in the future is now", "lifecycle.py",
             "return replace(event, occurred_at=latest_end) if is_ahead else event", "return event"),
    Mutation("the opener is who opened the case", "decide.py", "        case.opener = event.author\n", ""),
    # decide: storms and loops
    Mutation("above the rate incidents are gathered", "decide.py", "if not rate.is_above(storm.above):", "if True:"),
    Mutation("only new incidents are counted", "decide.py",
             'if not any(intent.kind == "create_ticket" for intent in own.plan.intents):', "if False:"),
    Mutation("a loop is stopped", "decide.py", "if verdict == \"passes\":", "if True:"),
    Mutation("a stopped message lets nobody in", "decide.py", "verdict), joins=False)", "verdict), joins=True)"),
    Mutation("only new messages count in a loop", "decide.py", "limit is None or not is_new or", "limit is None or"),
    # decide: comments that wait
    Mutation("a comment waits", "decide.py",
             "waiting[version] = batch.waiting[arrival.source, *version] = comment", "pass"),
    Mutation("a comment waits once", "decide.py", "    if version not in waiting:\n        comment =",
             "    if version := (*version, str(arrival.inbound_id)):\n        comment ="),
    Mutation("an opening takes along what waits", "decide.py", "            effects += _take_along(batch, rules)\n",
             "            batch.opened.clear()\n"),
    Mutation("the oldest comment is first", "decide.py",
             "return sorted(found, key=lambda each: (each[0].event.occurred_at, each[0].inbound_id))", "return found"),
    Mutation("a comment waits for its best name", "arrival.py",
             "return event.references[0].alias if event.references else event.case_key", "return event.case_key"),
    Mutation("a member's opening takes comments along", "decide.py",
             "        batch.opened.append(case)\n        batch.names[own] = case.id\n", "        pass\n"),
    Mutation("quarantine is a person's", "decide.py", "if event.unknown == \"quarantine\" or event.stranger:",
             "if event.stranger:"),
    Mutation("a stranger's comment does not wait", "decide.py", "\"quarantine\" or event.stranger:", "\"quarantine\":"),
    # correlation
    Mutation("a reference leads to its case", "correlation.py", "                return case, each.proven, None\n",
             "                return None, False, None\n"),
    Mutation("only who takes part gets in", "correlation.py", "return event.author in people and",
             "return"),
    Mutation("a stranger takes part in nothing", "correlation.py", " and not event.stranger\n", "\n"),
    Mutation("strangers share a case", "correlation.py", "                hit = self._known.get(", "                ("),
    Mutation("the case of strangers is open to strangers", "correlation.py",
             "for each in (self._key(stranger_to), own)]", "for each in (self._key(stranger_to),)]"),
    Mutation("a stranger changes no case", "senders.py", "recurrence is Recurrence.FIRST else NOT_LET_IN",
             "True else NOT_LET_IN"),
    Mutation("a stranger's comment on an alert has no effect", "senders.py", " and not is_taken and", " and"),
    Mutation("a stranger ends nothing", "senders.py", "isinstance(event, Opened | Commented) and", ""),
    Mutation("a stranger's repeat has no effect", "senders.py",
             "    if recurrence is Recurrence.REPEAT:\n        return REPEATED\n", ""),
    Mutation("a stranger is not who used an id before", "decide.py",
             "destination.case if event.stranger else first.case_id", "first.case_id"),
    Mutation("a stranger's copy hides nothing", "decide.py", "== \"copy\" and not event.stranger:", "== \"copy\":"),
    Mutation("nobody joins by a stranger", "decide.py",
             " and not observed.destination.is_stranger:", ":"),
    Mutation("an author is marked", "decide.py", "else marked(decision.plan, event.doubt)", "else decision.plan"),
    Mutation("an author is marked once", "decide.py",
             "        batch.known.marked.add(mark)\n        batch.marked.add(mark)\n", "        pass\n"),
    Mutation("a token vouches", "decide.py", "event.doubt is None or observed.destination.proven or",
             "event.doubt is None or"),
    Mutation("a proof lets anybody in", "correlation.py", "if each.proven or self._takes_part", "if self._takes_part"),
    Mutation("whoever joins takes part", "decide.py",
             "        batch.participants += [(case.id, name) for name in sorted(joining(event))]\n", "        pass\n"),
    Mutation("who does not join takes no part", "correlation.py", " if event.joins else set()", ""),
    Mutation("only the opener closes", "correlation.py",
             "authorized = event.author is not None and event.author == opener", "authorized = True"),
    Mutation("a group is where its alerts go", "correlation.py",
             "return replace(destination, case=(arrival.source, group.key))", "return destination"),
    # enqueue and the opening delay
    Mutation("an opening waits out its delay", "enqueue.py", "wait = delay if case.state.delayed else timedelta(0)",
             "wait = timedelta(0)"),
    Mutation("what ended early is taken back", "decide.py", "        take_back(case)\n", "        pass\n"),
    Mutation("a comment ends the delay", "decide.py", "        end_delay(case, rules.now)\n", "        pass\n"),
    Mutation("behind another call nothing waits longer", "enqueue.py",
             "if case.state.delayed and case.head_seq != case.create_seq:", "if False:"),
    # loop guard, grouping, lifecycle
    Mutation("the window of a loop ends", "loop_guard.py",
             "return sum(at > since for at in guard.passed) + more <= limit.most",
             "return len(guard.passed) + more <= limit.most"),
    Mutation("one note in a window", "loop_guard.py",
             "    if guard.noted_at is not None and guard.noted_at > since:\n        return guard, \"recorded\"\n", ""),
    Mutation("a storm ends", "grouping.py", "return self.number > limit or self.before > limit",
             "return self.number > limit or self.before >= 0"),
    Mutation("the last end closes a group", "grouping.py", "    if not open_members:\n", "    if False:\n"),
    Mutation("a group takes the highest priority", "grouping.py",
             "higher = not isinstance(event, Resolved) and", "higher = False and"),
    Mutation("an end before its opening is a tombstone", "lifecycle.py",
             "            return Plan(case, reason=\"the end arrived before the opening\")\n",
             "            pass\n"),
    Mutation("an opening soon after reopens", "lifecycle.py",
             "within = since is not None and event.started_at - since <= policy.reopen_window", "within = False"),
    Mutation("repeats are noted where asked for", "lifecycle.py", "if not policy.note_on_repeat or", "if True or"),
    # tickets that people moved
    Mutation("a ticket of ours is known", "decide.py",
             "    known = batch.known.tickets.get(event.ticket_id)\n", "    known = None\n", OF_TICKETS),
    Mutation("a report that is older changes nothing", "people.py",
             "    if known_at is not None and seen.at < known_at:\n", "    if False:\n", OF_TICKETS),
    Mutation("a ticket that is gone is left", "people.py",
             "        return replace(case, ticket_state_by_others=\"gone\", ticket_state_by_others_at=seen.at), None\n",
             "        return case, None\n",
             ("tests/worker/planning/test_people.py", "tests/worker/test_audit_update.py")),
    Mutation("a ticket that a person reopened is not left", "people.py",
             "(replace(case, ticket_state_by_others=None, ticket_state_by_others_at=None), None)\n",
             "(case, None)\n", OF_TICKETS),
    Mutation("what will not be fixed is left so", "people.py",
             "        return replace(case, ticket_state_by_others=\"wont_fix\", "
             "ticket_state_by_others_at=seen.at), None\n", "        pass\n", OF_TICKETS),
    Mutation("our own calls are nobody else's doing", "people.py",
             "    if seen.begun_at is None or seen.at < seen.begun_at.replace(microsecond=0):\n", "    if False:\n",
             OF_TICKETS),
    Mutation("an earlier ticket of a case says nothing", "people.py",
             "    if not seen.is_current:\n", "    if False:\n",
             OF_TICKETS),
)  # fmt: skip


def noticed_by(failed: Sequence[str]) -> tuple[bool, bool]:
    """Return whether a test over values is among the failed tests, and whether a test of a ledger is."""
    of_ledger = [each for each in failed if "a_ledger_plans" in each or "/planning/" not in each]
    return len(failed) > len(of_ledger), bool(of_ledger)


def main(words: Sequence[str]) -> int:
    chosen = [each for each in MUTATIONS if not words or any(word in each.rule for word in words)]
    unnoticed = 0
    for each, ran in run([each.ablation for each in chosen], at_once=AT_ONCE, most=0):
        values, ledger = noticed_by(ran.failed)
        unnoticed += not (values and ledger)
        print(f"{'values' if values else '-':8}{'ledger' if ledger else '-':8}{each.rule}", flush=True)  # noqa: T201
        if ran.verdict in ("stale", "broken"):
            print(ran.why)  # noqa: T201
    print(f"{len(chosen)} rules switched off, {unnoticed} of them unnoticed by one or both")  # noqa: T201
    return 1 if unnoticed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
