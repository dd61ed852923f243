"""Receivers that misbehave in every way, beside good ones."""

import asyncio
import gzip
import pathlib
import socket
import tempfile
import threading
import time

from harness.certificates import Authority
from harness.publisher import Publisher, event_body
from harness.waiting import wait_until
from scene import Scene, experiment

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def sends(*pieces, forever=None, pause=0.0, stays=False):
    """A receiver that writes pieces, then one of them for ever, and stays or closes."""
    async def answer(_, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        while forever:
            writer.write(forever)
            await writer.drain()
            await asyncio.sleep(pause)
        return stays
    return answer


# What a receiver does → the reasons that the log may give.
WAYS = {
    "resets": ("reset", {"connection_reset", "empty_response"}),
    "closes": ("close", {"empty_response", "connection_reset"}),
    "never-answers": ("silence", {"response_timeout"}),
    "breaks-in-status-line": (sends(b"HTTP/1.1 2"), {"bad_response", "connection_reset",
                                                      "empty_response"}),
    "breaks-in-head": (sends(b"HTTP/1.1 500 No\r\nContent-Le"), {"bad_response", "connection_reset",
                                                                  "empty_response"}),
    "breaks-in-body": (sends(b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nhalf"), {"http_500"}),
    "drips-head": (sends(b"HTTP/1.1 200 OK\r\n", forever=b"X: y\r\n", pause=0.2),
                   {"response_timeout"}),
    "drips-body": (sends(b"HTTP/1.1 500 No\r\nContent-Length: 10000\r\n\r\n", forever=b"x", pause=0.2),
                   {"http_500"}),
    "endless-body": (sends(b"HTTP/1.1 500 No\r\n\r\n", forever=b"x" * 65536),
                     {"response_too_large"}),
    "endless-chunk-extension": (
        sends(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n5;", forever=b"a" * 1024,
              pause=0.01), {"http_500", "response_timeout", "bad_response"}),
    "endless-trailers": (
        sends(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", forever=b"A: b\r\n",
              pause=0.01), {"http_500", "response_timeout", "response_headers_too_large"}),
    "flood-of-1xx": (sends(forever=b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.0),
                     {"response_headers_too_large", "response_timeout", "bad_response"}),
    "300-kb-of-headers": (
        sends(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 90) for n in range(3000))
              + b"\r\n"), {"response_headers_too_large"}),
    "one-header-over-100-kb": (sends(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 120_000 + b"\r\n\r\n"),
                               {"response_headers_too_large"}),
    "gzip-bomb": (
        sends(b"HTTP/1.1 500 No\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
              % len(gzip.compress(bytes(50 << 20))) + gzip.compress(bytes(50 << 20))), {"http_500"}),
    "not-http": (sends(b"220 mail.example.com ESMTP\r\n"), {"bad_response"}),
    "closes-kept-connections": ((500, {"Connection": "close"}), {"http_500"}),
    **{f"redirect-{status}": ((status, {"Location": "http://127.0.0.1:1/"}), {f"http_{status}"})
       for status in (301, 302, 303, 307, 308)},
    **{f"retry-after-{number}": ((status, {"Retry-After": value}), {f"http_{status}"})
       for number, (status, value) in enumerate([
           (429, "1"), (503, "2"), (429, "Wed, 21 Oct 2015 07:28:00 GMT"), (503, "-5"), (429, "soon"),
           (503, ""), (429, "1.5"), (502, "0"), (504, "99999999999999999999")])},
}


@experiment(share=0.15)
def misbehaving_receivers(events, seed, say):
    """every way in which an answer can be wrong, beside good receivers; then all of them answer"""
    with Scene(events, seed, say, failing=0, SEALPOST_DELIVERY_TIMEOUT="2s",
               SEALPOST_RETRY_MAX_DELAY="3s", start=False) as scene:
        mended = threading.Event()
        for way, (answer, _) in WAYS.items():
            path = f"/{way}"
            scene.script(path, lambda request, answer=answer: 200 if mended.is_set() else answer)
            scene.program.add_webhook(scene.receiver.url(path), "user.created", name=way)
        scene.program.add_webhook("http://does-not-exist.invalid/", "user.deleted", name="nxdomain")
        scene.start()
        scene.load()
        publisher = Publisher(scene.broker, scene.program.exchange)
        publisher.publish("probe", event_body("user.created"), name="user.created")
        publisher.publish("gone-name", event_body("user.deleted"), name="user.deleted")

        def reasons():
            found = {}
            for row in scene.program.json("logs", "--limit", "100000", "--outcome", "retry"):
                found.setdefault(row["webhook"], set()).add(row["reason"])
            return found

        ways = {name for name in WAYS}
        wait_until(lambda: ways | {"nxdomain"} <= reasons().keys(), "each to have failed once", timeout=90)
        for way, given in reasons().items():
            allowed = {"dns_not_found"} if way == "nxdomain" else WAYS[way][1]
            assert given <= allowed, f"{way}: {given}, not {allowed}"
        say(f"{len(WAYS) + 1} ways to fail, each with its reason in the log")
        mended.set()

        def delivered():
            rows = scene.program.json("logs", "--limit", "100000", "--outcome", "delivered")
            return ways <= {row["webhook"] for row in rows if row["eventId"] == "probe"} | {
                "retry-after-8"}

        wait_until(delivered, "all of them to be delivered", timeout=120, interval=1)
        # A name that does not exist goes on failing, so its webhook goes; whoever asked for a day has it.
        for row in scene.program.json("webhooks", "list"):
            if row["name"] == "nxdomain":
                scene.program.run("webhooks", "remove", row["id"])
        return scene.finish(left=1)


@experiment(share=1.0)
def down_for_a_day(events, seed, say):
    """a receiver is down for long at full rate, then back; the others do not notice"""
    with Scene(events, seed, say, failing=0, SEALPOST_DELIVERY_TIMEOUT="1s") as scene:
        down = threading.Event()
        down.set()
        scene.script("/all", lambda _: "silence" if down.is_set() else 200)
        scene.load()
        others = 2 * len(scene.events)
        begin = time.monotonic()
        wait_until(lambda: sum(path != "/all" for path, _ in list(scene.succeeded)) >= others,
                   "the other receivers", timeout=300)
        requests = len(scene.receiver.at("/all"))
        say(f"{others} deliveries to the others in {time.monotonic() - begin:.0f} s, "
            f"{requests} requests to the one that is down")
        depths = sum((scene.broker.depth(f"{scene.program.namespace}.v1.delay.{level}") or (0, 0))[0]
                     for level in range(18))
        say(f"{depths} messages on the ladder, the rest of {len(scene.events)} in the backlog")
        assert depths < 1500
        down.clear()
        begin = time.monotonic()
        scene.wait_for(1)
        say(f"all of it delivered {time.monotonic() - begin:.0f} s after it is back")
        return scene.finish(duplicates=requests)


@experiment(share=0.15)
def tls_faults(events, seed, say):
    """receivers whose certificate is expired, foreign, self-signed or another's, or whose handshake stalls"""
    with (tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as stalls,
          Scene(events, seed, say, failing=0, SEALPOST_DELIVERY_TIMEOUT="3s", SEALPOST_CONNECT_TIMEOUT="2s",
                SEALPOST_RETRY_MAX_ATTEMPTS="2", start=False) as scene):
        folder = pathlib.Path(folder)
        ours, foreign = Authority(folder), Authority(folder, "foreign")
        scene.configure(SEALPOST_CA_FILE=str(ours.file))
        listen = scene.receiver.listen
        ports = {
            "good": (listen(ours.server("localhost")), None),
            "expired": (listen(ours.server("localhost", days=-1)), "tls_expired"),
            "wrong-host": (listen(ours.server("example.test")), "tls_wrong_host"),
            "foreign": (listen(foreign.server("localhost")), "tls_untrusted"),
            "self-signed": (listen(foreign.itself()), "tls_untrusted"),
            "stalls": (stalls.getsockname()[1], "connect_timeout"),
        }
        for name, (port, _) in ports.items():
            scene.program.add_webhook(f"https://localhost:{port}/{name}", "user.created", name=name)
        scene.start()
        scene.load()
        Publisher(scene.broker, scene.program.exchange).publish(
            "probe", event_body("user.created"), name="user.created")

        def rows():
            return [row for row in scene.program.json("logs", "--limit", "100000") if row["webhook"] in ports]

        wait_until(lambda: len(rows()) == 2 * len(ports) - 1, "each to be tried twice, the good one once",
                   timeout=60)
        found = {row["webhook"]: row.get("reason") for row in rows()}
        assert found == {name: reason for name, (_, reason) in ports.items()}, found
        assert not [path for path in ports if path != "good" and scene.receiver.at(f"/{path}")]
        say(f"{len(ports) - 1} ways to fail, each with its reason in the log")
        for row in scene.program.json("dead", "list", "--state", "exhausted"):
            assert scene.program.run("dead", "drop", str(row["id"]))[0] == 0
        return scene.finish()


@experiment(share=0.3)
def names_that_hang(events, seed, say):
    """webhooks whose names no name server answers for, beside good receivers"""
    with Scene(events, seed, say, failing=0, SEALPOST_RETRY_MAX_ATTEMPTS="2", start=False) as scene:
        for number in range(20):
            scene.program.add_webhook(f"http://w{number}.hangs.test/", "license.created", name=f"w{number}")
        scene.preload("hanging_names.c")
        scene.load()
        begin = time.monotonic()
        scene.wait_for(1)
        say(f"all deliveries to the good receivers in {time.monotonic() - begin:.0f} s")
        wait_until(lambda: scene.program.json("logs", "--outcome", "retry", "--limit", "1"),
                   "a request to one of the others to end", timeout=60)
        reasons = {row["reason"] for row in scene.program.json("logs", "--outcome", "retry", "--limit", "1000")}
        assert reasons <= {"resolver_slow", "dns_failed"}, reasons
        say(f"the others: {', '.join(reasons)}")
        for row in scene.program.json("webhooks", "list"):
            if row["name"].startswith("w"):
                assert scene.program.run("webhooks", "remove", row["id"])[0] == 0
        return scene.finish()
