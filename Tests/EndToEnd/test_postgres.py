"""The store on a PostgreSQL server: the main job, its loss under load, and a move there."""

import base64
import collections
import hashlib
import hmac
import itertools
import json
import os
import subprocess
import threading

import pytest

from harness.postgres import Postgres
from harness.program import BINARY, Program
from harness.publisher import event_body
from harness.waiting import wait_until

KEY = base64.b64encode(bytes(range(32))).decode()
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def on_postgres(postgres, make_program):
    """A program whose store is an empty database."""

    def make(**settings):
        return make_program(SEALPOST_STORE_URL=postgres.database(f"test{next(numbers)}"),
                            SEALPOST_SECRET_KEY=KEY, **settings)

    return make


def outcomes(program, event):
    rows = program.json("logs", "--event", event)
    return [row["outcome"] for row in sorted(rows, key=lambda row: int(row["id"]))]


def test_the_main_job(on_postgres, receiver, publish):
    program = on_postgres(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_MAX_ATTEMPTS="2",
                          SEALPOST_RETRY_FACTOR="1")
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    receiver.script("/hook", lambda r: 500 if r.event == "evt_dead" or r.attempt == 1 else 200)
    program.start()
    publish(program).publish("evt_1", event_body())
    publish(program).publish("evt_dead", event_body())
    wait_until(lambda: outcomes(program, "evt_1") == ["retry", "delivered"], "the retry")
    wait_until(lambda: outcomes(program, "evt_dead") == ["retry", "exhausted"], "the end")
    [dead] = program.json("dead", "list")
    assert (dead["eventId"], dead["state"]) == ("evt_dead", "exhausted")
    receiver.script("/hook", lambda _: 200)
    code, output, errors = program.run(
        "replay", "--webhook", webhook, "--since", "2020-01-01T00:00:00Z", "--outcome", "exhausted")
    assert code == 0, errors
    wait_until(lambda: outcomes(program, "evt_dead")[-1] == "delivered", "the replay")
    wait_until(lambda: not program.json("dead", "list"), "nothing dead")
    bodies = {request.body for request in receiver.requests}
    assert bodies == {event_body()}
    assert program.run("check")[0] == 0
    assert program.stop() == 0


def test_a_row_that_becomes_visible_behind_later_ones_is_followed(
        postgres, on_postgres, receiver, publish, tmp_path):
    program = on_postgres()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    store, output = program.environment["SEALPOST_STORE_URL"], tmp_path / "log"

    def shown():
        """The events of the whole lines so far."""
        return [json.loads(line)["eventId"] for line in output.read_text().rpartition("\n")[0].splitlines()]

    publish(program).publish("evt_1", event_body())
    wait_until(lambda: outcomes(program, "evt_1") == ["delivered"], "the first")
    postgres.query(store, "SELECT setval('attempt_ids', 100)")
    with open(output, "wb") as file:
        process = subprocess.Popen([BINARY, "logs", "--follow", "--json"], env=program.environment,
                                   stdout=file, stderr=file)
    try:
        wait_until(lambda: shown() == ["evt_1"], "what was there")
        publish(program).publish("evt_2", event_body())
        wait_until(lambda: shown() == ["evt_1", "evt_2"], "what came")
        # As of a worker that took its number before the other, and commits after it.
        postgres.query(store, "INSERT INTO attempts SELECT (jsonb_populate_record(a, "
                              "'{\"id\": 50, \"number\": 2}')).* FROM attempts a WHERE id < 50")
        wait_until(lambda: shown() == ["evt_1", "evt_2", "evt_1"], "what came late")
        publish(program).publish("evt_3", event_body())
        wait_until(lambda: shown() == ["evt_1", "evt_2", "evt_1", "evt_3"], "each of them once")
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_two_programs_that_start_at_once_share_an_empty_database(
        on_postgres, broker, receiver, publish):
    first = on_postgres(SEALPOST_LANES="1")
    second = Program(broker, first.namespace, SEALPOST_LANES="1", SEALPOST_SECRET_KEY=KEY,
                     SEALPOST_STORE_URL=first.environment["SEALPOST_STORE_URL"])
    second.environment["SEALPOST_EVENTS_EXCHANGE"] = first.exchange
    try:
        for program in (first, second):
            program.start(until_proven=False)
        wait_until(lambda: broker.depth(first.queue) == (0, 2), "both to consume")
        first.add_webhook(receiver.url("/hook"), "*")
        events = {f"evt_{number}" for number in range(200)}

        def knows():
            publish(first).publish("evt_probe", event_body())
            return receiver.requests

        wait_until(knows, "the webhook to be known", interval=0.2)
        wait_until(lambda: "webhooks loaded" in second.log, "the other")
        for event in sorted(events):
            publish(first).publish(event, event_body())
        wait_until(lambda: {r.event for r in receiver.requests} >= events, "all deliveries")
        wait_until(lambda: len(first.json("logs", "--limit", "1000", "--outcome", "delivered"))
                   >= 201, "the log")
    finally:
        second.close()


def test_a_server_that_dies_under_load_costs_time_and_loses_nothing(
        on_postgres, postgres, receiver, publish):
    program = on_postgres(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1")
    program.add_webhook(receiver.url("/hook"), "*")
    # Some are on the ladder when it happens.
    receiver.script(
        "/hook", lambda r: 500 if r.attempt == 1 and r.event.endswith("7") else 200)
    program.start()
    events = []
    publisher = publish(program)
    is_enough = threading.Event()

    def load():
        while not is_enough.wait(0.002):
            publisher.publish(f"evt_{len(events)}", event_body())
            events.append(f"evt_{len(events)}")

    publishing = threading.Thread(target=load)
    publishing.start()
    for _ in range(3):
        before = len(receiver.requests)
        wait_until(lambda: len(receiver.requests) > before + 200, "deliveries", timeout=60)
        failures = program.log.count("the store failed")
        postgres.kill()
        wait_until(lambda: program.log.count("the store failed") > failures, "the worker to notice")
        postgres.start()
    is_enough.set()
    publishing.join()
    failed = {event for event in events if event.endswith("7")}

    def ends():
        return {row["eventId"] for row in program.json(
            "logs", "--limit", "100000", "--outcome", "delivered")}

    wait_until(lambda: ends() == set(events), "every delivery's end", timeout=90, interval=1)
    rows = collections.Counter(
        (row["eventId"], row["attempt"])
        for row in program.json("logs", "--limit", "100000"))
    assert set(rows.values()) == {1}, "no attempt is there twice"
    assert {event for event, attempt in rows if attempt == 2} >= failed
    assert program.broker.depth(program.queue)[0] == 0
    assert not program.json("dead", "list")
    assert program.stop() == 0


@pytest.mark.parametrize("settings, expected", [
    ({"SEALPOST_STORE_URL": "postgresql://me:hunter2@127.0.0.1:1/x?connect_timeout=1"},
     (69, ["postgresql://127.0.0.1:1/x cannot be reached", "SEALPOST_STORE_URL"])),
    ({"SEALPOST_STORE_URL": "postgresql://me:hunter2@h@127.0.0.1/x"},
     (78, ["SEALPOST_STORE_URL", "%40"])),
    ({"SEALPOST_SECRET_KEY": ""}, (78, ["SEALPOST_SECRET_KEY", "openssl rand -base64 32"])),
])
def test_what_is_wrong_is_named_and_the_password_is_not(on_postgres, settings, expected):
    code, output, errors = on_postgres().run("migrate", **settings)
    assert code == expected[0], errors
    for words in expected[1]:
        assert words in errors
    assert "hunter2" not in output + errors


def test_an_embedded_store_moves(make_program, postgres, receiver, publish):
    program = make_program(SEALPOST_RETRY_MAX_ATTEMPTS="1")
    program.add_webhook(receiver.url("/hook"), "*", token="moved")
    receiver.script("/hook", lambda r: 500 if r.event == "evt_dead" else 200)
    program.start()
    for event in ("evt_1", "evt_2", "evt_dead"):
        publish(program).publish(event, event_body())
    publish(program).publish("evt_bad", b"{")
    wait_until(lambda: len(program.json("logs", "--limit", "10")) == 3, "the log")
    wait_until(lambda: program.json("rejected", "list"), "the rejected message")
    assert program.stop() == 0
    lists = [("logs", "--limit", "10"), ("dead", "list"), ("rejected", "list"), ("webhooks", "list")]
    before = [program.json(*arguments) for arguments in lists]
    source = program.environment["SEALPOST_STORE_URL"]
    target = postgres.database(f"test{next(numbers)}")
    key = (program.folder / "sealpost.sqlite.key").read_text().strip()
    arguments = ("store", "copy", "--from", source, "--to", target)
    other = base64.b64encode(os.urandom(32)).decode()
    code, _, errors = program.run(*arguments, SEALPOST_SECRET_KEY=other)
    assert code == 78 and "sealpost.sqlite.key" in errors
    code, output, errors = program.run(*arguments, SEALPOST_SECRET_KEY=key)
    assert code == 0, errors
    assert "attempts: 3" in output and "webhooks: 1" in output
    code, _, errors = program.run(*arguments, SEALPOST_SECRET_KEY=key)
    assert code == 64 and "is not empty" in errors
    program.environment.update(SEALPOST_STORE_URL=target, SEALPOST_SECRET_KEY=key)
    assert [program.json(*arguments) for arguments in lists] == before
    receiver.script("/hook", lambda _: 200)
    program.start()
    assert program.run("dead", "requeue", before[1][0]["id"])[0] == 0
    publish(program).publish("evt_after", event_body())
    wait_until(lambda: outcomes(program, "evt_after") == ["delivered"], "a delivery from there")
    wait_until(lambda: outcomes(program, "evt_dead")[-1] == "delivered", "the dead one")
    for request in receiver.requests:
        digest = hmac.new(b"moved", request.body, hashlib.sha256).digest()
        assert request.headers["webhook-signature"] == base64.b64encode(digest).decode()
