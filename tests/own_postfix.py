"""Starts a Postfix for a test, with its own ports and a folder for settings, queue and data; ended by its pid.

Postfix listens on loopback only, and passes every mail to the transport of the recipient's domain. Postfix starts as
root and works as its own user, so this needs root.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.acceptance.processes import kept_port, refuses
from tests.killable import Program, Server, folder_for, running

DAEMONS = "/usr/lib/postfix/sbin"
QUICK = {"queue_run_delay": "1s", "minimal_backoff_time": "1s", "maximal_backoff_time": "1s"}
"""Short retry times; also limits how long a failed destination counts as dead."""


@cache
def postfix_can_be_started() -> bool:
    """True for root, if Postfix and its user are installed."""
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return False
    return os.geteuid() == 0 and Path(DAEMONS, "master").exists() and shutil.which("postfix") is not None


@contextmanager
def own_postfix(transports: Mapping[str, str], services: str = "") -> Iterator[Server]:
    """Start a Postfix that passes mail to each domain's transport; `services` are more lines of master.cf."""
    port = kept_port()
    with folder_for("postfix") as folder:
        settings, queue, data = (folder / each for each in ("etc", "queue", "data"))
        for each in (settings, queue, data):
            each.mkdir()
        shutil.chown(data, "postfix")
        lines = {
            "compatibility_level": "3.6",
            "queue_directory": str(queue),
            "data_directory": str(data),
            "daemon_directory": DAEMONS,
            "command_directory": "/usr/sbin",
            "maillog_file": "/dev/stdout",
            "myhostname": "mx.example.net",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "relay_domains": ", ".join(transports),
            "transport_maps": "inline:{" + ", ".join(f"{{{name} = {to}}}" for name, to in transports.items()) + "}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "alias_maps": "",
            "alias_database": "",
            "local_recipient_maps": "",
            "smtputf8_enable": "no",
            "transport_retry_time": "1s",
            **QUICK,
        }
        (settings / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in lines.items()))
        (settings / "master.cf").write_text(MASTER.format(port=port) + services)
        command = ["/usr/sbin/postfix", "-c", str(settings), "start-fg"]
        program = Program(command, lambda: not refuses("127.0.0.1", port))
        server = Server(f"127.0.0.1:{port}", port, folder, program)
        with running(server):
            yield server


MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
"""
