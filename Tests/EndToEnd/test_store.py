"""A store that fails for a while costs time, and nothing else."""

import collections
import sqlite3

from harness.publisher import event_body
from harness.waiting import wait_until


def test_a_locked_store_stops_deliveries_and_loses_none(make_program, receiver, publish):
    program = make_program(SEALPOST_PREFETCH="200")
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    other = sqlite3.connect(program.folder / "sealpost.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    events = {f"evt_{number}" for number in range(3000)}
    for event in events:
        publish(program).publish(event, event_body())
    wait_until(lambda: "the store failed" in program.log, "the worker to notice")
    # What is delivered and not in the log is not acknowledged: at most the prefetch of two lanes.
    assert 0 < len(receiver.requests) <= 400
    assert program.broker.depth(program.queue)[0] >= 2600
    other.execute("ROLLBACK")
    wait_until(lambda: len(program.json("logs", "--limit", "10000")) == 3000, "every row", timeout=60)
    attempts = collections.Counter(request.event for request in receiver.requests)
    assert set(attempts) == events and set(attempts.values()) == {1}
    assert program.stop() == 0


def test_an_unreadable_token_parks_its_deliveries(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    (program.folder / "sealpost.sqlite.key").unlink()
    program.start()
    publish(program).publish("evt_1", event_body())
    rows = wait_until(lambda: program.json("dead", "list", "--state", "parked"), "the parked row")
    assert [(row["eventId"], row["reason"]) for row in rows] == [("evt_1", "token_unreadable")]
    assert receiver.requests == []
