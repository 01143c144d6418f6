"""The Tickets API: its typed client; in `tickets.server`, a local service that keeps the contract."""
