"""One broker for all tests; each test has a namespace, a store and a receiver of its own."""

import itertools
import logging
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from harness.broker import Broker  # noqa: E402
from harness.program import Program  # noqa: E402
from harness.publisher import Publisher  # noqa: E402
from harness.receiver import Receiver  # noqa: E402

logging.getLogger("pika").setLevel(logging.CRITICAL)
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def broker():
    node = Broker()
    yield node
    node.stop()


@pytest.fixture
def receiver():
    listener = Receiver()
    yield listener
    listener.stop()


@pytest.fixture
def make_program(broker, receiver):
    made = []

    def make(**settings):
        program = Program(broker, namespace=f"test{next(numbers)}", **settings)
        made.append(program)
        return program

    yield make
    for program in made:
        program.close()


@pytest.fixture
def publish(broker):
    made = {}

    def to(program):
        if program not in made:
            made[program] = Publisher(broker, program.exchange)
        return made[program]

    yield to
    for publisher in made.values():
        publisher.close()


@pytest.fixture
def tap(broker):
    """Counts what passes an exchange: a queue of the test's own bound to it."""
    connections = []

    def to(exchange, key="#"):
        connection = broker.connect()
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, exchange, key)
        connections.append(connection)

        def messages():
            found = []
            while (got := channel.basic_get(queue, auto_ack=True))[0] is not None:
                found.append(got)
            return found

        return messages

    yield to
    for connection in connections:
        connection.close()
