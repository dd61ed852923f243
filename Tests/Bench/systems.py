"""What is measured: the program, the bare loop and the Python worker, and the meter on each."""

import pathlib
import subprocess
import sys
import time

from harness.program import BINARY
from harness.waiting import TimedOut, wait_until

HERE = pathlib.Path(__file__).resolve().parent


class Meter:
    """CPU time and deliveries of a process, or of several that share the work, from a tenth of it to the end."""

    def __init__(self, receiver, total, *processes):
        self.receiver, self.total, self.processes = receiver, total, processes
        self.begin = self.last = self.end = self.peak = None

    def read(self):
        """Looks once; true when all was delivered."""
        if self.end is not None:
            return True
        for process in self.processes:
            assert process.poll() is None, f"{process.args[0]} ended"
        # The CPU clock of another process: clock_getcpuclockid(3).
        cpu = sum(time.clock_gettime(~process.pid << 3 | 2) for process in self.processes)
        sample = (time.monotonic(), cpu, self.receiver.requests)
        self.last = sample
        if self.begin is None and sample[2] >= self.total / 10:
            self.begin = sample
        if sample[2] >= self.total:
            self.end = sample
            self.peak = sum(memory(process, "VmHWM") for process in self.processes)
        return self.end is not None

    def until_now(self):
        """Deliveries a second, from a tenth of the work to its end or, before that, to the last look."""
        begin, end = self.begin, self.end or self.last
        return (end[2] - begin[2]) / (end[0] - begin[0])

    def result(self):
        wall, cpu, count = (b - a for a, b in zip(self.begin, self.end))
        return {"perSecond": count / wall, "cpuMicroseconds": cpu / count * 1e6,
                "peakMebibytes": self.peak}


def memory(process, field="VmRSS"):
    """Memory of a process in MiB: proc_pid_status(5)."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split(f"{field}:")[1].split()[0]) / 1024


def compile_c(source, name, *options):
    """Compiles a C file of this folder beside the program."""
    product = pathlib.Path(BINARY).parent / name
    subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", product, HERE / source,
                    *options], check=True)
    return product


def start_bare_loop(broker, queue, receiver, workload, authority):
    """The floor: bare_loop.c."""
    program = compile_c("bare_loop.c", "bare_loop", "-lrabbitmq", "-lcurl", "-lcrypto")
    return subprocess.Popen(
        [program, str(broker.port), queue, str(workload.fan_out), str(workload.in_flight),
         authority.file if authority else "", *receiver.urls])


def start_python_worker(broker, queue, receiver, workload, authority):
    """What one would write in Python: python_worker.py."""
    assert authority is None
    return subprocess.Popen(
        [sys.executable, HERE / "python_worker.py", broker.url, queue, str(workload.fan_out),
         str(workload.in_flight), receiver.urls[0]])


def publish(broker, exchange, events, body=661, accounts=1, rate=0):
    """Starts publishing."""
    return subprocess.Popen(
        [sys.executable, HERE / "publisher.py", broker.url, exchange,
         *map(str, [events, body, accounts, rate])], stdin=subprocess.PIPE)


def publish_all(broker, exchange, queues, events, body=661, accounts=1):
    """Publishes until each queue, which was empty, holds all of it."""
    publisher = publish(broker, exchange, events, body, accounts)
    for queue in queues:
        try:
            wait_until(lambda: publisher.poll() is not None or broker.depth(queue)[0] >= events,
                       "the events", timeout=120)
        except TimedOut as error:
            raise TimedOut(f"{queue} holds {broker.depth(queue)[0]} of {events} events") from error
    end(publisher)


def end(publisher):
    """Ends a publisher whose events were seen."""
    publisher.stdin.close()
    assert publisher.wait() == 0, "the publisher failed"
