"""Named experiments: the real program under load while things die around it, and a ledger at the end."""

import threading

from harness import ledger
from harness.broker import Broker
from harness.program import Program
from harness.proxy import Proxy
from harness.publisher import Publisher, event_body
from harness.receiver import Receiver
from harness.waiting import wait_until

EXPERIMENTS = {}


def experiment(function):
    """Registers an experiment under its name, with hyphens."""
    EXPERIMENTS[function.__name__.replace("_", "-")] = function
    return function


class Load:
    """Publishes events while an experiment goes on, and knows what was delivered."""

    def __init__(self, broker, program, receiver, events, failing, seed):
        self.program = program
        self.receiver = receiver
        self.events = [f"evt_{number}" for number in range(events)]
        self.paths = ["/exact", "/prefix", "/all"]
        self.succeeded = set()
        for index, (path, pattern) in enumerate(
                zip(self.paths, ["license.created", "license.*", "*"])):
            receiver.failing(path, failing, seed + index)
            script = receiver.scripts[path]
            receiver.script(path, lambda request, script=script: self._note(request, script))
            program.add_webhook(receiver.url(path), pattern, name=path)
        self.published = 0
        self._publisher = Publisher(broker, program.exchange)
        self._thread = threading.Thread(target=self._publish, daemon=True)

    def start(self):
        self._thread.start()

    def _publish(self):
        for event in self.events:
            self._publisher.publish(event, event_body(id=event))
            self.published += 1

    def _note(self, request, script):
        answer = script(request)
        if answer == 200:
            self.succeeded.add((request.path, request.event))
        return answer

    def wait_for(self, share):
        """Until so much of all deliveries succeeded."""
        expected = len(self.events) * len(self.paths)
        wait_until(lambda: len(self.succeeded) >= share * expected,
                   f"{share:.0%} of {expected} deliveries", timeout=300)

    def finish(self, crashes):
        """Waits until everything confirmed is delivered and settled; gives the ledger."""
        self._thread.join(timeout=300)
        self.wait_for(1)
        broker, namespace = self.program.broker, self.program.namespace

        def is_settled():
            queues = [f"{namespace}.events", f"{namespace}.retries"] + [
                f"{namespace}.v1.delay.{level}" for level in range(18)]
            return all((broker.depth(queue) or (1, 0))[0] == 0 for queue in queues)

        wait_until(is_settled, "the queues to be empty", timeout=120, interval=0.5)
        self.program.stop()
        return ledger.count(
            self.events[:self.published], self.paths, list(self.receiver.requests), self.succeeded,
            crashes, self.program)


@experiment
def worker_and_broker_killed(events, seed, say):
    """Kills the worker three times and RabbitMQ once, at full speed, with 5 % of requests failing."""
    broker = Broker()
    receiver = Receiver()
    program = Program(broker, SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1.5")
    try:
        load = Load(broker, program, receiver, events, 0.05, seed)
        program.start()
        load.start()
        for share in (0.15, 0.35, 0.55):
            load.wait_for(share)
            say(f"kill -9 of the worker at {share:.0%}")
            program.kill()
            program.start()
        load.wait_for(0.7)
        say("kill -9 of RabbitMQ at 70%")
        broker.kill()
        broker.start()
        return load.finish(crashes=4)
    finally:
        program.close()
        receiver.stop()
        broker.stop()


@experiment
def connections_lost(events, seed, say):
    """Breaks all of the worker's connections a hundred times in a row."""
    broker = Broker()
    receiver = Receiver()
    proxy = Proxy(broker.port)
    program = Program(
        broker, SEALPOST_AMQP_URL=f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F",
        SEALPOST_RETRY_INITIAL="1s")
    try:
        load = Load(broker, program, receiver, min(events, 2000), 0.05, seed)
        program.start()
        load.start()
        losses = 0
        while losses < 100:
            before = proxy.accepted
            wait_until(lambda: proxy.accepted > before or proxy._pairs, "a connection")
            if proxy.drop():
                losses += 1
                if losses % 20 == 0:
                    say(f"{losses} losses")
            wait_until(lambda: proxy.accepted > before, "the worker to connect again", timeout=60)
        return load.finish(crashes=100)
    finally:
        program.close()
        proxy.close()
        receiver.stop()
        broker.stop()
