"""A TLS context for clients of servers without TLS: loading the machine's certificates costs each client 20 ms."""

from __future__ import annotations

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts no authority."""
