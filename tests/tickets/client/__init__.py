"""Tests of the typed client, against raw sockets that misbehave and against the local Tickets API."""
