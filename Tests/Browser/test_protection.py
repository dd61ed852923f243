"""What the portal refuses: other sites' forms, other accounts' things, sessions that are over."""

import http.client
import re
import urllib.parse

import pytest

from harness.publisher import event_body
from harness.waiting import wait_until


class Visitor:
    """A browser's requests, by hand."""

    def __init__(self, program):
        self.program = program
        self.cookie = None

    def ask(self, method, path, form=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port, timeout=30)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            headers["Cookie"] = self.cookie
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer, text

    def sign_in(self, token, **headers):
        answer, _ = self.ask("POST", "/sign-in", {"token": token}, **headers)
        assert answer.status == 303
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    @property
    def key(self):
        """What forms bring back: the one for signing out, on every page, has it too."""
        page = self.ask("GET", "/webhooks")[1]
        return re.search(r'name="key" value="(\w+)"', page)[1]


@pytest.fixture
def visitor(program):
    return Visitor(program)


def test_cookies_and_headers_are_strict(visitor, make_token):
    token = make_token()
    first = visitor.sign_in(token).headers["Set-Cookie"]
    assert "HttpOnly" in first and "SameSite=Strict" in first and "Path=/" in first
    assert "Secure" not in first
    second = visitor.sign_in(token).headers["Set-Cookie"]
    assert first != second
    behind = Visitor(visitor.program).sign_in(token, X_Forwarded_Proto="https").headers["Set-Cookie"]
    assert behind.startswith("__Host-sealpost=") and "Secure" in behind
    answer, text = visitor.ask("GET", "/webhooks")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?! src=)|<style| style=| on\w+=", text)
    assert token not in text


def test_signing_in_ends_the_session_before(visitor, make_token):
    token = make_token()
    visitor.sign_in(token)
    old = visitor.cookie
    visitor.sign_in(token)
    visitor.cookie = old
    assert visitor.ask("GET", "/webhooks")[0].status == 303


def test_forms_of_others_are_refused(visitor, make_token, program, receiver):
    identity = program.add_webhook(receiver.url("/hook"), "license.*")
    visitor.sign_in(make_token())
    path = f"/webhooks/{identity}/pause"
    key = visitor.key
    for form, headers in [({}, {}), ({"key": "0" * 64}, {}), ({"key": key}, {"Sec_Fetch_Site": "cross-site"}),
                          ({"key": key}, {"Origin": "https://evil.example"})]:
        answer, _ = visitor.ask("POST", path, form, **headers)
        assert answer.status == 403, (form, headers)
    assert visitor.ask("POST", "/sign-in", {"token": "x"}, Sec_Fetch_Site="cross-site")[0].status == 403
    assert program.json("webhooks", "list")[0]["paused"] is False
    own = {"Origin": f"http://127.0.0.1:{program.port}", "Sec_Fetch_Site": "same-origin"}
    assert visitor.ask("POST", path, {"key": key}, **own)[0].status == 303
    assert program.json("webhooks", "list")[0]["paused"] is True


def test_nothing_leads_away(visitor, make_token):
    for there in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nSet-Cookie: a=b"):
        answer, _ = visitor.ask("POST", "/sign-in", {"token": make_token(), "next": there})
        assert answer.headers["Location"] == "/webhooks"


def test_a_revoked_token_ends_its_sessions(visitor, make_token, program):
    token = make_token()
    visitor.sign_in(token)
    assert visitor.ask("GET", "/webhooks")[0].status == 200
    program.run("tokens", "revoke", token.split("_")[1])
    answer, _ = visitor.ask("GET", "/webhooks")
    assert answer.status == 303 and answer.headers["Location"].startswith("/sign-in")


def test_another_account_is_not_there(visitor, make_token, program, receiver, publish_until_known):
    identity = program.add_webhook(receiver.url("/hook"), "license.*", account="acme", name="Secret one")
    publish_until_known("/hook", event_body(), account="acme")
    row = wait_until(lambda: program.json("logs"), "the row")[0]
    visitor.sign_in(make_token("webhook:read", "webhook:write", account="other"))
    key = visitor.key
    for path in (f"/webhooks/{identity}", f"/webhooks/{identity}/edit", f"/webhooks/{identity}/attempts",
                 f"/webhooks/{identity}/replays", f"/webhooks/{identity}/delete", f"/log/{row['id']}"):
        answer, text = visitor.ask("GET", path)
        assert answer.status == 404 and "Secret one" not in text, path
    for path in (f"/webhooks/{identity}", f"/webhooks/{identity}/pause", f"/webhooks/{identity}/resume",
                 f"/webhooks/{identity}/activate", f"/webhooks/{identity}/test", f"/webhooks/{identity}/reveal",
                 f"/webhooks/{identity}/rotate", f"/webhooks/{identity}/delete",
                 f"/webhooks/{identity}/replays", f"/log/{row['id']}/resend"):
        form = {"key": key, "name": "x", "event": "license.created", "since": "2026-01-01T00:00"}
        answer, text = visitor.ask("POST", path, form)
        assert answer.status == 404, path
    for path in ("/webhooks", "/log", "/dead", "/rejected", "/queues", f"/log?webhook={identity}"):
        answer, text = visitor.ask("GET", path)
        assert answer.status == 200 and "Secret one" not in text and "evt_probe" not in text, path
    assert visitor.ask("POST", "/account", {"key": key, "account": "acme"})[0].status == 403
    assert visitor.ask("GET", "/account")[0].status == 403


def test_a_reader_changes_nothing(visitor, make_token, program, receiver):
    identity = program.add_webhook(receiver.url("/hook"), "license.*")
    visitor.sign_in(make_token("webhook:read"))
    key = visitor.key
    for path in (f"/webhooks/{identity}/pause", f"/webhooks/{identity}/delete", f"/webhooks/{identity}/reveal"):
        assert visitor.ask("POST", path, {"key": key})[0].status == 403
    assert "Add webhook" not in visitor.ask("GET", "/webhooks")[1]
    assert visitor.ask("GET", "/webhooks/new")[0].status == 403
    publisher_only = Visitor(program)
    answer, text = publisher_only.ask("POST", "/sign-in", {"token": make_token("event:write")})
    assert answer.status == 403 and "webhook:read" in text
