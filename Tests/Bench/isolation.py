"""What webhooks that hang cost the others: their rate at full load, and their latency at a steady one."""

import socket

from harness.program import Program
from harness.waiting import wait_until

from moments import Bench, percentiles
from receiver import Receiver
from store import add_webhooks
from systems import Meter, end, publish, publish_all
from workloads import numbers, remove_topology

WEBHOOKS = 100
SETTINGS = {"SEALPOST_LANES": "1"}


class Silence:
    """A port that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hook"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def accounts():
    return [f"account-{number}" for number in range(WEBHOOKS)]


def rate(broker, hanging, events):
    """Deliveries a second of the webhooks that answer, from a full queue."""
    program = Program(broker, namespace=f"bench{next(numbers)}", **SETTINGS)
    receiver = None
    with Silence() as silence:
        try:
            receiver = Receiver(program.folder, "receiver")
            assert program.run("check")[0] == 0
            good = WEBHOOKS - hanging
            add_webhooks(program, [silence.url] * hanging + receiver.urls * good, accounts())
            publish_all(broker, program.exchange, [program.queue], events, accounts=WEBHOOKS)
            program.start(until_proven=False)
            meter = Meter(program.process, receiver, events * good // WEBHOOKS)
            wait_until(meter.read, "the deliveries of those that answer", timeout=120)
            return meter.result()["perSecond"]
        finally:
            if receiver:
                receiver.stop()
            program.close()
            remove_topology(broker, program)


def latency(broker, hanging, events_per_second, seconds):
    """Milliseconds from publish to receipt at those that answer."""
    with Silence() as silence, Bench(broker, webhooks=0) as bench:
        good = WEBHOOKS - hanging
        add_webhooks(bench.program, [silence.url] * hanging + [bench.clock.url] * good, accounts())
        bench.program.start()
        events = events_per_second * seconds
        publisher = publish(broker, bench.program.exchange, events, accounts=WEBHOOKS,
                            rate=events_per_second)
        bench.wait_for(events * good // WEBHOOKS)
        end(publisher)
        return percentiles(bench.clock.received[events_per_second:])


def measure(broker, progress):
    """Rate and latency of the others with none, one and ten of a hundred webhooks hanging."""
    rows = []
    for hanging in [0, 1, 10]:
        progress(f"{hanging} of {WEBHOOKS} webhooks hang")
        rates = sorted(rate(broker, hanging, 150_000) for _ in range(2))
        rows.append({"hanging": hanging, "perSecond": sum(rates) / len(rates),
                     **latency(broker, hanging, 4000, 6)})
    return rows


def show(rows):
    whole = rows[0]
    print(f"\n{'of 100 webhooks hang':>20} {'others/s':>9} {'each has':>9} {'p50 ms':>7} {'p99 ms':>7}")
    for row in rows:
        share = row["perSecond"] / (WEBHOOKS - row["hanging"]) / (whole["perSecond"] / WEBHOOKS)
        print(f"{row['hanging']:20} {row['perSecond']:9,.0f} {share:9.0%} {row['p50']:7.2f} "
              f"{row['p99']:7.2f}")
