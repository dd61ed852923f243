"""TLS to receivers: who is refused and why, client certificates, sessions that are taken up again, HTTP/2."""

import hashlib
import json
import socket
import ssl
import threading
import warnings

import pytest

from harness.certificates import Authority
from harness.http2 import HTTP2Receiver
from harness.publisher import event_body
from harness.waiting import wait_until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("foreign"), "foreign")


def asking(authority, verify=ssl.CERT_REQUIRED, **versions):
    """A server's context that asks for a client certificate of the authority."""
    context = authority.server("localhost")
    context.verify_mode = verify
    context.load_verify_locations(authority.file)
    for name, version in versions.items():
        setattr(context, name, version)
    return context


def outdated(authority):
    """A server's context of before 2008: TLS 1.0 and 1.1."""
    context = authority.server("localhost")
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


class AskingServer:
    """Answers whoever shows a client certificate, and tells the others by an alert, as OpenSSL sends it. (asyncio
    closes without one.)"""

    def __init__(self, context):
        self.context, self.paths = context, []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._server.close()

    def _accept(self):
        while True:
            try:
                plain, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        with self.context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False) as secure:
            try:
                secure.do_handshake()
                self.paths.append(secure.recv(65536).split(b" ")[1].decode())
                secure.sendall(OK)
                secure.recv(65536)
            except ssl.SSLError:
                # What came meanwhile is read, or the system would send a reset after the alert.
                secure.shutdown(socket.SHUT_WR)
                while secure.recv(65536):
                    pass


def versions_spoken(port):
    """The version that a client which takes any agrees on with a server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    with socket.create_connection(("127.0.0.1", port)) as plain, context.wrap_socket(plain) as secure:
        return secure.version()


def with_certificate(program, webhook, files):
    code, _, errors = program.run("webhooks", "edit", webhook, "--client-certificate", files[0],
                                  "--client-key", files[1])
    assert code == 0, errors


def test_each_way_in_which_tls_fails_has_its_reason_and_sends_nothing(
        make_program, receiver, publish, authority, foreign):
    program = make_program(SEALPOST_CA_BUNDLE=str(authority.file), SEALPOST_CONNECT_TIMEOUT="1s",
                           SEALPOST_RETRY_MAX_ATTEMPTS="1")
    listen = receiver.listen
    with socket.create_server(("127.0.0.1", 0)) as stalls:
        old = listen(outdated(authority))
        assert versions_spoken(old) == "TLSv1.1", "it is an old server, and not none"
        asking_server = AskingServer(asking(authority))
        asks = asking_server.port
        ports = {
            "good": (listen(authority.server("localhost")), None),
            "expired": (listen(authority.server("localhost", days=-1)), "tls_expired"),
            "wrong-host": (listen(authority.server("example.test")), "tls_wrong_host"),
            "unknown-authority": (listen(foreign.server("localhost")), "tls_untrusted"),
            "self-signed": (listen(foreign.itself()), "tls_untrusted"),
            "outdated": (old, "tls_failed"),
            "stalls": (stalls.getsockname()[1], "connect_timeout"),
            "asks": (asks, "tls_client_certificate"),
            "asks-and-gets": (asks, None),
            "asks-and-gets-another": (asks, "tls_client_certificate"),
        }
        for name, (port, _) in ports.items():
            webhook = program.add_webhook(f"https://localhost:{port}/{name}", "*", name=name)
            if name == "asks-and-gets":
                with_certificate(program, webhook, authority.sign("client"))
            if name == "asks-and-gets-another":
                with_certificate(program, webhook, foreign.sign("client"))
        program.start()
        publish(program).publish("evt_tls", event_body())
        rows = wait_until(lambda: (r := program.json("logs")) and len(r) == len(ports) and r, "every attempt")
    assert {row["webhook"]: row.get("reason") for row in rows} == {
        name: reason for name, (_, reason) in ports.items()}
    asking_server.close()
    assert {request.path for request in receiver.requests} == {"/good"}
    assert asking_server.paths == ["/asks-and-gets"]


def test_webhooks_share_connections_only_with_the_same_client_certificate(
        make_program, receiver, publish, authority):
    program = make_program(SEALPOST_CA_FILE=str(authority.file), SEALPOST_LANES="1")
    files = {name: authority.sign(name) for name in ("one", "two")}
    shown = {"/one": "one", "/one-again": "one", "/two": "two", "/none": None}
    seen = []

    def note(request):
        async def answer(_, writer):
            names = dict(part[0] for part in (writer.get_extra_info("peercert") or {}).get("subject", ()))
            seen.append((request.path, names.get("commonName"), id(writer)))
            writer.write(OK)
            return True
        return answer

    port = receiver.listen(asking(authority, ssl.CERT_OPTIONAL))
    for path, certificate in shown.items():
        receiver.script(path, note)
        webhook = program.add_webhook(
            f"https://localhost:{port}{path}", f"license.*,only.{path[1:]}", name=path)
        if certificate:
            with_certificate(program, webhook, files[certificate])
    program.start()
    for number in range(30):
        publish(program).publish(f"evt_{number}", event_body())
        wait_until(lambda: len(seen) == len(shown) * (number + 1), "the deliveries of an event")
    assert {(path, name) for path, name, _ in seen} == set(shown.items())
    connections = {name: {writer for _, shown_name, writer in seen if shown_name == name}
                   for name in ("one", "two", None)}
    assert sum(map(len, connections.values())) == len(set().union(*connections.values()))
    assert all(len(used) < 30 for used in connections.values()), "connections are used again"
    # Each by itself: at the same time they need a connection each.
    for path in ("/one", "/one-again"):
        before = len(seen)
        publish(program).publish(f"evt{path}", event_body(f"only.{path[1:]}"))
        wait_until(lambda: len(seen) > before, "the delivery to one webhook")
    assert [at for at, _, _ in seen[-2:]] == ["/one", "/one-again"]
    assert seen[-2][2] == seen[-1][2] and seen[-1][2] in connections["one"], "the same certificate shares"


def test_a_client_certificate_of_the_greatest_length_is_taken(make_program, authority):
    program = make_program()
    program.start_api()
    api = program.api()
    most = 32 << 10

    def long(path, size=most):
        """The file with words before it, as openssl prints them, up to a length."""
        text = path.read_text()
        return "subject=CN=one\n" * ((size - len(text)) // 15) + "\n" * ((size - len(text)) % 15) + text

    certificate, key = authority.sign("one")
    pair = {"certificate": long(certificate), "key": long(key)}
    assert len(pair["certificate"]) == len(pair["key"]) == most
    body = {"name": "crm", "url": "https://127.0.0.1/hook", "events": ["*"]}
    made = api.post("/v3/webhooks", {**body, "clientCertificate": pair})
    assert made.status == 201 and made.json["clientCertificate"]["subject"] == "CN=one"
    path = f"/v3/webhooks/{made.json['id']}"
    assert api.call("PATCH", path, {"clientCertificate": pair}).status == 200
    longer = {**pair, "certificate": long(certificate, most + 1)}
    answer = api.call("PATCH", path, {"clientCertificate": longer})
    assert answer.status == 400 and answer.json["fields"][0]["field"] == "clientCertificate"
    assert api.post("/v3/webhooks", b" " * (257 << 10)).status == 413
    assert api.post(f"{path}/rotate-token", b" " * (65 << 10)).status == 413


def test_a_client_certificate_is_checked_when_it_is_saved_and_its_key_never_shown(
        make_program, authority, foreign):
    program = make_program()
    program.start_api()
    api = program.api(account="acme")
    files = {name: [path.read_text() for path in authority.sign(name)] for name in ("one", "two")}
    expired = [path.read_text() for path in authority.sign("late", days=-1)]
    body = {"name": "crm", "url": "https://127.0.0.1/hook", "events": ["*"]}

    def pair(certificate, key):
        return {"certificate": certificate, "key": key}

    for given, words in ((pair(files["one"][0], files["two"][1]), "does not belong"),
                         (pair(*expired), "expired at"), (pair("x", files["one"][1]), "not in PEM"),
                         ({"certificate": files["one"][0]}, "not in PEM"), ("text", "object or null")):
        answer = api.post("/v3/webhooks", {**body, "clientCertificate": given})
        assert answer.status == 400
        assert words in answer.json["message"] and answer.json["fields"][0]["field"] == "clientCertificate"
        assert files["one"][1].splitlines()[1] not in answer.body.decode()
    made = api.post("/v3/webhooks", {**body, "clientCertificate": pair(*files["one"])})
    assert made.status == 201
    assert made.json["clientCertificate"]["subject"] == "CN=one"
    assert made.json["clientCertificate"]["expiresAt"].endswith("Z")
    path = f"/v3/webhooks/{made.json['id']}"
    secret = files["one"][1].splitlines()[1]
    for answer in (made, api.get(path), api.get("/v3/webhooks"), api.get(path, include="token")):
        assert secret not in answer.body.decode() and "PRIVATE" not in answer.body.decode()
    code, output, _ = program.run("webhooks", "show", made.json["id"])
    assert code == 0 and json.loads(output)["clientCertificate"]["subject"] == "CN=one"
    changed = api.call("PATCH", path, {"clientCertificate": pair(*files["two"])})
    assert changed.json["clientCertificate"]["subject"] == "CN=two"
    assert api.call("PATCH", path, {"name": "crm2"}).json["clientCertificate"]["subject"] == "CN=two"
    assert "clientCertificate" not in api.call("PATCH", path, {"clientCertificate": None}).json
    assert [row["detail"] for row in api.get("/v3/audit").json if row["action"] == "webhook.update"].count(
        "clientCertificate") == 2
    assert program.run("webhooks", "edit", made.json["id"], "--client-key", "x")[0] == 64
    code, _, errors = program.run("webhooks", "edit", made.json["id"], "--client-key", "/nowhere",
                                  "--client-certificate", "/nowhere")
    assert code == 64 and "--client-certificate names /nowhere" in errors
    assert secret not in program.log
    assert not any(secret.encode() in file.read_bytes() for file in program.folder.iterdir())


def test_a_session_is_taken_up_again_by_a_fresh_connection(make_program, receiver, publish, authority):
    program = make_program(SEALPOST_CA_FILE=str(authority.file), SEALPOST_LANES="1")
    versions = {"TLSv1_2": [], "TLSv1_3": []}
    for version, resumed in versions.items():
        def note(_, resumed=resumed):
            async def answer(__, writer):
                resumed.append(writer.get_extra_info("ssl_object").session_reused)
                writer.write(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                return False
            return answer

        context = authority.server("localhost")
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version)
        receiver.script(f"/{version}", note)
        program.add_webhook(f"https://localhost:{receiver.listen(context)}/{version}", "*")
    program.start()
    for number in range(20):
        publish(program).publish(f"evt_{number}", event_body())
        wait_until(lambda: program.broker.depth(program.queue)[0] == 0 and all(
            len(resumed) == number + 1 for resumed in versions.values()), "the deliveries")
        wait_until(lambda: len(program.json("logs", "--limit", "100", "--event", f"evt_{number}")) == 2, "the rows")
    for version, resumed in versions.items():
        # One full handshake for each slot of the engine that had the webhook: two are in flight at once.
        assert resumed.count(False) <= 2 and len(resumed) == 20, (version, resumed)


def test_http2_where_the_receiver_offers_it(make_program, publish, authority):
    program = make_program(SEALPOST_CA_FILE=str(authority.file), SEALPOST_RETRY_INITIAL="1s",
                           SEALPOST_RETRY_JITTER="0")
    receiver = HTTP2Receiver(authority.server("localhost"))
    try:
        bad = {
            "/all": None,
            "/busy": lambda _, times: (503, {"retry-after": "2"}) if times == 0 else 200,
            "/resets": lambda _, times: "reset" if times == 0 else 200,
            "/refuses": lambda _, times: "refuse" if times == 0 else 200,
            "/goes-away": lambda *_: "goaway",
        }
        for path, script in bad.items():
            if script:
                receiver.scripts[path] = script
            program.add_webhook(
                f"https://localhost:{receiver.port}{path}",
                "license.created" if path == "/all" else "user.created", name=path)
        program.start()
        published = {}
        for number in range(300):
            # Also larger than a stream's first window of 64 KB.
            body = event_body(number=number, padding="x" * (200_000 if number % 10 == 0 else 100))
            published[f"evt_{number}"] = hashlib.sha256(body).hexdigest()
            publish(program).publish(f"evt_{number}", body)
        for number in range(5):
            publish(program).publish(f"bad_{number}", event_body("user.created"), name="user.created")
        wait_until(lambda: len(receiver.at("/all")) >= 300, "all deliveries")
        rows = wait_until(
            lambda: (r := [row for row in program.json("logs", "--limit", "1000")
                           if row["outcome"] == "delivered"]) and len(r) >= 320 and r, "all to be delivered")
        assert len(rows) == 320
        assert {r.headers["webhook-id"]: r.digest for r in receiver.at("/all")} == published
        assert len(receiver.at("/all")) == 300
        request = receiver.at("/all")[0]
        assert request.headers[":method"] == "POST" and request.headers[":scheme"] == "https"
        assert request.headers[":authority"] == f"localhost:{receiver.port}" and "host" not in request.headers
        assert request.headers["user-agent"].startswith("Sealpost/")
        assert request.headers["user-agent"].endswith(" HTTP/2")
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        assert request.headers["webhook-event"] == "license.created"
        assert {"webhook-signature", "webhook-timestamp", "webhook-attempt"} <= request.headers.keys()
        failed = {row["webhook"]: row["reason"] for row in program.json("logs", "--outcome", "retry",
                                                                         "--limit", "1000")}
        assert failed == {"/busy": "http_503", "/resets": "connection_reset"}
        assert receiver.most_streams == 1, "one request a connection at a time"
        assert receiver.connections < 150, "connections are used again"
        assert program.stop() == 0
    finally:
        receiver.stop()
