"""The code that a good engineer would write instead: a Celery task for each ticket, and an endpoint that queues it.

As Celery's documentation suggests: acknowledged late, so that a lost worker loses no task; retried with back-off and
jitter; no results; one `httpx.Client` for each process, made after the fork, with room for every thread. There is no
database: sent tickets are not recorded, and a task repeated after the API forgot its key makes a second ticket (the API
forgets keys after a day).
"""

from __future__ import annotations

import hmac
import os
from functools import cache
from typing import Any

import httpx
from celery import Celery
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

QUEUE = "plain"
BROKER, API, SECRET = "BENCH_BROKER", "BENCH_API", "BENCH_SECRET"  # names of environment variables

app = Celery("plain", broker=os.environ.get(BROKER, "memory://"))
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "max_connections": 256
    },  # 10 by default, and gevent loses acknowledgements beyond that number
)


@cache
def client() -> httpx.Client:
    return httpx.Client(
        base_url=os.environ[API],
        headers={"X-API-Key": "ak_test_benchmark"},
        timeout=20,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        trust_env=False,
    )


@app.task(autoretry_for=(httpx.HTTPError,), retry_backoff=True, retry_jitter=True, max_retries=10)
def create_ticket(ticket: dict[str, Any], key: str) -> None:
    client().post("/tickets", json=ticket, headers={"Idempotency-Key": key}).raise_for_status()


async def take(request: Request) -> JSONResponse:
    expected = f"Bearer {os.environ[SECRET]}"
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        return JSONResponse({"error": "unauthorized"}, 401)
    alerts = (await request.json())["alerts"]
    for alert in alerts:
        labels, summary = alert["labels"], alert["annotations"]["summary"]
        ticket = {"subject": summary, "description": str(labels), "priority": "medium"}
        key = f"{alert['fingerprint']}:{alert['startsAt']}:{alert['status']}"
        await run_in_threadpool(create_ticket.delay, ticket, key)
    return JSONResponse({"queued": len(alerts)})


endpoint = Starlette(routes=[Route("/in/alertmanager", take, methods=["POST"])])
