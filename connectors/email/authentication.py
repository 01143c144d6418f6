"""Reads what our own mail server found out about the sender of a mail (RFC 8601, RFC 7489, RFC 8617).

Only headers that the configured server wrote count, and of these only the topmost: headers below it may have come with
the mail. No DNS is asked.

    pass      DMARC passed for the only address in From; without DMARC, a DKIM signature of its domain
    vouched   DMARC failed, and a trusted sealer of ARC or a trusted forwarder vouches for the mail
    fail      DMARC failed, or the author of the mail is not the one whom the server checked
    unknown   anything else
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from connectors.email.mime import Headers
from connectors.email.people import mailboxes
from connectors.email.settings import Settings

HEADER = "authentication-results"

MAX_DOMAIN = 255  # characters

_FAIL = re.compile(r";\s*dmarc\s*(?:/\s*[0-9]+\s*)?=\s*fail\b")
"""A failure in a header that is malformed, or in which a comment hides it: the sender chose a part of the header."""
_ID = re.compile(r'\s*"?([^\s";()]+)')
_SIGN = re.compile(r" ?([=/]) ?")
_PROPERTY = re.compile(r"\b(smtp|header|body|policy) ?\. ?([a-z][a-z0-9_-]*)=")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on the sender of a mail."""

    result: Literal["pass", "vouched", "unknown", "fail"]
    why: str
    """The reason, for all results but `pass`."""

    def __str__(self) -> str:
        """Return the verdict in one line for people."""
        return f"{self.result}: {self.why or 'DMARC passed, or a DKIM signature of the domain in From'}"

    @property
    def why_not_authentic(self) -> str | None:
        """The reason for which From is not authentic; None if it is."""
        return None if self.result == "pass" else self.why


class _Result(NamedTuple):
    """One result of a method, as the server reports it."""

    method: str
    result: str
    said: dict[str, str]
    """The properties; empty for a section that repeats a property, which is not used."""
    is_clear: bool


def verdict(headers: Headers, settings: Settings) -> Verdict:
    """Return the verdict of the server in `authserv_id`; `unknown` without one."""
    if settings.authserv_id is None:
        return Verdict("unknown", "authserv_id is not set")
    written = headers.all("from")
    authors = mailboxes(written)
    if len(written) != 1 or len(authors) != 1:
        return Verdict("fail", "From must name exactly one address")
    _, at, domain = authors[0].address.rpartition("@")
    if not at:
        return Verdict("unknown", "From must name exactly one address, with a domain")
    reports = headers.all(HEADER)
    ids = [_id(each) for each in reports]
    if settings.authserv_id.lower() not in ids:
        missing = "is missing or malformed" if ids[:1] in ([], [None]) else "is not from the server in authserv_id"
        return Verdict("unknown", f"Authentication-Results {missing}")
    place = ids.index(settings.authserv_id.lower())
    return _judged(headers, reports[place], _domain(domain), settings, is_topmost=place == 0)


def _judged(headers: Headers, report: str, domain: str, settings: Settings, *, is_topmost: bool) -> Verdict:
    sections = _sections(report)
    if sections is None:
        result: Literal["fail", "unknown"] = "fail" if _FAIL.search(report.lower()) else "unknown"
        return Verdict(result, "Authentication-Results is missing or malformed")
    if sections[0].split()[1:] not in ([], ["1"]):
        return Verdict("unknown", "Authentication-Results is of an unknown version")
    results = list(_results(sections[1:]))
    found = _of_dmarc(results, report, domain)
    if found.result == "fail" and _vouches(headers, results, domain, settings):
        return Verdict("vouched", "DMARC did not pass; trusted_arc or trusted_forwarders vouches")
    if found.result == "pass" and not is_topmost:
        return Verdict("unknown", "the topmost Authentication-Results is not from the server in authserv_id")
    return found


def _of_dmarc(results: Sequence[_Result], report: str, domain: str) -> Verdict:
    dmarc = [each for each in results if each.method == "dmarc"]
    if any(each.result == "fail" for each in dmarc):
        return Verdict("fail", "DMARC did not pass")
    if dmarc:
        is_pass = all(each.result == "pass" and each.is_clear for each in dmarc)
        domains = {_domain(each.said.get("header.from", "")) for each in dmarc}
        if is_pass and domains == {domain}:
            return Verdict("pass", "")
        if is_pass and not any(_are_related(each, domain) for each in domains):
            return Verdict("fail", "DMARC passed for another domain than that of From")
        return Verdict("unknown", "DMARC did not pass")
    if any(each.method == "dkim" and each.result == "pass" and _signer(each) == domain for each in results):
        return Verdict("pass", "")
    if _FAIL.search(report.lower()):
        return Verdict("fail", "DMARC did not pass")
    return Verdict("unknown", "neither DMARC nor a DKIM signature of the domain in From passed")


def _vouches(headers: Headers, results: Sequence[_Result], domain: str, settings: Settings) -> bool:
    passed = [each for each in results if each.result == "pass"]
    forwarders = {_signer(each) for each in passed if each.method == "dkim"}
    forwarders |= {_domain(each.said.get("smtp.mailfrom", "")) for each in passed if each.method == "spf"}
    if not forwarders.isdisjoint(settings.trusted_forwarders):
        return True
    arc = [each.result if each.is_clear else "" for each in results if each.method == "arc"]
    return bool(settings.trusted_arc and arc) and set(arc) == {"pass"} and _seals(headers, domain, settings)


def _seals(headers: Headers, domain: str, settings: Settings) -> bool:
    """True if the last seal is of a trusted sealer that did not itself find a failure of DMARC."""
    seals = [_tags(each) for each in headers.all("arc-seal")]
    numbers = [int(each["i"]) if re.fullmatch("[0-9]{1,2}", each.get("i", "")) else 0 for each in seals]
    if not numbers or len(set(numbers)) < len(numbers) or 0 in numbers:
        return False
    last = max(numbers)
    if _domain(seals[numbers.index(last)].get("d", "")) not in settings.trusted_arc:
        return False
    # The seal covers the results that the sealer itself found.
    own = [_sections(each) for each in headers.all("arc-authentication-results")]
    of_last = [each for each in own if each is not None and each[0].split() == [f"i={last}"]]
    if len(of_last) != 1:
        return False
    dmarc = [each for each in _results(of_last[0][2:]) if each.method == "dmarc"]
    checked = (_domain(each.said.get("header.from", domain)) for each in dmarc)
    return all(each.result != "fail" for each in dmarc) and all(each == domain for each in checked)


def _tags(value: str) -> dict[str, str]:
    """Return the tags of a seal, in lower case; empty if a tag is repeated (RFC 6376, section 3.2)."""
    pairs = [each.partition("=") for each in "".join(value.lower().split()).strip(";").split(";")]
    found = {name: text for name, _, text in pairs}
    return found if len(found) == len(pairs) else {}


def _id(report: str) -> str | None:
    """Return the name of the server that wrote a header, in lower case; None if it is missing."""
    sections = _sections(report)
    if sections is None:  # the sender may have chosen the part that is malformed
        found = _ID.match(report.lower())
        return found[1] if found else None
    return next(iter(sections[0].split()), None)


def _signer(found: _Result) -> str:
    return _domain(found.said.get("header.d") or found.said.get("header.i", ""))


def _domain(written: str) -> str:
    """Return the domain of an address or domain, in lower case and in ASCII if it can be (RFC 5890)."""
    domain = written.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        return domain.encode("idna").decode() if len(domain) <= MAX_DOMAIN else domain
    except UnicodeError:
        return domain


def _are_related(one: str, other: str) -> bool:
    """True for two domains of which one may stand for the other, or of which one is not known."""
    return not one or one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _results(sections: Sequence[str]) -> Iterator[_Result]:
    """Yield the result of each section."""
    for section in sections:
        words = _PROPERTY.sub(r"\1.\2=", _SIGN.sub(r"\1", " ".join(section.split()))).split()
        if not words:
            continue
        method, equals, result = words[0].partition("=")
        method = method.partition("/")[0]
        said = [word.partition("=") for word in words[1:]]
        names = [name for name, _, _ in said]
        is_clear = bool(equals) and len(names) == len(set(names))
        yield _Result(method, result, {name: value for name, _, value in said} if is_clear else {}, is_clear)


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
