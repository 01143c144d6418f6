"""Checks the address of the control listener, which must be on this machine."""

from __future__ import annotations

import ipaddress
import os

UNIX = "unix:"
LONGEST_PATH = 107  # bytes of a Unix socket's path, unix(7)
LAST_PORT = 65535


def is_this_machine(host: str) -> bool:
    """Return True for `localhost` and a loopback address; not for a name that only begins like one."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refused(address: str, *, has_token: bool) -> str | None:
    """Return why a process must not listen at the address; None when it may."""
    if address.startswith(UNIX):
        path = address.removeprefix(UNIX)
        if not path.startswith("/") or "\0" in path:
            return "control must be an absolute path, such as unix:/run/ticketrelay/control.sock"
        if len(os.fsencode(path)) > LONGEST_PATH:
            return f"control's path must have at most {LONGEST_PATH} bytes: choose a shorter one"
        return None
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > LAST_PORT:
        return "control must be unix:/PATH or HOST:PORT, such as unix:/run/ticketrelay/control.sock or 127.0.0.1:8083"
    if not is_this_machine(host.strip("[]")):
        return f"control ({address}) must be a loopback address, such as 127.0.0.1:8083, or unix:/PATH"
    if not has_token:
        return f"control ({address}) needs control_token_file: every user of this machine reaches that address"
    return None
