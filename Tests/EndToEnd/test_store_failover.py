"""Two PostgreSQL servers, one the standby of the other: the worker goes where writes are taken."""

import base64
import collections
import threading

from harness.postgres import Postgres
from harness.publisher import event_body
from harness.waiting import wait_until

KEY = base64.b64encode(bytes(range(32))).decode()


def test_a_worker_goes_on_at_the_server_that_takes_over(make_program, receiver, publish):
    servers = [Postgres()]
    try:
        servers[0].database("sealpost")
        servers.append(Postgres(follows=servers[0]))
        first, second = servers
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
        program = make_program(
            SEALPOST_STORE_URL=f"postgresql://sealpost@{hosts}/sealpost?target_session_attrs=read-write",
            SEALPOST_SECRET_KEY=KEY, SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1")
        program.add_webhook(receiver.url("/hook"), "*")
        # Some are on the ladder when it happens.
        receiver.script("/hook", lambda r: 500 if r.attempt == 1 and r.event.endswith("7") else 200)
        program.start()
        with Load(publish(program)) as load:
            flow(first)

            # Planned: the primary takes no more writes, and still answers those who only read.
            first.set("default_transaction_read_only", "on")
            wait_until(lambda: "the store failed" in program.log, "the worker to notice")
            second.promote()
            flow(second)

            # Unplanned: the new primary is gone from one moment to the next.
            first.kill()
            first.follow(second)
            flow(second)
            second.kill()
            first.promote()
            flow(first)

        def ends():
            return {row["eventId"] for row in program.json(
                "logs", "--limit", "100000", "--outcome", "delivered")}

        wait_until(lambda: ends() == set(load.events), "every delivery's end", timeout=90, interval=1)
        attempts = collections.Counter(
            (row["eventId"], row["attempt"]) for row in program.json("logs", "--limit", "100000"))
        assert set(attempts.values()) == {1}, "no attempt is there twice"
        assert {event for event, number in attempts if number == 2} >= {
            event for event in load.events if event.endswith("7")}
        assert program.broker.depth(program.queue)[0] == 0
        assert not program.json("dead", "list")
        assert program.stop() == 0
    finally:
        for server in servers:
            server.stop()


class Load:
    """Publishes events, some hundreds a second, until it is left."""

    def __init__(self, publisher):
        self.publisher, self.events = publisher, []
        self.is_enough = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.is_enough.wait(0.002):
            event = f"evt_{len(self.events)}"
            self.publisher.publish(event, event_body())
            self.events.append(event)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_enough.set()
        self.thread.join()


def flow(server):
    """Until some more attempts are in a server's log."""
    def rows():
        [[count]] = server.query(server.url("sealpost"), "SELECT count(*) FROM attempts")
        return int(count)

    before = rows()
    wait_until(lambda: rows() > before + 200, "deliveries to flow", timeout=60)
