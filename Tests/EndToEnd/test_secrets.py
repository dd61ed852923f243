"""Secrets stay where they belong: through a whole life nothing of them is printed, logged, answered or kept
in clear text, and nothing of them is left in memory; keys and tokens are replaced while workers run."""

import base64
import hashlib
import hmac
import json
import os
import signal
import sqlite3
import subprocess
import urllib.parse
import urllib.request

from harness.browser import Session
from harness.memory import copies
from harness.program import BINARY
from harness.publisher import event_body
from harness.waiting import wait_until

ALL = "webhook:read,webhook:write,event:write"


def secret_key():
    return base64.b64encode(os.urandom(32)).decode()


def planted(name):
    """A secret that is like no other text."""
    return f"planted-{name}-{os.urandom(8).hex()}"


class Watch:
    """Looks for secrets, also in disguise, in all that is shown to it."""

    def __init__(self):
        self.needles = {}
        self.texts = 0

    def hide(self, name, secret):
        data = secret.encode()
        disguises = [secret, urllib.parse.quote(secret, safe=""), data.hex(), json.dumps(secret)[1:-1],
                     ", ".join(str(byte) for byte in data[:12])]
        # Wherever it begins within three bytes of base64.
        for shift in range(3):
            text = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
            disguises.append(text[4:-2])
        self.needles[name] = {text.encode() for text in disguises}
        return secret

    def see(self, where, *texts, but=()):
        """Fails where a secret is in a text, other than those that were asked for."""
        for text in texts:
            text = text if isinstance(text, bytes) else str(text).encode()
            self.texts += 1
            for name, needles in self.needles.items():
                if name not in but:
                    assert not any(needle in text for needle in needles), f"{name} is in {where}"


def test_no_secret_is_anywhere_but_with_its_holder(broker, make_program, receiver):
    watch = Watch()
    password = watch.hide("broker's password", planted("password"))
    broker.ctl("add_user", "planted", password)
    broker.ctl("set_permissions", "planted", ".*", ".*", ".*")
    key = watch.hide("secret key", secret_key())
    other_key = watch.hide("other key", secret_key())
    program = make_program(
        SEALPOST_LOG_LEVEL="debug", SEALPOST_RETRY_MAX_ATTEMPTS="2", SEALPOST_RETRY_INITIAL="100ms",
        SEALPOST_DELAY_UNIT="10ms", SEALPOST_SECRET_KEY=key, SEALPOST_OTHER_SECRET_KEYS=other_key,
        SEALPOST_AMQP_URL=f"amqp://planted:{password}@127.0.0.1:{broker.port}/%2F",
        SWIFT_BACKTRACE="enable=yes,symbolicate=off,color=no,interactive=no")

    def run(*arguments, but=(), **settings):
        code, output, errors = program.run(*arguments, **settings)
        watch.see(f"the output of {arguments}", output, errors, but=but)
        return output + errors

    program.start()
    admin = program.api()
    watch.hide("token of the API", admin.token)
    link = watch.hide(
        "sign-in link", admin.post("/v3/sign-in-links").json["path"].partition("=")[2])
    asked = {"token of the API", "sign-in link"}

    def call(method, path, body=None, but=(), **query):
        answer = admin.call(method, path, body, query=query)
        assert answer.status < 300, answer
        watch.see(f"{method} {path}", answer.body, answer.headers, but=but)
        return answer.json if answer.body else None

    # Added, one in each way, with all schemes.
    tokens = {name: watch.hide(f"token of {name}", planted(name)) for name in ("cli", "api")}
    value = watch.hide("header", planted("header"))
    run("webhooks", "add", "--name", "cli", "--url", receiver.url("/cli"), "--events", "*", "--token",
        tokens["cli"], "--header", f"Authorization: {value}", "--json")
    made = call("POST", "/v3/webhooks", {
        "name": "api", "url": receiver.url("/api"), "events": ["*"], "token": tokens["api"],
        "headers": {"Authorization": value}}, but={"token of api"})
    assert made["headers"] == {"Authorization": "<hidden>"}
    pair = admin.post("/v3/webhooks", {
        "name": "pair", "url": receiver.url("/pair"), "events": ["*"], "scheme": "standard-ed25519"}).json
    watch.hide("private key", pair["token"])
    standard = admin.post("/v3/webhooks", {
        "name": "standard", "url": receiver.url("/standard"), "events": ["*"], "scheme": "standard"}).json
    watch.hide("first token of standard", standard["token"])
    rotated = admin.post(f"/v3/webhooks/{standard['id']}/rotate-token").json
    watch.hide("second token of standard", rotated["token"])

    # Delivered, failed, tried again, given up, sent again; when the worker knows the last one.
    call("POST", f"/v3/webhooks/{standard['id']}/test", {})
    wait_until(lambda: receiver.at("/standard"), "the test delivery")
    receiver.script("/api", lambda _: 500)
    for number in range(3):
        assert admin.post("/v3/events", {
            "id": f"evt_{number}", **json.loads(event_body())}).status == 202
    wait_until(lambda: len(call("GET", "/v3/dead-deliveries")) == 3, "deliveries to be given up",
               interval=0.2)
    assert {request.headers["authorization"] for request in receiver.at("/cli")} == {value}
    call("POST", f"/v3/dead-deliveries/{call('GET', '/v3/dead-deliveries')[0]['id']}/requeue")
    call("POST", f"/v3/webhook-event-logs/{call('GET', '/v3/webhook-event-logs')[0]['id']}/resend")
    call("POST", f"/v3/webhooks/{made['id']}/test", {})

    # Changed without the value, which stays; asked for; shown nowhere else.
    path = f"/v3/webhooks/{made['id']}"
    call("PATCH", path, {"headers": {"authorization": "<hidden>", "X-Other": "1"}})
    assert call("GET", path, include="headers", but={"header"})["headers"]["authorization"] == value
    assert call("GET", path, include="token", but={"token of api"})["token"] == tokens["api"]
    assert admin.call("PATCH", path, {"headers": {"X-New": "<hidden>"}}).status == 400
    call("POST", f"/v3/webhooks/{made['id']}/replays", {"since": "2026-01-01T00:00:00Z"})
    for path in ("webhooks", "webhook-event-logs", "dead-deliveries", "rejected-messages", "audit", "queues",
                 f"webhooks/{made['id']}", f"webhooks/{pair['id']}", f"webhooks/{made['id']}/replays",
                 f"webhook-event-logs/{call('GET', '/v3/webhook-event-logs')[0]['id']}"):
        call("GET", f"/v3/{path}")
    for path in ("/.well-known/jwks.json", "/openapi.json", "/healthz", "/readyz", "/metrics", "/sign-in"):
        answer = admin.get(path)
        watch.see(path, answer.body, answer.headers)
    audit = [entry["action"] for entry in call("GET", "/v3/audit", limit=100)]
    assert {"webhook.read_token", "webhook.read_headers", "webhook.rotate_token"} <= set(audit)

    # The portal: what is revealed is there once.
    address = f"http://127.0.0.1:{program.port}"
    portal = Session(address).sign_in(admin.token)
    for cookie in portal.cookies:
        watch.hide("session", cookie.value)
    page = f"/webhooks/{made['id']}"
    assert tokens["api"] in portal.send(f"{page}/reveal")[1]
    log = call("GET", "/v3/webhook-event-logs")[0]["id"]
    for path in ("/webhooks", page, f"{page}/edit", f"/webhooks/{pair['id']}", "/log", f"/log/{log}",
                 "/log/csv", "/queues", "/dead", "/rejected", "/audit", "/account", "/nowhere"):
        watch.see(f"the page {path}", portal.ask(path)[1])
    once = Session(address)
    assert "Sign out" in once.ask("/sign-in", ticket=link)[1]
    for path in ("/sign-in?ticket=wrong", "/sign-in"):
        watch.see(path, Session(address).ask(path)[1])
    watch.see("a failed sign-in", Session(address).ask("/sign-in", token=admin.token + "0")[1])

    # Commands, with settings that are right, and that are wrong with a secret in them.
    for arguments in (["webhooks", "list"], ["webhooks", "list", "--json"], ["webhooks", "show", made["id"]],
                      ["logs"], ["logs", "--json"], ["logs", "--csv"], ["dead"], ["dead", "list", "--json"],
                      ["tokens", "list"], ["tokens", "list", "--json"], ["queues", "--json"], ["check"],
                      ["secrets", "rotate-key", "--json"], ["accounts", "purge", "default", "--json"]):
        run(*arguments)
    wrong = watch.hide("wrong key", planted("key"))
    config = program.folder / "settings"
    config.write_text(f"SEALPOST_AMQP_URL amqp://u:{password}@127.0.0.1\nSEALPOST_SECRET_KEY={wrong}\n\0=\n")
    for settings in (
            {"SEALPOST_SECRET_KEY": wrong}, {"SEALPOST_OTHER_SECRET_KEYS": wrong},
            {"SEALPOST_SECRET_KEY": other_key}, {"SEALPOST_SECRET_KEY": key[:-8]},
            {"SEALPOST_AMQP_URL": f"http://u:{password}@127.0.0.1/"},
            {"SEALPOST_AMQP_URL": f"amqp://u:{password}@127.0.0.1:{program.port}/%2F"},
            {"SEALPOST_AMQP_URL": f"amqp://planted:{password}x@127.0.0.1:{broker.port}/%2F"},
            {"SEALPOST_AMQP_URL": f"amqp://u:{password}@127.0.0.1:99999999/%ZZ"},
            {"SEALPOST_STORE_URL": f"postgresql:/u:{password}@127.0.0.1:1/x"},
            {"SEALPOST_STORE_URL": f"mysql://u:{password}@127.0.0.1/x"}):
        assert "error" in run("serve", **settings).lower() or "✗" in run("check", **settings), settings
        run("webhooks", "list", **settings)
    run("check", "--config", str(config), SEALPOST_SECRET_KEY="", SEALPOST_AMQP_URL="")
    run("webhooks", "add", "--name", "", "--url", "x", "--events", "", "--token", tokens["cli"], "--header",
        f"Host: {value}", "--header", f"X-A: {value}\x01")
    run("webhooks", "rotate-token", standard["id"], "--token", tokens["cli"])
    for body in ({"headers": {"Host": value}}, {"headers": {"X-A": value + "\x01"}},
                 {"scheme": "standard", "token": tokens["cli"]}, {"token": tokens["cli"] * 99}):
        watch.see(f"the answer to {list(body)}", admin.call("PATCH", f"/v3/webhooks/{made['id']}", body).body)

    # The store, and a crash with all of it in memory.
    for file in program.folder.glob("sealpost.sqlite*"):
        data = file.read_bytes()
        watch.see(file.name, data)
        assert base64.b64decode(key) not in data and hashlib.sha256(admin.token.encode()).hexdigest() not in data.decode("latin-1")
    program.process.send_signal(signal.SIGSEGV)
    assert program.process.wait(timeout=60) != 0
    crashed = program.log
    assert "Crash" in crashed or "crashed" in crashed, crashed[-2000:]
    program.start()
    assert program.stop() == 0
    watch.see("the log of serve", program.log)
    assert watch.texts > 100 and len(program.log) > 1000 and not asked - set(watch.needles)
    broker.ctl("delete_user", "planted")


def test_the_watch_sees_what_it_is_to_see():
    watch = Watch()
    secret = watch.hide("it", planted("it"))
    seen = [secret, f"x{secret}x", secret.encode().hex(), urllib.parse.quote(f"a={secret}&"),
            str(list(secret.encode()))]
    seen += [base64.b64encode((prefix + secret + "…").encode()) for prefix in ("", "a", "ab", "{'x': '")]
    for text in seen:
        try:
            watch.see("a text", text)
        except AssertionError:
            continue
        raise AssertionError(f"it is not seen in {text}")
    watch.see("a text", "planted-it-", but=())


def test_nothing_of_a_token_is_left_in_a_workers_memory(make_program, receiver, publish):
    token = planted("memory")
    program = make_program()
    # By commands that end; the worker reads it from the store.
    webhooks = [program.add_webhook(receiver.url(f"/{name}"), "*", token=token) for name in "abc"]
    program.start_worker()
    publish(program).publish("evt_1", event_body())
    wait_until(lambda: len(receiver.requests) == 3, "deliveries")
    assert copies(program.process.pid, token.encode()) >= 3, "it is looked for in the right place"
    for webhook in webhooks:
        assert program.run("webhooks", "remove", webhook)[0] == 0
    wait_until(lambda: copies(program.process.pid, token.encode()) == 0, "the memory to be wiped", interval=0.5)
    assert program.process.poll() is None


def test_the_secret_key_is_replaced_while_workers_run(make_program, receiver, publish):
    old, new = secret_key(), secret_key()
    program = make_program(SEALPOST_SECRET_KEY=old, SEALPOST_OTHER_SECRET_KEYS=new)
    webhooks = [program.add_webhook(receiver.url(f"/{name}"), "*", token=f"token-{name}") for name in "ab"]
    program.start()
    publisher = publish(program)

    def delivers(event):
        publisher.publish(event, event_body())
        wait_until(lambda: sum(request.event == event for request in receiver.requests) == 2, event)
        for request in receiver.requests:
            digest = hmac.new(f"token-{request.path[1:]}".encode(), request.body, hashlib.sha256).digest()
            assert request.headers["webhook-signature"] == base64.b64encode(digest).decode()

    delivers("evt_before")
    now = {"SEALPOST_SECRET_KEY": new, "SEALPOST_OTHER_SECRET_KEYS": old}
    code, output, errors = program.run("secrets", "rotate-key", "--json", **now)
    done = json.loads(output)
    assert (code, done["secrets"], done["sealedAnew"], done["unreadable"]) == (0, 2, 2, []), errors
    assert program.run("webhooks", "edit", webhooks[0], "--name", "changed")[0] == 0
    delivers("evt_meanwhile")
    assert json.loads(program.run("secrets", "rotate-key", "--json", **now)[1])["sealedAnew"] == 0
    assert program.stop() == 0
    program.environment.update({"SEALPOST_SECRET_KEY": new, "SEALPOST_OTHER_SECRET_KEYS": ""})
    program.start()
    delivers("evt_after")

    # A key that opens nothing: named, and what is to be delivered waits.
    code, output, _ = program.run("check", SEALPOST_SECRET_KEY=old)
    assert code == 78 and "✗ secrets" in output and webhooks[0] in output and done["key"] in output
    assert "SEALPOST_OTHER_SECRET_KEYS" in output
    code, _, errors = program.run("secrets", "rotate-key", SEALPOST_SECRET_KEY=old)
    assert code == 78 and webhooks[1] in errors
    program.stop()
    program.environment["SEALPOST_SECRET_KEY"] = old
    program.start()
    publisher.publish("evt_parked", event_body())
    parked = wait_until(lambda: program.json("dead", "list"), "it to be parked")
    assert {row["reason"] for row in parked} == {"token_unreadable"}


def der(key):
    """A public key of Ed25519 as openssl takes it (RFC 8410)."""
    return bytes.fromhex("302a300506032b6570032100") + base64.urlsafe_b64decode(key + "==")


def test_receivers_verify_with_public_keys_that_anybody_may_have(make_program, receiver, tmp_path):
    program = make_program()
    program.start()
    api = program.api(account="acme")
    made = api.post("/v3/webhooks", {
        "name": "n", "url": receiver.url("/hook"), "events": ["*"], "scheme": "standard-ed25519"}).json
    assert made["token"].startswith("whsk_")
    path = f"/v3/webhooks/{made['id']}"
    stranger = type(api)(program.port, None)

    def keys(webhook=None):
        query = {"webhook": webhook} if webhook else {}
        answer = stranger.get("/.well-known/jwks.json", **query)
        assert answer.status == 200 and answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Content-Type"] == "application/jwk-set+json"
        return answer.json["keys"]

    def deliver():
        before = len(receiver.requests)
        assert api.post(f"{path}/test", {}).status == 202
        return wait_until(lambda: receiver.requests[before:], "the test delivery")[0]

    def verified_by(request):
        """The keys of the set by which a signature of the request holds."""
        name, signatures = request.headers, request.headers["webhook-signature"].split(" ")
        text = f"{name['webhook-id']}.{name['webhook-timestamp']}.".encode() + request.body
        (tmp_path / "text").write_bytes(text)
        holding = []
        for key in keys(made["id"]):
            (tmp_path / "key").write_bytes(der(key["x"]))
            for signature in signatures:
                assert signature.startswith("v1a,")
                (tmp_path / "signature").write_bytes(base64.b64decode(signature[4:]))
                done = subprocess.run(
                    ["openssl", "pkeyutl", "-verify", "-pubin", "-rawin", "-keyform", "DER", "-inkey",
                     tmp_path / "key", "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"],
                    capture_output=True)
                if done.returncode == 0:
                    holding.append(key["kid"])
        return holding

    first = keys()
    assert len(first) == 1 and set(first[0]) == {"kty", "crv", "alg", "use", "kid", "x"}
    assert (first[0]["kty"], first[0]["crv"]) == ("OKP", "Ed25519")
    assert first[0]["kid"].startswith(made["id"] + ".")
    shown = api.get(path).json["publicKeys"]
    assert shown[0]["kid"] == first[0]["kid"] and shown[0]["key"].startswith("whpk_")
    assert base64.b64decode(shown[0]["key"][5:]) == der(first[0]["x"])[12:]
    assert verified_by(deliver()) == [first[0]["kid"]]
    assert api.post(f"{path}/rotate-token").status == 200
    wait_until(lambda: len(keys(made["id"])) == 2, "both keys")
    assert set(verified_by(deliver())) == {key["kid"] for key in keys(made["id"])}
    assert keys("nobody") == []
    secret = json.dumps(keys())
    assert "whsk_" not in secret and '"d"' not in secret

    plain = api.post("/v3/webhooks", {"name": "n", "url": receiver.url("/x"), "events": ["*"]}).json
    refused = api.post(f"/v3/webhooks/{plain['id']}/rotate-token", {"overlapSeconds": 60})
    assert refused.status == 400 and "one signature" in refused.json["message"]
    assert api.post(f"/v3/webhooks/{plain['id']}/rotate-token").status == 200
    for token in ("whsk_x", "whsk_" + base64.b64encode(bytes(64)).decode(), "whsec_" + "A" * 32):
        answer = api.call("PATCH", path, {"token": token})
        assert answer.status == 400 and "whsk_" in answer.json["message"], answer


def test_all_of_an_account_goes_and_does_not_come_back(make_program, receiver, publish, broker):
    program = make_program(
        SEALPOST_RETRY_INITIAL="5s", SEALPOST_RETRY_JITTER="0", SEALPOST_DELIVERY_TIMEOUT="1s")
    for name in ("gone", "kept"):
        program.add_webhook(receiver.url(f"/{name}"), "*", account=f"{name}-account", name=f"{name}-name")
    program.start()
    gone, kept = program.api(account="gone-account"), program.api(account="kept-account")
    receiver.script("/gone", lambda _: 500)
    publisher = publish(program)
    for number in range(20):
        publisher.publish(f"evt_gone_{number}", event_body(), account="gone-account")
        publisher.publish(f"evt_kept_{number}", event_body(), account="kept-account")
    publisher.publish("evt_gone_bad", b"no json", account="gone-account")
    # Its window closes meanwhile, so some are tried, some wait in the broker, some in the backlog.
    wait_until(lambda: len(receiver.at("/kept")) == 20 and gone.get("/v3/rejected-messages").json, "attempts",
               interval=0.2)
    wait_until(lambda: program.json("accounts", "purge", "gone-account")["found"]["events"] == 20, "all events",
               interval=0.2)
    session = Session(f"http://127.0.0.1:{program.port}").sign_in(gone.token)

    counted = program.json("accounts", "purge", "gone-account")
    assert counted["found"]["attempts"] >= 5 and "removed" not in counted
    assert gone.get("/v3/webhooks").status == 200, "only counted"
    done = program.json("accounts", "purge", "gone-account", "--yes")
    assert done["removed"] >= 27
    assert gone.get("/v3/webhooks").status == 401
    assert "Sign out" not in session.ask("/webhooks")[1]
    # What waited in the broker comes out, and ends there.
    queues = [program.queue, f"{program.namespace}.retries"] + [
        f"{program.namespace}.v1.delay.{level}" for level in range(17)]
    wait_until(lambda: not any((broker.depth(queue) or [0])[0] for queue in queues), "empty queues")
    sent = len(receiver.at("/gone"))
    assert sent >= 5
    publisher.publish("evt_late", event_body(), account="gone-account")
    publisher.publish("evt_end", event_body(), account="kept-account")
    wait_until(lambda: any(r.event == "evt_end" for r in receiver.at("/kept")), "the other account")
    assert len(receiver.at("/gone")) == sent
    wait_until(lambda: kept.get("/v3/webhook-event-logs", limit=100).json[0]["eventId"] == "evt_end", "its row")

    with sqlite3.connect(program.folder / "sealpost.sqlite") as store:
        tables = [name for name, in store.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        left = {table: store.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
    for table, rows in left.items():
        for row in rows:
            assert "gone" not in repr(row).replace("'gone'", ""), (table, row)
    assert len(left["webhooks"]) == 2 and len(left["events"]) == len(left["attempts"]) == 21
    entry = program.api().get("/v3/audit").json
    digest = hashlib.sha256(b"gone-account").hexdigest()[:16]
    assert any(row["action"] == "account.purge" and row["subject"] == f"sha256:{digest}" for row in entry)
