"""A real browser on the real program: one RabbitMQ for all tests, a program and a receiver for each."""

import itertools
import logging
import pathlib
import sys

import pytest

FOLDER = pathlib.Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "EndToEnd")]

from harness.broker import Broker  # noqa: E402
from harness.program import Program  # noqa: E402
from harness.publisher import Publisher  # noqa: E402
from harness.receiver import Receiver  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

from browser import Browser  # noqa: E402

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
def program(broker):
    """Quick to call a webhook unhealthy and to suspend it, so that a test sees it happen."""
    made = Program(
        broker, namespace=f"browser{next(numbers)}", SEALPOST_UNHEALTHY_AFTER="2",
        SEALPOST_SUSPEND_AFTER="4", SEALPOST_SUSPEND_SPAN="1s", SEALPOST_RETRY_INITIAL="1s")
    made.start()
    yield made
    made.close()


@pytest.fixture
def publisher(broker, program):
    made = Publisher(broker, program.exchange)
    yield made
    made.close()


@pytest.fixture
def publish_until_known(publisher, receiver):
    """Workers learn of a new webhook within two seconds: publishes until one has, and gives the last id."""
    def publish(path, body, **properties):
        sent = []

        def arrives():
            sent.append(f"evt_probe_{len(sent)}")
            publisher.publish(sent[-1], body, **properties)
            return receiver.at(path)

        wait_until(arrives, "a worker to know the webhook", interval=0.5)
        return sent[-1]

    return publish


@pytest.fixture
def make_token(program):
    def make(*scopes, account=None):
        scopes = scopes or ("webhook:read", "webhook:write", "event:write")
        bound = ["--account", account] if account else []
        return program.json(
            "tokens", "create", "--name", account or "operator", "--scope", ",".join(scopes),
            *bound)["token"]

    return make


@pytest.fixture
def open_browser(program, tmp_path):
    opened = []

    def open_one(name, width=1280, scheme="light"):
        browser = Browser(program, name, width, scheme, tmp_path)
        opened.append(browser)
        return browser

    yield open_one
    for browser in opened:
        browser.quit()
