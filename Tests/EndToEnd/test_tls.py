"""The broker over TLS: verified, by name."""

import pytest

from harness.broker import Broker
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
