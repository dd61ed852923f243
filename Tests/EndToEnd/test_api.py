"""The API from outside: what Cryptlex's own client sees, and what a request can do wrong."""

import asyncio
import http.client
import json
import sqlite3
import time

from cryptlex_web_api_client import AuthenticatedClient
from cryptlex_web_api_client.api.webhooks import (
    deletev3webhooksid, getv3webhooks, getv3webhooksevents, getv3webhooksid, patchv3webhooksid,
    postv3webhooks)
from cryptlex_web_api_client.models.postv_3_webhooks_json_body import Postv3WebhooksJsonBody
from cryptlex_web_api_client.models.webhook_request_model import WebhookRequestModel
from standardwebhooks import Webhook, WebhookVerificationError

from harness.publisher import event_body
from harness.waiting import wait_until

EVENT = {"event": "license.created", "data": {"key": "D08B53"}, "triggeredAt": "2026-01-31T12:00:00Z"}
WEBHOOK = {"name": "crm", "url": "https://crm.example.com/hook", "events": ["license.*"]}


def test_the_python_client_of_cryptlex_works(make_program):
    program = make_program()
    program.start_api()
    client = AuthenticatedClient(
        base_url=f"http://127.0.0.1:{program.port}", token=program.api(account="acme").token)
    body = Postv3WebhooksJsonBody(
        name="crm", url="https://crm.example.com/hook", token="s3cret", active=True,
        events=["license.created", "user.deleted"])
    created = postv3webhooks.sync(client=client, json_body=body)
    assert (created.name, created.token, created.active) == ("crm", "s3cret", True)
    listed = getv3webhooks.sync(client=client, page=1, limit=10, sort="-createdAt", query="crm")
    assert [webhook.id for webhook in listed] == [created.id]
    assert getv3webhooks.sync(client=client, query="nobody") == []
    read = getv3webhooksid.sync(created.id, client=client)
    assert read.events == ["license.created", "user.deleted"] and not read.token
    assert read.created_at == created.created_at
    patched = patchv3webhooksid.sync(
        created.id, client=client, json_body=WebhookRequestModel(name="other", active=False))
    assert (patched.name, patched.active, patched.url) == ("other", False, body.url)
    groups = getv3webhooksevents.sync(client=client)
    assert "license.created" in groups["license"] and "user.deleted" in groups["user"]
    assert deletev3webhooksid.sync_detailed(created.id, client=client).status_code == 204
    gone = getv3webhooksid.sync_detailed(created.id, client=client)
    assert gone.status_code == 404 and created.id in gone.parsed.message
    wrong = postv3webhooks.sync_detailed(client=client, json_body=Postv3WebhooksJsonBody(name="x"))
    assert wrong.status_code == 400 and wrong.parsed.code and "url" in wrong.parsed.message


def test_what_is_wrong_is_told_field_by_field(make_program):
    program = make_program()
    program.start_api()
    api = program.api()

    def faults(body, method="POST", path="/v3/webhooks"):
        answer = api.call(method, path, body)
        assert answer.status == 400, answer
        return {fault["field"]: fault["message"] for fault in answer.json.get("fields", [])}

    assert set(faults({})) == {"name", "url", "events"}
    assert set(faults({**WEBHOOK, "url": "ftp://x", "scheme": "md5", "events": ["a..b"]})) == {
        "url", "scheme", "events"}
    assert "SEALPOST_EGRESS_ALLOW" in faults({**WEBHOOK, "url": "http://10.0.0.1/"})["url"]
    assert "headers" in faults({**WEBHOOK, "headers": {"Host": "x"}})
    assert "headers" in faults({**WEBHOOK, "headers": {"X-Fine": "a\r\nb: c"}})
    assert "token" in faults({**WEBHOOK, "scheme": "standard", "token": "short"})
    assert "retry" in faults({**WEBHOOK, "retry": {"maximumAttempts": 1000}})
    for timeout in (0, 0.5, 15.5, -1):
        assert "1 to 15 seconds" in faults({**WEBHOOK, "timeout": timeout})["timeout"]
    assert "number" in faults({**WEBHOOK, "timeout": "5"})["timeout"]
    assert faults({**WEBHOOK, "retry": {"attempts": 3}}) == {
        "retry.attempts": "There is no such field here: leave it out."}
    assert "string" in faults({**WEBHOOK, "name": 5})["name"]
    for body in (b"", b"{", b"[]", b'{"name": "\xff"}'):
        assert faults(body) == {}
    for query in ("?limit=0", "?limit=101", "?page=1000&limit=100", "?sort=secret", "?limit=1&limit=2",
                  "?nothing=1", "?query=%ff"):
        assert api.get(f"/v3/webhooks{query}").status == 400, query
    for query in ("status[eq]=x", "sentAt[gt]=yesterday", "outcome[eq]=fine", "reason[eq]=nope",
                  "status[gt]=500&status[lt]=400", "sort=sentAt", "page=2&after=7", "after=-1"):
        answer = api.get(f"/v3/webhook-event-logs?{query}")
        assert answer.status == 400 and answer.json["code"], query
    other = api.call("PUT", "/v3/webhooks", {})
    assert other.status == 405 and other.headers["Allow"] == "GET, POST"
    assert api.get("/v3/nothing").json["code"] == "no_such_path"


def test_bodies_are_counted_as_they_are_read(make_program):
    program = make_program()
    program.start_api()
    api = program.api()
    assert api.post("/v3/webhooks", b"[" * (257 << 10)).status == 413
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=30)
    try:
        connection.request(
            "POST", "/v3/webhooks", iter([b" " * 8192] * 40), encode_chunked=True,
            headers={"Authorization": f"Bearer {api.token}", "Transfer-Encoding": "chunked"})
        answer = connection.getresponse()
        assert answer.status == 413 and json.loads(answer.read())["code"] == "body_too_large"
    finally:
        connection.close()
    assert api.get("/v3/webhooks").status == 200


def test_requests_and_webhooks_have_limits(make_program):
    program = make_program(SEALPOST_API_RATE="6", SEALPOST_QUOTA_WEBHOOKS="1", SEALPOST_QUOTA_EVENTS="2")
    program.start_api()
    api, other = program.api(account="a"), program.api(account="b")
    assert api.post("/v3/webhooks", WEBHOOK).status == 201
    assert api.post("/v3/webhooks", WEBHOOK).json["code"] == "quota_reached"
    wait_until(lambda: time.time() % 60 < 50, "a minute that is not about to end", timeout=20)
    answers = [api.get("/v3/webhooks") for _ in range(7)]
    assert answers[-1].status == 429 and answers[-1].json["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert answers[-1].headers["X-Rate-Limit-Limit"] == "6"
    assert answers[-1].headers["X-Rate-Limit-Remaining"] == "0"
    assert int(answers[-1].headers["X-Rate-Limit-Reset"]) > time.time()
    assert other.get("/v3/webhooks").status == 200, "each token has a limit of its own"
    wait_until(
        lambda: [other.post("/v3/events", [EVENT, EVENT]).status for _ in range(2)][1] == 429,
        "more events a second than an account may publish", timeout=5)


def test_a_repeated_request_is_carried_out_once(make_program, receiver):
    program = make_program()
    program.start()
    api = program.api()
    body = {**WEBHOOK, "url": receiver.url("/hook")}
    first = api.post("/v3/webhooks", body, **{"Idempotency-Key": "one"})
    again = api.post("/v3/webhooks", body, **{"Idempotency-Key": "one"})
    assert first.status == again.status == 201 and first.body == again.body
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.get("/v3/webhooks").json) == 1
    other = api.post("/v3/webhooks", {**body, "name": "x"}, **{"Idempotency-Key": "one"})
    assert other.status == 409 and other.json["code"] == "idempotency_key_reused"
    wrong = api.post("/v3/webhooks", {}, **{"Idempotency-Key": "two"})
    assert wrong.status == 400
    assert api.post("/v3/webhooks", {}, **{"Idempotency-Key": "two"}).status == 400, "it is free again"
    with sqlite3.connect(program.folder / "sealpost.sqlite") as store:
        kept = store.execute("SELECT body FROM idempotency WHERE key = 'one'").fetchone()[0]
    assert first.json["token"].encode() not in kept, "tokens are sealed wherever they are kept"
    send_test(program, receiver, first.json["id"])
    events = [api.post("/v3/events", EVENT, **{"Idempotency-Key": "three"}) for _ in range(3)]
    assert len({answer.json[0]["id"] for answer in events}) == 1
    late = api.post("/v3/events", {**EVENT, "id": "evt_last"})
    wait_until(lambda: any(r.event == "evt_last" for r in receiver.requests), "the last event")
    assert late.status == 202
    assert [r.event for r in receiver.requests].count(events[0].json[0]["id"]) == 1


def send_test(program, receiver, webhook, event="license.created"):
    """Sends a test and waits for it: from then on workers know the webhook."""
    sent = program.api().post(f"/v3/webhooks/{webhook}/test", {"event": event})
    assert sent.status == 202, sent
    return wait_until(
        lambda: next((r for r in receiver.requests if r.event == sent.json["id"]), None), "the test")


def test_events_come_in_byte_for_byte_and_all_or_none(make_program, receiver):
    program = make_program(SEALPOST_QUOTA_EVENTS="100000")
    program.start()
    api = program.api(account="acme")
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json
    assert webhook["account"] == "acme"
    send_test(program, receiver, webhook["id"])
    bodies = [
        b'{"event":"license.created","data":{"n":12345678901234567890.10, "t":"],[{"},"triggeredAt":'
        b'"2026-01-31T12:00:00Z","id":"evt_%d" , "z":"\\u00fc \xc3\xbc"}' % number
        for number in range(1000)]
    answer = api.call("POST", "/v3/events", b" [ " + b" ,\n".join(bodies) + b"\n]")
    assert answer.status == 202 and [e["id"] for e in answer.json] == [f"evt_{n}" for n in range(1000)]
    wait_until(lambda: len(receiver.at("/hook")) >= 1001, "all deliveries")
    received = {r.event: r.body for r in receiver.at("/hook")}
    assert all(received[f"evt_{number}"] == body for number, body in enumerate(bodies))
    count = len(receiver.requests)
    bad = [json.dumps({**EVENT, "id": "evt_never"}).encode(), b'{"event":"license.created"}']
    wrong = api.call("POST", "/v3/events", b"[" + b",".join(bad) + b"]")
    assert wrong.status == 400 and wrong.json["fields"][0]["field"] == "events[1]"
    for body in (b"[]", b"[1]", b"{}", b"[{]", b'{"a":1,"a":2}', b"[" + b",".join(bodies[:1] * 1001) + b"]",
                 json.dumps({**EVENT, "event": "webhook.gone"}).encode(),
                 json.dumps({**EVENT, "id": "a.b"}).encode()):
        assert api.call("POST", "/v3/events", body).status == 400, body[:40]
    assert api.post("/v3/events", {**EVENT, "id": "evt_end"}).status == 202
    wait_until(lambda: any(r.event == "evt_end" for r in receiver.requests), "the last event")
    assert len(receiver.requests) == count + 1, "nothing of a refused call was published"


def test_202_comes_only_from_the_broker(make_program):
    program = make_program(SEALPOST_AMQP_URL="amqp://guest:guest@127.0.0.1:1/")
    program.start_api()
    answer = program.api().post("/v3/events", EVENT)
    assert answer.status == 503 and answer.json["code"] == "broker_unavailable"
    # Nothing is bound to this exchange before a worker ran once.
    program = make_program(SEALPOST_EVENTS_EXCHANGE="amq.topic")
    program.start_api()
    assert program.api().post("/v3/events", EVENT).status == 503


def test_a_rotated_token_signs_beside_its_predecessor_until_the_overlap_is_over(
        make_program, receiver):
    program = make_program()
    program.start()
    api = program.api()
    webhook = api.post(
        "/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook"), "scheme": "standard"}).json
    path = f"/v3/webhooks/{webhook['id']}"

    def holds(request, token):
        headers = {name: request.headers[name] for name in (
            "webhook-id", "webhook-signature", "webhook-timestamp")}
        try:
            Webhook(token).verify(request.body, headers)
            return True
        except WebhookVerificationError:
            return False

    assert holds(send_test(program, receiver, webhook["id"]), webhook["token"])
    rotated = api.post(f"{path}/rotate-token", {"overlapSeconds": 604800}).json
    assert rotated["token"] != webhook["token"]
    request = send_test(program, receiver, webhook["id"], "user.created")
    assert holds(request, rotated["token"]) and holds(request, webhook["token"])
    last = api.post(f"{path}/rotate-token", {"overlapSeconds": 1}).json

    def is_over():
        request = send_test(program, receiver, webhook["id"])
        return holds(request, last["token"]) and not holds(request, rotated["token"])

    wait_until(is_over, "the overlap to end", interval=0.3)
    assert api.get(path, include="token").json["token"] == last["token"]
    assert "token" not in api.get(path).json
    actions = [entry["action"] for entry in api.get("/v3/audit").json]
    assert actions.count("webhook.read_token") == 1 and actions.count("webhook.rotate_token") == 2


def test_a_replay_survives_the_worker_and_sends_each_delivery_once(
        make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_MAX_ATTEMPTS="1")
    program.start()
    api = program.api()
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    send_test(program, receiver, webhook)
    broken = True
    # Two of five fail, so that the window stays open.
    events = {f"evt_{number}" for number in range(300) if number % 5 < 2}
    receiver.script("/hook", lambda request: 400 if broken and request.event in events else 200)
    for number in range(300):
        publish(program).publish(
            f"evt_{number}", event_body("license.created"), name="license.created")
    dead = "/v3/dead-deliveries?limit=100"

    def count_dead():
        first = api.get(dead).json
        return len(first) + len(api.get(f"{dead}&after={first[-1]['id']}").json if first else [])

    wait_until(lambda: count_dead() == 120, "all of them to be given up", interval=0.3, timeout=90)
    broken = False
    since = {"since": "2026-01-01T00:00:00Z", "outcome": "exhausted"}
    path = f"/v3/webhooks/{webhook}/replays"
    assert api.post(path, {**since, "dryRun": True}).json == {"count": 120, "atLeast": False}
    assert count_dead() == 120
    before = len(receiver.requests)
    replay = api.post(path, {**since, "rate": 20}).json
    assert replay["state"] == "running" and replay["expected"] == 120

    def queued():
        return api.get(f"{path}/{replay['id']}").json

    wait_until(lambda: 0 < queued()["queued"], "the replay to begin")
    program.kill()
    program.start()
    wait_until(lambda: queued()["state"] == "done", "the replay to end", timeout=60)
    assert queued()["queued"] == 120
    wait_until(
        lambda: {r.event for r in receiver.requests[before:]} >= events, "all deliveries", timeout=90)
    assert count_dead() == 0
    # What was in flight when the worker died may come twice.
    assert len(receiver.requests) - before <= 120 + 64


def test_a_webhook_may_have_a_shorter_time_out_of_its_own(make_program, receiver):
    # One lane, so that requests of both go through the same handles.
    program = make_program(
        SEALPOST_LANES="1", SEALPOST_DELIVERY_TIMEOUT="10s", SEALPOST_RETRY_MAX_ATTEMPTS="1")
    program.start()
    api = program.api()

    async def late(reader, writer):
        await asyncio.sleep(2)
        writer.write(b"HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n")
        return True

    receiver.script("/hook", lambda _: late)
    body = {**WEBHOOK, "url": receiver.url("/hook")}
    hasty = api.post("/v3/webhooks", {**body, "timeout": 1}).json
    patient = api.post("/v3/webhooks", body).json
    assert hasty["timeout"] == 1 and "timeout" not in patient

    def ends(webhook):
        sent = api.post(f"/v3/webhooks/{webhook['id']}/test", {"event": "license.created"}).json["id"]
        row = wait_until(
            lambda: api.get("/v3/webhook-event-logs", **{"eventId[eq]": sent}).json, "its row")[0]
        return row["outcome"], row.get("reason"), row["timings"]["totalMicroseconds"] / 1e6

    for _ in range(2):
        outcome, reason, seconds = ends(hasty)
        assert (outcome, reason) == ("exhausted", "response_timeout") and 0.9 < seconds < 2
        assert ends(patient)[:2] == ("delivered", None)
    path = f"/v3/webhooks/{hasty['id']}"
    assert "timeout" not in api.call("PATCH", path, {"timeout": None}).json
    assert ends(hasty)[:2] == ("delivered", None)
    assert program.run("webhooks", "edit", hasty["id"], "--timeout", "2.5")[0] == 0
    assert api.get(path).json["timeout"] == 2.5
    assert api.call("PATCH", path, {"name": "other"}).json["timeout"] == 2.5
    code, _, errors = program.run("webhooks", "edit", hasty["id"], "--timeout", "11")
    assert code == 64 and "1 to 10 seconds" in errors
    assert program.run("webhooks", "edit", hasty["id"], "--timeout", "0")[0] == 0
    assert "timeout" not in api.get(path).json


def test_the_log_tells_a_test_a_resend_and_a_replay_apart(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_JITTER="0")
    program.start()
    api = program.api()
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    tested = send_test(program, receiver, webhook).event
    publish(program).publish("evt_1", event_body("license.created"), name="license.created")
    log = "/v3/webhook-event-logs"

    def rows(**query):
        return {(row["eventId"], row["run"], row["attempt"], row["trigger"])
                for row in api.get(log, **query).json}

    wait_until(lambda: rows() == {(tested, 1, 1, "test"), ("evt_1", 0, 1, "event")}, "both in the log")
    entry = api.get(log, **{"eventId[eq]": "evt_1"}).json[0]
    assert api.post(f"{log}/{entry['id']}/resend").status == 202
    wait_until(lambda: rows(**{"trigger[eq]": "manual"}) == {("evt_1", 1, 1, "manual")}, "the resend")
    # Its first attempt fails: the second one is a retry, as ever.
    receiver.answers("/hook", 500, 200)
    replay = {"since": "2026-01-01T00:00:00Z", "event": "license.created"}
    assert api.post(f"/v3/webhooks/{webhook}/replays", replay).status == 202
    wait_until(lambda: {("evt_1", 2, 1, "replay"), ("evt_1", 2, 2, "retry")} <= rows(), "the replay")
    wait_until(lambda: rows(**{"trigger[eq]": "replay"}) == {
        ("evt_1", 2, 1, "replay"), (tested, 2, 1, "replay")}, "the replay of the test")
    assert rows(**{"trigger[eq]": "test"}) == {(tested, 1, 1, "test")}


def test_what_was_parked_goes_out_when_its_webhook_is_back(make_program, receiver, publish):
    program = make_program()
    program.start()
    api = program.api()
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    send_test(program, receiver, webhook)
    assert api.call("PATCH", f"/v3/webhooks/{webhook}", {"active": False}).json["status"] == "inactive"
    parked = "/v3/dead-deliveries?state=parked"
    numbers = iter(range(1000))

    def is_parked():
        publish(program).publish(
            f"evt_{next(numbers)}", event_body("license.created"), name="license.created")
        return len(api.get(parked).json) >= 5

    wait_until(is_parked, "deliveries to be parked", interval=0.2)
    published = next(numbers)
    wait_until(
        lambda: len(api.get(parked).json) + len(receiver.at("/hook")) == published + 1,
        "each delivery to be parked or sent")
    assert api.call("PATCH", f"/v3/webhooks/{webhook}", {"active": True}).status == 200
    events = {row["eventId"] for row in api.get(parked).json}
    replay = api.post(
        f"/v3/webhooks/{webhook}/replays", {"since": "2026-01-01T00:00:00Z", "outcome": "parked"})
    assert replay.status == 202
    wait_until(
        lambda: {r.event for r in receiver.requests} >= events, "what was parked", timeout=60)
    assert api.get(parked).json == []
    query = {"webhookId[eq]": webhook, "outcome[eq]": "delivered", "limit": 100}
    wait_until(
        lambda: events <= {row["eventId"] for row in api.get("/v3/webhook-event-logs", **query).json
                           if row["run"] == 1}, "their rows, as new runs")


def test_a_dead_delivery_is_read_sent_again_and_dropped(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_MAX_ATTEMPTS="1")
    program.start()
    api = program.api()
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    send_test(program, receiver, webhook)
    receiver.answers("/hook", 500, 200)
    for event in ("evt_a", "evt_b"):
        publish(program).publish(event, event_body("license.created"), name="license.created")
    rows = wait_until(
        lambda: len(rows := api.get("/v3/dead-deliveries").json) == 2 and rows, "both to be dead")
    path = f"/v3/dead-deliveries/{rows[0]['id']}"
    assert api.get(path).json == rows[0]
    assert api.post(f"{path}/requeue").status == 204
    assert api.call("DELETE", f"/v3/dead-deliveries/{rows[1]['id']}").status == 204
    wait_until(lambda: [r.event for r in receiver.at("/hook")].count(rows[0]["eventId"]) == 2, "it again")
    assert api.get("/v3/dead-deliveries").json == []
    row = api.get("/v3/webhook-event-logs", **{"outcome[eq]": "exhausted"}).json[0]
    detail = api.get(f"/v3/webhook-event-logs/{row['id']}").json
    assert json.loads(detail["requestBody"])["event"] == "license.created"
    assert detail["reason"] == "http_500" and detail["response"]["body"] == "ok"
    resent = api.post(f"/v3/webhook-event-logs/{row['id']}/resend")
    assert resent.status == 202 and resent.json["run"] >= 1
    wait_until(
        lambda: [r.event for r in receiver.at("/hook")].count(row["eventId"]) >= 2, "the resent one")


def test_rejected_messages_are_read_requeued_and_dropped(make_program, publish):
    program = make_program()
    program.start()
    api, owner = program.api(), program.api(account="default")
    publish(program).publish("evt_bad", b"not json", name="license.created")
    row = wait_until(lambda: owner.get("/v3/rejected-messages").json, "the rejected message")[0]
    path = f"/v3/rejected-messages/{row['id']}"
    assert owner.get(path).json["bytes"] == 8 and row["account"] == "default"
    assert program.api(account="other").get(path).status == 404
    assert api.post(f"{path}/requeue").status == 204
    again = wait_until(lambda: api.get("/v3/rejected-messages").json, "it to be rejected again")[0]
    assert again["id"] != row["id"]
    assert owner.call("DELETE", f"/v3/rejected-messages/{again['id']}").status == 204
    assert api.get("/v3/rejected-messages").json == []


def test_lists_go_on_by_their_link_header(make_program, receiver):
    program = make_program()
    program.start()
    api = program.api()
    webhook = api.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    send_test(program, receiver, webhook)
    api.post("/v3/events", [{**EVENT, "id": f"evt_{number}"} for number in range(9)])
    log = "/v3/webhook-event-logs?status[eq]=200&limit=4"
    wait_until(lambda: len(api.get("/v3/webhook-event-logs").json) == 10, "the log")
    found, path = [], log
    while path:
        answer = api.get(path)
        found += [row["id"] for row in answer.json]
        link = answer.headers["Link"]
        path = link and link[1:link.index(">")]
    assert len(found) == 10 and found == sorted(found, reverse=True)
    ascending = api.get("/v3/webhook-event-logs?sort=id&after=3").json
    assert [row["id"] for row in ascending] == sorted(found)[3:]


def test_a_process_without_a_worker_consumes_nothing(make_program):
    program = make_program()
    code, _, errors = program.run("serve", "--roles", "portal")
    assert code == 64 and "worker, api" in errors
    program.start_api()
    assert program.api().get("/v3/webhooks").status == 200
    assert program.broker.depth(program.queue) is None
