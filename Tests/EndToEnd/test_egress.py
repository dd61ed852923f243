"""What the operator says about outgoing requests: https alone, and through a proxy."""

import pytest

from harness.certificates import Authority
from harness.publisher import event_body
from harness.tunnels import TunnelProxy
from harness.waiting import wait_until

CREDENTIALS = ("operator", "pl@nted:passw0rd")
ENCODED = "operator:pl%40nted%3Apassw0rd"


def logged(program, count):
    rows = wait_until(lambda: (r := program.json("logs")) and len(r) >= count and r, f"{count} attempts")
    return {row["webhook"]: (row["outcome"], row.get("reason")) for row in rows}


def test_https_alone_is_said_when_saved_and_holds_when_delivered(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*", name="before")
    program.environment["SEALPOST_HTTPS_ONLY"] = "true"
    code, _, errors = program.run("webhooks", "add", "--name", "n", "--url", "http://127.0.0.1/", "--events", "*")
    assert code == 64 and "begins with https://" in errors
    assert program.run("webhooks", "edit", webhook, "--url", "http://127.0.0.1/x")[0] == 64
    assert program.run("webhooks", "edit", webhook, "--name", "still")[0] == 0
    program.start()
    publish(program).publish("evt_1", event_body())
    assert logged(program, 1) == {"still": ("blocked", "https_required")}
    assert receiver.connections == 0


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_every_request_goes_through_the_proxy(make_program, receiver, publish, authority, scheme):
    secure = receiver.listen(authority.server("*.receivers.test"))
    proxy = TunnelProxy(
        "socks" if scheme == "socks5h" else "http", CREDENTIALS, refused={"refused.receivers.test"},
        context=authority.server("localhost") if scheme == "https" else None)
    # The proxy's own address is private, and so are those of all receivers behind it.
    program = make_program(
        SEALPOST_EGRESS_ALLOW="", SEALPOST_CA_FILE=str(authority.file), SEALPOST_RETRY_MAX_ATTEMPTS="1",
        SEALPOST_EGRESS_PROXY=f"{scheme}://{ENCODED}@localhost:{proxy.port}",
        no_proxy="*", NO_PROXY="*", http_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1")
    try:
        for name, url in {
                "plain": f"http://plain.receivers.test:{receiver.port}/plain",
                "secure": f"https://secure.receivers.test:{secure}/secure",
                "wrong-name": f"https://other.test:{secure}/wrong",
                "refused": f"http://refused.receivers.test:{receiver.port}/refused"}.items():
            program.add_webhook(url, "*", name=name)
        # Saved while private addresses were allowed.
        program.environment["SEALPOST_EGRESS_ALLOW"] = "127.0.0.0/8"
        program.add_webhook(f"http://127.0.0.1:{receiver.port}/literal", "*", name="literal")
        program.environment["SEALPOST_EGRESS_ALLOW"] = ""
        program.start()
        publish(program).publish("evt_1", event_body())
        assert logged(program, 5) == {
            "plain": ("delivered", None), "secure": ("delivered", None),
            "wrong-name": ("exhausted", "tls_wrong_host"), "refused": ("exhausted", "proxy_refused"),
            "literal": ("blocked", "blocked_address")}
        assert {request.path for request in receiver.requests} == {"/plain", "/secure"}
        assert {host for host, _ in proxy.targets} == {
            "plain.receivers.test", "secure.receivers.test", "other.test", "refused.receivers.test"}
        assert not any("webhook" in head.lower() for head in proxy.heads), "what is ours goes to receivers alone"
        assert not any("remoteAddress" in row for row in program.json("logs")), "the proxy is nobody's receiver"
        publish(program).publish("evt_2", event_body())
        wait_until(lambda: len(receiver.requests) == 4, "the second event over kept tunnels")
        logged(program, 10)
        publish(program).publish("evt_3", event_body())
        logged(program, 15)
        proxy.close()
        proxy = None
        publish(program).publish("evt_4", event_body())
        rows = wait_until(lambda: len(r := program.json("logs")) == 20 and r, "attempts without a proxy")
        assert {row["webhook"]: row["reason"] for row in rows if row["eventId"] == "evt_4"} == {
            "plain": "proxy_failed", "secure": "proxy_failed", "wrong-name": "proxy_failed",
            "refused": "proxy_failed", "literal": "blocked_address"}
        assert program.stop() == 0
        everything = program.log + "".join(
            text for command in (("logs", "--json"), ("check",)) for text in program.run(*command)[1:])
        for secret in (*CREDENTIALS[1:], ENCODED.split(":")[1]):
            assert secret not in everything
    finally:
        if proxy:
            proxy.close()


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_that_does_not_know_us_is_told_apart(make_program, receiver, publish, scheme):
    proxy = TunnelProxy("http" if scheme == "http" else "socks", CREDENTIALS)
    program = make_program(SEALPOST_EGRESS_PROXY=f"{scheme}://operator:wrong@127.0.0.1:{proxy.port}",
                           SEALPOST_RETRY_MAX_ATTEMPTS="1")
    try:
        program.add_webhook(receiver.url("/hook").replace("127.0.0.1", "receiver.test"), "*", name="w")
        program.start()
        publish(program).publish("evt_1", event_body())
        reason = "proxy_refused" if scheme == "http" else "proxy_failed"
        assert logged(program, 1) == {"w": ("exhausted", reason)}
        assert receiver.connections == 0
    finally:
        proxy.close()


def test_a_bad_proxy_setting_is_told_without_its_password(make_program):
    program = make_program(SEALPOST_EGRESS_PROXY="http://operator:hidden@proxy")
    code, output, errors = program.run("check")
    assert code == 78 and "SEALPOST_EGRESS_PROXY is no proxy" in output
    assert "hidden" not in output + errors
    code, _, errors = program.run("serve")
    assert code == 78 and "hidden" not in errors
    code, output, _ = program.run("check", SEALPOST_EGRESS_PROXY="", SEALPOST_CA_BUNDLE="/nowhere")
    assert code == 78 and "SEALPOST_CA_BUNDLE names /nowhere" in output
