"""Starts and ends a Dovecot (IMAP server) on loopback for a test, which may kill it.

    with own_dovecot() as dovecot:              dovecot.deliver(mail), dovecot.session(), dovecot.count("Done")

Its user is `USER` with `PASSWORD`; mail is in a Maildir. All processes run as one user, not root, in a temporary
folder. A test that uses Dovecot carries the marker `own_dovecot`: the test needs the program, not a server.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]

from tests.acceptance.processes import kept_port
from tests.killable import Program, Server, folder_for, running
from tests.own_servers import Certificate, make_certificate

DOVECOT, DOVECOT_IMAP = "/usr/sbin/dovecot", "/usr/lib/dovecot/imap"
DOVECOT_USER = "dovecot"  # made by Debian's package; mail may not belong to root
USER, PASSWORD = "support", "a password of the tests"


def dovecot_can_be_started() -> bool:
    """True if Dovecot and `openssl` are installed; `openssl` makes the certificate."""
    return Path(DOVECOT).exists() and Path(DOVECOT_IMAP).exists() and shutil.which("openssl") is not None


@dataclass(frozen=True, slots=True)
class Dovecot:
    """A Dovecot: `server` may be killed and started again, and keeps its mail.

    Kill it, do not stop it: on a stop, logged-in clients keep a process that goes on for half a minute.
    """

    server: Server
    tls_port: int
    certificate: Certificate

    @property
    def port(self) -> int:
        """The port that is unencrypted until STARTTLS."""
        return self.server.port

    @contextmanager
    def session(self, user: str = USER, folder: str | None = "INBOX") -> Iterator[Any]:
        """A client as a person uses it, with a selected folder."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20)
        try:
            client.login(user, PASSWORD)
            if folder is not None:
                client.select_folder(folder)
            yield client
        finally:
            with suppress(OSError, client.AbortError):
                client.logout()

    def deliver(self, *mails: bytes, folder: str = "INBOX") -> None:
        """Add new, unread mail."""
        with self.session(folder=None) as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for each in mails:
                client.append(folder, each)

    def count(self, folder: str = "INBOX", criteria: str = "ALL") -> int:
        """The number of mails that a search finds."""
        with self.session(folder=folder) as client:
            return len(client.search(criteria))

    def forget_uids(self) -> None:
        """Restart UIDs with another UIDVALIDITY, as after a repair or a move; only while the server is down."""
        assert not self.server.is_running, "it runs"
        box = self.server.folder / "mail" / USER
        for pattern in ("dovecot-uidlist", "dovecot-uidvalidity*", "dovecot.index*", "dovecot.list.index*"):
            for each in box.glob(pattern):
                each.unlink()
        # A UIDVALIDITY is the second of its creation: within the same second it would not change.
        time.sleep(1.1)


@contextmanager
def own_dovecot(*, settings: str = "", introspection: str | None = None) -> Iterator[Dovecot]:
    """Start a Dovecot with STARTTLS on one port and TLS on another; `settings` are more lines of its configuration.

    With the URL of an `introspection` endpoint, to which a token is appended, the server accepts XOAUTH2 too.
    """
    port, tls_port = kept_port(), kept_port()
    with folder_for("dovecot") as folder:
        certificate = make_certificate(folder)
        user = DOVECOT_USER if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}::::::\n")
        (folder / "dovecot.conf").write_text(_configuration(folder, user, port, tls_port, certificate) + settings)
        (folder / "mail").mkdir()
        if introspection is not None:
            # https://doc.dovecot.org/2.3/configuration_manual/authentication/oauth2/
            asks = {"introspection_url": introspection, "introspection_mode": "get"}
            asks |= {"username_attribute": "username", "active_attribute": "active", "active_value": "true"}
            (folder / "oauth2.conf").write_text("".join(f"{name} = {value}\n" for name, value in asks.items()))
            with (folder / "dovecot.conf").open("a") as file:
                file.write(f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {folder}/oauth2.conf\n}}\n")
        if os.geteuid() == 0:
            for each in (folder, *folder.rglob("*")):
                shutil.chown(each, user, user)
        command = [DOVECOT, "-F", "-c", str(folder / "dovecot.conf")]

        def answers() -> bool:
            with suppress(OSError, IMAPClient.Error):
                IMAPClient("127.0.0.1", port, ssl=False, timeout=5).logout()
                return True
            return False

        url = f"imap://127.0.0.1:{port}"
        with running(Server(url, port, folder, Program(command, answers, user=user))) as server:
            yield Dovecot(server, tls_port, certificate)


def _configuration(folder: Path, user: str, port: int, tls_port: int, certificate: Certificate) -> str:
    """Configuration without root.

    Source: https://doc.dovecot.org/2.3/admin_manual/rootless_installation/
    """
    group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
    return f"""
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 100
ssl = yes
ssl_cert = <{certificate.certificate}
ssl_key = <{certificate.key}
ssl_dh =
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
disable_plaintext_auth = no
{_services(port, tls_port)}passdb {{
  driver = passwd-file
  args = {folder}/users
  mechanisms = plain login
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


def _services(port: int, tls_port: int) -> str:
    """The processes that Dovecot starts."""
    return f"""\
service imap-login {{
  chroot =
  process_min_avail = 1
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # Who failed to log in is not made to wait.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
