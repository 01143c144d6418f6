"""Shared by all commands: options, output, completion, schemas."""
