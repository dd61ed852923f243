"""What every experiment stands on: broker, store, workers, a receiver, load, and the ledger at the end."""

import concurrent.futures
import os
import pathlib
import threading
import time

from harness import ledger
from harness.broker import Broker
from harness.program import Program
from harness.proxy import Proxy
from harness.publisher import Publisher, event_body
from harness.receiver import Receiver
from harness.waiting import wait_until
from preloads import preload
from storage import SQLite

EXPERIMENTS = {}
PATHS = {"/exact": "license.created", "/prefix": "license.*", "/all": "*"}


def experiment(*, share=1.0, short=False, alone=False, only=None):
    """Registers an experiment under its name, with hyphens. share: of the events asked for; short: in the
    set that runs with every change; alone: it measures times, or needs the whole machine, and no other runs
    beside it; only: the store that it is about, where it means nothing on the other."""
    def register(function):
        function.share, function.short, function.alone, function.only = share, short, alone, only
        EXPERIMENTS[function.__name__.replace("_", "-")] = function
        return function
    return register


class Scene:
    """The real program with a broker and a store of its own, and events on their way to three webhooks.

    engine, workers: unless the experiment has its own, those that the command line asked for. heartbeat: of
    connections through the proxy, in seconds. disk: a small file system for the store. rate: events a second,
    otherwise as many as go."""

    usual_engine, usual_workers = SQLite, 1

    def __init__(self, events, seed, say, failing=0.05, workers=None, engine=None, disk=None, proxy=False,
                 heartbeat=None, paths=None, start=True, floods=False, rate=None, broker=None, **settings):
        self.say, self.seed, self.rate = say, seed, rate
        self.events = [f"evt-{number + 1}" for number in range(events)]
        self.paths = dict(PATHS if paths is None else paths)
        self.broker, self.receiver = broker or Broker(), Receiver(keeps_all=False)
        self.storage = (engine or self.usual_engine)(disk)
        self.proxy = Proxy(self.broker.port) if proxy else None
        self.programs, self.succeeded, self.published, self.baseline = [], set(), [], None
        self.stopped = threading.Event()
        workers = workers or self.usual_workers
        # All of them together hold as much as one would, so that as much waits at the broker.
        self.settings = {"SEALPOST_RETRY_INITIAL": "1s", "SEALPOST_RETRY_FACTOR": "1.5",
                         "SEALPOST_PREFETCH": str(4000 // workers), **self.storage.settings, **settings}
        if self.proxy:
            self.settings["SEALPOST_AMQP_URL"] = self._through_proxy(heartbeat)
        for index, path in enumerate(self.paths):
            self.receiver.failing(path, failing, seed + index)
            self.receiver.script(path, self._noting(self.receiver.scripts[path]))
        for _ in range(workers):
            self.add_worker()
        for path, pattern in self.paths.items():
            self.program.add_webhook(self.receiver.url(path), pattern, name=path)
        self._thread = threading.Thread(
            target=self.flood if floods else self._publish, daemon=True)
        if start:
            self.start()

    def add_worker(self):
        """One more, which is not started yet."""
        self.programs.append(Program(self.broker, **self.settings))
        return self.programs[-1]

    def configure(self, **settings):
        """Settings of all workers, from their next start."""
        for program in self.programs:
            program.environment |= settings

    @property
    def program(self):
        """The worker that things are done to, and that commands are run with."""
        return self.programs[0]

    @property
    def ended(self):
        """The workers that do not run any more."""
        return [program for program in self.programs if program.process.poll() is not None]

    @property
    def log(self):
        """What all workers said."""
        return "".join(program.log for program in self.programs)

    @property
    def consumers(self):
        """How many the queue has now."""
        return (self.broker.depth(self.program.queue) or (0, 0))[1]

    @property
    def lanes(self):
        """How many consumers the queue has when all workers run."""
        return sum(int(program.environment["SEALPOST_LANES"]) for program in self.programs)

    def _through_proxy(self, heartbeat):
        query = f"?heartbeat={heartbeat}" if heartbeat else ""
        return f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/%2F{query}"

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
        self.storage.stop()
        self.broker.stop()

    def preload(self, source, **environment):
        """Starts the workers with a C file of this folder in place of what it replaces; the commands go on
        without."""
        quiet = [dict(program.environment) for program in self.programs]
        self.configure(**preload(source, self.program.folder), **environment)
        self.start()
        for program, environment in zip(self.programs, quiet):
            program.environment = environment

    def start(self, until_proven=True):
        """Starts the workers at once; the first time it notes what they take while there is nothing to do."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda program: program.start(until_proven), self.programs))
        if until_proven and self.baseline is None:
            self.baseline = self.footprint()

    def stop(self):
        """Ends the workers in good order."""
        for program in self.programs:
            assert program.stop() == 0, "the worker ends cleanly"

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
        begin = time.monotonic()
        for number, event in enumerate(self.events):
            if self.rate:
                self.stopped.wait(begin + number / self.rate - time.monotonic())
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
        assert files <= self.baseline[1] + 600 * len(self.programs), \
            f"{files} files open, {self.baseline[1]} at the start"
        assert memory <= self.baseline[0] + 200 * len(self.programs), f"{memory} MiB"
        return result
