"""Every message of the corpora gets its verdict; the worker survives all, and what is valid behind each
is delivered."""

import base64
import gzip
import json
import pathlib
import struct

import pika
import pytest

from harness.publisher import event_body
from harness.waiting import wait_until

CORPORA = pathlib.Path(__file__).parent / "corpora"

# Experiments with queues and receivers rather than messages. `crash-poison` and
# `poison-head-of-line` are in test_faults.py, `xdeath-loop` is what used-up attempts in test_retries.py
# are about; the other two show what RabbitMQ does in a circle, and our queues have none.
EXPERIMENTS = {"xdeath-loop", "ttl-loop", "reject-loop", "crash-poison", "poison-head-of-line"}

# RabbitMQ 3.10 cannot read these itself and closes the publisher's connection (541).
REFUSED_BY_RABBITMQ = {"hdr-type-d-Infinity"}

# Where the corpus leaves the verdict open, or speaks of fields that belong to a webhook here: `url`,
# `headers`, `attempt` and `timeout` in an event are keys like others.
DECIDED = {
    "ct-255": "dead-letter",  # a content type that is not JSON
    "missing-id": "deliver",  # the id is a property, and is derived where it is missing
    "html-payload": "dead-letter",  # no event name has these characters
    "1MiB": "dead-letter",  # over the limit of 256 KiB
    "hdr-type-": "deliver",
    "type-url-": "deliver",
    "type-headers-": "deliver",
    "type-attempt-": "deliver",
    "type-timeout-": "deliver",
}


def verdict(line):
    for name, decided in DECIDED.items():
        if line["id"] == name or name.endswith("-") and line["id"].startswith(name):
            if line["id"] == "type-event-true":
                break
            return decided
    return line["expect"]


def body(line, valid):
    recipe = line["body"]
    if isinstance(recipe, dict):
        if "b64" in recipe:
            return base64.b64decode(recipe["b64"])
        if "gzip_of" in recipe:
            return gzip.compress(b"\0" * 50_000_000)
        if "pad_to" in recipe:
            padded = json.loads(valid)
            padded["data"]["pad"] = ""
            padded["data"]["pad"] = "x" * (recipe["pad_to"] - len(json.dumps(padded).encode()))
            return json.dumps(padded).encode()
        return eval(recipe["gen"], {}).encode()  # noqa: S307, our own corpus
    if recipe.startswith("$VALID_WITHOUT("):
        event = json.loads(valid)
        for key in recipe[len("$VALID_WITHOUT("):-1].replace("payload/", "").split(","):
            event.pop(key, None)
        return json.dumps(event).encode()
    if recipe.startswith("$VALID_WITH("):
        path, _, value = recipe[len("$VALID_WITH("):-1].partition("=")
        if value.startswith("'"):
            value = json.dumps(value[1:-1])
        event = json.loads(valid)
        holder = event
        *parents, last = path.split(".")
        for parent in parents:
            holder = holder[parent]
        holder[last] = "$HERE"
        return json.dumps(event, ensure_ascii=False).replace('"$HERE"', value).encode()
    return recipe.replace("$VALID", valid).encode()


def field(value):
    """A header's value in AMQP's encoding, type byte first."""
    kind, value = value["t"], value["v"]
    formats = {"b": ">b", "B": ">B", "s": ">h", "u": ">H", "I": ">i", "i": ">I", "l": ">q",
               "L": ">Q", "d": ">d", "T": ">Q"}
    if kind in formats:
        number = float(value) if kind == "d" else value
        return kind.encode() + struct.pack(formats[kind], number)
    if kind == "t":
        return b"t" + bytes([value])
    if kind == "D":
        return b"D\xff" + struct.pack(">i", 1)
    if kind == "S":
        return b"S" + struct.pack(">I", len(value)) + value.encode()
    if kind == "x":
        data = bytes.fromhex(value)
        return b"x" + struct.pack(">I", len(data)) + data
    if kind == "A":
        items = b"".join(item(entry) for entry in value)
        return b"A" + struct.pack(">I", len(items)) + items
    raise AssertionError(kind)


def item(entry):
    if isinstance(entry, dict):
        table = b"".join(
            short(key) + field(value) for key, value in entry.items())
        return b"F" + struct.pack(">I", len(table)) + table
    if isinstance(entry, int):
        return b"I" + struct.pack(">i", entry)
    return b"S" + struct.pack(">I", len(entry)) + entry.encode()


class RawProperties(pika.BasicProperties):
    """Properties whose headers are encoded by this test, so that any type of field can be sent."""

    def __init__(self, raw_headers, **properties):
        super().__init__(**properties)
        self.raw_headers = raw_headers

    def encode(self):
        if not self.raw_headers:
            return super().encode()
        table = b"".join(
            short(key) + field(value) for key, value in self.raw_headers.items())
        parts = [(15, self.content_type and short(self.content_type)),
                 (14, self.content_encoding and short(self.content_encoding)),
                 (13, struct.pack(">I", len(table)) + table),
                 (12, bytes([self.delivery_mode])),
                 (7, self.message_id and short(self.message_id))]
        flags = sum(1 << bit for bit, part in parts if part)
        return [struct.pack(">H", flags), *(part for _, part in parts if part)]


def short(text):
    return bytes([len(text)]) + text.encode()


def lines(name):
    return [json.loads(line) for line in (CORPORA / name).read_text().splitlines()]


def start(make_program, receiver):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    return program, confirming_channel(program)


def confirming_channel(program):
    channel = program.broker.connect().channel()
    channel.confirm_delivery()
    return channel


def publish(channel, program, body, headers=None, **properties):
    channel.basic_publish(
        program.exchange, "license.created", body, mandatory=True,
        properties=RawProperties(headers, delivery_mode=2, **properties))


def test_every_amqp_message_gets_its_verdict(make_program, receiver):
    program, channel = start(make_program, receiver)
    expected = {"deliver": 0, "dead-letter": 0}
    bodies = {}
    behind = set()
    judged = [line for line in lines("amqp_messages.jsonl") if line["id"] not in EXPERIMENTS]
    assert len(judged) == 64 - len(EXPERIMENTS)
    for number, line in enumerate(judged):
        valid = json.dumps({"event": "license.created", "data": {"line": number},
                            "triggeredAt": "2026-01-31T12:00:00Z"})
        content = body(line, valid)
        headers = {("sealpost-attempt" if key == "$RETRY_HEADER" else key): value
                   for key, value in line["headers"].items()}
        properties = {key: value for key, value in line["properties"].items()
                      if key != "delivery_mode"}
        properties.setdefault("message_id", f"line-{number}")
        if line["id"] in REFUSED_BY_RABBITMQ:
            with pytest.raises(pika.exceptions.ConnectionClosedByBroker):
                publish(channel, program, content, headers, **properties)
            channel = confirming_channel(program)
            continue
        repeats = 200 if line.get("count", 1) > 1 else 1
        for _ in range(repeats):
            try:
                publish(channel, program, content, headers, **properties)
            except pika.exceptions.AMQPError as error:
                raise AssertionError(line["id"]) from error
        expected[verdict(line)] += repeats
        if verdict(line) == "deliver":
            bodies[content] = line["id"]
        behind.add(f"behind-{number}")
        publish(channel, program, event_body(), message_id=f"behind-{number}",
                content_type="application/json")

    def is_done():
        arrived = [request.body for request in receiver.requests]
        return (all(content in arrived for content in bodies)
                and behind <= {request.event for request in receiver.requests})

    wait_until(is_done, "every valid message", timeout=60)
    wait_until(
        lambda: len(program.json("rejected", "list", "--limit", "10000")) == expected["dead-letter"],
        "every rejected message", timeout=60)
    assert len({(r.event, r.digest) for r in receiver.requests}) == len(receiver.requests)
    assert program.process.poll() is None
    assert program.stop() == 0


def test_every_json_case_is_rejected_and_does_not_stop_the_ones_behind(make_program, receiver):
    program, channel = start(make_program, receiver)
    cases = lines("json_cases.jsonl")
    behind = set()
    for number, case in enumerate(cases):
        content = (base64.b64decode(case["body_b64"]) if "body_b64" in case
                   else eval(case["gen"], {}).encode())  # noqa: S307, our own corpus
        publish(channel, program, content, message_id=f"case-{number}")
        if number % 10 == 0:
            behind.add(f"behind-{number}")
            publish(channel, program, event_body(), message_id=f"behind-{number}")
    rows = wait_until(
        lambda: len(r := program.json("rejected", "list", "--limit", "10000")) == len(cases) and r,
        "every case to be rejected", timeout=60)
    reasons = {row["messageId"]: row["reason"] for row in rows}
    for number, case in enumerate(cases):
        if "duplicated_key" in case["name"]:
            # Valid by the letter of RFC 8259, but two readers can read two things: refused here.
            assert reasons[f"case-{number}"] == "duplicate_key"
        elif case["class"] == "y_":
            assert reasons[f"case-{number}"] in ("not_object", "missing_event"), case["name"]
        if case["class"] == "n_":
            assert reasons[f"case-{number}"] not in ("not_object", "missing_event"), case["name"]
    wait_until(lambda: {request.event for request in receiver.requests} == behind, "valid events")
    assert program.stop() == 0
