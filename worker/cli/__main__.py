"""`python -m worker.cli` is `ticketrelay`."""

from worker.cli import main

main(prog_name="ticketrelay")
