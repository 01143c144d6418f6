"""For every switch, the scenario in which a promise breaks when the switch is off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from tests.model.rules import RULES, WORLD
from tests.model.scenarios import SCENARIOS, Scenario, Setting


@dataclass(frozen=True, slots=True)
class Ablation:
    """One switch that is turned off."""

    switch: str
    rule: str
    """Number of the rule in the design, or `world` for an assumption."""
    without: str
    """Behaviour without the rule."""
    scenario: str
    breaks: Literal["doubled", "misordered", "lost", "given up", "undone"]
    """The promise that is broken first: the first word of the violation."""


ABLATIONS = (
    Ablation("same_key", "1", "a new key for every attempt", "create, note, close", "doubled"),
    Ablation("frozen_bytes", "1", "the bytes are rendered anew", "create, close; a person reopens", "given up"),
    Ablation("intent_first", "2", "sent, then claimed", "create, note, close", "doubled"),
    Ablation("self_fence", "3", "sent although the lease has ended", "create, note, close", "doubled"),
    Ablation("epoch", "3", "anybody may settle", "create, note, close", "doubled"),
    Ablation("ghost_wait_after_failure", "4", "repeated at once", "create, note, close", "doubled"),
    Ablation("ghost_wait_after_lease", "4", "taken over at once", "create, note, close", "doubled"),
    Ablation("look_up_before_create", "5", "just sent again", "create, note, close; a day passes", "doubled"),
    Ablation("absence_settles", "5", "absence is believed at once", "create, note; a person edits", "doubled"),
    Ablation("marked_repeat", "5", "just sent again", "create, note, close; a day passes", "doubled"),
    Ablation("ask_state", "5", "just sent again", "create, close, reopen; a person works on it", "undone"),
    Ablation("window_ends_early", "5", "the window is the memory's 24 h", "create, note; the window ends", "doubled"),
    Ablation("closed_is_done", "6", "404 and 409 are rejections", "create, close; a person closes", "given up"),
    Ablation("person_wins", "6", "closed again", "create, close; a person reopens", "undone"),
    Ablation(
        "look_up_keeps_doubt", "6", "after a look-up it is a first send", "create, close; a person reopens", "undone"
    ),
    Ablation("webhook_is_dated", "6", "ours counts too", "create, close, reopen, close; announced", "lost"),
    Ablation("dead_create_blocks", "7", "its followers are sent", "create rejected, note, close", "lost"),
    Ablation("new_episode_goes_on", "7", "a later create waits too", "create rejected, close, create", "lost"),
    Ablation("replan_after_dead_close", "7", "a create stays one", "create, close rejected, create", "doubled"),
    Ablation("edit_needs_proof", "7", "sent at once with its new key", "create, note; a person edits", "doubled"),
    Ablation("restored_in_doubt", "8", "as the backup says", "create, note, close; a restore", "doubled"),
    Ablation("epochs_jump", "8", "they count on from the backup's", "create, note; a restore", "doubled"),
    Ablation("restore_waits", "8", "unfinished work is due at once", "create, note, close; a restore", "misordered"),
    Ablation("restore_joins", "8", "each close and reopen by itself", "create, close, reopen; a restore", "doubled"),
    Ablation("fence_is_atomic", "world", "stopped between fence and wire", "create, note, close", "doubled"),
    Ablation("requests_die", "world", "a late request lives forever", "create, note, close", "doubled"),
    Ablation("refusal_is_true", "world", "503, and executed", "create, note, close; a day passes", "doubled"),
)


def by_name(name: str) -> Scenario:
    """Return the scenario of that name."""
    return next(each for each in SCENARIOS if each.name == name)


def setting(ablation: Ablation) -> Setting:
    """Return the ablation's scenario with that one switch off."""
    scenario, off = by_name(ablation.scenario), {ablation.switch: False}
    if ablation.rule == "world":
        return Setting(scenario, world=replace(WORLD, **off))
    return Setting(scenario, rules=replace(RULES, **off))
