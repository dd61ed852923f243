"""Shutting down, losing connections, and messages that keep coming back lose nothing."""

import threading

from harness.proxy import Proxy
from harness.publisher import event_body
from harness.waiting import wait_until


def test_sigterm_under_load_ends_cleanly_and_loses_nothing(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    events = {f"evt_{number}" for number in range(4000)}

    def load():
        for event in sorted(events):
            publish(program).publish(event, event_body())

    thread = threading.Thread(target=load)
    thread.start()
    wait_until(lambda: len(receiver.requests) > 500, "some deliveries")
    assert program.stop() == 0
    handled = len(receiver.requests)
    program.start()
    thread.join()
    wait_until(lambda: {r.event for r in receiver.requests} >= events, "all deliveries", timeout=60)
    assert handled < 4000
    assert len(receiver.requests) == 4000, "a clean shutdown costs no duplicates"


def test_a_hundred_lost_connections_lose_no_message(broker, make_program, receiver, publish):
    proxy = Proxy(broker.port)
    program = make_program(
        SEALPOST_AMQP_URL=f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F",
        SEALPOST_DELIVERY_TIMEOUT="300s")
    program.add_webhook(receiver.url("/hook"), "*")
    answers = threading.Event()
    receiver.script("/hook", lambda _: 200 if answers.is_set() else "silence")
    program.start()
    events = {f"evt_{number}" for number in range(100)}
    for event in events:
        publish(program).publish(event, event_body())
    wait_until(lambda: receiver.requests, "a first request")
    for _ in range(100):
        before = proxy.accepted
        wait_until(proxy.drop, "a connection to drop")
        wait_until(lambda: proxy.accepted > before, "the next connection", timeout=60)
    answers.set()
    program.kill()
    proxy.close()
    program.environment["SEALPOST_AMQP_URL"] = broker.url
    program.start()
    answered = lambda: {r["eventId"] for r in program.json("logs", "--limit", "100000")
                        if r["outcome"] == "delivered"}
    wait_until(lambda: answered() | rejected(program) >= events, "all deliveries", timeout=120)
    # What was tried alone when the worker was killed is set aside, and not lost: at most one.
    assert len(rejected(program)) <= 1


def rejected(program):
    return {row["messageId"] for row in program.json("rejected", "list")}
