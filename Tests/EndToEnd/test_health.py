"""What owners are told about their webhooks, and what follows from it."""

import json

from harness.waiting import free_port, wait_until
from test_backlog import publish_all


def status(program, webhook):
    return next(row["status"] for row in program.json("webhooks", "list") if row["id"] == webhook)


def notices(receiver, path="/notices"):
    return [(r.headers["webhook-event"], json.loads(r.body)["data"]["webhook"]["id"])
            for r in receiver.at(path)]


def test_a_webhook_that_fails_is_unhealthy_until_a_delivery_succeeds(
        make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1")
    failing = program.add_webhook(receiver.url("/fails?secret=1"), "license.*", name="crm")
    told = program.add_webhook(receiver.url("/notices"), "webhook.*")
    program.add_webhook(receiver.url("/all"), "*")
    receiver.answers("/fails?secret=1", 500, 500, 500, 200)
    program.start()
    publish_all(publish, program, ["a", "b"])
    wait_until(lambda: notices(receiver), "the first notice")
    assert notices(receiver) == [("webhook.unhealthy", failing)]
    assert status(program, failing) == "unhealthy"
    body = json.loads(receiver.at("/notices")[0].body)
    assert body["data"]["webhook"] == {
        "id": failing, "name": "crm", "url": receiver.url("/fails")}
    assert "500" in body["data"]["reason"]
    # The window closed after five failures, so the next probe comes after five seconds.
    wait_until(lambda: len(notices(receiver)) == 2, "the second notice", timeout=60)
    assert notices(receiver)[1] == ("webhook.recovered", failing)
    assert status(program, failing) == "healthy" and status(program, told) == "healthy"
    assert {r.headers["webhook-event"] for r in receiver.at("/all")} == {"license.created"}


def test_a_receiver_that_is_gone_switches_its_webhook_off(make_program, receiver, publish):
    program = make_program()
    gone = program.add_webhook(receiver.url("/gone"), "*")
    program.add_webhook(receiver.url("/notices"), "webhook.gone")
    receiver.script("/gone", lambda _: 410)
    program.start()
    publish_all(publish, program, ["a"])
    wait_until(lambda: notices(receiver) == [("webhook.gone", gone)], "the notice")
    assert status(program, gone) == "inactive"
    wait_until(lambda: publish_all(publish, program, ["b"]) or program.json("dead", "list"),
               "deliveries to be parked")
    assert program.json("dead", "list")[0]["reason"] == "webhook_inactive"


def test_a_suspended_webhook_parks_and_comes_back_when_its_owner_says_so(
        make_program, receiver, publish):
    program = make_program(
        SEALPOST_SUSPEND_AFTER="3", SEALPOST_SUSPEND_SPAN="1ms", SEALPOST_RETRY_INITIAL="1s",
        SEALPOST_RETRY_FACTOR="1")
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    receiver.script("/hook", lambda _: 503)
    program.start()
    publish_all(publish, program, ["a"])
    wait_until(lambda: status(program, webhook) == "suspended", "the suspension")
    wait_until(lambda: program.json("dead", "list"), "the delivery to be parked")
    assert program.json("dead", "list")[0]["reason"] == "webhook_suspended"
    receiver.script("/hook", lambda _: 200)
    # Sending it again by hand is a way back.
    assert program.run("dead", "requeue", "--all")[0] == 0
    wait_until(lambda: status(program, webhook) == "healthy", "the recovery")
    # The worker knows of it within two seconds.
    wait_until(lambda: publish_all(publish, program, ["b"])
               or any(r.event == "b" for r in receiver.requests), "the next delivery")


def test_notices_never_amplify(make_program, receiver, publish, tap):
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1",
                           SEALPOST_RETRY_MAX_ATTEMPTS="4")
    # Ten that take everything and one that takes all notices, all on an address where nobody listens.
    for number in range(10):
        program.add_webhook(dead_url(), "*", name=f"w{number}")
    program.add_webhook(dead_url(), "webhook.*,delivery.*")
    program.start()
    told = tap(f"{program.namespace}.notices")
    publish_all(publish, program, [f"evt_{number}" for number in range(20)])
    seen = []

    def all_unhealthy():
        seen.extend(told())
        rows = program.json("webhooks", "list")
        return sum(row["status"] == "unhealthy" for row in rows) == 10

    wait_until(all_unhealthy, "ten unhealthy webhooks", timeout=60, interval=0.5)
    # What follows of it: no more than one notice of a kind for each webhook, whatever fails.
    wait_until(lambda: seen.extend(told()) or len(seen) >= 10, "the notices")
    kinds = [(method.routing_key, properties.headers["about"]) for method, properties, _ in seen]
    assert len(kinds) == len(set(kinds)), "one of a kind for each webhook"
    assert {kind for kind, _ in kinds} <= {"webhook.unhealthy", "delivery.exhausted"}
    assert len([kind for kind, _ in kinds if kind == "webhook.unhealthy"]) == 10
    names = {row["id"]: row["name"] for row in program.json("webhooks", "list")}
    assert {names[about] for kind, about in kinds} <= {f"w{number}" for number in range(10)}


def dead_url():
    """A port of loopback on which nobody listens."""
    return f"http://127.0.0.1:{free_port()}/"
