"""Much at once: retries that are all due, rubbish, changes of webhooks under load, one hanging among many."""

import threading
import time
import zlib

from harness.publisher import Publisher, event_body
from harness.waiting import wait_until
from scene import Scene, experiment


@experiment(share=2.5, alone=True)
def retries_all_due_at_once(events, seed, say):
    """about ten thousand retries that came due during an outage, with live traffic beside them"""
    with Scene(events, seed, say, failing=0, floods=True, SEALPOST_RETRY_INITIAL="30s") as scene:
        fails = threading.Event()
        fails.set()
        # Of each receiver's first answers one in eight fails, so that the windows stay open.
        for path in scene.paths:
            scene.script(path, lambda request: 500 if fails.is_set() and zlib.crc32(
                f"{request.path} {request.event}".encode()) % 8 == 0 else 200)
        scene.load()
        scene.wait_for(0.8)
        scene.stop()
        fails.clear()
        namespace = scene.program.namespace
        wait_until(lambda: not sum(scene.broker.depth(f"{namespace}.v1.delay.{level}")[0] for level in range(18)),
                   "all retries to be due", timeout=90, interval=0.5)
        say(f"{scene.broker.depth(f'{namespace}.retries')[0]} retries are due when the worker starts")
        scene.start(until_proven=False)
        publisher = Publisher(scene.broker, scene.program.exchange)
        times = []
        for number in range(100):
            live = f"live-{number}"
            begin = time.monotonic()
            publisher.publish(live, event_body())
            wait_until(lambda: all((path, live) in scene.succeeded for path in scene.paths), "a live event",
                       interval=0.005)
            times.append(time.monotonic() - begin)
            scene.published.append(live)
            scene.events.append(live)
        publisher.close()
        say(f"live events took {sorted(times)[50]:.2f} s in the middle, {max(times):.2f} s at most")
        return scene.finish()


@experiment(share=0.2)
def rubbish_before_a_good_event(events, seed, say):
    """ten thousand messages that are no events, then good ones"""
    with Scene(events, seed, say) as scene:
        connection = scene.broker.connect()
        channel = connection.channel()
        for number in range(10_000):
            channel.basic_publish(scene.program.exchange, "license.created", b"{not json %d" % number)
        scene.load()
        begin = time.monotonic()
        wait_until(lambda: scene.succeeded, "the first good delivery", timeout=60)
        say(f"the first good delivery after {time.monotonic() - begin:.1f} s")
        wait_until(lambda: len(scene.program.json("rejected", "list", "--limit", "20000")) == 10_000,
                   "the rubbish to be set aside", timeout=120, interval=1)
        connection.close()
        return scene.finish()


@experiment(share=0.7)
def webhooks_changed_under_load(events, seed, say):
    """webhooks are added, switched off and on, paused and deleted while events flow"""
    with Scene(events, seed, say) as scene:
        def held():
            rows = scene.program.json("dead", "list", "--state", "waiting", "--limit", "1000")
            return [row for row in rows if row["reason"] == "webhook_paused"]

        most = 0
        scene.load()
        for number in range(6):
            scene.wait_for_more(100, timeout=60)
            extra = scene.program.add_webhook(scene.receiver.url(f"/extra{number}"), "*", name="extra")
            scene.wait_for_more(100, timeout=60)
            for command in (["edit", extra, "--active", "false"], ["edit", extra, "--active", "true"],
                            ["pause", extra]):
                assert scene.program.run("webhooks", *command)[0] == 0
            wait_until(lambda: held() or len(scene.published) == len(scene.events), "deliveries to be held")
            most = max(most, len(held()))
            assert scene.program.run("webhooks", "remove", extra)[0] == 0
        say(f"six webhooks came and went, with up to {most} deliveries that waited for one")
        return scene.finish()


@experiment(share=1.0, alone=True)
def one_hangs_among_many(events, seed, say):
    """one hanging webhook among thirty: the others do not notice"""
    paths = {f"/hook{number}": "*" for number in range(30)}
    with Scene(max(200, events // 10), seed, say, failing=0, paths=paths,
               SEALPOST_DELIVERY_TIMEOUT="2s") as scene:
        hangs = threading.Event()
        hangs.set()
        scene.script("/hook0", lambda _: "silence" if hangs.is_set() else 200)
        scene.load()
        others = 29 * len(scene.events)
        begin = time.monotonic()
        wait_until(lambda: len(scene.succeeded) >= others, "the other 29", timeout=300)
        say(f"the other 29 had all of it after {time.monotonic() - begin:.1f} s, "
            f"{len(scene.receiver.at('/hook0'))} requests to the one that hangs")
        hangs.clear()
        return scene.finish(duplicates=2000)


@experiment(share=20, alone=True)
def two_accounts(events, seed, say):
    """an account floods the queue at full speed, and another that sends a few waits less than two seconds"""
    with Scene(events, seed, say, failing=0, start=False, floods=True, paths={"/flood": "*"}) as scene:
        scene.program.add_webhook(scene.receiver.url("/small"), "*", account="small")
        arrived = set()

        def note(request):
            arrived.add(request.event)
            return 200

        scene.receiver.script("/small", note)
        scene.start()
        scene.load()
        publisher = Publisher(scene.broker, scene.program.exchange)
        scene.wait_for(0.05)
        times = []
        for number in range(100):
            begin = time.monotonic()
            publisher.publish(f"small-{number}", event_body(), account="small")
            wait_until(lambda: f"small-{number}" in arrived, "the small account's delivery", interval=0.005)
            times.append(time.monotonic() - begin)
        publisher.close()
        left = [(scene.broker.depth(f"{scene.program.namespace}.{queue}") or (0, 0))[0]
                for queue in ("events", "events.bulk")]
        say(f"the small account waited {max(times):.2f} s at most, {sorted(times)[50]:.2f} s in the middle; "
            f"then {len(scene.succeeded)} of {len(scene.events)} of the flood were delivered, {left[0]} waited "
            f"in its queue and {left[1]} behind")
        assert max(times) < 2
        return scene.finish(timeout=600)
