"""What every experiment stands on: a broker, workers, a receiver, load, and the ledger at the end."""

import os
import pathlib
import subprocess
import threading
import time

from harness import ledger
from harness.broker import Broker
from harness.program import Program
from harness.proxy import Proxy
from harness.publisher import Publisher, event_body
from harness.receiver import Receiver
from harness.waiting import wait_until

HERE = pathlib.Path(__file__).resolve().parent
EXPERIMENTS = {}
PATHS = {"/exact": "license.created", "/prefix": "license.*", "/all": "*"}


def experiment(*, share=1.0, short=False, alone=False):
    """Registers an experiment under its name, with hyphens. share: of the events asked for; short: in the
    set that runs with every change; alone: it measures times, or needs the whole machine, and no other runs
    beside it."""
    def register(function):
        function.share, function.short, function.alone = share, short, alone
        EXPERIMENTS[function.__name__.replace("_", "-")] = function
        return function
    return register


class Scene:
    """The real program with a broker and a store of its own, and events on their way to three webhooks."""

    def __init__(self, events, seed, say, failing=0.05, workers=1, proxy=False, paths=None, start=True,
                 floods=False, broker=None, **settings):
        self.say, self.seed = say, seed
        self.events = [f"evt-{number + 1}" for number in range(events)]
        self.paths = dict(PATHS if paths is None else paths)
        self.broker, self.receiver = broker or Broker(), Receiver(keeps_all=False)
        self.proxy = Proxy(self.broker.port) if proxy else None
        self.programs, self.succeeded, self.published = [], set(), []
        self.stopped = threading.Event()
        settings = {"SEALPOST_RETRY_INITIAL": "1s", "SEALPOST_RETRY_FACTOR": "1.5", **settings}
        if self.proxy:
            settings["SEALPOST_AMQP_URL"] = self.through_proxy()
        for index, path in enumerate(self.paths):
            self.receiver.failing(path, failing, seed + index)
            self.receiver.script(path, self._noting(self.receiver.scripts[path]))
        for _ in range(workers):
            if self.programs:
                settings["SEALPOST_STORE_URL"] = self.program.environment["SEALPOST_STORE_URL"]
            self.programs.append(Program(self.broker, **settings))
        for path, pattern in self.paths.items():
            self.program.add_webhook(self.receiver.url(path), pattern, name=path)
        self._thread = threading.Thread(
            target=self.flood if floods else self._publish, daemon=True)
        if start:
            self.start()

    @property
    def program(self):
        return self.programs[0]

    @property
    def store(self):
        return pathlib.Path(self.program.environment["SEALPOST_STORE_URL"].removeprefix("sqlite:"))

    def through_proxy(self, **parameters):
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/%2F" + (f"?{query}" if query else "")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.stopped.set()
        if kind:
            for program in self.programs:
                if program.process:
                    self.say("the worker's last words:\n" + "\n".join(program.log.splitlines()[-20:]))
        for program in self.programs:
            program.close()
        if self.proxy:
            self.proxy.close()
        self.receiver.stop()
        self.broker.stop()

    def preload(self, source, **environment):
        """Compiles a C file of this folder, and starts the workers with it in place of what it replaces; the
        commands go on without."""
        library = self.program.folder / f"{source}.so"
        subprocess.run(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library,
                        HERE / source], check=True)
        quiet = dict(self.program.environment)
        self.program.environment |= {"LD_PRELOAD": str(library), **environment}
        self.start()
        self.program.environment = quiet

    def start(self):
        """Starts the workers, and notes what they take before there is anything to do."""
        for program in self.programs:
            program.start()
        self.baseline = self.footprint()

    def load(self):
        """Begins to publish."""
        self._thread.start()

    def flood(self):
        """Publishes at full speed, with the program's own command, which waits for all confirms."""
        name = self.events[0].rpartition("-")[0]
        code, _, errors = self.program.run(
            "publish", "license.created", "--count", len(self.events), "--id", name)
        assert code == 0, errors
        self.published += self.events

    def script(self, path, script):
        """Sets what a path answers; what it answers with 2xx counts as delivered."""
        self.receiver.script(path, self._noting(script))

    def _noting(self, script):
        def answer(request):
            result = script(request)
            status = result[0] if isinstance(result, tuple) else result
            if isinstance(status, int) and 200 <= status < 300:
                self.succeeded.add((request.path, request.event))
            return result
        return answer

    def _publish(self):
        publisher = Publisher(self.broker, self.program.exchange, patience=20)
        for event in self.events:
            if self.stopped.is_set():
                break
            publisher.publish(event, event_body(id=event))
            self.published.append(event)

    @property
    def expected(self):
        return len(self.events) * len(self.paths)

    def wait_for(self, share, timeout=300):
        """Until so much of all deliveries succeeded."""
        wait_until(lambda: len(self.succeeded) >= share * self.expected,
                   f"{share:.0%} of {self.expected} deliveries, {len(self.succeeded)} came",
                   timeout=timeout)

    def wait_for_more(self, count=50, timeout=30, what="deliveries to flow again"):
        """Until deliveries succeed again; how many seconds that took."""
        start, before = time.monotonic(), len(self.succeeded)
        goal = min(before + count, self.expected)
        wait_until(lambda: len(self.succeeded) >= goal, what, timeout=timeout)
        return time.monotonic() - start

    def footprint(self):
        """Memory in MiB and open files of all workers."""
        memory = files = 0
        for program in self.programs:
            if program.process and program.process.poll() is None:
                status = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
                memory += int(status.split("VmRSS:")[1].split()[0]) / 1024
                files += len(os.listdir(f"/proc/{program.process.pid}/fd"))
        return memory, files

    def settle(self, timeout=180, left=0):
        """Waits until everything confirmed is delivered, and nothing is on its way any more; left: how many
        messages may stay on the ladder for long."""
        self._thread.join(timeout=300)
        assert not self._thread.is_alive(), "publishing hangs"
        self.wait_for(1, timeout)
        names = [f"{self.program.namespace}.{name}" for name in
                 ["events", "events.bulk", "retries", *(f"v1.delay.{level}" for level in range(18))]]

        def is_settled():
            return (sum((self.broker.depth(name) or (1, 0))[0] for name in names) <= left
                    and not self.program.json("dead", "list", "--state", "waiting", "--limit", "1"))

        wait_until(is_settled, "the queues and the backlog to be empty", timeout=120, interval=0.5)

    def finish(self, crashes=0, duplicates=None, timeout=180, left=0):
        """The ledger, after everything is settled.

        crashes: how often something died that could cost a duplicate of what was in flight; duplicates: how
        many that may be in all."""
        self.settle(timeout, left)
        memory, files = self.footprint()
        for program in self.programs:
            if program.process and program.process.poll() is None:
                assert program.stop() == 0, "the worker ends cleanly"
        result = ledger.count(self.published, list(self.paths), list(self.receiver.requests),
                              self.succeeded, crashes, self.program)
        result.memory, result.files = round(memory), files
        allowed = duplicates if duplicates is not None else crashes * 6000
        assert result.duplicates <= allowed, f"{result.duplicates} duplicates, {allowed} allowed"
        # What stays open are connections to the receiver, kept for the next request.
        assert files <= self.baseline[1] + 600, f"{files} files open, {self.baseline[1]} at the start"
        assert memory <= self.baseline[0] + 200 * len(self.programs), f"{memory} MiB"
        return result
