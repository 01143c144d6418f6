"""What is allowed, and probably not meant? A table of functions from settings to warnings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from worker.settings.fields import SOURCES
from worker.settings.loader import Loaded
from worker.settings.models import Settings
from worker.settings.origin import DEFAULT, Origin, Path, Place, key_at
from worker.settings.problems import Finding, Problem
from worker.settings.routes import problems
from worker.settings.secretfiles import DEV_SECRET, READ_BY_OTHERS

DOCUMENTED = {"per_minute": 100, "per_second": 20}
"""Requests that the Tickets API's documentation allows a key."""


Lint = Callable[[Settings], Iterable[Finding]]


def is_loopback(host: str) -> bool:
    """True for an address of this machine alone."""
    return host in ("localhost", "::1") or host.startswith("127.")


def _is_public(settings: Settings) -> bool:
    return not is_loopback(settings.server.listen.rpartition(":")[0].strip("[]"))


def source_without_authentication(settings: Settings) -> Iterator[Finding]:
    """Whoever reaches a public address could speak for such a source."""
    for name, source in settings.sources.items() if _is_public(settings) else ():
        if not source.settings.secrets:
            todo = "give it a secret, or listen on a loopback address behind a proxy that lets only its sender in"
            yield Finding(("sources", name), f"{name!r} takes messages from anybody, on a public address", todo)


def development_secret_in_public(settings: Settings) -> Iterator[Finding]:
    """The development secret stands in the README."""
    for name, source in settings.sources.items() if _is_public(settings) else ():
        if DEV_SECRET.encode() in source.settings.secrets:
            message = f"{name!r} accepts the public secret {DEV_SECRET!r} on {settings.server.listen}"
            yield Finding(("sources", name, "secret"), message, "make a secret: openssl rand -hex 24")


def budget_above_the_limit(settings: Settings) -> Iterator[Finding]:
    """More than what is documented is answered 429 sooner or later."""
    for name, documented in DOCUMENTED.items():
        value = getattr(settings.api, name)
        if value is None or value > documented:
            said = "no limit" if value is None else str(value)
            message = f"{name} is {said}, and the Tickets API documents {documented}"
            yield Finding(("api", name), message, "leave it out, unless your plan says otherwise")


def reopening_shorter_than_repeats(settings: Settings) -> Iterator[Finding]:
    """What ends and comes back with the source's next repeat would get a new ticket each time."""
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
                todo = "an alert that comes back with the next repeat gets a new ticket: make it longer"
                yield Finding(path, message, todo)


def heartbeat_that_nobody_misses(settings: Settings) -> Iterator[Finding]:
    """Its pings are taken in, and nothing happens when they stop."""
    for name, source in settings.sources.items():
        if source.connector.says_nothing and source.settings.quiet_after is None:
            todo = "quiet_after says how long it may be silent: its interval, and what it may be late"
            yield Finding(("sources", name), f"nobody misses {name!r}: it has no quiet_after", todo)


def expiry_shorter_than_repeats(settings: Settings) -> Iterator[Finding]:
    """What goes on would be taken to be over before its source says so again."""
    for name, source in settings.sources.items():
        repeats, expires = getattr(source.settings, "repeat_interval", None), source.settings.expire_after
        if isinstance(repeats, int | float) and expires is not None and expires <= repeats:
            message = f"expire_after of {name!r} ({expires:g} s) is no longer than its repeat_interval ({repeats:g} s)"
            todo = "what goes on would be closed between two repeats: make it at least twice as long"
            yield Finding(("sources", name, "expire_after"), message, todo)


def odd_routes(settings: Settings) -> Iterator[Finding]:
    """A route that can never match, a matcher that asks for what no event has, a template that nobody uses."""
    yield from (each for each in problems(settings.routes, settings.templates) if not each.is_error)


GROUP_INTERVAL_S = 300.0
"""Alertmanager's and Grafana's default: an end is told so late at the latest, where nothing fails."""


def grace_shorter_than_ends_take(settings: Settings) -> Iterator[Finding]:
    """A product forgets at once what has ended, and tells of it with its group's next turn."""
    for name, source in settings.sources.items():
        ask = source.connector.asking.request(source.settings) if source.connector.asking is not None else None
        if ask is not None and ask.grace < GROUP_INTERVAL_S:
            message = f"confirm_grace of {name!r} ({ask.grace:g} s) is shorter than a group_interval of 5 min"
            todo = "an end is told with the group's next turn: with a longer grace it is its sender that tells of it"
            yield Finding(("sources", name, "confirm_grace"), message, todo)


def secret_of_two_sources(settings: Settings) -> Iterator[Finding]:
    """Who may speak for one source could speak for the other."""
    first: dict[bytes, str] = {}
    for name, source in settings.sources.items():
        for secret in dict.fromkeys(source.settings.secrets):
            other = first.setdefault(secret, name)
            if other != name and secret != DEV_SECRET.encode():
                message = f"{name!r} has a secret of {other!r}"
                yield Finding(("sources", name, "secret"), message, "give each source a secret of its own")


LINTS: tuple[Lint, ...] = (
    source_without_authentication,
    development_secret_in_public,
    budget_above_the_limit,
    reopening_shorter_than_repeats,
    heartbeat_that_nobody_misses,
    expiry_shorter_than_repeats,
    secret_of_two_sources,
    odd_routes,
    grace_shorter_than_ends_take,
)


def warnings(loaded: Loaded, lints: Sequence[Lint] = LINTS) -> list[Problem]:
    """What all lints find in the settings, at the places where they were made."""
    found = [
        each.at(_origin(loaded, each.path))
        for lint in lints
        for each in lint(loaded.settings)
        if not _is_about_a_default(loaded, each.path)
    ]
    for path, origin, file in loaded.secret_files:
        if file.mode & READ_BY_OTHERS and not file.is_public:
            message = f"everybody on this machine may read {file.path!r} (mode {file.mode:04o})"
            found.append(Problem(message, origin, path, f"chmod o-rwx {file.path}", "warning"))
    return found


def _is_about_a_default(loaded: Loaded, path: Path) -> bool:
    """True of what a source lacks that nobody configured: it is there so that one can try it."""
    return len(path) == 2 and path[0] == SOURCES and not loaded.has(*map(str, path))


def _origin(loaded: Loaded, path: Path) -> Origin:
    """The setting's own place; where nobody set it, that of its section in the file."""
    origin = loaded.origin(path)
    if origin != DEFAULT and not (isinstance(origin, Place) and key_at(loaded.root, path) is None):
        return key_at(loaded.root, path) or origin if len(path) == 2 and path[0] == "sources" else origin
    above = key_at(loaded.root, path[:-1]) if len(path) > 1 else None
    return above if isinstance(above, Place) else origin
