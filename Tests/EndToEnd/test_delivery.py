"""Every event reaches every webhook that asked for it, as it was published, signed so that others agree."""

import base64
import collections
import hashlib
import hmac

import standardwebhooks

from harness.publisher import event_body
from harness.waiting import wait_until

EVENTS = 10_000
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()


def test_ten_thousand_events_arrive_once_unchanged_and_verifiable(make_program, receiver, publish):
    program = make_program()
    for account in ("acme", "globex"):
        for path, pattern, scheme in (
                ("exact", "license.created", "hmac-sha256"), ("prefix", "license.*", "standard"),
                ("all", "*", "hmac-sha256")):
            program.add_webhook(
                receiver.url(f"/{account}/{path}"), pattern, account=account, scheme=scheme,
                token=SECRET if scheme == "standard" else f"token of {account}")
    program.start()
    names = ("license.created", "license.renewed", "user.created")
    wanted = {"license.created": ("exact", "prefix", "all"), "license.renewed": ("prefix", "all"),
              "user.created": ("all",)}
    published, expected = {}, set()
    for number in range(EVENTS):
        account, name = ("acme", "globex")[number % 2], names[number % 3]
        event, body = f"evt_{number}", event_body(name, number=number)
        publish(program).publish(event, body, name=name, account=account)
        published[event] = hashlib.sha256(body).hexdigest()
        expected |= {(f"/{account}/{path}", event) for path in wanted[name]}

    wait_until(lambda: len(receiver.requests) >= len(expected), "all deliveries", timeout=120)
    wait_until(lambda: program.broker.depth(program.queue) == (0, 2), "an empty queue")
    assert program.stop() == 0
    arrived = collections.Counter((request.path, request.event) for request in receiver.requests)
    assert set(arrived) == expected
    assert set(arrived.values()) == {1}
    standard = standardwebhooks.Webhook(SECRET)
    for request in receiver.requests:
        assert request.digest == published[request.event]
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        if request.path.endswith("/prefix"):
            standard.verify(request.body, request.headers)
        else:
            token = f"token of {request.path.split('/')[1]}".encode()
            digest = hmac.new(token, request.body, hashlib.sha256).digest()
            assert request.headers["webhook-signature"] == base64.b64encode(digest).decode()


def test_an_inactive_webhook_parks_and_a_requeue_delivers(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    assert program.run("webhooks", "edit", webhook, "--active", "false")[0] == 0
    program.start()
    publish(program).publish("evt_parked", event_body())
    rows = wait_until(lambda: program.json("dead", "list"), "the parked delivery")
    assert [(row["eventId"], row["state"], row["reason"]) for row in rows] == [
        ("evt_parked", "parked", "webhook_inactive")]
    assert receiver.requests == []
    assert program.run("webhooks", "edit", webhook, "--active", "true")[0] == 0
    assert program.run("dead", "requeue", rows[0]["id"])[0] == 0
    wait_until(lambda: receiver.requests, "the delivery")
    assert program.json("dead", "list") == []


def test_a_resend_is_a_new_run_of_the_same_event(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    publish(program).publish("evt_again", event_body())
    rows = wait_until(lambda: program.json("logs"), "the first delivery")
    assert program.run("resend", rows[0]["id"])[0] == 0
    wait_until(lambda: len(receiver.requests) == 2, "the second delivery")
    first, second = receiver.requests
    assert (first.event, first.digest) == (second.event, second.digest)
    rows = wait_until(lambda: (r := program.json("logs")) and len(r) == 2 and r, "its row")
    assert [(row["run"], row["trigger"]) for row in rows] == [(1, "manual"), (0, "event")]


def test_a_deleted_webhooks_retry_is_discarded(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="3s", SEALPOST_RETRY_JITTER="0")
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    receiver.answers("/hook", 500)
    program.start()
    publish(program).publish("evt_gone", event_body())
    wait_until(lambda: program.json("logs"), "the first attempt")
    assert program.run("webhooks", "remove", webhook)[0] == 0
    wait_until(lambda: [row["outcome"] for row in program.json("logs")] == ["discarded", "retry"],
               "the discarded row")
    assert len(receiver.requests) == 1


def test_410_and_private_addresses_end_a_delivery(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/gone"), "license.created")
    receiver.answers("/gone", 410)
    program.add_webhook(receiver.url("/blocked").replace("127.0.0.1", "localhost"), "user.created")
    program.environment["SEALPOST_EGRESS_ALLOW"] = ""
    program.start()
    publish(program).publish("evt_blocked", event_body("user.created"), name="user.created")
    wait_until(lambda: [row["reason"] for row in program.json("logs")] == ["blocked_address"],
               "the blocked delivery")
    assert receiver.connections == 0
    assert program.stop() == 0
    program.environment["SEALPOST_EGRESS_ALLOW"] = "127.0.0.0/8"
    program.start()
    publish(program).publish("evt_gone", event_body())
    wait_until(lambda: program.json("logs")[0]["outcome"] == "gone", "the 410")


def test_bodies_over_the_budget_are_taken_in_turn(make_program, receiver, publish):
    program = make_program(SEALPOST_BODY_BUDGET="1MiB", SEALPOST_LANES="1")
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    published = {}
    for number in range(60):
        body = event_body(padding="x" * 200_000, number=number)
        published[f"evt_{number}"] = hashlib.sha256(body).hexdigest()
        publish(program).publish(f"evt_{number}", body)
    wait_until(lambda: len(receiver.requests) >= 60, "all deliveries")
    assert {request.event: request.digest for request in receiver.requests} == published
    assert len(receiver.requests) == 60


def test_headers_that_fill_a_frame_stop_nobody(make_program, publish, receiver):
    """RabbitMQ takes 128 KiB of headers from a publisher, and adds more on the way to us and round the ladder."""
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_JITTER="0")
    program.add_webhook(receiver.url("/hook"), "*", account="acme")
    receiver.answers("/hook", 500, 200)
    program.start()
    publisher = publish(program)
    padding = {"pad": "x" * 131_000}
    publisher.publish("evt_large", event_body(), account="acme", headers=padding)
    publisher.publish("evt_bad", b"no event", account="acme", headers=padding)
    publisher.publish("evt_small", event_body(), account="acme")
    wait_until(
        lambda: {(request.event, request.attempt) for request in receiver.requests} == {
            ("evt_large", 1), ("evt_large", 2), ("evt_small", 1), ("evt_small", 2)}, "both attempts of both")
    wait_until(lambda: len(program.json("rejected", "list")) == 1, "the rejected message")
    assert "connecting again" not in program.log
