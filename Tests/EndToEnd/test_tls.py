"""The broker over TLS: verified, by name; and we by a certificate."""

import pytest

from harness.broker import Broker
from harness.certificates import Authority
from harness.program import Program
from harness.publisher import Publisher, event_body
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def secure_broker():
    node = Broker(with_tls=True)
    yield node
    node.stop()


def url(broker, host="localhost", authority=True):
    query = f"?cacertfile={broker.authority}" if authority else ""
    return f"amqps://guest:guest@{host}:{broker.tls_port}/%2F{query}"


def test_events_are_delivered_over_a_verified_connection(secure_broker, receiver):
    program = Program(secure_broker, SEALPOST_AMQP_URL=url(secure_broker))
    try:
        program.add_webhook(receiver.url("/hook"), "*")
        program.start()
        publisher = Publisher(secure_broker, program.exchange)
        events = {f"evt_{number}" for number in range(500)}
        for event in events:
            publisher.publish(event, event_body(padding="x" * 20_000))
        wait_until(lambda: {request.event for request in receiver.requests} == events, "all events")
        publisher.close()
        assert program.stop() == 0
    finally:
        program.close()


@pytest.mark.parametrize("host, authority", [("127.0.0.1", True), ("localhost", False)])
def test_a_certificate_of_another_name_or_authority_is_refused(secure_broker, host, authority):
    program = Program(secure_broker)
    try:
        code, output, _ = program.run(
            "check", SEALPOST_AMQP_URL=url(secure_broker, host, authority))
        assert code == 69
        assert "No broker could be reached" in output
        assert "hostname" in output or "cert verification failed" in output, output
    finally:
        program.close()


def check(broker, **query):
    """What `sealpost check` says of a URL with that query."""
    program = Program(broker)
    try:
        parameters = "&".join(f"{key}={value}" for key, value in query.items())
        return program.run(
            "check", SEALPOST_AMQP_URL=f"amqps://localhost:{broker.tls_port}/%2F?cacertfile={broker.authority}&"
            + parameters)
    finally:
        program.close()


def test_the_certificate_is_the_login(secure_broker, receiver):
    secure_broker.ctl("add_user", "worker", "unused")
    secure_broker.ctl("clear_password", "worker")
    secure_broker.ctl("set_permissions", "worker", ".*", ".*", ".*")
    certificate, key = secure_broker.certificates.sign("worker")
    program = Program(secure_broker, namespace="external", SEALPOST_AMQP_URL=(
        f"amqps://localhost:{secure_broker.tls_port}/%2F?cacertfile={secure_broker.authority}"
        f"&certfile={certificate}&keyfile={key}&auth_mechanism=external"))
    try:
        program.add_webhook(receiver.url("/hook"), "*")
        program.start()
        users = secure_broker.ctl("list_connections", "user", "auth_mechanism", "--silent").split("\n")
        assert any(user.split() == ["worker", "EXTERNAL"] for user in users), users
        publisher = Publisher(secure_broker, program.exchange)
        publisher.publish("evt_1", event_body())
        wait_until(lambda: receiver.requests, "the event")
        publisher.close()
        assert program.stop() == 0
    finally:
        program.close()


def test_a_certificate_of_another_authority_is_no_login(secure_broker, tmp_path):
    certificate, key = Authority(tmp_path, "stranger").sign("worker")
    code, output, _ = check(secure_broker, certfile=certificate, keyfile=key, auth_mechanism="external")
    assert code == 69
    assert "certfile in SEALPOST_AMQP_URL" in output, output


def test_a_certificate_without_a_user_is_no_login(secure_broker):
    certificate, key = secure_broker.certificates.sign("nobody")
    code, output, _ = check(secure_broker, certfile=certificate, keyfile=key, auth_mechanism="external")
    assert code == 69
    assert "knows no user for our certificate" in output
    assert "certfile in SEALPOST_AMQP_URL" in output


def test_files_that_are_no_certificates_are_named(secure_broker, tmp_path):
    (tmp_path / "garbage.pem").write_text("garbage")
    certificate, key = secure_broker.certificates.sign("worker")
    for query in [{"certfile": tmp_path / "missing.pem", "keyfile": key},
                  {"certfile": certificate, "keyfile": tmp_path / "garbage.pem"},
                  {"certfile": certificate, "keyfile": secure_broker.certificates.sign("other")[1]}]:
        code, output, _ = check(secure_broker, **query)
        assert code == 78
        assert f"certfile {query['certfile']} or keyfile {query['keyfile']}" in output, output


def test_a_wrong_password_is_not_shown(secure_broker):
    program = Program(secure_broker)
    try:
        for scheme, port in [("amqp", secure_broker.port), ("amqps", secure_broker.tls_port)]:
            code, output, errors = program.run("check", SEALPOST_AMQP_URL=(
                f"{scheme}://guest:s3cret-w%2Frd@localhost:{port}/%2F?cacertfile={secure_broker.authority}"))
            assert code == 69
            assert "Correct user and password in SEALPOST_AMQP_URL" in output, output
            assert "s3cret" not in output + errors
    finally:
        program.close()
