"""Tests of the local Tickets API; a package, so that its conftest does not share a name with the one above."""
