"""Settings of the broker, and the options that kombu gets from them."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from kombu import Connection

from tests.own_servers import Certificate, make_certificate
from worker.broker.reach import reach
from worker.settings import BrokerSettings, SettingsError, load
from worker.settings.problems import variable

API = {"TICKETRELAY_API__URL": "http://127.0.0.1:1/api/v1", "TICKETRELAY_API__KEY": "ak_test_1"}
SENTINELS = {"url": "sentinel://10.0.0.1:26379;sentinel://10.0.0.2:26379/3", "master_name": "main"}


def settings(**options: str) -> BrokerSettings:
    return load(API | {variable("broker", name): value for name, value in options.items()}).broker


def problem(**options: str) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**options)
    (found,) = caught.value.problems
    return found


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"url": "sentinel://10.0.0.1"}, "master_name: is required"),
        ({"url": "redis://10.0.0.1", "master_name": "main"}, "master_name: is for sentinel://"),
        ({"url": "redis://10.0.0.1", "tls": "true"}, "tls: is for sentinel://"),
        ({"url": "sentinel://10.0.0.1;redis://10.0.0.2", "master_name": "main"}, "the same scheme"),
        ({"url": "sentinel://10.0.0.1;", "master_name": "main"}, "the same scheme"),
        ({"url": "redis://10.0.0.1;redis://10.0.0.2"}, "redis:// takes one address"),
        ({"url": "amqps://10.0.0.1;amqps://10.0.0.2"}, "amqps:// takes one address"),
        ({"url": "redis:///0"}, "the host is missing"),
        ({"url": "redis://10.0.0.1:x"}, "the port must be a number"),
        ({"url": "rediss://10.0.0.1?ssl_cert_reqs=none"}, "TLS is set with tls_verify"),
        ({"url": "redis://:one@10.0.0.1", "password": "other"}, "the URL has a password too"),
        ({"url": "redis://10.0.0.1", "password": " "}, "must not be blank"),
        ({"url": "rediss://10.0.0.1", "tls_verify": "some"}, "'full', 'ca' or 'none'"),
        ({"url": "rediss://10.0.0.1", "tls_ca_file": "/nowhere.pem"}, "TICKETRELAY_BROKER__TLS_CA_FILE: "),
    ],
)
def test_what_does_not_fit_the_broker_is_refused(options: dict[str, str], why: str) -> None:
    assert why in problem(**options)


@pytest.mark.own_redis
def test_files_that_cannot_be_used_are_refused_at_the_start(certificate: Certificate, tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("not a certificate")
    rediss = {"url": "rediss://10.0.0.1"}
    assert "tls_ca_file: " in problem(**rediss, tls_ca_file=str(text))
    assert "tls_certificate_file: " in problem(**rediss, tls_certificate_file=str(text))
    assert "tls_certificate_file: " in problem(**rediss, tls_certificate_file=str(certificate.certificate))
    assert "without tls_certificate_file" in problem(**rediss, tls_key_file=str(certificate.key))
    assert "without TLS" in problem(url="redis://10.0.0.1", tls_ca_file=str(certificate.authority))


def test_certificates_are_verified_unless_somebody_says_otherwise() -> None:
    assert reach(settings(url="rediss://10.0.0.1"), 1).tls == {
        "ssl_cert_reqs": ssl.CERT_REQUIRED,
        "ssl_check_hostname": True,
    }
    assert reach(settings(url="amqps://10.0.0.1"), 1).tls == {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
    assert reach(settings(url="rediss://10.0.0.1", tls_verify="none"), 1).tls == {
        "ssl_cert_reqs": ssl.CERT_NONE,
        "ssl_check_hostname": False,
    }
    assert reach(settings(url="redis://10.0.0.1"), 1).tls is None


@pytest.mark.own_redis
def test_a_path_is_not_read_and_a_password_file_is(certificate: Certificate, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("p@ss/w0rd\n")
    made = settings(
        url="rediss://10.0.0.1/2",
        username="relay",
        password_file=str(password),
        tls_ca_file=str(certificate.authority),
        tls_certificate_file=str(certificate.certificate),
        tls_key_file=str(certificate.key),
    )
    to = reach(made, 1)
    assert to.url == "rediss://relay:p%40ss%2Fw0rd@10.0.0.1/2"
    assert to.tls is not None
    assert [to.tls[each] for each in ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")] == [
        str(certificate.authority),
        str(certificate.certificate),
        str(certificate.key),
    ]
    assert "w0rd" not in repr(made) + repr(to)


def test_every_address_of_a_list_has_the_password_and_the_database() -> None:
    to = reach(settings(**SENTINELS, password="first", sentinel_password="second"), 1)
    assert to.url == "sentinel://:first@10.0.0.1:26379/3;sentinel://:first@10.0.0.2:26379/3"
    assert to.options["master_name"] == "main"
    assert to.options["sentinel_kwargs"]["password"] == "second"
    assert "first" not in repr(to)
    connection = Connection(to.url, transport_options=to.options)
    met = set()
    for _ in range(3):
        met.add((connection.hostname, connection.password, connection.virtual_host))
        connection.maybe_switch_next()
    assert met == {("10.0.0.1", "first", "3"), ("10.0.0.2", "first", "3")}


def test_nobody_waits_longer_for_a_sentinel_than_for_its_redis() -> None:
    options = reach(settings(**SENTINELS), 1).options
    assert options["socket_timeout"] == options["sentinel_kwargs"]["socket_timeout"] == 1
    assert options["sentinel_kwargs"]["retry"].get_retries() == 0


@pytest.mark.parametrize("query", ["password=of-the-broker", "heartbeat=10&password=of-the-broker", "db=3"])
def test_a_query_that_no_connection_takes_is_refused_and_its_values_are_not_shown(query: str) -> None:
    said = problem(url=f"redis://10.0.0.1/0?{query}")
    name = query.rpartition("&")[2].partition("=")[0]
    assert f"url: {name}= cannot stand in the URL" in said
    assert "of-the-broker" not in said


def test_a_query_that_a_connection_takes_is_kept() -> None:
    url = "amqp://10.0.0.1//?heartbeat=10&login_method=PLAIN"
    assert Connection(reach(settings(url=url), 5).url).heartbeat == 10
