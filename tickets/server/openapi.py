"""What does the server promise, machine-readably? An OpenAPI 3.1 document, built from the table of calls."""

from __future__ import annotations

from typing import Any

from tickets.server.options import Options


def document(options: Options) -> dict[str, Any]:
    return {}
