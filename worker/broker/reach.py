"""The connection to a broker: the settings in kombu's terms, with safeguards that kombu 5.7 lacks.

rediss:// without options      no certificate is verified (a warning reports this)
amqps:// without options       the certificate's authority is verified, the server's name is not
sentinel://…;sentinel://…      name, password and database of the first address do not count for the others, to which
                               kombu goes after an error
a Sentinel that is away        redis-py asks it eleven times, with pauses or time-outs between, before the next one
a Redis that stands still      a consumer waits for the answer to its own command for ever
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

from worker.settings import BrokerSettings

MEMORY_POLLING_S = 0.005
REDIS_CHECK_S = 5  # seconds; a wait for wake-ups that is overdue by this time begins again on a new connection

_REDIS_TLS = {
    "full": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True},
    "ca": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": False},
    "none": {"ssl_cert_reqs": ssl.CERT_NONE, "ssl_check_hostname": False},
}
_AMQP_TLS: dict[str, dict[str, Any]] = {
    "full": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None},  # None: kombu inserts the host of the URL
    "ca": {"cert_reqs": ssl.CERT_REQUIRED},
    "none": {"cert_reqs": ssl.CERT_NONE},
}
_REDIS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_AMQP_FILES = ("ca_certs", "certfile", "keyfile")


@dataclass(frozen=True, slots=True)
class Reach:
    """Arguments for `kombu.Connection`."""

    url: str = field(repr=False)
    tls: dict[str, Any] | None
    options: dict[str, Any] = field(repr=False)
    """Options of the transport; they may hold a password."""


def reach(broker: BrokerSettings, timeout_s: float) -> Reach:
    """Return how to reach the broker for a caller that waits at most `timeout_s` seconds for any answer."""
    tls = _tls(broker)
    return Reach(_url(broker), tls, _OPTIONS[broker.scheme](broker, tls, timeout_s))


def _url(broker: BrokerSettings) -> str:
    """Return the address, or each of a list, with name, password and database."""
    if broker.scheme == "memory":
        return f"{broker.url}localhost"  # kombu warns of a missing host
    parts = [urlsplit(each) for each in broker.url.split(";")]
    user = next((each.username for each in parts if each.username), None)
    password = next((each.password for each in parts if each.password), None)
    if broker.username is not None:
        user = quote(broker.username, safe="")
    if broker.password is not None:
        password = quote(broker.password.get_secret_value(), safe="")
    path = next((each.path for each in parts if each.path), "")
    login = f"{user or ''}{f':{password}' if password else ''}@" if user or password else ""
    hosts = [each.netloc.rpartition("@")[2] for each in parts]
    query = f"?{parts[0].query}" if parts[0].query else ""
    return ";".join(f"{broker.scheme}://{login}{host}{path}{query}" for host in hosts)


def _tls(broker: BrokerSettings) -> dict[str, Any] | None:
    if not broker.is_encrypted:
        return None
    is_amqp = broker.scheme == "amqps"
    options: dict[str, Any] = dict((_AMQP_TLS if is_amqp else _REDIS_TLS)[broker.tls_verify])
    paths = (broker.tls_ca_file, broker.tls_certificate_file, broker.tls_key_file)
    names = _AMQP_FILES if is_amqp else _REDIS_FILES
    return options | {name: str(path) for name, path in zip(names, paths, strict=True) if path is not None}


def _of_memory(_broker: BrokerSettings, _tls: dict[str, Any] | None, _timeout_s: float) -> dict[str, Any]:
    return {"polling_interval": MEMORY_POLLING_S}


def _of_amqp(_broker: BrokerSettings, _tls: dict[str, Any] | None, timeout_s: float) -> dict[str, Any]:
    return {"confirm_publish": True, "read_timeout": timeout_s, "write_timeout": timeout_s}


def _of_redis(_broker: BrokerSettings, _tls: dict[str, Any] | None, timeout_s: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "socket_keepalive": True,
        "health_check_interval": REDIS_CHECK_S,
    }


def _of_sentinel(broker: BrokerSettings, tls: dict[str, Any] | None, timeout_s: float) -> dict[str, Any]:
    of_sentinels: dict[str, Any] = {
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        "username": broker.sentinel_username,
        "password": broker.sentinel_password.get_secret_value() if broker.sentinel_password else None,
    }
    if tls is not None:
        of_sentinels |= {"ssl": True, **tls}
    return _of_redis(broker, tls, timeout_s) | {"master_name": broker.master_name, "sentinel_kwargs": of_sentinels}


_OPTIONS = {
    "memory": _of_memory,
    "amqp": _of_amqp,
    "amqps": _of_amqp,
    "redis": _of_redis,
    "rediss": _of_redis,
    "sentinel": _of_sentinel,
}
