"""The broker's users can do what they are for, and nothing else. On a real node, with the real definitions."""

import contextlib
import os
import subprocess

import pika
import pytest

from tools import DEPLOY

EVENT = b'{"event":"license.created","data":{},"triggeredAt":"2026-01-31T12:00:00Z"}'


@pytest.fixture
def channel_of(deployment, broker, worker):
    connections = []

    def channel(user):
        connection = pika.BlockingConnection(pika.URLParameters(deployment.url(user, broker)))
        connections.append(connection)
        return connection.channel()

    yield channel
    for connection in connections:
        if connection.is_open:
            connection.close()


def test_a_level_of_the_ladder_waits_no_three_minutes_for_a_node_that_died(broker):
    name = "dead_letter_worker_publisher_confirm_timeout"
    assert broker.ctl("eval", f"application:get_env(rabbit, {name}).").strip() == "{ok,20000}"


@contextlib.contextmanager
def refused():
    with pytest.raises(pika.exceptions.ChannelClosedByBroker) as error:
        yield
    assert error.value.reply_code == 403


def test_the_publisher_publishes(channel_of):
    channel = channel_of("publisher")
    channel.confirm_delivery()
    channel.basic_publish("license.events", "license.created", EVENT, mandatory=True)


@pytest.mark.parametrize("act", [
    lambda channel: channel.queue_declare("sealpost.mine"),
    lambda channel: channel.exchange_declare("sealpost.mine"),
    lambda channel: channel.queue_bind("sealpost.events", "license.events", "x"),
    lambda channel: channel.queue_purge("sealpost.events"),
    lambda channel: channel.basic_get("sealpost.events"),
    lambda channel: channel.basic_get("sealpost.rejected"),
    lambda channel: publish(channel, "sealpost.due", "forged"),
    lambda channel: publish(channel, "sealpost.notices", "webhook.suspended"),
    lambda channel: publish(channel, "", "sealpost.events"),
])
def test_the_publisher_does_nothing_else(channel_of, act):
    with refused():
        act(channel_of("publisher"))


def publish(channel, exchange, key):
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, EVENT, mandatory=True)


def test_the_monitor_sees_how_deep_queues_are_and_nothing_of_what_is_in_them(channel_of):
    answer = channel_of("monitoring").queue_declare("sealpost.events", passive=True)
    assert answer.method.consumer_count >= 1
    with refused():
        channel_of("monitoring").basic_get("sealpost.events")
    with refused():
        publish(channel_of("monitoring"), "license.events", "license.created")
    with refused():
        channel_of("monitoring").queue_purge("sealpost.rejected")


def test_the_worker_keeps_to_its_namespace(channel_of, deployment, broker):
    with refused():
        channel_of("worker").queue_declare("another.queue")
    with refused():
        channel_of("worker").exchange_declare("another.exchange")
    with pytest.raises(pika.exceptions.ProbableAccessDeniedError):
        url = deployment.url("worker", broker).removesuffix("sealpost") + "%2F"
        pika.BlockingConnection(pika.URLParameters(url))


def test_nobody_else_gets_in(broker):
    users = broker.ctl("-q", "list_users", "--no-table-headers")
    assert {line.split("\t")[0] for line in users.splitlines()} == {
        "sealpost-worker", "sealpost-publisher", "sealpost-monitoring"}
    for user, password in (("guest", "guest"), ("sealpost-worker", ""),
                           ("sealpost-worker", "WORKER_PASSWORD_HASH")):
        with pytest.raises(pika.exceptions.ProbableAuthenticationError):
            pika.BlockingConnection(pika.ConnectionParameters(
                "127.0.0.1", broker.port, "sealpost", pika.PlainCredentials(user, password)))


def test_passwords_must_be_given():
    def define(**passwords):
        return subprocess.run(
            [DEPLOY / "rabbitmq/define-users"], capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], **passwords})

    good = {f"{user}_PASSWORD": "0123456789abcdef" for user in ("WORKER", "PUBLISHER", "MONITORING")}
    assert define(**good).returncode == 0
    for name in good:
        for bad in ("", "short"):
            done = define(**{**good, name: bad})
            assert done.returncode == 78 and name in done.stderr and not done.stdout
