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
    wait_until(lambda: delivered(program) | rejected(program) >= events, "all deliveries",
               timeout=120)
    # What was tried alone when the worker was killed is set aside, and not lost: at most one.
    assert len(rejected(program)) <= 1


def delivered(program):
    return {row["eventId"] for row in program.json("logs", "--limit", "100000")
            if row["outcome"] == "delivered"}


def rejected(program):
    return {row["messageId"] for row in program.json("rejected", "list")}


def test_a_message_that_kills_the_worker_is_set_aside_and_its_neighbors_are_delivered(
        make_program, receiver, publish):
    program = make_program(SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "*")

    def answer(request):
        if request.event == "evt_poison":
            program.process.kill()
            return "silence"
        return 200

    receiver.script("/hook", answer)
    program.start()
    events = {f"evt_{number}" for number in range(50)}
    for number, event in enumerate(sorted(events)):
        if number == 25:
            publish(program).publish("evt_poison", event_body())
        publish(program).publish(event, event_body())
    crashes = 0
    while not (rows := program.json("rejected", "list")):
        assert crashes < 15, "the poison is found after its tenth return"
        if wait_until(lambda: program.process.poll() is not None or program.json("rejected", "list"),
                      "the next crash, or the verdict") is True:
            crashes += 1
            program.start(until_proven=False)
    assert [(row["messageId"], row["reason"]) for row in rows] == [("evt_poison", "crashed_worker")]
    assert crashes >= 11
    wait_until(lambda: delivered(program) == events, "the neighbors")
    assert len(program.json("rejected", "list")) == 1


def test_a_hanging_receiver_does_not_hold_up_another(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hangs"), "license.created")
    program.add_webhook(receiver.url("/good"), "user.created")
    receiver.script("/hangs", lambda _: "silence")
    program.start()
    for number in range(1000):
        publish(program).publish(f"evt_{number}", event_body())
    publish(program).publish("evt_good", event_body("user.created"), name="user.created")
    wait_until(lambda: receiver.at("/good"), "the good delivery", timeout=5)
    assert len(receiver.at("/hangs")) < 1000
