"""Warnings about settings that are allowed and probably not intended. A table of functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from worker.settings.fields import SOURCES
from worker.settings.loader import Loaded
from worker.settings.models import Settings
from worker.settings.origin import DEFAULT, Origin, Path, Place, key_at, node_at
from worker.settings.problems import Finding, Problem, variable
from worker.settings.route_problems import problems
from worker.settings.secretfiles import PUBLIC, PUBLIC_EXAMPLES, READ_BY_OTHERS

DOCUMENTED = {"per_minute": 100, "per_second": 20}
"""Requests that the Tickets API's documentation allows a key."""


NEW = "make one of your own with `ticketrelay secret new`"
PUBLIC_BYTES = frozenset(each.encode() for each in PUBLIC)

Lint = Callable[[Settings], Iterable[Finding]]


def is_loopback(host: str) -> bool:
    """Return True for an address of this machine alone."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _is_public(settings: Settings) -> bool:
    return not is_loopback(settings.server.listen.rpartition(":")[0].strip("[]"))


def source_without_authentication(settings: Settings) -> Iterator[Finding]:
    """Warn of a source without a secret on a public address: anybody who reaches it could send messages."""
    for name, source in settings.sources.items() if _is_public(settings) else ():
        if not source.settings.secrets:
            todo = "set its secret, or listen on a loopback address behind a proxy that lets only its sender in"
            yield Finding(
                ("sources", name),
                f"the source {name!r} has no secret, and accepts messages from anybody on a public address",
                todo,
            )


def development_secret_in_public(settings: Settings) -> Iterator[Finding]:
    """Warn of the secret of the examples on a public address: the repository publishes it."""
    for name, source in settings.sources.items() if _is_public(settings) else ():
        for public in PUBLIC_EXAMPLES:
            if public.encode() in source.settings.secrets:
                message = f"the source {name!r} accepts the public secret {public!r} on {settings.server.listen}"
                yield Finding(("sources", name, "secret"), message, NEW)


def budget_above_the_limit(settings: Settings) -> Iterator[Finding]:
    """Warn of a budget above the documented limit: it leads to a 429 sooner or later."""
    for name, documented in DOCUMENTED.items():
        value = getattr(settings.api, name)
        if value is None or value > documented:
            said = "no limit" if value is None else str(value)
            message = f"{name} is {said}, but the Tickets API documents {documented}"
            yield Finding(("api", name), message, "remove it, unless you agreed on another limit")


def reopening_shorter_than_repeats(settings: Settings) -> Iterator[Finding]:
    """Warn of a reopening window shorter than the repeats: an alert that comes back then gets a new ticket."""
    windows: list[tuple[Path, float]] = [(("policy", "reopen_window"), settings.policy.reopen_window)]
    for index, route in enumerate(settings.routes):
        if route.reopen_window is not None:
            windows.append((("routes", index, "reopen_window"), route.reopen_window))
    for name, source in settings.sources.items():
        repeats = getattr(source.settings, "repeat_interval", None)
        if not isinstance(repeats, int | float):
            continue
        for path, window in windows:
            if window < repeats:
                message = f"reopen_window ({window:g} s) is shorter than repeat_interval of {name!r} ({repeats:g} s)"
                todo = "make it longer: otherwise an alert that comes back with the next repeat gets a new ticket"
                yield Finding(path, message, todo)


def heartbeat_that_nobody_misses(settings: Settings) -> Iterator[Finding]:
    """Warn of a heartbeat without `quiet_after`: its pings are taken in, and their end has no effect."""
    for name, source in settings.sources.items():
        if source.connector.says_nothing and source.settings.quiet_after is None:
            todo = "set quiet_after to the interval of its pings, plus how late a ping may be"
            yield Finding(
                ("sources", name), f"the source {name!r} has no quiet_after, so missing pings have no effect", todo
            )


def expiry_shorter_than_repeats(settings: Settings) -> Iterator[Finding]:
    """Warn of an expiry shorter than the repeats: an open alert would be closed before its source repeats it."""
    for name, source in settings.sources.items():
        repeats, expires = getattr(source.settings, "repeat_interval", None), source.settings.expire_after
        if isinstance(repeats, int | float) and expires is not None and expires <= repeats:
            message = f"expire_after of {name!r} ({expires:g} s) is no longer than its repeat_interval ({repeats:g} s)"
            todo = "make it at least twice as long: otherwise alerts that still fire are closed between two repeats"
            yield Finding(("sources", name, "expire_after"), message, todo)


def odd_routes(settings: Settings) -> Iterator[Finding]:
    """Warn of a route that can never match, a matcher of a source that is not configured, or an unused template."""
    found = problems(settings.routes, settings.templates, settings.sources)
    yield from (each for each in found if not each.is_error)


def metadata_without_effect(settings: Settings) -> Iterator[Finding]:
    """Warn of metadata in routes with revision A of the API, which has no place for them."""
    for index, route in enumerate(settings.routes if settings.api.revision == "A" else ()):
        if route.metadata:
            message = f"the metadata of route {route.name!r} has no effect: revision A of the Tickets API has none"
            yield Finding(("routes", index, "metadata"), message, "remove it, or set api.revision: B")
    for name, source in settings.sources.items() if settings.api.revision == "A" else ():
        if any(each.startswith("metadata.") for each in getattr(source.settings, "wont_fix", ())):
            message = f"wont_fix of {name!r} asks for metadata, which revision A of the Tickets API does not have"
            yield Finding(("sources", name, "wont_fix"), message, "ask for category=VALUE, or set api.revision: B")


GROUP_INTERVAL_S = 300.0
"""Alertmanager's and Grafana's default. Without a failure, an end is sent after this time at the latest."""


def grace_shorter_than_ends_take(settings: Settings) -> Iterator[Finding]:
    """Warn of a grace shorter than the group interval.

    A product stops listing an ended alert at once, and sends the end with the group's next turn.
    """
    for name, source in settings.sources.items():
        ask = source.connector.asking.request(source.settings) if source.connector.asking is not None else None
        if ask is not None and ask.grace < GROUP_INTERVAL_S:
            message = f"confirm_grace of {name!r} ({ask.grace:g} s) is shorter than the usual group_interval, 5 min"
            todo = "make it longer: otherwise alerts are closed before the product itself reports their end"
            yield Finding(("sources", name, "confirm_grace"), message, todo)


def secret_of_two_sources(settings: Settings) -> Iterator[Finding]:
    """Warn of a secret shared by two sources: the sender of one could send for the other."""
    first: dict[bytes, str] = {}
    for name, source in settings.sources.items():
        for secret in dict.fromkeys(source.settings.secrets):
            other = first.setdefault(secret, name)
            if other != name and secret not in PUBLIC_BYTES:
                message = f"the sources {name!r} and {other!r} have the same secret"
                yield Finding(("sources", name, "secret"), message, "give each source a secret of its own")


def mail_without_verdicts(settings: Settings) -> Iterator[Finding]:
    """Warn of a source of mail without `authserv_id`: whoever is named in From is believed."""
    for name, source in settings.sources.items():
        if not hasattr(source.settings, "authserv_id") or source.settings.authserv_id is not None:
            continue
        trusted = [each for each in ("trusted_arc", "trusted_forwarders") if getattr(source.settings, each)]
        without = f", and {' and '.join(trusted)} without effect" if trusted else ""
        todo = "set authserv_id to the name that your mail server gives itself in Authentication-Results"
        yield Finding(
            ("sources", name),
            f"the source {name!r} has no authserv_id: a mail with a forged From can write to tickets{without}",
            todo,
        )


def address_of_two_sources(settings: Settings) -> Iterator[Finding]:
    """Warn of two sources of one kind with the same mail address: one of them gets no mail."""
    first: dict[tuple[str, str], str] = {}
    for name, source in settings.sources.items():
        if source.connector.address is None:
            continue
        address = source.connector.address(source.settings).lower()
        other = first.setdefault((source.connector.kind, address), name)
        if other != name:
            message = f"the sources {other!r} and {name!r} have the same address, {address}: only one gets its mail"
            yield Finding(("sources", name), message, "give each source an address of its own")


def one_address_for_two_listeners(settings: Settings) -> Iterator[Finding]:
    """Warn of one address for `serve` and for the probes of `mail` and `worker`."""
    server = settings.server
    if server.listen == server.health_listen and not server.listen.endswith(":0"):
        message = f"`mail` and `worker` would listen at {server.listen} too, which is the address of `serve`"
        yield Finding(("server", "health_listen"), message, "choose another port")


def ledger_of_each_folder(settings: Settings) -> Iterator[Finding]:
    """Warn of a relative path of SQLite in a fleet: each process would take it from the folder of its start."""
    path = settings.ledger.url.removeprefix("sqlite:///")
    if path != settings.ledger.url and not path.startswith("/") and not settings.broker.url.startswith("memory"):
        message = "the path of the ledger begins in the folder in which a process starts, so two may have two ledgers"
        yield Finding(("ledger", "url"), message, "write an absolute path, with four slashes: sqlite:////PATH")


def secret_that_is_a_path(settings: Settings) -> Iterator[Finding]:
    """Warn of a secret that looks like the path of a file."""
    for name, source in settings.sources.items():
        for field in ("secret", "previous_secret"):
            value = getattr(source.settings, field, None)
            if value is not None and re.fullmatch(r"(?:/[\w.-]+){2,}", value.get_secret_value()):
                path: Path = ("sources", name, field)
                yield Finding(path, f"the {field} of {name!r} looks like the path of a file", _of_file(path))
    if re.fullmatch(r"(?:/[\w.-]+){2,}", settings.api.key.get_secret_value()):
        yield Finding(("api", "key"), "the key looks like the path of a file", _of_file(("api", "key")))


def _of_file(path: Path) -> str:
    return f"set {variable(*path)}_FILE to the path, and remove {variable(*path)}"


LINTS: tuple[Lint, ...] = (
    source_without_authentication,
    development_secret_in_public,
    budget_above_the_limit,
    reopening_shorter_than_repeats,
    heartbeat_that_nobody_misses,
    expiry_shorter_than_repeats,
    secret_of_two_sources,
    odd_routes,
    metadata_without_effect,
    grace_shorter_than_ends_take,
    mail_without_verdicts,
    address_of_two_sources,
    one_address_for_two_listeners,
    ledger_of_each_folder,
    secret_that_is_a_path,
)


def warnings(loaded: Loaded, lints: Sequence[Lint] = LINTS) -> list[Problem]:
    """Return the findings of all lints, at the places of the settings."""
    found = [
        each.at(_origin(loaded, each.path))
        for lint in lints
        for each in lint(loaded.settings)
        if not _is_about_a_default(loaded, each.path)
    ]
    found += _control_of_several(loaded)
    for path, origin, file in loaded.secret_files:
        if file.mode & READ_BY_OTHERS and not file.is_public:
            message = f"every user of this machine may read {file.path!r} (mode {file.mode:04o})"
            found.append(Problem(message, origin, path, f"run chmod o-rwx {file.path}", "warning"))
    return found


def _control_of_several(loaded: Loaded) -> Iterator[Problem]:
    """Warn of a control address in the file of a fleet: `serve`, `mail` and `worker` would all listen there."""
    path: Path = ("server", "control")
    origin = loaded.origin(path)
    if isinstance(origin, Place) and not loaded.settings.broker.url.startswith("memory"):
        message = "every process that reads this file would listen at this address, and only one can"
        todo = f"remove the line, and set {variable(*path)} for each process: unix:/run/ticketrelay/ROLE.sock"
        yield Problem(message, origin, path, todo, "warning")


def _is_about_a_default(loaded: Loaded, path: Path) -> bool:
    """Return True for a finding about a default that nobody configured: a source for trying out, or the ledger."""
    return len(path) == 2 and path[0] in (SOURCES, "ledger") and not loaded.has(*map(str, path))


def _origin(loaded: Loaded, path: Path) -> Origin:
    """Return the setting's own place; for a default, the place of its section in the file."""
    if node_at(loaded.root, path) is None and path and isinstance(path[-1], int):
        path = path[:-1]  # a text in place of a list of one
    origin = loaded.origin(path)
    if origin != DEFAULT and not (isinstance(origin, Place) and key_at(loaded.root, path) is None):
        return key_at(loaded.root, path) or origin if len(path) == 2 and path[0] == "sources" else origin
    above = key_at(loaded.root, path[:-1]) if len(path) > 1 else None
    return above if isinstance(above, Place) else origin
