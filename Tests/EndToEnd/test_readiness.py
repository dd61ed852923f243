"""Whether the program does its work, as it says itself: each part by what really stands still."""

import os
import signal
import sqlite3
import urllib.error
import urllib.request

import json

from harness.metrics import scrape
from harness.publisher import event_body
from harness.waiting import wait_until

WORKER = {"directory", "consumers", "lanes", "broker", "recorder"}


def readiness(program):
    """Status, the parts that are well, and those that are not with their problem."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{program.port}/readyz", timeout=5) as answer:
            status, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        status, body = error.code, json.load(error)
    well = {part["part"] for part in body["parts"] if part["ready"]}
    unwell = {part["part"]: part["problem"] for part in body["parts"] if not part["ready"]}
    assert (status, body["status"]) == ((503, "not_ready") if unwell else (200, "ready"))
    return status, well, unwell


def is_alive(program):
    with urllib.request.urlopen(f"http://127.0.0.1:{program.port}/healthz", timeout=5) as answer:
        return json.load(answer) == {"status": "ok"}


def until_unwell(program, *parts, timeout=30):
    """Waits until at least one of these parts is not well, and no others; what their problems are."""
    def some():
        unwell = readiness(program)[2]
        assert unwell.keys() <= set(parts), unwell
        return unwell
    return wait_until(some, f"{parts} not to be well", timeout=timeout)


def until_ready(program):
    wait_until(lambda: readiness(program)[0] == 200, "all parts to be well")


def test_a_worker_that_consumes_is_ready_and_publishes_nothing_to_know_it(make_program, tap):
    program = make_program()
    program.start()
    until_ready(program)
    taps = [tap(program.exchange), tap(f"{program.namespace}.due"),
            tap(f"{program.namespace}.notices")]
    for _ in range(50):
        assert readiness(program) == (200, WORKER | {"store"}, {})
    assert [messages() for messages in taps] == [[], [], []]


def test_a_process_of_the_api_alone_needs_the_store_alone(make_program):
    program = make_program()
    program.start_api()
    until_ready(program)
    assert readiness(program) == (200, {"store"}, {})


def test_a_broker_that_stands_still_is_noticed_by_its_silence(make_program, broker):
    program = make_program(SEALPOST_AMQP_URL=f"{broker.url}?heartbeat=1")
    program.start()
    until_ready(program)
    os.killpg(broker.process.pid, signal.SIGSTOP)
    try:
        problems = until_unwell(program, "broker", "consumers")
        assert any("nothing for" in text or "do not consume" in text
                   for text in problems.values())
        assert is_alive(program)
        # A scrape waits for nobody.
        assert scrape(program).value("sealpost_ready", part="directory") == 1
    finally:
        os.killpg(broker.process.pid, signal.SIGCONT)
    until_ready(program)


def test_a_store_that_is_locked_is_noticed_by_what_waits_for_it(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    until_ready(program)
    lock = sqlite3.connect(program.folder / "sealpost.sqlite", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        publish(program).publish("evt", event_body())
        problems = until_unwell(program, "recorder")
        assert "become durable" in problems["recorder"]
        assert is_alive(program)
        assert scrape(program).value("sealpost_recorder_lag_seconds") >= 5
    finally:
        lock.execute("ROLLBACK")
        lock.close()
    until_ready(program)
    wait_until(lambda: scrape(program).sum("sealpost_deliveries_total") == 1, "the row")
    assert len(receiver.requests) == 1


def test_a_queue_that_was_deleted_is_noticed_until_it_can_be_declared_again(make_program, broker):
    program = make_program()
    program.start()
    until_ready(program)
    # Who may not declare cannot heal it, so that it can be looked at.
    broker.ctl("set_permissions", "-p", "/", "guest", "^$", ".*", ".*")
    try:
        broker.ctl("delete_queue", program.queue)
        problems = until_unwell(program, "consumers")
        assert "2 of 2 lanes do not consume" in problems["consumers"]
    finally:
        broker.ctl("set_permissions", "-p", "/", "guest", ".*", ".*", ".*")
    until_ready(program)
    assert broker.depth(program.queue) == (0, 2)
