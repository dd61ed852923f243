"""The workloads, and a round of one: yardstick and program at the same time, each on a queue of its own
with the same events. Only the Python worker has the machine for itself, since what counts there is how many
deliveries a second there are."""

import dataclasses
import pathlib
import statistics
import tempfile

from harness.program import Program
from harness.waiting import wait_until

from receiver import Authority, Receiver
from store import add_webhooks
from systems import Meter, publish_all, start_bare_loop, start_python_worker


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    events: int
    rounds: int = 1
    fan_out: int = 1
    body: int = 661
    accounts: int = 1       # each with fan_out webhooks; events are of the accounts in turn
    tls: bool = False       # to a hundred hosts
    fresh: bool = False     # a connection and a handshake for each request
    failing: int = 0        # percent of the events
    delay: float = 0.0      # seconds until the answer comes
    in_flight: int = 64     # of the yardstick
    settings: dict = dataclasses.field(default_factory=dict)
    yardstick: str = "bare loop"
    is_apart: bool = False  # one after the other, so that neither takes the other's core

    @property
    def deliveries(self):
        return self.events * self.fan_out

    def round(self, broker, number, prepare=lambda program: None):
        """Measures once: what the program did, and the yardstick beside it.

        prepare is called with the program before it starts."""
        program = Program(broker, namespace=f"bench{number}", SEALPOST_LANES="1",
                          SEALPOST_RETRY_INITIAL="1h", **self.settings)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-bench-", dir=program.folder))
        authority = Authority(folder) if self.tls else None
        if authority:
            program.environment["SEALPOST_CA_FILE"] = str(authority.file)
        receivers, other = [], None
        try:
            for name in ["program", "yardstick"]:
                receivers.append(Receiver(
                    folder, name, authority, self.fresh, self.failing, self.delay))
            self._set_up(broker, program, f"other{number}", receivers[0])
            prepare(program)
            publish_all(broker, program.exchange, [program.queue, f"other{number}"], self.events,
                        self.body, self.accounts)
            start = {"bare loop": start_bare_loop, "Python": start_python_worker}[self.yardstick]
            program.start(until_proven=False)
            meters = [Meter(receivers[0], self.deliveries, program.process)]
            if self.is_apart:
                wait_until(meters[0].read, "all deliveries", timeout=300)
                program.stop()
            other = start(broker, f"other{number}", receivers[1], self, authority)
            meters.append(Meter(receivers[1], self.deliveries, other))
            wait_until(lambda: all([meter.read() for meter in meters]), "all deliveries", timeout=300)
            return [meter.result() for meter in meters]
        finally:
            if other:
                other.terminate()
                other.wait()
            for receiver in receivers:
                receiver.stop()
            program.close()
            remove_topology(broker, program, f"other{number}")

    def _set_up(self, broker, program, other_queue, receiver):
        code, _, errors = program.run("check")
        assert code == 0, errors
        urls = receiver.urls * (max(self.accounts * self.fan_out // len(receiver.urls), 1))
        add_webhooks(program, urls, [f"account-{number}" for number in range(self.accounts)])
        connection = broker.connect()
        channel = connection.channel()
        channel.queue_declare(other_queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(other_queue, program.exchange, "#")
        connection.close()

    def measure(self, broker, progress, prepare=lambda program: None):
        """All rounds: their medians, and the ratio of CPU time with its spread."""
        results = []
        for number in range(self.rounds):
            progress(f"{self.name}: round {number + 1} of {self.rounds}")
            results.append(self.round(broker, f"{next(numbers)}", prepare))

        def medians(system):
            return {key: statistics.median(result[system][key] for result in results)
                    for key in results[0][system]}

        def ratios(key):
            each = [ours[key] / other[key] for ours, other in results]
            return {"median": statistics.median(each), "least": min(each), "most": max(each)}

        return {"workload": self.name, "rounds": self.rounds, "deliveries": self.deliveries,
                "yardstick": self.yardstick, "sealpost": medians(0), "other": medians(1),
                "cpuRatio": ratios("cpuMicroseconds"), "rateRatio": ratios("perSecond")}


numbers = iter(range(10**6))


def remove_topology(broker, program, *queues):
    """Removes what a round declared: thousands of idle queues would cost the broker memory."""
    connection = broker.connect()
    channel = connection.channel()
    levels = [f"v1.delay.{level}" for level in range(18)]
    for name in ["events", "events.bulk", "retries", "rejected", *levels]:
        channel.queue_delete(f"{program.namespace}.{name}")
    for name in ["due", "notices", "control", *levels]:
        channel.exchange_delete(f"{program.namespace}.{name}")
    channel.exchange_delete(program.exchange)
    for queue in queues:
        channel.queue_delete(queue)
    connection.close()


QUICK = [
    Workload("fan-out 1", 40_000, rounds=2),
    Workload("fan-out 5", 8_000, rounds=2, fan_out=5),
    Workload("and Python", 12_000, yardstick="Python", is_apart=True),
]

FULL = [
    Workload("fan-out 1", 60_000, rounds=7),
    Workload("fan-out 5", 12_000, rounds=7, fan_out=5),
    Workload("fan-out 50", 1_200, rounds=3, fan_out=50),
    Workload("16 KiB bodies", 10_000, rounds=3, body=16 << 10),
    Workload("100 webhooks", 40_000, rounds=3, accounts=100),
    Workload("10,000 webhooks", 40_000, rounds=3, accounts=10_000),
    Workload("HTTPS, kept alive", 40_000, rounds=3, accounts=100, tls=True, in_flight=128),
    Workload("HTTPS, fresh", 6_000, rounds=2, accounts=100, tls=True, fresh=True),
    Workload("10 % failing", 40_000, rounds=3, failing=10),
    Workload("and Python", 30_000, rounds=3, yardstick="Python", is_apart=True),
]
