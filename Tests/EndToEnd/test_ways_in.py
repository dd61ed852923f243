"""What comes in over HTTP: TLS, slow clients, guessed tokens, and what every answer says to browsers."""

import concurrent.futures
import http.client
import json
import socket
import ssl
import time

import pytest

from harness.browser import Session
from harness.certificates import Authority
from harness.waiting import wait_until

PATIENCE = 1
WEBHOOK = {"name": "crm", "url": "https://crm.example.com/hook", "events": ["license.*"]}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def secure(make_program, authority):
    certificate, key = authority.sign("localhost")
    program = make_program(
        SEALPOST_TLS_CERTIFICATE=str(certificate), SEALPOST_TLS_KEY=str(key),
        SEALPOST_HTTP_TIMEOUT=f"{PATIENCE}s")
    program.start_api()
    return program


def connect(program, context, host="localhost"):
    return context.wrap_socket(
        socket.create_connection(("127.0.0.1", program.port), timeout=10), server_hostname=host)


def test_tls_is_spoken_from_1_2_on_and_cookies_are_secure(secure, authority):
    context = ssl.create_default_context(cafile=authority.file)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context.minimum_version = context.maximum_version = version
        with connect(secure, context) as connection:
            assert connection.version() == version.name.replace("_", ".")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="(?i)version|alert"):
        connect(secure, old)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(secure, ssl.create_default_context(cafile=authority.file), host="other")

    context = ssl.create_default_context(cafile=authority.file)
    token = secure.api().token
    session = Session(f"https://localhost:{secure.port}", context).sign_in(token)
    cookie = next(iter(session.cookies))
    assert cookie.secure and cookie.name.startswith("__Host-")
    connection = http.client.HTTPSConnection("localhost", secure.port, context=context, timeout=10)
    connection.request("GET", "/v3/webhooks", headers={
        "Authorization": f"Bearer {token}", "X-Forwarded-Proto": "http"})
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Strict-Transport-Security"] == "max-age=31536000"

    # Plain HTTP is none, and a handshake that never comes ends.
    with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"200" not in plain.recv(100)
    with socket.create_connection(("127.0.0.1", secure.port), timeout=10) as silent:
        assert silent.recv(1) == b""


def test_files_for_tls_that_do_not_go_are_named(make_program, authority, tmp_path):
    certificate, key = map(str, authority.sign("localhost"))
    other = str(authority.sign("other")[1])
    junk = tmp_path / "junk"
    junk.write_text("-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n")
    program = make_program()
    for settings, words in [
            ((certificate, ""), "go together"), (("", key), "go together"),
            (("/nowhere.pem", key), "/nowhere.pem"), ((certificate, "/nowhere.key"), "/nowhere.key"),
            ((certificate, str(junk)), "junk"), ((str(junk), key), "junk"),
            ((certificate, other), "do not belong together")]:
        names = dict(zip(("SEALPOST_TLS_CERTIFICATE", "SEALPOST_TLS_KEY"), settings))
        code, _, errors = program.run("serve", "--roles", "api", **names)
        assert code == 78 and words in errors and "planted" not in errors, (settings, errors)
        assert program.run("check", **names)[0] == 78


def closed_within(connection, seconds):
    """Whether the server ends the connection in that time, however busy we are with it."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
        return True
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def drip(connection, text, seconds):
    """Sends a byte now and then; whether the server puts an end to it."""
    end = time.monotonic() + seconds
    connection.settimeout(PATIENCE / 10)
    while time.monotonic() < end:
        try:
            connection.sendall(text)
            if connection.recv(65536) == b"":
                return True
        except TimeoutError:
            continue
        except ConnectionError:
            return True
    return False


def test_slow_clients_are_let_go(make_program):
    program = make_program(SEALPOST_HTTP_TIMEOUT=f"{PATIENCE}s")
    program.start_api()
    token = program.api().token
    limit = 6 * PATIENCE
    head = f"POST /v3/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"

    def dial(buffer=None):
        connection = socket.socket()
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.connect(("127.0.0.1", program.port))
        return connection

    def silence():
        with dial() as connection:
            return closed_within(connection, limit)

    def silence_after_an_answer():
        with dial() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200 OK" in connection.recv(4096)
            return closed_within(connection, limit)

    def dripping_head():
        with dial() as connection:
            connection.sendall(head.encode() + b"X-Slow: ")
            return drip(connection, b"a", limit)

    def dripping_headers():
        with dial() as connection:
            connection.sendall(head.encode())
            return drip(connection, b"X-Slow: a\r\n", limit)

    def dripping_body():
        with dial() as connection:
            connection.sendall(head.encode() + b"Content-Length: 60000\r\n\r\n")
            return drip(connection, b"a", limit)

    def dripping_chunks():
        with dial() as connection:
            connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
            return drip(connection, b"1\r\na\r\n", limit)

    def dripping_body_that_nobody_reads():
        with dial() as connection:
            connection.sendall(b"POST /v3/events HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
            return drip(connection, b"a", limit)

    def answers_that_nobody_takes():
        with dial(buffer=4096) as connection:
            connection.settimeout(limit)
            request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
            try:
                connection.sendall(request * 400)
            except (ConnectionError, TimeoutError):
                return True
            time_up = time.monotonic() + 3 * PATIENCE
            wait_until(lambda: time.monotonic() > time_up, "the server to lose its patience")
            answers = 0
            try:
                while data := connection.recv(1 << 20):
                    answers += data.count(b"HTTP/1.1 200")
            except (ConnectionError, TimeoutError):
                pass
            return answers < 400

    def crowd():
        """Connections that say nothing do not keep others out, and go."""
        connections = [dial() for _ in range(300)]
        begin = time.monotonic()
        client = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)
        client.request("GET", "/healthz")
        assert client.getresponse().status == 200 and time.monotonic() - begin < 2
        client.close()
        gone = all(closed_within(connection, limit) for connection in connections)
        for connection in connections:
            connection.close()
        return gone

    cases = [silence, silence_after_an_answer, dripping_head, dripping_headers, dripping_body,
             dripping_chunks, dripping_body_that_nobody_reads, answers_that_nobody_takes, crowd]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        ended = dict(zip([case.__name__ for case in cases], pool.map(lambda case: case(), cases)))
    assert all(ended.values()), ended


def test_what_is_too_large_is_refused(make_program):
    program = make_program()
    program.start_api()
    api = program.api()
    for headers in ({"X-Large": "a" * 40_000}, {f"X-{number}": "a" for number in range(150)}):
        try:
            client = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)
            client.request("GET", "/healthz", headers=headers)
            assert client.getresponse().status in (400, 431)
        except (ConnectionError, http.client.HTTPException):
            pass
    assert api.post("/v3/webhooks", b"x" * 270_000).status == 413
    assert api.get("/v3/webhooks").status == 200


def test_every_answer_tells_browsers_to_be_careful(make_program):
    program = make_program()
    program.start_api()
    api = program.api()
    session = Session(f"http://127.0.0.1:{program.port}").sign_in(api.token)
    cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in session.cookies)
    asset = session.ask("/sign-in")[1].split('rel="stylesheet" href="')[1].split('"')[0]
    asked = [("GET", "/healthz"), ("GET", "/v3/webhooks"), ("POST", "/v3/webhooks"), ("GET", "/openapi.json"),
             ("GET", "/sign-in"), ("GET", "/webhooks"), ("GET", "/audit"), ("GET", "/log/csv"), ("GET", asset),
             ("GET", "/nowhere"), ("PUT", "/v3/webhooks"), ("POST", "/sign-out"), ("GET", "/"),
             ("GET", "/.well-known/jwks.json")]
    for method, path in asked:
        for headers in ({}, {"Cookie": cookie}, {"Authorization": f"Bearer {api.token}"}, {"Accept": "text/html"}):
            client = http.client.HTTPConnection("127.0.0.1", program.port, timeout=10)
            client.request(method, path, headers=headers)
            answer = client.getresponse()
            answer.read()
            found = answer.headers
            assert found["X-Content-Type-Options"] == "nosniff", (method, path)
            assert found["X-Frame-Options"] == "DENY", (method, path)
            policy = found["Content-Security-Policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy, (method, path)
            assert "unsafe" not in policy and found["Referrer-Policy"], (method, path)
            assert found["Cache-Control"] == "no-store" or path in (asset, asked[-1][1]), (method, path)
            assert found["Strict-Transport-Security"] is None


def test_whoever_guesses_is_slowed_down_and_nobody_else(make_program):
    # A twentieth of it may fail for one token and address, a quarter for an address.
    program = make_program(SEALPOST_API_RATE="200")
    program.start_api()
    mine, yours = program.api(), program.api()
    forged = type(mine)(program.port, mine.token[:-1] + ("0" if mine.token[-1] != "0" else "1"))
    answers = [forged.get("/v3/webhooks") for _ in range(12)]
    assert [answer.status for answer in answers] == [401] * 10 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert mine.get("/v3/webhooks").status == 429, "whose public part is guessed with, from the same address"
    assert yours.get("/v3/webhooks").status == 200
    junk = type(mine)(program.port, "junk")
    statuses = [junk.get("/v3/webhooks").status for _ in range(45)]
    assert statuses[:40] == [401] * 40 and set(statuses[40:]) == {429}
    assert yours.get("/v3/webhooks").status == 200, "a right token always gets in"
    address = f"http://127.0.0.1:{program.port}"
    status, page = Session(address).ask("/sign-in", token="sp_junk")
    assert status == 429 and "Too many failed sign-ins" in page
    assert Session(address).ask("/sign-in", ticket="junk")[0] == 429
    Session(address).sign_in(yours.token)


def test_the_audit_trail_is_a_page_of_the_portal(make_program):
    program = make_program()
    program.start_api()
    mine, other = program.api(account="mine"), program.api(account="other")
    made = mine.post("/v3/webhooks", WEBHOOK).json
    assert mine.get(f"/v3/webhooks/{made['id']}", include="token").status == 200
    session = Session(f"http://127.0.0.1:{program.port}").sign_in(mine.token)
    status, page = session.ask("/audit")
    assert status == 200
    for words in ("webhook.create", "webhook.read_token", "portal.sign_in", made["id"], mine.token.split("_")[1]):
        assert words in page
    stranger = Session(f"http://127.0.0.1:{program.port}").sign_in(other.token)
    assert made["id"] not in stranger.ask("/audit")[1]
    assert json.dumps(other.get("/v3/audit").json).count(made["id"]) == 0
