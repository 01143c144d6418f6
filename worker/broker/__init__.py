"""What Celery carries: wake-ups from the process that recorded work to the workers that deliver it."""
