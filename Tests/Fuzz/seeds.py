"""Writes seeds for scripts/fuzz, a folder a target: the tests' corpora, and what a broker in good order says."""

import base64
import json
import pathlib
import struct
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "EndToEnd"))

from harness.fake_broker import (  # noqa: E402
    HEADER, HEARTBEAT, content, deliver, frame, long, method, short, start, tune)

VALID = b'{"event":"license.created","data":{"key":"D08B"},"triggeredAt":"2026-01-31T12:00:00.123Z"}'


def lines(path):
    return [json.loads(line) for line in (TESTS / path).read_text().splitlines() if line]


def retry(**changes):
    """A retry's headers as they are encoded."""
    fields = {"format": 1, "event-id": "evt_1", "account": "acme", "webhook": "whk_1", "run": 0, "attempt": 3,
              "deferrals": 1, "first-attempt": 1769860800_000000000, "revision": 7, "trigger": "replay", "copy": 1}
    data = b""
    for name, value in {**fields, **changes}.items():
        data += short(f"sealpost-{name}")
        data += b"l" + struct.pack(">q", value) if isinstance(value, int) else b"S" + long(value.encode())
    return data


FIELDS = b"".join(short(f"f{number}") + field for number, field in enumerate([
    b"t\1", b"b\1", b"B\1", b"s\0\1", b"u\0\1", b"I\0\0\0\1", b"i\0\0\0\1", b"l" + b"\1" * 8, b"L" + b"\xff" * 8,
    b"f" + b"\1" * 4, b"d" + b"\1" * 8, b"D" + b"\1" * 5, b"S" + long(b"12"), b"x" + long(b"12"), b"A" + long(b"t\1"),
    b"T" + b"\1" * 8, b"F" + long(short("a") + b"V"), b"V"]))


def properties(headers):
    return (struct.pack(">H", 0xFFF8) + short("application/json") + short("gzip") + long(headers) + b"\2\5"
            + short("17") + short("r") + short("60000") + short("evt_1") + b"\0" * 8 + short("t") + short("u")
            + short("a") + short("c"))


def message(tag, headers=b""):
    return deliver(tag, "fuzz.0") + content(VALID, headers)


def confirm(tag, multiple=0, kind=80):
    return method(1, (60, kind), struct.pack(">QB", tag, multiple))


RETURN = (method(1, (60, 50), struct.pack(">H", 312) + short("NO_ROUTE") + short("") + short("q"))
          + frame(HEADER, 1, struct.pack(">HHQH", 60, 0, 0, 1 << 10) + short("1")) + confirm(1))
CLOSE = method(0, (10, 50), struct.pack(">H", 320) + short("CONNECTION_FORCED") + b"\0\0\0\0")

SEEDS = {
    "event": [VALID, VALID.replace(b"license", rb"\u006cicense")] + [
        base64.b64decode(case["body_b64"]) for case in lines("SealpostCoreTests/Corpora/json_cases.jsonl")
        if "body_b64" in case],
    "json-string": [rb"a\u0041\ud83d\ude00", rb"\"\\\/\b\f\n\r\t", "é😀".encode(), rb"\ud83d", b"plain text of some length"],
    "timestamp": [b"2026-01-31T23:59:59.123456789Z", b"1678-01-01t00:00:60+23:59", b"2261-12-31T23:59:60-23:59"],
    "retry-after": [b"120", b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT",
                    b"Sun Nov  6 08:49:37 1994"],
    "url": [case["url"].encode() for case in lines("SealpostTransportTests/Corpora/ssrf.jsonl")] + [
        b"https://[2001:db8::1]:8443/a?b=c", b"http://xn--bcher-kva.example./%20"],
    "pattern": [b"*", b"license.*", b"license.created", b"a.b-c_d.*", b".*"],
    "broker-url": [b"host:5672/%2F", b"[::1]/v?cacertfile=/a&certfile=/b&keyfile=/c&auth_mechanism=external",
                   b"host?heartbeat=5&verify=verify_none,amqp://other"],
    "properties": [properties(FIELDS), properties(retry()), properties(b""), b"\0\0"],
    "retry-headers": [retry(), retry(run=-1), retry(attempt="2"), FIELDS],
    "login": [start() + tune() + method(0, (10, 41), b"\0"), start(short("capabilities") + b"F" + long(FIELDS)),
              start() + CLOSE, b"AMQP\0\0\x09\1"],
    "frames": [message(1) + message(2, FIELDS), message(1, retry()) + frame(HEARTBEAT, 0, b"") + CLOSE,
               message(1) + method(1, (60, 30), short("fuzz.0") + b"\0")],
    "confirms": [confirm(1) + confirm(2, kind=120) + confirm(3), confirm(3, 1), RETURN + CLOSE,
                 method(0, (10, 60), short("low on disk")) + method(0, (10, 61))],
}

for target, seeds in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"{number:03}").write_bytes(seed)
