"""What fails comes again when it is said to, and the log says why."""

import datetime

from harness.publisher import event_body
from harness.waiting import wait_until


def seconds(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_each_kind_of_failure_is_retried_on_time_and_explained(make_program, receiver, publish):
    program = make_program(
        SEALPOST_RETRY_INITIAL="2s", SEALPOST_RETRY_FACTOR="1.5", SEALPOST_DELIVERY_TIMEOUT="1s")
    program.add_webhook(receiver.url("/hook"), "*")
    receiver.answers("/hook", 500, (503, {"Retry-After": "3"}), "reset", "silence", "close", 200)
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
