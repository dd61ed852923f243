"""What webhooks that hang cost the others: their rate at full load, and their latency at a steady one.

The program with them and a program without run at the same time: a machine that is slow for a moment is
slow for both."""

import contextlib
import socket
import statistics

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


def rates(broker, hanging, events):
    """Deliveries a second of the webhooks that answer, from full queues: of a program with none that hang,
    and of one with as many as told; both until the first of them is through."""
    with contextlib.ExitStack() as stack:
        silence = stack.enter_context(Silence())
        meters, programs = [], []
        for count in [0, hanging]:
            settings = {"SEALPOST_EVENTS_EXCHANGE": programs[0].exchange} if programs else {}
            program = Program(broker, f"bench{next(numbers)}", **SETTINGS, **settings)
            stack.callback(remove_topology, broker, program)
            stack.callback(program.close)
            receiver = Receiver(program.folder, "receiver")
            stack.callback(receiver.stop)
            assert program.run("check")[0] == 0
            good = WEBHOOKS - count
            add_webhooks(program, [silence.url] * count + receiver.urls * good, accounts())
            programs.append(program)
            meters.append(lambda program=program, receiver=receiver, good=good: Meter(
                receiver, events * good // WEBHOOKS, program.process))
        publish_all(broker, programs[0].exchange, [program.queue for program in programs], events,
                    accounts=WEBHOOKS)
        for program in programs:
            program.start(until_proven=False)
        meters = [meter() for meter in meters]
        wait_until(lambda: any([meter.read() for meter in meters]), "the deliveries of those that answer",
                   timeout=120)
        return [meter.until_now() for meter in meters]


def latencies(broker, hanging, events_per_second, seconds):
    """Milliseconds from publish to receipt at those that answer, of both programs."""
    events = events_per_second * seconds
    with contextlib.ExitStack() as stack:
        silence = stack.enter_context(Silence())
        benches = [stack.enter_context(Bench(broker, webhooks=0)) for _ in range(2)]
        for bench, count in zip(benches, [0, hanging]):
            add_webhooks(bench.program,
                         [silence.url] * count + [bench.clock.url] * (WEBHOOKS - count), accounts())
            bench.program.start()
        publishers = [publish(broker, bench.program.exchange, events, accounts=WEBHOOKS,
                              rate=events_per_second) for bench in benches]
        for bench, count in zip(benches, [0, hanging]):
            bench.wait_for(events * (WEBHOOKS - count) // WEBHOOKS)
        for publisher in publishers:
            end(publisher)
        # The first second warms connections up.
        return [percentiles(bench.clock.received[events_per_second:]) for bench in benches]


def measure(broker, progress, rounds=3):
    """What each of the others keeps of its rate, and what becomes of its p99, when one and when ten of a
    hundred webhooks hang: the medians of the rounds' ratios, and their spread."""
    rows = []
    for hanging in [1, 10]:
        shares, p99s = [], []
        for number in range(rounds):
            progress(f"{hanging} of {WEBHOOKS} webhooks hang: round {number + 1} of {rounds}")
            alone, beside = rates(broker, hanging, 100_000)
            shares.append(beside / (WEBHOOKS - hanging) / (alone / WEBHOOKS))
            alone, beside = latencies(broker, hanging, 2000, 6)
            p99s.append((beside["p99"], beside["p99"] / alone["p99"]))
        rows.append({
            "hanging": hanging,
            "rate": {"median": statistics.median(shares), "least": min(shares), "most": max(shares)},
            "p99Milliseconds": statistics.median(p99 for p99, _ in p99s),
            "p99Ratio": statistics.median(ratio for _, ratio in p99s)})
    return rows


def show(rows):
    print(f"\n{'of 100 webhooks hang':>20} {'each of the others keeps':>25} {'p99 ms':>7} {'p99 ratio':>9}")
    for row in rows:
        rate = row["rate"]
        share = f"{rate['median']:.0%} ({rate['least']:.0%} to {rate['most']:.0%})"
        print(f"{row['hanging']:20} {share:>25} {row['p99Milliseconds']:7.2f} {row['p99Ratio']:9.2f}")
