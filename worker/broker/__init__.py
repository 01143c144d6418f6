"""Celery's part: wake-ups from the process that recorded work to the workers that deliver it."""
