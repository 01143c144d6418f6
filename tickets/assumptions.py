"""What do we assume where the Tickets API's documentation is silent? All of it stands here, each with its question.

Client, server and worker share these values; the module depends on nothing. Source: the contract's last table.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

# How long may a subject be? Revision B says so; longer ones are cut by the sender. Characters (code points).
MAX_SUBJECT: Final = 255
MIN_SUBJECT: Final = 1

# How long may a description, a note or resolution notes be? Characters (code points), not bytes.
MAX_TEXT: Final = 65_536
MIN_TEXT: Final = 1

# How long may a category be? Characters.
MAX_CATEGORY: Final = 255

# How large may a request body be? Bytes; a full description with every character escaped still fits. Above: 413.
MAX_BODY: Final = 1_048_576

# May a text hold U+0000? No (422): PostgreSQL and many systems behind an API cannot store it.
NUL_IN_TEXT_ALLOWED: Final = False

# What does a create without priority or category get?
DEFAULT_PRIORITY: Final = "medium"
DEFAULT_CATEGORY: Final = None

# Is a note private when it does not say? No, as the documentation's word for the other case is `private`.
DEFAULT_PRIVATE: Final = False

Status = Literal["open", "pending", "resolved", "closed"]
Priority = Literal["low", "medium", "high", "urgent"]

# Which status may follow which through PUT? Any other, except that closed goes only to open (reopen); 422 otherwise.
# The same status again is accepted and changes nothing.
STATUS_TRANSITIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "open": frozenset({"open", "pending", "resolved", "closed"}),
        "pending": frozenset({"open", "pending", "resolved", "closed"}),
        "resolved": frozenset({"open", "pending", "resolved", "closed"}),
        "closed": frozenset({"open", "closed"}),
    }
)

# From which states is POST close accepted? From any; on a closed ticket both answers mean that it is closed.
CLOSE_ON_CLOSED: Final[Mapping[str, int]] = MappingProxyType({"accept": 200, "conflict": 409})

# May a closed ticket take a note? And a PUT without a status?
NOTE_ON_CLOSED_ALLOWED: Final = True
UPDATE_ON_CLOSED_ALLOWED: Final = True

# What is a PUT that changes nothing? 200, no effect: no webhook, no entry in the effect log, `updated_at` stands.
UNCHANGED_UPDATE_IS_EFFECT: Final = False

# Revision B: does PUT `metadata` merge or replace? It replaces the object as a whole, as every other field.
METADATA_REPLACED: Final = True

# What of fields and query parameters that the documentation does not name? 422, so that a typing error is seen.
UNKNOWN_FIELDS_REJECTED: Final = True

# Which Content-Type must a request with a body have? JSON (`application/json` or `…+json`); any other is 415.
JSON_REQUIRED: Final = True

# How is a list ordered, how long is a page, how far may it reach?
LIST_ORDER: Final = "newest first"
DEFAULT_LIMIT: Final = 25
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 1_000_000_000

# What does search match? Tickets whose subject or description holds every word of the query, in any case.
SEARCH_MATCHES: Final = "all words, case-insensitive, anywhere in subject or description"

# When has search surely seen a new ticket? Seconds after its creation; absence proves nothing before.
SEARCH_SETTLES_AFTER_S: Final = 300

# How long may a request live at the service, a late one included? Seconds.
REQUEST_LIFE_S: Final = 60

# For how long is an idempotency key remembered? Seconds by the service's clock, per API key.
IDEMPOTENCY_WINDOW_S: Final = 24 * 3600

# Which POSTs heed the key? All that create or change one thing; the sandbox reset ignores it.
IDEMPOTENT_CALLS: Final = frozenset({"create_ticket", "add_note", "close_ticket", "register_webhook"})

# What may a key look like? 1 to 255 printable ASCII characters without blanks; 422 otherwise.
IDEMPOTENCY_KEY_PATTERN: Final = r"^[!-~]{1,255}$"

# What is "the same request"? The same method, path and body *bytes*; anything else with the key is 409.
IDEMPOTENCY_COMPARES: Final = "method, path and body bytes"

# Which answers are remembered? Only 2xx; a rejected request (4xx) frees its key.
IDEMPOTENCY_REMEMBERS: Final = range(200, 300)

# What does the second of two simultaneous requests with one key get? 409, or it waits for the first's answer.
ConcurrentKey = Literal["conflict", "wait"]

# Does the sandbox reset forget the keys too? Yes: a replay would name a ticket that is gone. Ids are never used again.
RESET_FORGETS_KEYS: Final = True

# Do requests that were answered 429 count against the limit? No. Those that are rejected otherwise do, once the API
# key is known; 401 and the key-less health call do not.
LIMIT_COUNTS_REJECTED: Final = False

# Which id does the first ticket of revision A get?
FIRST_TICKET_ID: Final = 1001

# When is an undelivered webhook sent again? Seconds after each failed attempt; after the last it is given up.
WEBHOOK_BACKOFF_S: Final = (1, 5, 30, 120, 600, 3600, 4 * 3600)
WEBHOOK_TIMEOUT_S: Final = 10

# What is in `data` of a webhook? An object whose one field, `ticket`, is the ticket as a GET would answer it.
WEBHOOK_DATA_FIELD: Final = "ticket"
