"""A broker that says anything: the worker hangs up, comes back, stays small, and delivers once the broker
behaves. SEALPOST_HOSTILE_ROUNDS and SEALPOST_HOSTILE_SEED make the mutations at the end many more."""

import json
import os
import pathlib
import random
import struct
import threading

import pytest

from harness.fake_broker import (
    BODY, HEADER, HEARTBEAT, METHOD, FakeBroker, content, deliver, frame, long, method, short, start, tune)
from harness.program import Program
from harness.receiver import Receiver
from harness.waiting import wait_until

VALID = json.dumps({"event": "license.created", "data": {"key": "D08B"}, "triggeredAt": "2026-01-31T12:00:00Z"}).encode()
FRAME_ROOM = 130_000
MEBIBYTE = 1 << 20
# A sanitizer keeps a shadow of all memory, and what was freed for a while.
if os.environ.get("SEALPOST_SANITIZED"):
    MEBIBYTE *= 16


@pytest.fixture(scope="module")
def fake():
    broker = FakeBroker()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def worker(fake):
    program = Program(fake, SEALPOST_LANES="1", SEALPOST_LOG_LEVEL="debug")
    program.events = 0
    program.start()
    yield program
    try:
        assert program.stop() == 0
        assert "s3cret-word" not in program.log
    finally:
        program.close()


@pytest.fixture(scope="module")
def listener(fake, worker):
    receiver = Receiver()
    worker.add_webhook(receiver.url("/hook"), "license.*")
    link = lane(fake)
    # Until the worker knows of the webhook, events go nowhere.
    wait_until(lambda: link.deliver(VALID, "known") and receiver.requests, "the webhook to be known", interval=0.2)
    yield receiver
    receiver.stop()


def memory(program):
    """Resident bytes now."""
    pages = pathlib.Path(f"/proc/{program.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def lane(fake, beside=None):
    """The lane's connection, once it is there and another one than `beside`."""
    def stands():
        link = fake.lane
        return link if link and link is not beside and not link.gone.is_set() else None

    return wait_until(stands, "the lane to consume")


def delivers(fake, worker, listener):
    """An event comes all the way, and is acknowledged."""
    link = lane(fake)
    worker.events += 1
    event = f"evt_{worker.events}"
    tag = link.deliver(VALID, event)
    wait_until(
        lambda: worker.process.poll() is not None or link.acknowledged >= tag and any(
            request.event == event for request in listener.requests), "the event to be delivered")
    assert worker.process.poll() is None, worker.log[-3000:]
    listener.requests.clear()
    return link


class Growth:
    """Watches the program's memory while something goes on."""

    def __init__(self, program):
        self.program, self.most = program, 0
        self.before = memory(program)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _run(self):
        while not self._over.wait(0.02):
            try:
                self.most = max(self.most, memory(self.program) - self.before)
            except (OSError, IndexError):
                return


def nested(kind, room):
    """A table whose one value holds tables or arrays in each other for as long as there is room."""
    step = b"F" if kind == "tables" else b"A"
    key = b"\0" if kind == "tables" else b""
    depth = (room - 20) // (5 + len(key))
    data = b""
    pieces = []
    left = depth * (5 + len(key))
    for _ in range(depth):
        left -= 5 + len(key)
        pieces.append(key + step + struct.pack(">I", left))
    data = b"".join(pieces)
    return data if kind == "tables" else b"\0" + data


def raw(kind, size, payload=b"", end=b"\xce", channel=1):
    return struct.pack(">BHI", kind, channel, size) + payload + end


def header(size, properties=b"\0\0", identity=60, channel=1):
    return frame(HEADER, channel, struct.pack(">HHQ", identity, 0, size) + properties)


def message(link, shift=1, **options):
    """A message whose tag is as far from the last one as `shift`."""
    return deliver(link.tags + shift, link.consumers[0]) + content(VALID, **options)


def opening(link):
    return deliver(link.tags + 1, link.consumers[0])


# Each is what the broker says to a lane that consumes, after which the lane hangs up.
BREAKS = {
    "a frame of no bytes": lambda link: raw(METHOD, 0),
    "a header frame of no bytes": lambda link: opening(link) + raw(HEADER, 0),
    "a header frame that ends early": lambda link: opening(link) + raw(HEADER, 11, b"\0" * 11),
    "a frame of 4 GiB": lambda link: raw(METHOD, 0xFFFFFFFF, b"x" * 100),
    "a frame of 2 GiB": lambda link: raw(METHOD, 0x7FFFFFFF, b"x" * 100),
    "a frame much larger than was agreed": lambda link: opening(link) + header(1 << 20) + raw(
        BODY, 300_000, b"x" * 300_000),
    "a frame without its end": lambda link: raw(METHOD, 20, b"\0" * 20, end=b"\0"),
    "a method that is unknown": lambda link: method(1, (60, 999), b"\0" * 30),
    "a class that is unknown": lambda link: method(1, (999, 1), b"\0" * 30),
    "a method cut short": lambda link: method(1, (60, 60), b"\x10abc"),
    "a method of garbage": lambda link: method(1, (60, 60), b"\xff" * 40),
    "a message for an unknown consumer": lambda link: deliver(link.tags + 1, "nobody") + content(VALID),
    "a consumer of endless digits": lambda link: deliver(
        link.tags + 1, link.consumers[0][:-1] + "9" * 200) + content(VALID),
    "a consumer that is cut short": lambda link: deliver(link.tags + 1, link.consumers[0][:3]) + content(VALID),
    "a consumer beyond the last": lambda link: deliver(
        link.tags + 1, link.consumers[0][:-1] + "7") + content(VALID),
    "a channel that is not open": lambda link: deliver(1, link.consumers[0], channel=9) + content(VALID, channel=9),
    "every channel there is": lambda link: b"".join(frame(BODY, number, b"x") for number in range(1, 65536)),
    "content on channel 0": lambda link: opening(link) + content(VALID, channel=0),
    "properties without a message": lambda link: content(VALID),
    "a body without properties": lambda link: opening(link) + frame(BODY, 1, VALID),
    "properties of another class": lambda link: opening(link) + header(3, identity=10),
    "properties twice": lambda link: opening(link) + header(100) + header(2),
    "a message inside of a message": lambda link: opening(link) + header(100) + message(link),
    "a body of 2^63 bytes": lambda link: message(link, size=1 << 63),
    "a body of 2^64 - 1 bytes": lambda link: message(link, size=(1 << 64) - 1),
    "a body larger than any": lambda link: message(link, size=(512 << 20) + 1),
    "more of a body than announced": lambda link: message(link, size=10),
    "delivery tag 0": lambda link: deliver(0, link.consumers[0]) + content(VALID),
    "a delivery tag again": lambda link: message(link, shift=0),
    "a delivery tag of long ago": lambda link: message(link, shift=-1),
    "a delivery tag far ahead": lambda link: message(link, shift=1 << 40),
    "the last delivery tag": lambda link: deliver((1 << 64) - 1, link.consumers[0]) + content(VALID),
    "a header of an unknown type": lambda link: message(link, headers=short("a") + b"Z" + b"x" * 10),
    "a table that is longer than the frame": lambda link: message(
        link, headers=short("a") + b"F" + struct.pack(">I", 1 << 20)),
    "a table that ends inside of a value": lambda link: message(link, headers=short("a") + b"S" + b"\0"),
    "text of 4 GiB": lambda link: message(link, headers=short("a") + b"S\xff\xff\xff\xff"),
    "nested tables that lie at the bottom": lambda link: message(
        link, headers=nested("tables", FRAME_ROOM) + b"\0F\xff\xff\xff\xff"),
    "the connection's end inside of a body": lambda link: opening(link) + header(100) + method(
        0, (10, 50), struct.pack(">H", 320) + short("bye\nlevel=error forged") + b"\0\0\0\0"),
    "the channel's end inside of a body": lambda link: opening(link) + header(100) + method(
        1, (20, 40), struct.pack(">H", 541) + short("bye") + b"\0\0\0\0"),
    "a consumer cancelled": lambda link: method(1, (60, 30), short(link.consumers[0]) + b"\0"),
    "a stranger's consumer cancelled": lambda link: method(1, (60, 30), short("9" * 255) + b"\0"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_worker_hangs_up_on(fake, worker, listener, name):
    link = delivers(fake, worker, listener)
    with Growth(worker) as growth:
        link.is_silent = True
        link.send(BREAKS[name](link))
        assert link.gone.wait(5), f"the worker goes on after {name}"
    lane(fake, beside=link)
    delivers(fake, worker, listener)
    assert growth.most < 64 * MEBIBYTE
    assert "\nlevel=error forged" not in worker.log


STALLS = {
    "a body that never comes": lambda link: opening(link) + header(500 << 20),
    "a message without properties": opening,
    "silence": None,
}


@pytest.mark.parametrize("name", STALLS)
def test_the_worker_does_not_wait_for_ever_for(fake, worker, listener, name):
    hostile = STALLS[name]
    link = delivers(fake, worker, listener)
    with Growth(worker) as growth:
        link.is_silent = hostile is None
        if hostile:
            link.send(hostile(link))
        assert link.gone.wait(6), f"the worker waits for ever after {name}"
    lane(fake, beside=link)
    delivers(fake, worker, listener)
    assert growth.most < 64 * MEBIBYTE


FLOODS = {
    "heartbeats": frame(HEARTBEAT, 0, b"") * 100_000,
    "heartbeats of a channel": frame(HEARTBEAT, 1, b"") * 100_000,
    "frames of no type": frame(99, 1, b"x" * 100_000) * 10,
}


@pytest.mark.parametrize("name", FLOODS)
def test_the_worker_survives_a_flood_of(fake, worker, listener, name):
    """It hangs up where the flood keeps it from everything else, and takes it where it does not."""
    link = delivers(fake, worker, listener)
    with Growth(worker) as growth:
        link.flood(FLOODS[name])
    delivers(fake, worker, listener)
    assert growth.most < 400 * MEBIBYTE


def test_more_messages_than_were_asked_for_end_the_connection(fake, worker, listener):
    listener.script("/hook", lambda _: "silence")
    link = lane(fake)
    batch, count = 2000, 0
    with Growth(worker) as growth:
        while count < 60_000 and not link.gone.is_set():
            link.send(b"".join(
                deliver(link.tags + number, link.consumers[0]) + content(b"{}x", message_id="")
                for number in range(1, batch + 1)))
            link.tags += batch
            count += batch
        # It hangs up, or it keeps pace.
        wait_until(lambda: link.gone.is_set() or link.acknowledged >= link.tags, "the messages to end")
    listener.scripts.clear()
    lane(fake, beside=link if link.gone.is_set() else None)
    delivers(fake, worker, listener)
    assert growth.most < 256 * MEBIBYTE


FIELDS = {
    "t": 1, "b": 1, "B": 1, "s": 2, "u": 2, "I": 4, "i": 4, "l": 8, "L": 8, "f": 4, "d": 8, "D": 5, "S": 4, "A": 4,
    "T": 8, "F": 4, "V": 0, "x": 4,
}
HEADERS = {
    "tables in each other": nested("tables", FRAME_ROOM),
    "arrays in each other": nested("arrays", FRAME_ROOM),
    "tables in each other beyond what was agreed": nested("tables", 2 * FRAME_ROOM),
    "18,000 headers": b"".join(short(f"{number}") + b"V" for number in range(18_000)),
    "every type of field": b"".join(
        short(kind) + kind.encode() + b"\0" * size for kind, size in FIELDS.items()),
}


@pytest.mark.parametrize("body", [VALID, b"no event"], ids=["delivered", "rejected"])
@pytest.mark.parametrize("name", HEADERS)
def test_the_worker_bears_a_message_with(fake, worker, listener, name, body):
    link = delivers(fake, worker, listener)
    with Growth(worker) as growth:
        tag = link.deliver(body, "borne", HEADERS[name])
        wait_until(lambda: link.acknowledged >= tag or link.gone.is_set(), "the message to end")
    assert not link.gone.is_set()
    assert delivers(fake, worker, listener) is link
    assert growth.most < 128 * MEBIBYTE


def endless(link):
    link.flood(frame(HEARTBEAT, 0, b"") * 100_000)


GREETINGS = {
    "bytes of chance": ("greeting", lambda link: link.send(random.Random(7).randbytes(5000))),
    "another protocol": ("greeting", lambda link: link.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50)),
    "another version of AMQP": ("greeting", lambda link: link.send(b"AMQP\0\1\0\0")),
    "a version that is not 0-9": ("greeting", lambda link: link.send(start(version=(1, 0)))),
    "no mechanism": ("greeting", lambda link: link.send(start(mechanisms=b""))),
    "another mechanism": ("greeting", lambda link: link.send(start(mechanisms=b"GSSAPI  PLAINER \n"))),
    "tables in each other": ("greeting", lambda link: link.send(start(nested("tables", 60_000) + b"Z"))),
    "a table that lies": ("greeting", lambda link: link.send(method(0, (10, 10), b"\0\x09\xff\xff\xff\xff"))),
    "a frame of 4 GiB": ("greeting", lambda link: link.send(raw(METHOD, 0xFFFFFFFF, b"x" * 100, channel=0))),
    "a frame of no bytes": ("greeting", lambda link: link.send(raw(METHOD, 0, channel=0))),
    "limits before the start": ("greeting", lambda link: link.send(tune())),
    "the end": ("greeting", lambda link: link.close()),
    "endless heartbeats": ("greeting", endless),
    "frames of one byte": ("tune", lambda link: link.send(tune(size=1))),
    "frames of 4,095 bytes": ("tune", lambda link: link.send(tune(size=4095))),
    "a start again": ("tune", lambda link: link.send(start())),
    "bytes of chance as limits": ("tune", lambda link: link.send(random.Random(8).randbytes(5000))),
    "a refusal": ("tune", lambda link: link.send(
        method(0, (10, 50), struct.pack(">H", 403) + short("ACCESS_REFUSED") + b"\0\0\0\0"))),
    "the wrong answer to open": ("open", lambda link: link.send(method(0, (50, 11), short("q") + b"\0" * 8))),
    "a message in place of open-ok": ("open", lambda link: link.send(deliver(1, "x") + content(VALID))),
    "bytes of chance to open": ("open", lambda link: link.send(random.Random(9).randbytes(5000))),
}


@pytest.mark.parametrize("name", GREETINGS)
def test_the_worker_survives_a_login_with(fake, worker, listener, name):
    stage, what = GREETINGS[name]
    link = delivers(fake, worker, listener)
    with Growth(worker) as growth:
        happened = fake.attack(stage, what)
        link.close()
        assert happened.wait(5)
        assert fake.victim.gone.wait(8), f"the worker stays after {name}"
    lane(fake, beside=link)
    delivers(fake, worker, listener)
    assert growth.most < 256 * MEBIBYTE


@pytest.mark.parametrize("limits", [
    {"size": 0}, {"size": 0xFFFFFFFF}, {"size": 4096}, {"channels": 0}, {"channels": 65535}, {"heartbeat": 1},
    {"heartbeat": 65535}], ids=str)
def test_the_worker_agrees_with_limits_of_any_size(fake, worker, listener, limits):
    link = delivers(fake, worker, listener)

    def agree(victim):
        victim.is_silent = False
        victim.send(tune(**limits))

    happened = fake.attack("tune", agree)
    link.close()
    assert happened.wait(5)
    lane(fake, beside=link)
    delivers(fake, worker, listener)


CONFIRMS = {
    "a confirm of everything to come": method(1, (60, 80), b"\xff" * 8 + b"\1"),
    "a confirm of what was never published": method(1, (60, 80), struct.pack(">Q", 1 << 40) + b"\0"),
    "a message that comes back half":
        method(1, (60, 50), struct.pack(">H", 312) + short("NO_ROUTE\n") * 3)
        + frame(HEADER, 1, struct.pack(">HHQ", 60, 0, 1 << 63) + struct.pack(">H", 1 << 10) + short("1" * 200))
        + method(0, (10, 50), struct.pack(">H", 320) + short("x") + b"\0\0\0\0"),
}


@pytest.mark.parametrize("name", CONFIRMS)
def test_the_publisher_hangs_up_on(fake, worker, listener, name):
    link = delivers(fake, worker, listener)
    happened = fake.attack("publish", lambda victim: victim.send(CONFIRMS[name]), who="sealpost retries")
    tag = link.deliver(b"no event", "rejected")
    assert happened.wait(5)
    assert fake.victim.gone.wait(5)
    # It is published again on the next connection, and only then acknowledged.
    wait_until(lambda: link.acknowledged >= tag, "the rejected message to be acknowledged")
    delivers(fake, worker, listener)


def test_the_worker_survives_mutations(fake, worker, listener):
    seed = int(os.environ.get("SEALPOST_HOSTILE_SEED", "1"))
    rounds = int(os.environ.get("SEALPOST_HOSTILE_ROUNDS", "40"))
    chance = random.Random(seed)
    before = memory(worker)
    for number in range(rounds):
        link = delivers(fake, worker, listener)
        headers = short("account") + b"S" + long(b"default") + short("n") + b"F" + long(short("a") + b"l" + b"\0" * 8)
        data = bytearray(message(link, headers=headers) + deliver(link.tags + 2, link.consumers[1]) + content(VALID))
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(data))
            match chance.randrange(4):
                case 0: data[at] ^= 1 << chance.randrange(8)
                case 1: data[at:at + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(9))
                case 2: data[at:at] = data[chance.randrange(len(data)):][:chance.randrange(64)]
                case 3: data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xCE, 0xFF])
        link.send(bytes(data))
        link.close()
        assert worker.process.poll() is None, f"round {number} of seed {seed}: {worker.log[-3000:]}"
        lane(fake, beside=link)
    delivers(fake, worker, listener)
    assert memory(worker) - before < 64 * MEBIBYTE
