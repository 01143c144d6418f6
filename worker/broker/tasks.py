"""The Celery tasks. A message of a task is a wake-up without content: the claim decides what is sent."""

from __future__ import annotations

from collections.abc import Callable

from celery import Celery

from worker.planning.model import Kind

Deliver = Callable[[Kind], int]


def register(app: Celery, deliver: Deliver) -> None:
    """Register the tasks, each named after its call; they delegate to `deliver`.

    Not shared: Celery would give the tasks of one application to every later one of this process.
    """

    @app.task(name="create_ticket", shared=False)
    def create_ticket() -> None:
        """Open the tickets that are due."""
        deliver("create_ticket")

    @app.task(name="add_note", shared=False)
    def add_note() -> None:
        """Add the notes that are due."""
        deliver("add_note")

    @app.task(name="update_ticket", shared=False)
    def update_ticket() -> None:
        """Make the updates that are due."""
        deliver("update_ticket")

    @app.task(name="close_ticket", shared=False)
    def close_ticket() -> None:
        """Close the tickets that are due."""
        deliver("close_ticket")

    @app.task(name="reopen_ticket", shared=False)
    def reopen_ticket() -> None:
        """Reopen the tickets that are due."""
        deliver("reopen_ticket")
