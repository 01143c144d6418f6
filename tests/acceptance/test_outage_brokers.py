"""Recovery from broker outages without help: servers are killed, stopped, frozen, wiped and failed over under load."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from kombu import Connection
from kombu.exceptions import OperationalError

from tests.acceptance.deployments import Fleet, alert, body
from tests.acceptance.outages import TIMEOUT_S, Outages, alerts_all_the_time, created_once
from tests.acceptance.processes import kept_port, wait_until
from tests.killable import Server
from tests.own_servers import (
    Certificate,
    Sentinels,
    drop_a_subscription,
    make_certificate,
    outlives_a_kill,
    own_rabbitmq,
    own_redis,
    own_sentinels,
)
from tests.servers import Broker, empty_database
from worker.broker.reach import reach
from worker.settings import BrokerSettings

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(TIMEOUT_S)]

QUEUE = {"TICKETRELAY_BROKER__QUEUE": "ticketrelay"}
SERVERS = [
    pytest.param("redis over TLS", marks=pytest.mark.own_redis),
    pytest.param("rabbitmq", marks=pytest.mark.own_rabbitmq),
]


class Site(Outages):
    """A fleet with its own broker."""

    def __init__(self, fleet: Fleet, server: Server) -> None:
        self.server = server
        self.broker = Broker(server.url, "ticketrelay")
        super().__init__(fleet, self.broker.listeners)


def tls_environment(server: Server) -> dict[str, str]:
    return QUEUE | {
        "TICKETRELAY_BROKER__URL": server.url.partition("?")[0],
        "TICKETRELAY_BROKER__TLS_CA_FILE": str(server.folder / "authority.pem"),
    }


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        if request.param == "rabbitmq":
            server = stack.enter_context(own_rabbitmq())
            environment = QUEUE | {"TICKETRELAY_BROKER__URL": server.url}
        else:
            server = stack.enter_context(own_redis(tls=True))
            environment = tls_environment(server)
        fleet = Fleet(tmp_path_factory.mktemp("fleet"), ledger_url, environment)
        stack.callback(fleet.stop)
        fleet.start()
        made = Site(fleet, server)
        made.wait_until_heard()
        if request.param == "rabbitmq":  # a RabbitMQ that is killed before this never delivers from the queue again
            wait_until(lambda: outlives_a_kill(server, made.broker.queue), "a queue that outlives a kill")
        yield made


@pytest.mark.parametrize("end", [Server.kill, Server.stop], ids=["killed", "stopped"])
def test_a_broker_that_ends_and_is_started_again_costs_nothing(site: Site, end: Callable[[Server], None]) -> None:
    site.during(lambda: end(site.server), site.server.start)
    wait_until(lambda: site.fleet.have_logged(site.fleet.workers, "broker.back"), "all say so")


def test_a_broker_that_stands_still_costs_nothing(site: Site) -> None:
    site.during(site.server.freeze, site.server.thaw)


def test_a_broker_that_comes_back_without_its_queue_costs_nothing(site: Site) -> None:
    # Not deleted and killed: a quorum queue declared within the second before a kill never delivers again.
    def start_empty() -> None:
        site.server.lose_data()
        site.server.start()

    site.during(site.server.kill, start_empty)


def test_a_queue_that_is_wiped_while_it_is_heard_is_heard_again(site: Site) -> None:
    for _ in range(3):
        site.broker.wipe()
        site.wait_until_heard()
    alerts = [alert() for _ in range(5)]
    assert site.fleet.site.post(body(alerts)).status_code == 200
    site.fleet.wait_until_idle()
    assert sorted(site.fleet.site.effects_on(alerts)) == created_once(alerts)


@pytest.mark.own_rabbitmq
@pytest.mark.parametrize("site", ["rabbitmq"], indirect=True)
def test_a_worker_that_rabbitmq_forgot_without_a_word_hears_it_again(site: Site) -> None:
    drop_a_subscription(site.server, site.broker.queue)
    site.wait_until_heard()


NO_WAKE_UPS = [b"\xff\xfe", b"", b"{", b"[]", b"null", b'{"body": 5}', b'{"properties": {}}', b"9" * 5000]


def test_what_is_put_into_the_queue_and_is_no_wake_up_makes_nobody_deaf(site: Site) -> None:
    for each in NO_WAKE_UPS:
        site.broker.put(each)
        time.sleep(0.2)  # one by one: each may end a consumer, which then restarts
    site.wait_until_heard()
    for name in site.fleet.health:
        assert site.fleet.site.http.get(f"http://{site.fleet.health[name]}/livez").status_code == 200
    alerts = [alert() for _ in range(5)]
    assert site.fleet.site.post(body(alerts)).status_code == 200
    site.fleet.wait_until_idle()
    assert sorted(site.fleet.site.effects_on(alerts)) == created_once(alerts)


# Redis behind Sentinel

PASSWORD = "p@ss/w0rd"


class Guarded(Outages):
    """A fleet with two Redis servers that require a password, and three Sentinels."""

    def __init__(self, fleet: Fleet, sentinels: Sentinels) -> None:
        self.sentinels = sentinels
        super().__init__(fleet, self._listeners_at_the_primary)

    def _listeners_at_the_primary(self) -> int:
        primary = self.sentinels.primary()
        if primary is None or not primary.is_running:
            return 0
        try:
            with redis.Redis.from_url(primary.url, password=PASSWORD, socket_timeout=2) as client:
                return sum("b" in each["flags"] and each["cmd"] == "brpop" for each in client.client_list())
        except redis.RedisError:
            return 0


def set_password(sentinels: Sentinels) -> None:
    for server in sentinels.servers:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("masterauth", PASSWORD)
            client.config_set("requirepass", PASSWORD)
    for each in sentinels.sentinels:
        with redis.Redis.from_url(each.url) as client:
            client.execute_command("SENTINEL", "SET", sentinels.name, "auth-pass", PASSWORD)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        sentinels = stack.enter_context(own_sentinels())
        set_password(sentinels)
        secret = tmp_path / "password"
        secret.write_text(f"{PASSWORD}\n")
        environment = QUEUE | {
            "TICKETRELAY_BROKER__URL": sentinels.url,
            "TICKETRELAY_BROKER__MASTER_NAME": sentinels.name,
            "TICKETRELAY_BROKER__PASSWORD_FILE": str(secret),
        }
        fleet = Fleet(tmp_path, ledger_url, environment)
        stack.callback(fleet.stop)
        fleet.start()
        made = Guarded(fleet, sentinels)
        made.wait_until_heard()
        yield made


def fail_over(guarded: Guarded, end: Callable[[Server], None]) -> Server:
    """End the primary under load, and wait until the workers use the other server; returns the former primary."""
    fleet, sentinels = guarded.fleet, guarded.sentinels
    first = sentinels.primary()
    assert first is not None
    with alerts_all_the_time(fleet.site) as taken:
        wait_until(lambda: len(fleet.site.effects_on(taken)) > 5, "under load")
        end(first)
        number = len(taken)
        wait_until(lambda: len(fleet.site.effects_on(taken)) > number + 5, "delivered meanwhile")
        wait_until(lambda: sentinels.primary() not in (first, None), "another primary")
        guarded.wait_until_heard()
    fleet.wait_until_idle()
    assert sorted(fleet.site.effects_on(taken)) == created_once(taken)
    return first


@pytest.mark.own_redis
def test_the_replica_of_a_primary_that_is_killed_is_heard_and_everything_is_delivered(guarded: Guarded) -> None:
    pids = guarded.fleet.pids()
    fail_over(guarded, Server.kill)
    assert guarded.fleet.pids() == pids


@pytest.mark.own_redis
def test_the_replica_of_a_primary_that_stands_still_is_heard_and_the_first_sentinel_may_be_away(
    guarded: Guarded,
) -> None:
    guarded.sentinels.sentinels[0].kill()
    first = fail_over(guarded, Server.freeze)
    first.thaw()  # it becomes a replica, which is read-only
    alerts = [alert() for _ in range(5)]
    assert guarded.fleet.site.post(body(alerts)).status_code == 200
    guarded.fleet.wait_until_idle()
    guarded.wait_until_heard()
    assert sorted(guarded.fleet.site.effects_on(alerts)) == created_once(alerts)


# Brokers with another identity than expected


@pytest.mark.own_redis
def test_a_certificate_from_somebody_else_is_refused_and_said_to_be(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        server = stack.enter_context(own_redis(tls=True))
        environment = tls_environment(server) | {
            "TICKETRELAY_BROKER__TLS_CA_FILE": str(make_certificate(other).authority)
        }
        fleet = Fleet(tmp_path, ledger_url, environment, workers=1)
        stack.callback(fleet.stop)
        fleet.start()
        alerts = [alert() for _ in range(5)]
        assert fleet.site.post(body(alerts)).status_code == 200
        fleet.wait_until_idle()
        assert sorted(fleet.site.effects_on(alerts)) == created_once(alerts)
        wait_until(lambda: says(tmp_path / "worker-0.txt", "broker.not_reached"), "said by the consumer")
        wait_until(lambda: says(tmp_path / "serve.txt", "ring.failed"), "said by the publisher")
        assert Broker(server.url, "ticketrelay").listeners() == 0


def says(output: Path, event: str) -> bool:
    """True if one line has the event and the reason."""
    return any(event in each and "certificate verify failed" in each for each in output.read_text().splitlines())


def own_certificate(folder: Path) -> Certificate:
    """Make a self-signed certificate."""
    made = Certificate(folder / "ours.pem", folder / "ours.pem", folder / "ours.key")
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ticketrelay"
    command = ["openssl", *new.split(), "-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return made


@pytest.mark.own_redis
def test_a_server_that_wants_a_certificate_of_ours_gets_it(tmp_path: Path) -> None:
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        server = stack.enter_context(own_redis(tls=True))
        ours = own_certificate(tmp_path)
        with redis.Redis.from_url(server.url) as operator:
            trusted = server.folder / "trusted.pem"
            trusted.write_text((server.folder / "authority.pem").read_text() + ours.certificate.read_text())
            operator.config_set("tls-ca-cert-file", str(trusted))
            operator.config_set("tls-auth-clients", "yes")
            environment = tls_environment(server) | {
                "TICKETRELAY_BROKER__TLS_CERTIFICATE_FILE": str(ours.certificate),
                "TICKETRELAY_BROKER__TLS_KEY_FILE": str(ours.key),
            }
            fleet = Fleet(tmp_path, ledger_url, environment, workers=1)
            stack.callback(fleet.stop)
            fleet.start()
            wait_until(lambda: "brpop" in {each["cmd"] for each in operator.client_list()}, "heard by the worker")


@pytest.mark.own_rabbitmq
@pytest.mark.own_redis  # for openssl
def test_rabbitmq_is_reached_over_tls_by_who_knows_its_authority_and_its_name(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with ExitStack() as stack:
        ledger_url = stack.enter_context(empty_database())
        server = stack.enter_context(own_rabbitmq())
        certificate = make_certificate(tmp_path)
        port = serve_tls(server, certificate)
        environment = QUEUE | {
            "TICKETRELAY_BROKER__URL": f"amqps://guest:guest@127.0.0.1:{port}//",
            "TICKETRELAY_BROKER__TLS_CA_FILE": str(certificate.authority),
        }
        fleet = Fleet(tmp_path, ledger_url, environment, workers=1)
        stack.callback(fleet.stop)
        fleet.start()
        wait_until(lambda: Broker(server.url, "ticketrelay").listeners() == 1, "heard by the worker")
        alerts = [alert() for _ in range(5)]
        assert fleet.site.post(body(alerts)).status_code == 200
        fleet.wait_until_idle()
        assert sorted(fleet.site.effects_on(alerts)) == created_once(alerts)
        assert "ring.failed" not in (tmp_path / "serve.txt").read_text()
        address = f"amqps://guest:guest@127.0.0.1:{port}//"
        assert_refused(BrokerSettings(url=address, tls_ca_file=make_certificate(other).authority), "verify failed")
        named = BrokerSettings(url=address.replace("127.0.0.1", "127.0.0.2"), tls_ca_file=certificate.authority)
        assert_refused(named, "not valid for '127.0.0.2'")


def serve_tls(server: Server, certificate: Certificate) -> int:
    """Restart a node that also listens with TLS; returns the port."""
    port = kept_port()
    server.kill()
    with (server.folder / "rabbitmq.conf").open("a") as settings:
        settings.write(
            f"listeners.ssl.default = {port}\n"
            f"ssl_options.cacertfile = {certificate.authority}\n"
            f"ssl_options.certfile = {certificate.certificate}\n"
            f"ssl_options.keyfile = {certificate.key}\n"
            "ssl_options.verify = verify_none\n"
        )
    server.start()
    return port


def assert_refused(broker: BrokerSettings, why: str) -> None:
    to = reach(broker, 5)
    with (
        Connection(to.url, ssl=to.tls or False, connect_timeout=5, transport_options=to.options) as connection,
        pytest.raises(OperationalError, match=why),
    ):
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
