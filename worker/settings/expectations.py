"""The `tests` section: sample messages, and the effect that this configuration must have on them.

Only the fields that are given are compared. `ticketrelay test` plays the steps of each test in their order, as if its
messages were the first of their source.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from connectors.contract.durations import SecondsOrNone
from connectors.contract.events import Priority
from worker.settings.section import Section

Operation = Literal["create_ticket", "add_note", "update_ticket", "close_ticket", "reopen_ticket"]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Expected(Section):
    """The effect of a message. `priority`, `category`, `subject` and `private` are those of every ticket it creates."""

    events: int | None = Field(default=None, ge=0)
    """Number of events."""
    routes: tuple[Name, ...] | None = None
    """The routes that match each of its events, in their order."""
    operations: tuple[Operation, ...] | None = None
    """The calls that follow, in their order; an empty list for none."""
    priority: Priority | None = None
    """`low`, `medium`, `high` or `urgent`."""
    category: Name | None = None
    """The ticket's category."""
    subject: Subject | None = None
    """The ticket's subject, word for word."""
    private: bool | None = None
    """True if the text must be kept out of subject and description."""
    dropped: Name | None = None
    """The reason for which a route drops each of its events."""

    @model_validator(mode="after")
    def _something_is_expected(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("the expectation is empty: add one, such as operations: [create_ticket]")
        return self


class Step(Section):
    """One message, and its expected effect."""

    message: str | None = None
    """The message's body, as the sender would write it."""
    file: Name | None = None
    """A file with the body, or with the output of `events export`.

    The path is relative to the folder of the configuration file.
    """
    headers: dict[str, str] = Field(default_factory=dict)
    """The message's headers. The sender need not be proven."""
    after: SecondsOrNone = 0.0
    """Time from the message before it, or from the start of the test, to its arrival."""
    expect: Expected
    """The expected effect."""

    @model_validator(mode="after")
    def _has_one_message(self) -> Self:
        if (self.message is None) == (self.file is None):
            raise ValueError("a step has either message: or file:")
        return self


class Test(Section):
    """Messages of one source, one after the other."""

    __test__ = False  # pytest must not collect this class

    name: Name
    """The name of the test, shown with its result."""
    source: str
    """The id of the source that receives the messages."""
    steps: tuple[Step, ...] = Field(min_length=1)
    """In their order."""
