"""Checks whether our own mail server authenticated the From of a mail (RFC 8601, RFC 7489).

Only the topmost Authentication-Results counts, and only if the configured server wrote it: headers below it may have
come with the mail. Every result that is not clearly a pass counts as a failure.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.email.mime import Headers
from connectors.email.people import mailboxes

HEADER = "authentication-results"


def why_not_authentic(headers: Headers, authserv_id: str | None) -> str | None:
    """Return why the From is not authentic; None if DMARC passed, or without DMARC a DKIM signature of its domain."""
    if authserv_id is None:
        return "authserv_id is not set"
    written = headers.all("from")
    authors = mailboxes(written)
    if len(written) != 1 or len(authors) != 1 or "@" not in authors[0].address:
        return "From must name exactly one address"
    domain = authors[0].address.rpartition("@")[2]
    reports = headers.all(HEADER)
    sections = _sections(reports[0]) if reports else None
    if sections is None:
        return "Authentication-Results is missing or malformed"
    if sections[0].split()[:1] != [authserv_id.lower()] or sections[0].split()[1:] not in ([], ["1"]):
        return "the topmost Authentication-Results is not from the server in authserv_id"
    results = list(_results(sections[1:]))
    dmarc = [(result, said) for method, result, said in results if method == "dmarc"]
    if dmarc:
        passed = all(result == "pass" and said.get("header.from") == domain for result, said in dmarc)
        return None if passed else "DMARC did not pass"
    if any(method == "dkim" and result == "pass" and _signer(said) == domain for method, result, said in results):
        return None
    return "neither DMARC nor a DKIM signature of the domain in From passed"


def _signer(said: dict[str, str]) -> str:
    return said.get("header.d") or said.get("header.i", "").rpartition("@")[2]


def _results(sections: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield method, result and properties of each section."""
    for section in sections:
        words = section.split()
        if not words:
            continue
        method, equals, result = words[0].partition("=")
        method = method.partition("/")[0]
        said = [word.partition("=") for word in words[1:]]
        names = [name for name, _, _ in said]
        # A section that repeats a property is not used.
        is_clear = equals and len(names) == len(set(names))
        yield method, result if is_clear else "", {name: value for name, _, value in said}


def _sections(value: str) -> list[str] | None:
    """Split the value at semicolons, in lower case, without comments. None if it is malformed.

    White space and special characters in quoted strings are removed, so that they cannot be mistaken for syntax.
    """
    sections, depth, in_quotes, escaped = [""], 0, False, False
    for char in value.lower():
        if escaped:
            escaped = False
        elif char == "\\" and (in_quotes or depth):
            escaped = True
        elif in_quotes:
            if char == '"':
                in_quotes = False
            elif char.isalnum() or char in "-._@":
                sections[-1] += char
        elif depth or char == "(":
            depth += (char == "(") - (char == ")")
            sections[-1] += " "
        elif char == '"':
            in_quotes = True
        elif char == ";":
            sections.append("")
        elif char == ")":
            return None
        else:
            sections[-1] += char
    return None if depth or in_quotes or escaped else sections
