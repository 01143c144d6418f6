"""Helpers that connectors of several kinds share: strict JSON, text for people, signatures, forms, patterns."""
