"""Asynchronous client of the Tickets API: each method sends one request once; it returns or raises one exception.

The client does not retry, redirect or look anything up by itself; the exception (tickets/errors.py) determines the next
step. If no answer came, the class depends on whether the request can have left this process. Only a request that
provably was not sent is `SendLater`. All other failures are `RepeatUnchanged`, whatever exception the HTTP library
raised.

Source: the Tickets API's contract, "Calls", "Idempotency", "Authentication".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx
from pydantic import ValidationError

from tickets.addresses import checked_base_url, checked_idempotency_key, checked_key, segment
from tickets.api_answers import (
    REQUEST_ID_HEADERS,
    ApiAnswer,
    error_of,
    parse,
    read,
    says_closed_already,
    unreadable,
)
from tickets.assumptions import DEFAULT_LIMIT
from tickets.errors import RepeatUnchanged, SendLater, TicketsError
from tickets.models import (
    AddNote,
    AnyRequest,
    CloseTicket,
    CreateTicket,
    Health,
    Note,
    Page,
    Priority,
    RegisterWebhook,
    Revision,
    Status,
    Ticket,
    UpdateTicket,
    Webhook,
    encode,
)
from tickets.text import clean
from tickets.transport import HttpConnections, Progress, root

MAX_ANSWER = 4 * 1024 * 1024  # bytes of a decoded body; a page of 100 tickets of the greatest length is larger
CONNECT_TIMEOUT_S = 5.0


class TicketsClient:
    """Client of one Tickets API. Belongs to one event loop; many tasks may use it at once.

    Every call raises one `TicketsError` unless it succeeds: see tickets/errors.py and tickets/api_answers.py.
    `total_timeout` (seconds) covers a whole call, from waiting for a connection to the last byte. A request given
    as bytes (made by `encode`) is sent unchanged.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        total_timeout: float = 20.0,
        revision: Revision = "A",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not total_timeout > 0:
            raise ValueError("the total time-out must be more than 0 s")
        self.base_url = checked_base_url(base_url)
        self._key = checked_key(api_key)
        self._transport = transport or HttpConnections()
        self._total_timeout = total_timeout
        self._revision = revision
        self._now = now
        self._headers = (
            (b"Host", address(self.base_url).netloc),
            (b"Accept", b"application/json"),
            (b"Accept-Encoding", b"identity"),
            (b"User-Agent", b"ticketrelay"),
        )
        # Shorter than the whole, so that a slow handshake raises its own error and closes its socket in order.
        connect = min(CONNECT_TIMEOUT_S, total_timeout / 2)
        self._timeout = httpx.Timeout(None, connect=connect).as_dict()

    def __repr__(self) -> str:
        return f"TicketsClient({self.base_url!r}, revision={self._revision!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def create_ticket(self, request: CreateTicket | bytes, *, idempotency_key: str) -> Ticket:
        answer = await self._call("create_ticket", "POST", "/tickets", self._bytes(request), idempotency_key)
        return read(Ticket, answer)

    async def get_ticket(self, ticket_id: str) -> Ticket:
        return read(Ticket, await self._call("get_ticket", "GET", f"/tickets/{segment(ticket_id)}"))

    async def list_tickets(
        self,
        *,
        status: Status | None = None,
        priority: Priority | None = None,
        category: str | None = None,
        search: str | None = None,
        limit: int = DEFAULT_LIMIT,
        offset: int = 0,
    ) -> Page:
        """Return one page, newest first. `search` is full text over subject and description; `limit` is 1 to 100."""
        filters = {"status": status, "priority": priority, "category": category, "search": search}
        query = {name: clean(value) for name, value in filters.items() if value is not None}
        query |= {"limit": str(limit), "offset": str(offset)}
        return read(Page, await self._call("list_tickets", "GET", "/tickets", query=query))

    async def update_ticket(self, ticket_id: str, request: UpdateTicket | bytes) -> Ticket:
        path = f"/tickets/{segment(ticket_id)}"
        return read(Ticket, await self._call("update_ticket", "PUT", path, self._bytes(request)))

    async def add_note(self, ticket_id: str, request: AddNote | bytes, *, idempotency_key: str) -> Note:
        """Add a note; an answer without a body gives an empty `Note`. The contract promises only the status."""
        path = f"/tickets/{segment(ticket_id)}/notes"
        answer = await self._call("add_note", "POST", path, self._bytes(request), idempotency_key)
        return Note() if answer.body == b"" else read(Note, answer)

    async def close_ticket(
        self, ticket_id: str, request: CloseTicket | bytes, *, idempotency_key: str
    ) -> Ticket | None:
        """Return the closed ticket; None if the answer has no body, or reports that the ticket is closed already."""
        path = f"/tickets/{segment(ticket_id)}/close"
        answer = await self._call("close_ticket", "POST", path, self._bytes(request), idempotency_key, closes=True)
        if not answer.succeeded or answer.body == b"":
            return None
        fields = parse(answer)
        try:
            return Ticket.model_validate(fields)
        except ValidationError:
            if isinstance(fields, dict):
                return None
            raise unreadable(answer) from None

    async def reopen_ticket(self, ticket_id: str) -> Ticket:
        path = f"/tickets/{segment(ticket_id)}"
        return read(Ticket, await self._call("reopen_ticket", "PUT", path, self._bytes(UpdateTicket(status="open"))))

    async def health(self) -> Health:
        """Check the service's health; sends no API key."""
        return read(Health, await self._call("health", "GET", "/health", public=True))

    async def register_webhook(
        self, request: RegisterWebhook | bytes, *, idempotency_key: str | None = None
    ) -> Webhook:
        answer = await self._call("register_webhook", "POST", "/webhooks", self._bytes(request), idempotency_key)
        return read(Webhook, answer)

    async def list_webhooks(self) -> tuple[Webhook, ...]:
        """Return all registrations; the service may list them bare or in `data`."""
        answer = await self._call("list_webhooks", "GET", "/webhooks")
        found = parse(answer)
        items = found.get("data") if isinstance(found, dict) else found
        if not isinstance(items, list):
            raise unreadable(answer)
        try:
            return tuple(Webhook.model_validate(each) for each in items)
        except ValidationError:
            raise unreadable(answer) from None

    async def delete_webhook(self, webhook_id: str) -> None:
        await self._call("delete_webhook", "DELETE", f"/webhooks/{segment(webhook_id)}")

    def _bytes(self, request: AnyRequest | bytes) -> bytes:
        return request if isinstance(request, bytes) else encode(request, self._revision)

    async def _call(
        self,
        call: str,
        method: str,
        path: str,
        content: bytes | None = None,
        idempotency_key: str | None = None,
        *,
        query: Mapping[str, str] | None = None,
        public: bool = False,
        closes: bool = False,
    ) -> ApiAnswer:
        """Return a success; with `closes`, also a 409 that reports the ticket as closed already; raise all else."""
        # Headers as bytes and body as a stream: making httpx's own takes longer than all of the sending.
        headers = [*self._headers]
        if not public:
            headers.append((b"X-API-Key", self._key.encode("ascii")))
        if idempotency_key is not None:
            headers.append((b"Idempotency-Key", checked_idempotency_key(idempotency_key).encode("ascii")))
        if content is not None:
            headers += [(b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(content))]
        elif method != "GET":
            headers.append((b"Content-Length", b"0"))
        progress = Progress()
        extensions = {"timeout": self._timeout, "trace": progress}
        url = address(self.base_url + path)
        stream = httpx.ByteStream(content or b"")
        request = httpx.Request(method, url, params=query, headers=headers, stream=stream, extensions=extensions)
        answer = await self._exchange(call, request, progress)
        if answer.succeeded or (closes and says_closed_already(answer, self._key)):
            return answer
        raise error_of(answer, keyed=idempotency_key is not None, now=self._now(), secret=self._key)

    async def _exchange(self, call: str, request: httpx.Request, progress: Progress) -> ApiAnswer:
        """Send one request, return its answer. An error status is returned even if its body did not arrive."""
        answer = None
        try:
            async with asyncio.timeout(self._total_timeout):
                response = await self._transport.handle_async_request(request)
                try:
                    answer = ApiAnswer(
                        call,
                        response.status_code,
                        None,
                        response.headers.get("Retry-After"),
                        response.headers.get("Date"),
                        next((response.headers[each] for each in REQUEST_ID_HEADERS if each in response.headers), None),
                    )
                    return replace(answer, body=await bounded(response))
                finally:
                    await response.aclose()
        except (httpx.RequestError, OSError) as error:
            failure = self._no_answer(call, error, progress)
        # Raised outside the handler, so that the HTTP library's exception, which holds the key, is not chained.
        if answer is None or answer.succeeded:
            raise failure
        return answer

    def _no_answer(self, call: str, error: Exception, progress: Progress) -> TicketsError:
        reason = f"total time-out of {self._total_timeout:g} s" if type(error) is TimeoutError else type(error).__name__
        if progress.proves_unsent(error):
            cause = root(error)
            if isinstance(cause, OSError) and cause.strerror:
                reason = f"{reason}: {cause.strerror}"
            return SendLater(f"{call}: not sent ({reason})")
        return RepeatUnchanged(f"{call}: no whole answer ({reason})")


@lru_cache(maxsize=64)
def address(text: str) -> httpx.URL:
    """Parse a URL. Cached: most calls use the same URL, and parsing takes longer than sending."""
    return httpx.URL(text)


async def bounded(response: httpx.Response) -> bytes | None:
    """Return the body; None if it is longer than `MAX_ANSWER`."""
    body = bytearray()
    # Without a content encoding, httpx's layers around the stream cost two thirds as much as the transport.
    parts: AsyncIterable[bytes] = response.aiter_bytes()
    if isinstance(response.stream, httpx.AsyncByteStream) and "Content-Encoding" not in response.headers:
        parts = response.stream
    async for part in parts:
        body += part
        if len(body) > MAX_ANSWER:
            return None
    return bytes(body)
