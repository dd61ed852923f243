"""A server that speaks AMQP 0-9-1 well enough for the worker to log in, declare, publish and consume, on raw
sockets, and that does at any step what a test tells it to instead."""

import collections
import socket
import struct
import threading
import time

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END = b"\xce"
CLOSE, OPEN_CHANNEL, QUEUE_DECLARE, QUEUE_DELETE = (10, 50), (20, 10), (50, 10), (50, 40)
CONSUME, CANCEL, PUBLISH = (60, 20), (60, 30), (60, 40)
ANSWERED = {  # requests whose answer is the next method of the class, without arguments
    (20, 40), (40, 10), (40, 20), (40, 30), (50, 20), (60, 10), (85, 10)}


def short(text):
    data = text.encode() if isinstance(text, str) else text
    return bytes([len(data)]) + data


def long(data):
    return struct.pack(">I", len(data)) + data


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + END


def method(channel, identity, arguments=b""):
    return frame(METHOD, channel, struct.pack(">HH", *identity) + arguments)


def start(properties=b"", mechanisms=b"PLAIN AMQPLAIN", version=(0, 9)):
    return method(0, (10, 10), bytes(version) + long(properties) + long(mechanisms) + long(b"en_US"))


def tune(channels=2047, size=131072, heartbeat=60):
    return method(0, (10, 30), struct.pack(">HIH", channels, size, heartbeat))


def deliver(tag, consumer, channel=1):
    return method(channel, (60, 60), short(consumer) + struct.pack(">Q", tag) + b"\0" + short("x") + short("y"))


def content(body, headers=b"", message_id="evt", size=None, channel=1):
    """Header and body frames."""
    properties = struct.pack(">H", 1 << 15 | 1 << 13 | 1 << 7) + short("application/json") + long(headers) + short(
        message_id)
    size = len(body) if size is None else size
    return (frame(HEADER, channel, struct.pack(">HHQ", 60, 0, size) + properties)
            + b"".join(frame(BODY, channel, body[at:at + 100_000]) for at in range(0, len(body), 100_000)))


class Link:
    """One connection of the worker's, on a thread."""

    def __init__(self, broker, connection):
        self.broker, self.connection = broker, connection
        self.name = ""
        self.consumers = []
        self.published = 0
        self.tags = 0
        self.acknowledged = 0
        self.is_silent = False
        self.gone = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def send(self, data):
        """Sends bytes; whether the worker took them."""
        try:
            with self._lock:
                self.connection.sendall(data)
            return True
        except OSError:
            return False

    def flood(self, data, seconds=3):
        """Sends the same bytes over and over, until the worker hangs up or the time is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self.send(data):
                self.gone.wait(5)
                return

    def deliver(self, body, message_id, headers=b""):
        """A message in good order, of the first queue."""
        self.tags += 1
        self.send(deliver(self.tags, self.consumers[0]) + content(body, headers, message_id))
        return self.tags

    def close(self):
        """Hangs up."""
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _beat(self):
        while not self.gone.wait(0.4):
            if self.name and not self.is_silent:
                self.send(frame(HEARTBEAT, 0, b""))

    def _run(self):
        try:
            self._read(8)
            if not self.broker.attacked(self, "greeting"):
                self.send(start())
            while True:
                kind, channel, size = struct.unpack(">BHI", self._read(7))
                payload = self._read(size + 1)[:-1]
                if kind == METHOD:
                    self._take(channel, struct.unpack(">HH", payload[:4]), payload[4:])
        except OSError:
            pass
        finally:
            self.gone.set()
            self.connection.close()

    def _read(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.connection.recv(count - len(data))
            if not piece:
                raise OSError("closed")
            data += piece
        return bytes(data)

    def _take(self, channel, identity, arguments):
        following = (identity[0], identity[1] + 1)
        if identity == (10, 11):
            at = arguments.index(b"connection_name") + len("connection_name") + 1
            size = int.from_bytes(arguments[at:at + 4])
            self.name = arguments[at + 4:at + 4 + size].decode()
            if not self.broker.attacked(self, "tune"):
                self.send(tune())
        elif identity == (10, 40):
            if not self.broker.attacked(self, "open"):
                self.send(method(0, following, b"\0"))
                self.broker.logged_in(self)
        elif identity == CLOSE:
            self.send(method(0, following))
        elif identity == OPEN_CHANNEL:
            self.send(method(channel, following, long(b"")))
        elif identity == QUEUE_DECLARE:
            name = arguments[3:3 + arguments[2]]
            self.send(method(channel, following, short(name) + struct.pack(">II", 0, 1)))
        elif identity == QUEUE_DELETE:
            self.send(method(channel, following, struct.pack(">I", 0)))
        elif identity == CANCEL:
            self.send(method(channel, following, arguments[:1 + arguments[0]]))
        elif identity == CONSUME:
            at = 3 + arguments[2]
            consumer = arguments[at + 1:at + 1 + arguments[at]].decode()
            self.consumers.append(consumer)
            self.send(method(channel, following, short(consumer)))
            self.broker.consumes(self)
        elif identity == PUBLISH:
            self._confirm(channel, arguments)
        elif identity == (60, 80):
            self.acknowledged = struct.unpack(">Q", arguments[:8])[0]
        elif identity in ANSWERED:
            self.send(method(channel, following))

    def _confirm(self, channel, arguments):
        if self.broker.attacked(self, "publish"):
            return
        self.published += 1
        # What the proof of the ladder wants to see: its fourth message finds no room.
        refuses = b".delay.proof." in arguments and self.published == 4
        self.send(method(channel, (60, 120 if refuses else 80), struct.pack(">Q", self.published) + b"\0"))


class FakeBroker:
    def __init__(self):
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._server.getsockname()[1]
        self.url = f"amqp://guest:s3cret-word@127.0.0.1:{self.port}/%2F?heartbeat=1"
        self.logins = collections.Counter()
        self.lane = None
        self._attack = None
        self._is_over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def attack(self, stage, what, who=""):
        """Once: calls `what(link)` in place of the proper answer, when a connection whose name begins with
        `who` comes to the stage: greeting, tune, open or publish. Gives an event that tells that it did."""
        self._is_over = threading.Event()
        self._attack = (stage, what, who)
        return self._is_over

    def attacked(self, link, stage):
        if not self._attack or self._attack[0] != stage or not link.name.startswith(self._attack[2]):
            return False
        (_, what, _), self._attack = self._attack, None
        link.is_silent = True
        self.victim = link
        self._is_over.set()
        what(link)
        return True

    def logged_in(self, link):
        self.logins[link.name] += 1

    def consumes(self, link):
        if "lane" in link.name and len(link.consumers) == 3:
            self.lane = link

    def depth(self, queue):
        """As of a real broker, for whoever waits until the lane consumes."""
        return (0, 1) if self.lane else None

    def stop(self):
        self._server.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # A worker that hung up while its window was closed is heard of only after minutes.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 2, 0))
            Link(self, connection)
