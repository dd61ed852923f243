"""What an earlier version of the topology left on the broker, and its removal."""

import pytest

from harness.waiting import wait_until

LADDER = {"x-queue-type": "quorum", "x-dead-letter-strategy": "at-least-once",
          "x-overflow": "reject-publish", "x-delivery-limit": 1000000}


@pytest.fixture
def earlier(make_program, broker):
    """A program beside whose ladder an earlier one of three levels stands, and a channel."""
    program = make_program(SEALPOST_DELAY_UNIT="10ms")
    assert program.run("check")[0] == 0
    connection = broker.connect()
    channel = connection.channel()
    names = [f"{program.namespace}.v0.delay.{level}" for level in range(3)]
    for level, name in enumerate(names):
        below = names[level - 1] if level else f"{program.namespace}.due"
        channel.exchange_declare(name, "topic", durable=True)
        channel.queue_declare(name, durable=True, arguments={
            **LADDER, "x-message-ttl": 3_600_000, "x-dead-letter-exchange": below})
        channel.queue_bind(name, name, "#")
    yield program, channel, names
    connection.close()


def is_there(broker, names):
    return [broker.depth(name) is not None for name in names]


def test_an_earlier_ladder_is_listed_and_removed_once_it_is_empty(earlier, broker):
    program, channel, names = earlier
    own = [f"{program.namespace}.v1.delay.{level}" for level in range(18)]
    code, output, errors = program.run("topology", "prune", "--dry-run")
    assert code == 0, errors
    assert all(name in output for name in names) and not any(name in output for name in own)
    assert is_there(broker, names) == [True] * 3
    assert program.json("topology", "prune", "--dry-run") == [
        {"queue": name, "messages": 0, "consumers": 0, "removed": False} for name in reversed(names)]

    channel.basic_publish(names[1], "a", b"waits")
    wait_until(lambda: broker.depth(names[1]) == (1, 0), "the message to be there")
    code, output, errors = program.run("topology", "prune")
    assert code == 64 and output == ""
    assert "1 messages wait" in errors and names[1] in errors and "Nothing is removed" in errors
    assert is_there(broker, names) == [True] * 3
    assert channel.basic_get(names[1], auto_ack=True)[2] == b"waits"
    wait_until(lambda: broker.depth(names[1]) == (0, 0), "the message to be gone")

    assert program.json("topology", "prune") == [
        {"queue": name, "messages": 0, "consumers": 0, "removed": True} for name in reversed(names)]
    assert is_there(broker, names) == [False] * 3
    assert is_there(broker, own) == [True] * 18
    for name in names:
        with pytest.raises(Exception, match="NOT_FOUND"):
            channel.connection.channel().exchange_declare(name, passive=True)
    assert program.run("topology", "prune")[1] == "Nothing is left of an earlier version.\n"
    assert program.json("topology", "prune") == []


def test_a_ladder_that_somebody_still_uses_stays(earlier, broker):
    program, channel, names = earlier
    channel.basic_consume(names[2], lambda *_: None)
    wait_until(lambda: broker.depth(names[2]) == (0, 1), "the consumer to be there")
    code, _, errors = program.run("topology", "prune")
    assert code == 64 and f"somebody consumes {names[2]}" in errors
    assert is_there(broker, names) == [True] * 3
