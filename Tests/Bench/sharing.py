"""What two workers deliver for each second of CPU time, and what one does: the same events, on PostgreSQL.

One after the other, in turn first, so that none has the other beside it; each pair of runs gives a ratio."""

import base64
import contextlib
import os
import statistics

from harness.postgres import Postgres
from harness.program import Program
from harness.waiting import wait_until

from receiver import Receiver
from systems import Meter, publish_all
from workloads import numbers, remove_topology

KEY = base64.b64encode(os.urandom(32)).decode()


def run(broker, postgres, workers, events):
    """Delivers a full queue with so many workers of a lane each, every event once."""
    name = f"bench{next(numbers)}"
    url = postgres.database(name)
    settings = {"SEALPOST_STORE_URL": url, "SEALPOST_SECRET_KEY": KEY, "SEALPOST_LANES": "1"}
    with contextlib.ExitStack() as stack:
        programs = [Program(broker, name, **settings) for _ in range(workers)]
        stack.callback(remove_topology, broker, programs[0])
        for program in programs:
            stack.callback(program.close)
        receiver = Receiver(programs[0].folder, "receiver")
        stack.callback(receiver.stop)
        code, _, errors = programs[0].run("check")
        assert code == 0, errors
        programs[0].add_webhook(receiver.urls[0], "*", account="account-0")
        publish_all(broker, programs[0].exchange, [programs[0].queue], events)
        for program in programs:
            program.start(until_proven=False)
        meter = Meter(receiver, events, *(program.process for program in programs))
        wait_until(meter.read, "all deliveries", timeout=300)
        wait_until(lambda: broker.depth(programs[0].queue)[0] == 0, "the acknowledgements")
        for program in programs:
            assert program.stop() == 0
        [[rows]] = postgres.query(url, "SELECT count(*) FROM attempts")
        assert receiver.requests == int(rows) == events, "each event is delivered once"
        cpu = meter.result()["cpuMicroseconds"]
        return {"perCPUSecond": 1e6 / cpu, "perSecond": meter.result()["perSecond"]}


def measure(broker, progress, rounds=7, events=60_000):
    """Deliveries per CPU second of one worker and of two, and the ratio of both in each round."""
    postgres = Postgres()
    pairs = []
    try:
        for number in range(rounds):
            progress(f"two workers beside one: round {number + 1} of {rounds}")
            order = [1, 2] if number % 2 == 0 else [2, 1]
            results = {workers: run(broker, postgres, workers, events) for workers in order}
            pairs.append([results[1], results[2]])
    finally:
        postgres.stop()
    ratios = [two["perCPUSecond"] / one["perCPUSecond"] for one, two in pairs]
    return {"rounds": rounds, "deliveries": events,
            **{name: {key: statistics.median(pair[index][key] for pair in pairs)
                      for key in ["perCPUSecond", "perSecond"]}
               for index, name in enumerate(["one", "two"])},
            "ratio": {"median": statistics.median(ratios), "least": min(ratios), "most": max(ratios)}}


def show(result):
    print(f"\n{'on PostgreSQL':20} {'deliveries per CPU second':>26} {'per second':>11}")
    for name, title in [("one", "one worker"), ("two", "two workers")]:
        print(f"{title:20} {result[name]['perCPUSecond']:26,.0f} {result[name]['perSecond']:11,.0f}")
    print("two beside one       {median:26.2f} ({least:.2f} to {most:.2f})".format(**result["ratio"]))
