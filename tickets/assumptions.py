"""Assumptions about the Tickets API in places where its documentation is silent, each with a comment.

Client, server and worker share these values. The module imports nothing of the project. Source: the contract's last
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

# Longest subject, in characters (code points). Revision B documents this limit; the sender cuts longer subjects.
MAX_SUBJECT: Final = 255
MIN_SUBJECT: Final = 1

# Longest description, note or resolution notes, in characters (code points), not bytes.
MAX_TEXT: Final = 65_536
MIN_TEXT: Final = 1

# Longest category, in characters.
MAX_CATEGORY: Final = 255

# Largest request body, in bytes; a full description with every character escaped still fits. A larger one gets 413.
MAX_BODY: Final = 1_048_576

# U+0000 in a text gets 422: PostgreSQL and many systems behind an API cannot store it.
NUL_IN_TEXT_ALLOWED: Final = False

# Values of a create without priority or category.
DEFAULT_PRIORITY: Final = "medium"
DEFAULT_CATEGORY: Final = None

# A note without a `private` field is public: the documentation calls only the other case `private`.
DEFAULT_PRIVATE: Final = False

Status = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "medium", "high", "urgent"]

# Status changes through PUT: any, except that closed changes only to open (reopen); otherwise 422.
# The same status again is accepted and changes nothing.
STATUS_TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "open": frozenset({"open", "pending", "resolved", "closed"}),
        "pending": frozenset({"open", "pending", "resolved", "closed"}),
        "resolved": frozenset({"open", "pending", "resolved", "closed"}),
        "closed": frozenset({"open", "closed"}),
    }
)

# POST close is accepted in any state; on a closed ticket, both answers mean that the ticket is closed.
CLOSE_ON_CLOSED: Final[Mapping[str, int]] = MappingProxyType({"accept": 200, "conflict": 409})

# A closed ticket takes a note, and a PUT without a status.
NOTE_ON_CLOSED_ALLOWED: Final = True
UPDATE_ON_CLOSED_ALLOWED: Final = True

# A PUT that changes nothing gets 200 and has no effect: no webhook, no entry in the effect log, same `updated_at`.
UNCHANGED_UPDATE_IS_EFFECT: Final = False

# Revision B: PUT replaces `metadata` as a whole, as it does every other field; it does not merge.
METADATA_REPLACED: Final = True

# Undocumented fields and query parameters get 422, so that typing errors are noticed.
UNKNOWN_FIELDS_REJECTED: Final = True

# Content-Type of a request with a body: JSON (`application/json` or `…+json`); any other gets 415.
JSON_REQUIRED: Final = True

# Order of a list, length of a page, and how far a list may reach.
LIST_ORDER: Final = "newest first"
DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 1_000_000_000

# Search finds tickets with every word of the query in subject or description; upper and lower case are equal.
SEARCH_MATCHES: Final = "all words, case-insensitive, anywhere in subject or description"

# Seconds after which search certainly finds a new ticket; before that, absence proves nothing.
SEARCH_SETTLES_AFTER_S: Final = 300

# Longest time that a request can live at the service, late requests included; seconds.
REQUEST_LIFE_S: Final = 60

# How long an idempotency key is remembered: seconds by the service's clock, per API key.
IDEMPOTENCY_WINDOW_S: Final = 24 * 3600

# POST calls that use the key: all that create or change one thing. The sandbox reset ignores the key.
IDEMPOTENT_CALLS: Final = frozenset({"create_ticket", "add_note", "close_ticket", "register_webhook"})

# Form of a key: 1 to 255 printable ASCII characters without blanks; otherwise 422.
IDEMPOTENCY_KEY_PATTERN: Final = r"^[!-~]{1,255}$"

# "The same request" means the same method, path and body *bytes*; any other request with the key gets 409.
IDEMPOTENCY_COMPARES: Final = "method, path and body bytes"

# Only 2xx answers are remembered; a rejected request (4xx) frees its key.
IDEMPOTENCY_REMEMBERS: Final = range(200, 300)

# The second of two simultaneous requests with one key gets 409, or waits for the answer to the first.
ConcurrentKey = Literal["conflict", "wait"]

# The sandbox reset forgets the keys too: a replay would name a missing ticket. Ids are never used again.
RESET_FORGETS_KEYS: Final = True

# Requests that got 429 do not count against the limit. Other rejected requests count once the API key is known; 401 and
# the key-less health call do not count.
LIMIT_COUNTS_REJECTED: Final = False

# Id of the first ticket in revision A.
FIRST_TICKET_ID: Final = 1001

# Seconds after each failed attempt until a webhook is sent again; after the last one the webhook is given up.
WEBHOOK_BACKOFF_S: Final = (1, 5, 30, 120, 600, 3600, 4 * 3600)
WEBHOOK_TIMEOUT_S: Final = 10

# `data` of a webhook is an object with one field, `ticket`: the ticket as in the answer to a GET.
WEBHOOK_DATA_FIELD: Final = "ticket"
