"""Steps of a ledger's life before it is stored; each step leaves rows in different states.

The steps of `PAST` are finished. The steps of `PRESENT` leave open work, and their order counts:
the last one closes the gate.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from connectors import fixtures
from connectors.contract.calls import CallLater, CallRejected
from connectors.contract.messages import Inbound, Verified
from connectors.contract.receipts import Posted
from tests.no_tls import NO_TLS
from worker.intake import internal
from worker.intake.reading import read_verified
from worker.ledger import Again, Delivery, Limits
from worker.ledger.schema.words import INTERNAL
from worker.ledger.sources.mailboxes import Cursor

from .life import BOX, GRACE, LEASE, Life

PERSON = "ada"
REFUSED: dict[str, Any] = {"status": 422}
LOST: dict[str, Any] = {"when": "after"}
NEVER_THERE: dict[str, Any] = {"when": "before"}
WAITING = [f"waiting-{number}" for number in range(12)]


def restored(life: Life) -> None:
    """The ledger is restored from a backup while a create waits."""
    life.fire("from-backup")
    life.ledger.mark_restored(by=PERSON)
    life.relay.run(for_hours=1)


def whole_lives(life: Life) -> None:
    """Alerts open, repeat, change, end and reopen; one opens anew long afterwards."""
    life.fire("disk")
    life.fire("over")
    life.relay.run(for_hours=1)
    life.fire("disk")
    life.fire("disk", summary="2% free")
    life.relay.run(for_hours=1)
    for seconds in (60, 120):
        life.relay.advance(seconds=seconds)
        life.end("disk") if seconds == 60 else life.fire("disk")
        life.relay.run(for_hours=1)
    life.end("over")
    life.relay.run(for_hours=1)
    life.relay.advance(hours=5)
    life.fire("over")
    life.relay.run(for_hours=1)
    life.end("never-opened")


def by_mail(life: Life) -> None:
    """A mailbox receives a mail, replies, commands, copies, loops and an unreadable mail."""
    life.ledger.mailboxes.watch([(BOX, 600.0)])
    life.ledger.mailboxes.begin(BOX, "INBOX", Cursor(7, 1, 0))
    life.fetched(life.mail("m0", "It is ours.", author=GRACE, subject="The gate"))
    first = life.mail("m1", "It squeaks.")
    life.fetched(first)
    life.fetched(first)
    life.relay.run(for_hours=1)
    life.fetched(life.mail("m2", "It still does.", answers="m1"), owed=True)
    life.fetched(life.mail("m3", "#priority high\n\nLook at it.", author=GRACE, answers="m0"))
    life.fetched(b"\x00\x01 no mail")
    life.fetched(fixtures("email")["own-loop"].body)
    life.relay.run(for_hours=1)
    life.ledger.mailboxes.suppress(BOX, "INBOX", 7, [life.uids + 1], "it was there before")
    life.ledger.mailboxes.advance(BOX, "INBOX", 7, life.uids + 1)
    life.ledger.mailboxes.compared(BOX, "INBOX", 0)
    life.ledger.mailboxes.polled(BOX)
    life.take("support", fixtures("email")["auto-reply"].body)
    for number in range(22):
        life.take("support", life.mail(f"loop-{number}", "I am away.", author="robot@else.example", subject="Away"))
    life.relay.run(for_hours=1)


def quarantined(life: Life) -> None:
    """Unreadable deliveries: one came twice, a person gave one up, and one can be read by now."""
    for _ in range(2):
        life.take("prom", b"no alert at all")
    given_up = life.take("prom", b"neither is this")
    life.ledger.skip(f"in-{given_up.inbound_id}", "a test of somebody's", by=PERSON)
    known = Inbound("prom", life.clock(), life.alert("late"))
    ((kept,), _) = life.ledger.record([Delivery(known, unreadable="a defect of the day before")])
    again = read_verified(life.settings.sources["prom"], Verified(known), kept.inbound_id)
    life.ledger.read_again(again, f"in-{kept.inbound_id}", by=PERSON)
    life.relay.run(for_hours=1)


def dead_letters(life: Life) -> None:
    """Rejected calls: left for a person, sent again, edited, given up, bound to an existing ticket."""
    for name in ("left", "retried", "edited", "given-up", "bound"):
        life.fire(name)
        life.deliver(breaks="status", **REFUSED)
    for name in ("left", "given-up"):
        life.fire(name, summary="1% free")
        life.relay.advance(seconds=1)
        life.end(name)
    ids = {name: f"op-{life.case_of(name)}-1" for name in ("retried", "edited", "given-up", "bound")}
    life.ledger.retry_operation(ids["retried"], by=PERSON)
    edited = json.dumps({"subject": "Edited by a person", "description": "What was meant"}).encode()
    life.ledger.edit_operation(ids["edited"], edited, by=PERSON)
    life.ledger.skip(ids["given-up"], "nobody needs it", by=PERSON)
    there = life.relay.by_hand("POST", "/tickets", subject="By hand", description="bound is full")
    life.ledger.bind(ids["bound"], str(there["id"]), "open", by=PERSON)
    life.fire("in-vain", severity="info")
    life.deliver(breaks="status", status=503)
    life.fire("note-refused", severity="page")
    life.relay.run(for_hours=1)
    life.fire("note-refused", summary="refused")
    life.deliver(breaks="status", path="/notes$", **REFUSED)
    life.relay.run(for_hours=1)


def rejected_in_doubt(life: Life) -> None:
    """A create is lost, and rejected when it is sent again."""
    life.fire("edited-in-doubt")
    life.deliver(breaks="reset", **NEVER_THERE)
    life.relay.advance(seconds=90)
    life.deliver(breaks="status", body="edited-in-doubt", **REFUSED)


def replayed(life: Life) -> None:
    """A delivery that a defect read as empty, until it is replayed."""
    arrived = Inbound("prom", life.clock(), life.alert("swallowed"))
    ((swallowed,), _) = life.ledger.record([Delivery(arrived)])
    read = read_verified(life.settings.sources["prom"], Verified(arrived), swallowed.inbound_id)
    life.ledger.replay([Again(read, quarantined=False)], by=PERSON)
    life.relay.run(for_hours=1)


def looked_for(life: Life) -> None:
    """Calls of unknown outcome with forgotten keys: one ticket is found, another one is proven absent."""
    for name, how in (("adopted", LOST), ("touched", LOST), ("absent", NEVER_THERE)):
        life.fire(name)
        life.deliver(breaks="reset", **how)
    life.relay.advance(hours=25)
    (touched,) = [each for each in life.tickets() if each["subject"].startswith("touched")]
    description = f"{touched['description']}\n\nA person wrote below it."
    life.relay.by_hand("PUT", f"/tickets/{touched['id']}", description=description)
    life.relay.run(for_hours=30)
    life.fire("closed-in-doubt")
    life.relay.run(for_hours=1)
    life.end("closed-in-doubt")
    life.deliver(breaks="reset", path="/close$", **LOST)
    life.relay.run(for_hours=1)


def others_tell(life: Life) -> None:
    """People move tickets: set to pending, resolved, closed, closed for good, reopened, deleted."""
    names = ("pending", "by-hand-resolved", "by-hand-closed", "wont-fix", "by-hand-reopened", "gone")
    for name in names:
        life.fire(f"people-{name}")
    life.relay.run(for_hours=1)
    tickets = {name: life.ticket_of(f"people-{name}") for name in names}
    life.told(tickets["pending"], "pending")
    life.told(tickets["by-hand-resolved"], "resolved")
    life.told(tickets["by-hand-closed"], "closed")
    life.told(tickets["wont-fix"], "closed", resolution="wont_fix")
    life.told(tickets["by-hand-reopened"], "closed")
    life.told(tickets["by-hand-reopened"], "open")
    for _ in range(200):
        found = life.ledger.job_store.ticket_to_look_at(before=life.clock())
        if found is None:
            break
        if found.id == tickets["gone"]:
            gone = internal.ticket_changed(found.id, "gone", life.clock(), "poll")
            life.ledger.record([internal.as_delivery(internal.found(INTERNAL, "poll", [gone], life.clock()))])
        life.ledger.job_store.note_look(found.id, life.clock())
    life.relay.run(for_hours=1)


def answered(life: Life) -> None:
    """Receipts: edited as the ticket moves, posted for good, refused, put off, under way, and not due yet."""
    posted = Posted("C0HELP001:1773453700.000100", ("T0ACME001:C0HELP001:1773453700.000100",))
    for number, outcome in enumerate(
        (posted, Posted(None), CallRejected("is_archived"), CallLater(3600.0, "ratelimited"), None)
    ):
        life.say(f"<@U0RELAY01> Thread {number}", f"177345360{number}.000100")
        life.relay.run(for_hours=1)
        (receipt,) = life.ledger.job_store.claim_receipts("chat", lease=LEASE, limit=10)
        if outcome is not None:
            life.ledger.job_store.settle_receipt(receipt, outcome, repeatable=False)
    life.ledger.job_store.keep_display_names("chat", {"U0ADA0001": "Ada", "C0HELP001": "help"})


def gathered(life: Life) -> None:
    """Groups and storms: members that came, left, and stay."""
    for name in ("core-a", "core-b", "core-c"):
        life.fire(name, team="core")
    life.relay.run(for_hours=1)
    life.end("core-b", team="core")
    for number in range(5):
        life.fire(f"storm-{number}", storm="yes")
    life.relay.run(for_hours=1)


def jobs(life: Life) -> None:
    """Jobs with a memory, a job that failed, and a job that a killed process holds."""
    life.fire("beat", source="beats")
    life.relay.run(for_hours=1)
    life.do_jobs("quiet", "expiry")
    life.relay.advance(hours=2)
    life.do_jobs("quiet", "expiry", "backfill", "names")
    life.relay.run(for_hours=1)
    life.ledger.job_store.plan(["confirm:gone", "poll:aurion"])
    (failed, _) = life.ledger.job_store.take(["confirm:gone"], owner="one", lease=LEASE) or (None, None)
    assert failed is not None
    life.ledger.job_store.fail(failed, "the product does not answer", {"asked": 1}, after=LEASE)
    life.ledger.job_store.take(["poll:aurion"], owner="killed", lease=LEASE)


PAST: tuple[Callable[[Life], None], ...] = (
    restored, whole_lives, by_mail, quarantined, dead_letters, rejected_in_doubt, replayed, looked_for, others_tell,
    answered, gathered, jobs,
)  # fmt: skip


def taken_back(life: Life) -> None:
    """Openings and comments that wait.

    One opening was taken back by its end, one still waits. One comment waited in vain, one still waits.
    """
    life.say("Whose thread is that?", "1773460000.000200", thread="1773450000.000100")
    life.relay.advance(seconds=700)
    life.ledger.pair_waiting()
    life.fire("short", patient="yes")
    life.relay.advance(seconds=1)
    life.end("short", patient="yes")
    life.fire("patient", patient="yes")
    life.say("And that?", "1773460001.000200", thread="1773450001.000100")


def in_doubt(life: Life) -> None:
    """Calls with lost answers and calls that were lost themselves, of every possible kind."""
    for when in ("after", "before"):
        for kind in ("note", "close", "reopen"):
            life.fire(f"{kind}-{when}")
    life.deliver()
    for when in ("after", "before"):
        life.end(f"reopen-{when}")
        life.fetched(life.mail(f"u-{when}", "It is slow.", subject=f"Slow {when}", author=GRACE))
    life.deliver()
    life.relay.advance(seconds=60)
    for name in WAITING:  # enough successful calls that the breaker stays closed
        life.fire(name)
    life.deliver()
    for when in ("after", "before"):
        life.fire(f"new-{when}")
        life.deliver(breaks="reset", when=when)
        life.fire(f"note-{when}", summary="2% free")
        life.deliver(breaks="reset", path="/notes$", when=when)
        life.end(f"close-{when}")
        life.deliver(breaks="reset", path="/close$", when=when)
        life.fire(f"reopen-{when}")
        life.deliver(breaks="reset", method="PUT", path="/tickets/", when=when)
        life.fetched(life.mail(f"p-{when}", "#priority high", author=GRACE, answers=f"u-{when}"))
        life.deliver(breaks="reset", method="PUT", path="/tickets/", when=when)


def edited_in_doubt(life: Life) -> None:
    """A person edits a create that was lost and then rejected; it is unknown whether the ticket was made."""
    edited = json.dumps({"subject": "Edited in doubt", "description": "What was meant"}).encode()
    life.ledger.edit_operation(f"op-{life.case_of('edited-in-doubt')}-1", edited, by=PERSON)


def killed(life: Life) -> None:
    """Leases of killed processes: a mailbox, joined notes, a create that was made, and a create that was never sent."""
    life.ledger.mailboxes.lease(BOX, "killed", LEASE)
    for name in ("core-d", "core-e", "core-f"):
        life.fire(name, team="core")
    life.relay.advance(seconds=1)
    for name in WAITING:
        life.fire(name, summary="2% free")
    life.relay.advance(seconds=3)
    (notes,) = life.claim("add_note", limits=Limits(10, None))  # fewer than wait: those of the group are joined
    assert all(name in notes.request.decode() for name in ("core-d", "core-e", "core-f"))
    life.fire("made-and-killed")
    life.fire("never-sent")
    made, _ = life.claim("create_ticket", limits=Limits(100, None), limit=2)
    headers = {"X-API-Key": life.relay.key, "Idempotency-Key": made.idempotency_key, "Content-Type": "application/json"}
    httpx.post(f"{life.relay.url}/tickets", headers=headers, content=made.request, verify=NO_TLS).raise_for_status()


def held_up(life: Life) -> None:
    """A paused source, receipts that wait, and a rejected key that closes the gate."""
    life.ledger.pause("night", "the rack is moved", by=PERSON)
    life.ledger.pause("beats", "for a while", by=PERSON)
    life.ledger.resume("beats", by=PERSON)
    life.fire("at-night", source="night", severity="page")
    life.fire("at-night", source="night", severity="page", summary="2% free")
    life.say("<@U0RELAY01> A late thread", "1773453609.000100")
    life.relay.use_key("ak_test_wrong")
    life.relay.deliverer.deliver("create_ticket")
    life.relay.stop()


PRESENT: tuple[Callable[[Life], None], ...] = (taken_back, in_doubt, killed, edited_in_doubt, held_up)
