"""Waiting for conditions, with a deadline, instead of for a time."""

import random
import socket
import threading
import time


class TimedOut(AssertionError):
    """A condition did not come true in time."""


def wait_until(condition, what, timeout=30.0, interval=0.02):
    """Returns the condition's first true value; raises TimedOut, which says what was waited for."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"waited {timeout} s for {what}")
        pause.wait(interval)


def free_port():
    """A port on which nobody listens at the moment, below those that outgoing connections take: a client
    that keeps dialling a port of that range while its server is down can connect to itself."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def is_listening(port):
    """Whether a connection to the port succeeds."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
