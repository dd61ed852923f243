"""What is measured in milliseconds and mebibytes: latency, start, memory, one event to many webhooks."""

import asyncio
import statistics
import threading
import time

import uvloop

from harness.program import Program
from harness.waiting import free_port, wait_until

from store import add_webhooks
from systems import end, memory, publish, publish_all
from workloads import numbers, remove_topology

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Clock:
    """A receiver in a thread of its own that notes for each request its identity and when it came."""

    def __init__(self):
        self.port, self.loop = free_port(), uvloop.new_event_loop()
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.received = []
        clock = self

        class Connection(asyncio.Protocol):
            def connection_made(self, transport):
                self.transport, self.pending = transport, b""

            def data_received(self, data):
                now = time.time_ns()
                self.pending += data
                while (end := self.pending.find(b"\r\n\r\n")) >= 0:
                    head = self.pending[:end + 2]
                    size = int(head.split(b"Content-Length: ", 1)[1].split(b"\r", 1)[0])
                    if len(self.pending) < end + 4 + size:
                        return
                    self.pending = self.pending[end + 4 + size:]
                    clock.received.append(
                        (head.split(b"Webhook-Id: ", 1)[1].split(b"\r", 1)[0], now))
                    self.transport.write(RESPONSE)

        self.server = self.loop.run_until_complete(
            self.loop.create_server(Connection, "127.0.0.1", self.port, backlog=1024))
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()


class Bench:
    """A program with webhooks that all go to one clock."""

    def __init__(self, broker, webhooks=1, accounts=1):
        self.broker, self.clock = broker, Clock()
        self.program = Program(broker, namespace=f"bench{next(numbers)}", SEALPOST_LANES="1")
        code, _, errors = self.program.run("check")
        assert code == 0, errors
        add_webhooks(self.program, [self.clock.url] * webhooks,
                     [f"account-{number}" for number in range(accounts)])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.close()
        self.clock.stop()
        remove_topology(self.broker, self.program)

    def wait_for(self, count, interval=0.02):
        wait_until(lambda: len(self.clock.received) >= count, f"{count} requests", timeout=120,
                   interval=interval)


def latency(broker, rate, seconds):
    """Milliseconds from publish to receipt at a rate of events a second."""
    with Bench(broker) as bench:
        bench.program.start()
        events = rate * seconds
        publisher = publish(broker, bench.program.exchange, events, rate=rate)
        bench.wait_for(events)
        end(publisher)
        # The first second warms connections up.
        return {"rate": rate, **percentiles(bench.clock.received[rate:])}


def percentiles(received):
    """Of the milliseconds from publish, which an event's identity tells, to receipt."""
    times = sorted((now - int(identity)) / 1e6 for identity, now in received)
    return {f"p{share}": times[int(len(times) * share / 100)] for share in [50, 99, 99.9]}


def start(broker, repeats):
    """Milliseconds from the program's start to its first delivery, the topology being declared and an
    event waiting."""
    times = []
    with Bench(broker) as bench:
        for repeat in range(repeats):
            publish_all(broker, bench.program.exchange, [bench.program.queue], 1)
            begin = time.time_ns()
            bench.program.start(until_proven=False)
            bench.wait_for(repeat + 1)
            times.append((bench.clock.received[repeat][1] - begin) / 1e6)
            wait_until(lambda: broker.depth(bench.program.queue)[1] == 1, "the consumer")
            assert bench.program.stop() == 0
    return {"median": statistics.median(times), "most": max(times)}


def resident(broker, webhooks):
    """Mebibytes of a worker that holds so many webhooks, each of an account of its own."""
    with Bench(broker, webhooks, accounts=webhooks) as bench:
        bench.program.start()
        return memory(bench.program.process)


def one_to_many(broker, webhooks):
    """One event to so many webhooks: milliseconds until the last request came, CPU time for each."""
    with Bench(broker, webhooks) as bench:
        bench.program.start()
        begin_cpu = time.clock_gettime(~bench.program.process.pid << 3 | 2)
        publisher = publish(broker, bench.program.exchange, 1)
        bench.wait_for(webhooks)
        end(publisher)
        identity, last = bench.clock.received[-1]
        # The recorder commits the last rows after the last request.
        wait_until(lambda: broker.depth(bench.program.queue)[0] == 0, "the acknowledgement")
        cpu = time.clock_gettime(~bench.program.process.pid << 3 | 2) - begin_cpu
        return {"webhooks": webhooks, "milliseconds": (last - int(identity)) / 1e6,
                "cpuMicroseconds": cpu / webhooks * 1e6,
                "peakMebibytes": memory(bench.program.process, "VmHWM")}
