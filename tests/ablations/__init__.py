"""Switches off each rule of the real code, one at a time: a test must notice each."""
