"""Deliveries that cannot go now wait in the store, and go when they can: one receiver's trouble is not another's."""

import asyncio
import sqlite3
import threading
import time

from harness.publisher import event_body
from harness.waiting import wait_until


def publish_all(publish, program, events, name="license.created"):
    for event in events:
        publish(program).publish(event, event_body(name), name=name)


def waiting(program):
    return program.json("dead", "list", "--state", "waiting", "--limit", "100000")


def test_a_receiver_that_hangs_costs_little_and_has_everything_once_it_answers(
        make_program, receiver, publish, tap):
    program = make_program(SEALPOST_DELIVERY_TIMEOUT="2s", SEALPOST_RETRY_INITIAL="1s",
                           SEALPOST_RETRY_FACTOR="1")
    program.add_webhook(receiver.url("/hangs"), "license.created")
    program.add_webhook(receiver.url("/good"), "user.created")
    answers = threading.Event()
    receiver.script("/hangs", lambda _: 200 if answers.is_set() else "silence")
    program.start()
    due = tap(f"{program.namespace}.due")
    events = {f"evt_{number}" for number in range(1500)}
    publish_all(publish, program, sorted(events))
    publish_all(publish, program, [f"good_{number}" for number in range(300)], "user.created")
    wait_until(lambda: len(receiver.at("/good")) == 300, "the good deliveries", timeout=5)
    wait_until(lambda: len(waiting(program)) > 1000, "most of the others in the backlog")
    answers.set()

    def delivered():
        rows = program.json("logs", "--limit", "100000", "--outcome", "delivered")
        return {row["eventId"] for row in rows} >= events

    wait_until(delivered, "all deliveries", timeout=90, interval=1)
    wait_until(lambda: not waiting(program), "an empty backlog")
    assert len(due()) < 2 * len(events), "the way back costs less than two messages a delivery"
    assert len(receiver.at("/hangs")) < len(events) + 200, "few requests to a receiver that hangs"


def test_what_waits_for_an_answer_holds_no_message_and_survives_the_worker(
        make_program, receiver, publish, broker):
    program = make_program(SEALPOST_DELIVERY_TIMEOUT="3s", SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "license.created")
    answers = threading.Event()
    receiver.script("/hook", lambda _: 200 if answers.is_set() else "silence")
    program.start()
    publish_all(publish, program, ["evt_ends", "evt_dies"])
    # Both are on their way, in the backlog, and of no concern to the broker any more.
    wait_until(lambda: len(waiting(program)) == 2, "both in the backlog")
    assert len(receiver.requests) == 2
    assert {row["reason"] for row in waiting(program)} == {"no_answer_yet"}
    program.kill()
    wait_until(lambda: broker.depth(program.queue) == (0, 0), "an empty queue without consumers")
    answers.set()
    program.start()

    def delivered():
        rows = program.json("logs", "--limit", "10", "--outcome", "delivered")
        return {row["eventId"] for row in rows} == {"evt_ends", "evt_dies"}

    wait_until(delivered, "both to be delivered from the backlog", timeout=60, interval=0.5)
    wait_until(lambda: not waiting(program), "an empty backlog")
    assert len(receiver.requests) == 4


def test_an_answer_that_comes_late_ends_the_delivery_that_waits_in_the_backlog(
        make_program, receiver, publish):
    program = make_program(SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "license.created")
    answers = asyncio.Event()

    async def late(reader, writer):
        await answers.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    receiver.script("/hook", lambda _: late)
    program.start()
    publish_all(publish, program, ["evt_late"])
    wait_until(lambda: len(waiting(program)) == 1, "it in the backlog")
    receiver.soon(answers.set)
    wait_until(lambda: not waiting(program), "an empty backlog")
    [row] = program.json("logs", "--limit", "10")
    assert row["outcome"] == "delivered" and row["attempt"] == 1
    assert len(receiver.requests) == 1


def test_a_paused_webhook_has_its_deliveries_when_it_is_resumed(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    assert program.run("webhooks", "pause", webhook)[0] == 0
    assert program.json("webhooks", "list")[0]["status"] == "paused"
    # The worker knows within two seconds; what comes before is delivered.
    publish_all(publish, program, ["evt_probe"])
    number = 0

    def is_held():
        nonlocal number
        number += 1
        publish_all(publish, program, [f"evt_{number}"])
        return waiting(program)

    wait_until(is_held, "the worker to know of the pause", timeout=10, interval=0.2)
    before = len(receiver.requests)
    publish_all(publish, program, [f"held_{number}" for number in range(50)])
    wait_until(lambda: len(waiting(program)) >= 50, "the deliveries to be held")
    assert len(receiver.requests) == before
    assert {row["reason"] for row in waiting(program)} == {"webhook_paused"}
    assert program.run("webhooks", "resume", webhook)[0] == 0
    wait_until(lambda: not waiting(program), "the deliveries to go", timeout=60)
    wait_until(lambda: len({r.event for r in receiver.requests}) == 50 + number + 1, "all of them")


def test_a_worker_that_stops_gives_back_what_one_does_at_a_time(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    assert program.run("webhooks", "pause", webhook)[0] == 0
    program.start()
    publish_all(publish, program, ["held"])
    wait_until(lambda: waiting(program), "the delivery to be held")
    assert program.run("webhooks", "resume", webhook)[0] == 0
    wait_until(lambda: receiver.requests, "the delivery to go")
    store = sqlite3.connect(program.folder / "sealpost.sqlite", timeout=10)

    def leases():
        return {name for name, in store.execute("SELECT name FROM leases")}

    assert leases() >= {"backlog", "upkeep"}
    assert program.stop() == 0
    assert leases() == set(), "another worker need not wait for their ends"
    store.close()


def test_all_can_be_paused_and_resumed(make_program, broker, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    publish_all(publish, program, ["first"])
    wait_until(lambda: receiver.requests, "a delivery")
    assert program.run("pause")[0] == 0
    wait_until(lambda: broker.depth(program.queue)[1] == 0, "the lanes to stop consuming")
    publish_all(publish, program, [f"evt_{number}" for number in range(20)])
    wait_until(lambda: broker.depth(program.queue)[0] == 20, "the events to stay with the broker")
    assert len(receiver.requests) == 1
    program.stop()
    program.start(until_proven=False)
    wait_until(lambda: "webhooks loaded" in program.log.split("stopped")[-1], "the worker")
    assert program.run("resume")[0] == 0
    wait_until(lambda: len(receiver.requests) == 21, "the deliveries")


def test_what_the_ladder_refuses_waits_in_the_backlog(make_program, broker, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="2s")
    program.add_webhook(receiver.url("/hook"), "*")
    # Few enough fail that the window stays open, and all goes by the ladder.
    receiver.script("/hook", lambda r: 500 if r.attempt == 1 and r.event.endswith("0") else 200)
    program.start()
    policy = f"refuse-{program.namespace}"
    begin = time.monotonic()
    broker.ctl("set_policy", policy, f"^{program.namespace}.v1.delay", '{"max-length": 1}',
               "--apply-to", "queues")
    events = [f"evt_{number}" for number in range(600)]
    publish_all(publish, program, events)
    wait_until(lambda: len(receiver.requests) >= 660, "the second attempts", timeout=60)
    wait_until(lambda: not waiting(program), "an empty backlog")
    broker.ctl("clear_policy", policy)
    said = program.log.count("did not take")
    assert 1 <= said <= 1 + (time.monotonic() - begin) / 10, "now and then, however many are refused"
    assert sorted(r.attempt for r in receiver.requests) == [1] * 600 + [2] * 60
