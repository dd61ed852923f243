"""Who may not, may not: every operation of the API with a token that does not fit."""

import csv
import io
import re
import sqlite3
import urllib.parse
import urllib.request

import pytest

from harness.publisher import event_body
from harness.waiting import wait_until
from test_api import EVENT, WEBHOOK, send_test

ALL = "webhook:read,webhook:write,event:write"
BODIES = {
    "createWebhook": WEBHOOK, "updateWebhook": {"name": "taken over"}, "publishEvents": EVENT,
    "createReplay": {"since": "2026-01-01T00:00:00Z"}, "testWebhook": {}, "rotateToken": {},
}


@pytest.fixture
def world(make_program, receiver, publish):
    """A program in which the account `mine` has one of everything."""
    program = make_program(SEALPOST_RETRY_MAX_ATTEMPTS="1", SEALPOST_API_RATE="100000")
    program.start()
    mine = program.api(account="mine")
    webhook = mine.post("/v3/webhooks", {**WEBHOOK, "url": receiver.url("/hook")}).json["id"]
    send_test(program, receiver, webhook)
    receiver.script("/hook", lambda _: 500)
    mine.post("/v3/events", {**EVENT, "id": "evt_dead"})
    dead = wait_until(lambda: mine.get("/v3/dead-deliveries").json, "a dead delivery")[0]["id"]
    publish(program).publish("evt_bad", b"no json", name="license.created", account="mine")
    rejected = wait_until(lambda: mine.get("/v3/rejected-messages").json, "a rejected message")[0]["id"]
    mine.call("PATCH", f"/v3/webhooks/{webhook}", {"active": False})
    replay = mine.post(
        f"/v3/webhooks/{webhook}/replays",
        {"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"}).json["id"]
    log = mine.get("/v3/webhook-event-logs").json[0]["id"]
    ids = {"webhooks": webhook, "webhook-event-logs": log, "dead-deliveries": dead,
           "rejected-messages": rejected}
    return program, mine, ids, replay


def operations(program):
    """Every operation of the description: its name, method, path, and scope."""
    document = program.api().get("/openapi.json").json
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = re.search(r"(\w+:\w+)", operation["description"])[1]
            yield operation["operationId"], method.upper(), path, scope


def filled(path, ids, replay):
    return path.replace("{id}", str(ids.get(path.split("/")[2], ""))).replace("{replay}", replay)


def state(mine):
    """All that the account has, as its owner sees it."""
    return [mine.get(f"/v3/{path}").json for path in (
        "webhooks", "webhook-event-logs", "dead-deliveries", "rejected-messages")]


def test_no_route_opens_for_a_token_that_does_not_fit(world):
    program, mine, ids, replay = world
    foreign = program.api(account="theirs")
    expired, revoked = program.api(account="mine"), program.api(account="mine")
    with sqlite3.connect(program.folder / "sealpost.sqlite") as store:
        store.execute(
            "UPDATE api_tokens SET expires_at = 1 WHERE id = ?", (expired.token.split("_")[1],))
    assert program.run("tokens", "revoke", revoked.token.split("_")[1])[0] == 0
    forged = program.api(account="mine")
    forged.token = forged.token[:-1] + ("0" if forged.token[-1] != "0" else "1")
    before = state(mine)
    known = list(operations(program))
    assert len(known) >= 28
    for name, method, path, scope in known:
        body = BODIES.get(name)
        there = filled(path, ids, replay)

        def call(api, path=there, **query):
            return api.call(method, path, body, query=query)  # noqa: B023, called at once

        for api in (expired, revoked, forged):
            answer = call(api)
            assert answer.status == 401 and answer.json["code"] == "bad_token", (name, answer)
        foreign.token, token = None, foreign.token
        assert call(foreign).status == 401, name
        foreign.token = token
        others = ",".join(other for other in ALL.split(",") if other != scope)
        answer = call(program.api(account="mine", scopes=others))
        assert answer.status == 403 and scope in answer.json["message"], (name, answer)
        answer = call(foreign)
        if "{" in path:
            nowhere = call(foreign, filled(path, {key: "999999" for key in ids}, "999999"))
            assert answer.status == nowhere.status == 404, (name, answer, nowhere)
            assert set(answer.json) == set(nowhere.json) == {"message", "code"}
        elif path == "/v3/queues":
            assert answer.status == 403
        elif method == "GET" and name != "listEvents":
            assert answer.json == [] or all(row["account"] == "theirs" for row in answer.json), name
            assert call(foreign, account="mine").status == 403, name
        elif name == "createWebhook":
            assert answer.json["account"] == "theirs"
            answer = foreign.post(path, {**WEBHOOK, "account": "mine"})
            assert answer.status == 403
    for query in ({"webhookId[eq]": ids["webhooks"]}, {"eventId[eq]": "evt_dead"}):
        assert foreign.get("/v3/webhook-event-logs", **query).json == []
    assert foreign.get("/v3/dead-deliveries", **{"webhookId[eq]": ids["webhooks"]}).json == []
    assert state(mine) == before, "nothing of it had an effect"


def test_an_administrator_sees_every_account_and_chooses_one(world):
    program, mine, ids, _ = world
    admin = program.api()
    assert admin.get(f"/v3/webhooks/{ids['webhooks']}").status == 200
    assert admin.get("/v3/webhooks", account="mine").json == mine.get("/v3/webhooks").json
    assert admin.get("/v3/webhooks", account="theirs").json == []
    queues = {queue["queue"]: queue for queue in admin.get("/v3/queues").json}
    assert queues[program.queue].keys() >= {"messages", "consumers", "oldestAgeSeconds"}
    assert admin.get("/v3/audit", account="mine").json[0]["account"] == "mine"


def test_tokens_are_shown_once_and_kept_as_hashes(make_program):
    program = make_program()
    program.start_api()
    api = program.api(account="acme", expires="1d")
    kept = (program.folder / "sealpost.sqlite").read_bytes()
    kept += (program.folder / "sealpost.sqlite-wal").read_bytes()
    assert api.token.encode() not in kept and api.token.split("_")[2].encode() not in kept
    listed = program.json("tokens", "list")
    assert "token" not in listed[0] and listed[0]["account"] == "acme" and listed[0]["expiresAt"]
    assert api.get("/v3/webhooks").status == 200
    assert api.token not in program.log
    for arguments in (["--scope", "all"], ["--scope", ""], ["--scope", ALL, "--expires", "soon"],
                      ["--scope", ALL, "--account", "a b"]):
        code, _, errors = program.run("tokens", "create", "--name", "x", *arguments)
        assert code == 64, (arguments, errors)
    assert program.run("tokens", "revoke", "nobody")[0] == 64
    for header in ("", "Bearer", "Basic eA==", f"Token {api.token}", f"Bearer {api.token} x"):
        answer = type(api)(program.port, None).call("GET", "/v3/webhooks", Authorization=header)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"] == "Bearer", header


def signed_in(program, token):
    """A browser of a kind, with a session of the portal."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    form = urllib.parse.urlencode({"token": token}).encode()
    with browser.open(f"http://127.0.0.1:{program.port}/sign-in", form) as answer:
        assert answer.url.endswith("/webhooks")
    return browser


HOSTILE = "<script>alert(1)</script> \"'& \u202eevil\u2066 \x1b[2J\x1b]0;owned\x07 \x9b31m \u200b \ufeff é"


def test_hostile_texts_are_inert_wherever_they_are_shown(make_program, receiver):
    program = make_program(SEALPOST_RETRY_MAX_ATTEMPTS="1")
    program.start()
    api = program.api()
    created = api.post("/v3/webhooks", {**WEBHOOK, "name": HOSTILE, "url": receiver.url("/hook")})
    webhook = created.json["id"]

    async def hostile(reader, writer):
        body = HOSTILE.encode()
        writer.write(b"HTTP/1.1 500 \x1b[31mred\r\nX-Evil: \x1b[2J<script>\r\nContent-Length: %d\r\n\r\n"
                     % len(body) + body)
        return True

    receiver.script("/hook", lambda _: hostile)
    send_test(program, receiver, webhook)
    row = wait_until(lambda: api.get("/v3/webhook-event-logs").json, "the row")[0]
    assert row["response"]["body"] == HOSTILE and row["webhook"] == HOSTILE
    formula = api.post("/v3/webhooks", {
        **WEBHOOK, "name": f'=HYPERLINK("{HOSTILE}")', "url": receiver.url("/formula")}).json
    send_test(program, receiver, formula["id"])
    wait_until(lambda: len(api.get("/v3/webhook-event-logs").json) == 2, "its row")
    program.run("tokens", "create", "--name", HOSTILE, "--scope", ALL)
    texts = [program.run(*arguments)[1] for arguments in (
        ["webhooks", "list"], ["webhooks", "list", "--json"], ["webhooks", "show", webhook], ["logs"],
        ["logs", "--json"], ["dead", "list"], ["dead", "list", "--json"], ["tokens", "list"],
        ["tokens", "list", "--json"])]
    texts += [api.get(path).body.decode() for path in (
        "/v3/webhooks", f"/v3/webhooks/{webhook}", "/v3/webhook-event-logs",
        f"/v3/webhook-event-logs/{row['id']}", "/v3/dead-deliveries", "/v3/audit")]
    texts.append(program.log)
    browser = signed_in(program, api.token)
    files = [program.run("logs", "--csv")[1].encode()]
    for query in ("", "?status=500", f"?webhook={formula['id']}"):
        with browser.open(f"http://127.0.0.1:{program.port}/log/csv{query}") as answer:
            assert answer.headers["Content-Type"].startswith("text/csv; charset=utf-8")
            assert answer.headers["Content-Disposition"] == 'attachment; filename="sealpost-log.csv"'
            files.append(answer.read())
    tables = [list(csv.DictReader(io.StringIO(file.decode(), newline=""), strict=True)) for file in files]
    assert files[0].replace(b"\n", b"\r\n") == files[1] or files[0] == files[1]
    assert [len(table) for table in tables] == [2, 2, 1, 1]
    for row in tables[0]:
        assert row.keys() >= {"id", "sentAt", "webhook", "outcome"} and None not in row
        assert not any(value[:1] in set("=+-@\t\r") for value in row.values() if value), row
    assert tables[3][0]["webhook"].startswith("'=HYPERLINK(\"<script>")
    assert tables[2][0]["webhook"].startswith("<script>alert(1)</script> \"'& \\u{202e}evil")
    texts += [file.decode() for file in files]
    other = signed_in(program, program.api(account="other").token)
    with other.open(f"http://127.0.0.1:{program.port}/log/csv?webhook={webhook}") as answer:
        assert answer.read().count(b"\n") == 1, "the line of titles"
    for text in texts:
        assert not set(text) & set("\x1b\x07\x9b\u202e\u2066\u200b\ufeff"), repr(text)
    answer = api.get("/v3/webhooks")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json[0]["name"] == HOSTILE, "inert, and yet whole"
    wrong = api.get("/v3/webhooks", sort=HOSTILE)
    assert wrong.status == 400 and "\x1b" not in wrong.body.decode()
