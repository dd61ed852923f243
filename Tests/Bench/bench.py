"""What a delivery costs: the program beside a bare loop in C, at the same time, on two queues."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "EndToEnd"))

from harness.broker import Broker  # noqa: E402
from harness.program import BINARY, Program  # noqa: E402
from harness.waiting import free_port, is_listening, wait_until  # noqa: E402

BODY_BYTES = 661
IN_FLIGHT = 64


class Receiver:
    """nginx with one worker process, which answers 200 and counts."""

    def __init__(self, folder, name):
        self.port = free_port()
        configuration = folder / f"{name}.conf"
        configuration.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/{name}.pid; error_log stderr crit;
            events {{ worker_connections 16384; }}
            http {{
              access_log off; keepalive_requests 1000000000; client_body_temp_path {folder};
              client_body_buffer_size 512k; client_max_body_size 2m;
              server {{
                listen 127.0.0.1:{self.port} backlog=4096;
                location / {{ return 200; }}
                location = /count {{ stub_status; }}
              }}
            }}""")
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", configuration, "-p", folder])
        self.asked = 0
        wait_until(lambda: is_listening(self.port), "nginx to listen")
        self.start = self._handled()

    def _handled(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count") as answer:
            self.asked += 1
            return int(answer.read().split()[9]) - self.asked

    @property
    def requests(self):
        """How many requests came, those for this count left out."""
        return self._handled() - self.start

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Meter:
    """CPU time and deliveries of a process, from a tenth of its work to the end of it."""

    def __init__(self, process, receiver, total):
        self.process, self.receiver, self.total = process, receiver, total
        self.begin = self.end = None

    def read(self):
        """Looks once; true when all was delivered."""
        assert self.process.poll() is None, f"{self.process.args[0]} ended"
        # The CPU clock of another process: clock_getcpuclockid(3).
        sample = (time.monotonic(), time.clock_gettime(~self.process.pid << 3 | 2),
                  self.receiver.requests)
        if self.begin is None and sample[2] >= self.total / 10:
            self.begin = sample
        if self.end is None and sample[2] >= self.total:
            self.end = sample
            status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
            self.peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        return self.end is not None

    def result(self):
        wall, cpu, count = (b - a for a, b in zip(self.begin, self.end))
        return {"perSecond": count / wall, "cpuMicroseconds": cpu / count * 1e6,
                "peakMebibytes": self.peak}


def event_data():
    """The text of `data` that makes an event's body as long as the workload says."""
    frame = json.dumps({"event": "license.created", "data": {"text": ""},
                        "triggeredAt": "2026-01-31T12:00:00.123Z"}, separators=(",", ":"))
    return json.dumps({"text": "x" * (BODY_BYTES - len(frame))}, separators=(",", ":"))


def measure(broker, loop, number, fan_out, events):
    """One round: both queues filled, both systems started, until all is delivered."""
    program = Program(broker, namespace=f"bench{number}", SEALPOST_LANES="1")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-bench-", dir=program.folder))
    receivers = [Receiver(folder, "program"), Receiver(folder, "bare")]
    bare = None
    try:
        for _ in range(fan_out):
            program.add_webhook(f"http://127.0.0.1:{receivers[0].port}/hook", "*")
        code, _, errors = program.run("check")
        assert code == 0, errors
        queue = f"bare{number}"
        connection = broker.connect()
        channel = connection.channel()
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(queue, program.exchange, "#")
        connection.close()
        data = folder / "data.json"
        data.write_text(event_data())
        code, _, errors = program.run(
            "publish", "license.created", "--data", data, "--count", events)
        assert code == 0, errors
        bare = subprocess.Popen(
            [loop, str(broker.port), queue, str(fan_out), str(IN_FLIGHT),
             f"http://127.0.0.1:{receivers[1].port}/hook"])
        program.start(until_proven=False)
        meters = [Meter(process, receiver, events * fan_out)
                  for process, receiver in zip([program.process, bare], receivers)]
        wait_until(lambda: all([meter.read() for meter in meters]), "all deliveries", timeout=300)
        return [meter.result() for meter in meters]
    finally:
        if bare:
            bare.terminate()
            bare.wait()
        for receiver in receivers:
            receiver.stop()
        program.close()


def build_loop():
    """Compiles the bare loop beside the program."""
    loop = pathlib.Path(BINARY).parent / "bare_loop"
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", loop, HERE / "bare_loop.c",
                    "-lrabbitmq", "-lcurl", "-lcrypto"], check=True)
    return loop


def summary(rounds, fan_out):
    """The medians of the rounds and of their ratios."""
    ratios = [ours["cpuMicroseconds"] / bare["cpuMicroseconds"] for ours, bare in rounds]

    def medians(system):
        return {key: statistics.median(result[system][key] for result in rounds)
                for key in rounds[0][system]}

    return {"fanOut": fan_out, "rounds": len(rounds), "sealpost": medians(0), "bareLoop": medians(1),
            "cpuRatio": {"median": statistics.median(ratios), "least": min(ratios),
                         "most": max(ratios)}}


def show(result):
    print(f"\nfan-out {result['fanOut']}, {BODY_BYTES} bytes, {result['rounds']} rounds at the same time")
    print(f"{'':10} {'deliveries/s':>12} {'CPU µs each':>12} {'peak MiB':>9}")
    for key, name in [("sealpost", "Sealpost"), ("bareLoop", "bare loop")]:
        row = result[key]
        print(f"{name:10} {row['perSecond']:12,.0f} {row['cpuMicroseconds']:12.1f} "
              f"{row['peakMebibytes']:9.0f}")
    ratio = result["cpuRatio"]
    print(f"CPU ratio {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f})", flush=True)


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="What a delivery costs, beside a bare C loop of the same "
        "libraries that consumes, signs, posts and acknowledges. Both run at the same time, each on a "
        "queue of its own with the same events; the ratio of a round is what counts.")
    parser.add_argument("--quick", action="store_true", help="fewer events and rounds")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    events, count = (60_000, 3) if options.quick else (50_000, 5)
    broker = Broker()
    results = []
    try:
        loop = build_loop()
        for fan_out in [1, 5]:
            rounds = []
            for number in range(count):
                print(f"fan-out {fan_out}: round {number + 1} of {count}", file=sys.stderr, flush=True)
                rounds.append(measure(
                    broker, loop, f"{fan_out}x{number}", fan_out, events // fan_out))
            results.append(summary(rounds, fan_out))
            if not options.json:
                show(results[-1])
    finally:
        broker.stop()
    if options.json:
        print(json.dumps(results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
