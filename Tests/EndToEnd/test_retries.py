"""What fails comes again when it is said to, and the log says why."""

import datetime
import time

import pika

from harness.publisher import event_body
from harness.waiting import wait_until


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_each_kind_of_failure_is_retried_on_time_and_explained(make_program, receiver, publish):
    program = make_program(
        SEALPOST_RETRY_INITIAL="2s", SEALPOST_RETRY_FACTOR="1.5", SEALPOST_DELIVERY_TIMEOUT="1s")
    program.add_webhook(receiver.url("/hook"), "*")
    # Connections are not kept: a request on one that was kept and breaks is sent once more at once.
    end = {"Connection": "close"}
    receiver.answers(
        "/hook", (500, end), (503, {"Retry-After": "3", **end}), "reset", "silence", "close", 200)
    program.start()
    publish(program).publish("evt_1", event_body())
    wait_until(lambda: len(receiver.requests) == 6, "six attempts", timeout=90)
    rows = wait_until(lambda: (r := program.json("logs")) and len(r) == 6 and r, "six rows")[::-1]

    assert [row.get("reason") for row in rows] == [
        "http_500", "http_503", "connection_reset", "response_timeout", "empty_response", None]
    assert [row["outcome"] for row in rows] == ["retry"] * 5 + ["delivered"]
    assert [row.get("status") for row in rows] == [500, 503, None, None, None, 200]
    assert [row["attempt"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["trigger"] for row in rows] == ["event"] + ["retry"] * 5
    for row, request in zip(rows, receiver.requests):
        assert request.attempt == row["attempt"]
        assert abs(request.time - seconds(row["sentAt"])) < 1
        assert seconds(row["sentAt"]) <= seconds(row["receivedAt"])
    late = [following.time - seconds(row["nextAttemptAt"])
            for row, following in zip(rows, receiver.requests[1:])]
    assert all(-0.05 < seconds < 1 for seconds in late), late
    # Section 6 of the design: initial × factor^(n-1) ± 20 %, rounded up to a whole second.
    for number, row in enumerate(rows[:5], start=1):
        delay = seconds(row["nextAttemptAt"]) - seconds(row["receivedAt"])
        base = 2 * 1.5 ** (number - 1)
        assert base * 0.8 - 0.1 <= delay <= base * 1.2 + 1.1 or number == 2 and 2.9 <= delay <= 4.7
    assert seconds(rows[1]["nextAttemptAt"]) - seconds(rows[1]["receivedAt"]) >= 2.9


def test_a_request_on_a_kept_connection_that_broke_is_sent_once_more(
        make_program, receiver, publish):
    program = make_program(SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    publisher = publish(program)
    publisher.publish("evt_1", event_body())
    wait_until(lambda: len(program.json("logs")) == 1, "the first delivery")
    receiver.answers("/hook", "close", 200)
    publisher.publish("evt_2", event_body())
    rows = wait_until(lambda: (r := program.json("logs")) and len(r) == 2 and r, "two rows")
    assert [(row["attempt"], row["status"], row["outcome"]) for row in rows] == [
        (1, 200, "delivered")] * 2
    assert [(request.event, request.attempt) for request in receiver.requests] == [
        ("evt_1", 1), ("evt_2", 1), ("evt_2", 1)]


def test_used_up_attempts_end_in_the_backlog(make_program, receiver, publish):
    program = make_program(
        SEALPOST_RETRY_INITIAL="50ms", SEALPOST_RETRY_MAX_ATTEMPTS="3",
        SEALPOST_DELAY_UNIT="100ms")
    program.add_webhook(receiver.url("/hook"), "*")
    receiver.answers("/hook", 500)
    program.start()
    publish(program).publish("evt_1", event_body())
    rows = wait_until(lambda: program.json("dead", "list"), "the dead delivery")
    assert [(row["state"], row["attempt"], row["reason"]) for row in rows] == [
        ("exhausted", 3, "http_500")]
    assert len(receiver.requests) == 3
    assert program.run("dead", "drop", rows[0]["id"])[0] == 0
    assert program.json("dead", "list") == []


def test_what_an_event_brought_goes_out_with_its_retries(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="50ms", SEALPOST_DELAY_UNIT="100ms")
    program.add_webhook(receiver.url("/hook"), "*")
    receiver.answers("/hook", 500, 200)
    program.start()
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    publish(program).publish("evt_1", event_body(), headers={"traceparent": trace})
    wait_until(lambda: len(receiver.requests) == 2, "two attempts")
    assert [request.headers["traceparent"] for request in receiver.requests] == [trace, trace]
    assert len({request.digest for request in receiver.requests}) == 1


def test_what_a_lane_gave_back_goes_on_where_the_log_says(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="1h", SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "*")
    receiver.script("/hook", lambda request: 500 if request.event == "evt_failed" else 200)
    program.start()
    publisher = publish(program)
    publisher.publish("evt_failed", event_body())
    wait_until(lambda: len(program.json("logs")) == 1, "the row of the attempt")

    # Given back by a lane that had sent nothing of it (3), or whose rows may be on their way still (4).
    start = time.time()
    for copy in [3, 4]:
        publisher.publish("evt_failed", event_body(), headers={"sealpost-copy": copy})
        publisher.publish(f"evt_{copy}", event_body(), headers={"sealpost-copy": copy})
    came = wait_until(lambda: (r := receiver.requests[1:]) and len(r) == 2 and r, "both deliveries")
    assert [request.event for request in came] == ["evt_3", "evt_4"], "what has a row is not sent again"
    assert came[0].time - start < 2 <= came[1].time - start, "a row of it would be there by then"
    # Whoever gave it back does not go on with it.
    levels = [f"{program.namespace}.v1.delay.{level}" for level in range(18)]
    wait_until(lambda: sum(program.broker.depth(level)[0] for level in levels) == 3,
               "the retry, and that of each copy")


def test_retries_of_another_format_wait_and_forged_ones_are_set_aside(make_program, receiver):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    channel = program.broker.connect().channel()
    good = {"sealpost-format": 1, "sealpost-event-id": "evt_1", "sealpost-account": "default",
            "sealpost-webhook": webhook, "sealpost-run": 0, "sealpost-attempt": "3"}
    for headers in ({**good, "sealpost-format": 2}, {}, {**good, "sealpost-attempt": -1},
                    {**good, "sealpost-event-id": "a.b"}, {**good, "sealpost-run": "many"}, good):
        channel.basic_publish("", f"{program.namespace}.retries", event_body(),
                              pika.BasicProperties(headers=headers, delivery_mode=2))
    wait_until(lambda: receiver.requests, "the good one")
    assert receiver.requests[0].attempt == 3
    rows = wait_until(lambda: len(r := program.json("rejected", "list")) == 4 and r, "four rejected")
    assert {row["reason"] for row in rows} == {"bad_retry_headers"}
    waiting = [row["messages"] for row in program.json("queues") if ".delay." in row["queue"]]
    assert sum(waiting) == 1


def test_a_retry_of_a_newer_directory_makes_the_worker_catch_up(make_program, receiver):
    program = make_program()
    program.start()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    channel = program.broker.connect().channel()
    channel.basic_publish(
        "", f"{program.namespace}.retries", event_body(),
        pika.BasicProperties(delivery_mode=2, headers={
            "sealpost-format": 1, "sealpost-event-id": "evt_1", "sealpost-account": "default",
            "sealpost-webhook": webhook, "sealpost-run": 0, "sealpost-attempt": 2,
            "sealpost-revision": 1}))
    wait_until(lambda: receiver.requests, "the delivery")
    assert program.json("rejected", "list") == []
