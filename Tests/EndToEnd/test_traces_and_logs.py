"""What ties deliveries to what others see: traces, and the program's own log."""

import datetime
import json

from harness.publisher import event_body
from harness.waiting import wait_until

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def traces(receiver, path):
    return [request.headers.get("traceparent") for request in receiver.at(path)]


def test_a_trace_goes_with_every_attempt_resend_and_notice(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1",
                           SEALPOST_RETRY_JITTER="0", SEALPOST_RETRY_MAX_ATTEMPTS="2")
    program.add_webhook(receiver.url("/hook"), "license.*")
    program.add_webhook(receiver.url("/notices"), "delivery.exhausted")
    receiver.answers("/hook", 500)
    program.start()
    publish(program).publish("traced", event_body(), headers={"traceparent": TRACE})
    wait_until(lambda: receiver.at("/notices"), "the notice")
    assert traces(receiver, "/hook") == [TRACE, TRACE]
    assert traces(receiver, "/notices") == [TRACE]
    receiver.script("/hook", lambda _: 200)
    log = program.json("logs", "--outcome", "exhausted")[0]["id"]
    assert program.run("resend", log)[0] == 0
    wait_until(lambda: len(receiver.at("/hook")) == 3, "the resend")
    # What waited in the backlog still knows it.
    assert program.run("dead", "requeue", "--all")[0] == 0
    wait_until(lambda: len(receiver.at("/hook")) == 4, "what comes out of the backlog")
    assert traces(receiver, "/hook") == [TRACE] * 4


def test_what_is_no_trace_is_not_passed_on(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    for number, text in enumerate(["", "00-xyz", TRACE + "\r\nX: y", 7]):
        publish(program).publish(f"evt-{number}", event_body(), headers={"traceparent": text})
    wait_until(lambda: len(receiver.at("/hook")) == 4, "the deliveries")
    assert traces(receiver, "/hook") == [None] * 4


def test_the_log_is_json_where_it_is_asked_for(make_program, receiver, publish):
    program = make_program(SEALPOST_LOG_FORMAT="json")
    program.start()
    publish(program).publish("bad", b"{")
    wait_until(lambda: "messages were rejected" in program.log, "the warning")
    program.stop()
    lines = [json.loads(line) for line in program.log.splitlines()]
    assert all(line.keys() == {"time", "level", "message", "fields"} for line in lines)
    for line in lines:
        datetime.datetime.fromisoformat(line["time"])
    rejected = next(line for line in lines if line["message"].startswith("messages were rejected"))
    assert rejected["level"] == "warning"
    assert rejected["fields"]["count"] == "1" and rejected["fields"]["last"] == "not_json"
    assert {"message": "consuming", "level": "info"}.items() <= next(
        line for line in lines if line["message"] == "consuming").items()


def test_what_is_less_than_the_level_is_not_logged(make_program):
    program = make_program(SEALPOST_LOG_LEVEL="warning")
    program.start_api()
    program.stop()
    assert program.log == ""


def test_a_format_or_level_that_there_is_not_ends_the_program_with_the_setting(make_program):
    program = make_program()
    for name, expected in [("SEALPOST_LOG_FORMAT", "text or json"), ("SEALPOST_LOG_LEVEL", "debug")]:
        code, _, errors = program.run("serve", **{name: "xml"})
        assert code == 78 and name in errors and expected in errors and "xml" in errors
