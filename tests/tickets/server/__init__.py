"""Tests of the local Tickets API; a package, so that its conftest has another module name than the parent's."""
