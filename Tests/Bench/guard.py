"""A guard against slow regressions that does not depend on the machine: allocations per delivery."""

import json
import pathlib

from harness.program import Program
from harness.waiting import wait_until

from receiver import Receiver
from store import add_webhooks
from systems import HERE, compile_c, publish_all
from workloads import numbers, remove_topology

LIMITS = HERE / "guard.json"
SMALL, LARGE = 5_000, 20_000


def allocations(broker, fan_out, deliveries):
    """How often a worker asks for memory from its start to its end, for so many deliveries."""
    library = compile_c("count_allocations.c", "count_allocations.so", "-shared", "-fPIC")
    program = Program(broker, namespace=f"bench{next(numbers)}", SEALPOST_LANES="1")
    report = program.folder / "allocations"
    receiver = None
    try:
        receiver = Receiver(program.folder, "receiver")
        assert program.run("check")[0] == 0
        add_webhooks(program, receiver.urls * fan_out, ["account-0"])
        publish_all(broker, program.exchange, [program.queue], deliveries // fan_out)
        program.environment |= {"LD_PRELOAD": str(library), "ALLOCATIONS_FILE": str(report)}
        program.start()
        wait_until(lambda: receiver.requests >= deliveries, "all deliveries", timeout=120)
        wait_until(lambda: broker.depth(program.queue)[0] == 0, "the acknowledgements")
        assert program.stop() == 0
        return int(report.read_text())
    finally:
        if receiver:
            receiver.stop()
        program.close()
        remove_topology(broker, program)


def guard(broker, progress):
    """Allocations per delivery of each fixed workload beside its limit."""
    limits = json.loads(LIMITS.read_text())
    results = []
    for name, limit in limits.items():
        fan_out = int(name.removeprefix("fan-out "))
        progress(f"{name}: {SMALL:,} and {LARGE:,} deliveries")
        small, large = (allocations(broker, fan_out, count) for count in [SMALL, LARGE])
        results.append({"workload": name, "limit": limit,
                        "allocations": (large - small) / (LARGE - SMALL)})
    return results
