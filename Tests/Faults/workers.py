"""Workers that die, hang, and come and go."""

import asyncio
import os
import pathlib
import signal
import threading
import time

from harness.metrics import scrape
from harness.publisher import Publisher, event_body
from harness.waiting import is_listening, wait_until
from scene import Scene, experiment


@experiment(share=2.0, short=True, alone=True)
def worker_and_broker_killed(events, seed, say):
    """kill -9 of the worker three times and of RabbitMQ once, at full speed"""
    with Scene(events, seed, say) as scene:
        scene.load()
        for share in (0.15, 0.35, 0.55):
            scene.wait_for(share)
            say(f"kill -9 of the worker at {share:.0%}")
            scene.program.kill()
            scene.program.start()
        scene.wait_for(0.7)
        say("kill -9 of RabbitMQ at 70%")
        scene.broker.kill()
        scene.broker.start()
        say(f"deliveries flow {scene.wait_for_more():.1f} s after the broker is back")
        return scene.finish(crashes=4)


def killed_at(place):
    def run(events, seed, say):
        with Scene(events, seed, say, failing=0.1, SEALPOST_LANES="1", start=False) as scene:
            scene.configure(SEALPOST_FAULT=f"{place}:{30 // len(scene.programs)}")
            scene.start()
            scene.load()
            crashes = 0
            while crashes < 5:
                ended = wait_until(lambda: scene.ended, "a worker to end")
                crashes += len(ended)
                if crashes >= 5:
                    # Those that still run may die of it while they end.
                    crashes += sum(program.stop() != 0 for program in scene.programs if program not in ended)
                    ended = scene.programs
                    for program in ended:
                        del program.environment["SEALPOST_FAULT"]
                for program in ended:
                    program.start(until_proven=False)
            say(f"{crashes} deaths")
            return scene.finish(crashes=crashes)
    run.__name__ = f"killed_{place.replace('-', '_')}"
    run.__doc__ = f"the worker kills itself five times, always at the same place: {place}"
    return experiment(share=0.3)(run)


for place in ["before-send", "after-send", "before-log", "after-log", "after-confirm"]:
    killed_at(place)


@experiment(share=5, alone=True)
def killed_while_a_flood_is_moved(events, seed, say):
    """kill -9 of the worker three times while one account's flood is moved behind the others"""
    with Scene(max(40_000, events), seed, say, start=False, floods=True, paths={"/flood": "*"}) as scene:
        scene.program.add_webhook(scene.receiver.url("/small"), "*", account="small")
        scene.start()
        scene.stop()
        # All of it at once, or a fast worker would never be behind.
        scene.load()
        wait_until(lambda: scene.published, "the flood to be there", timeout=60)
        scene.start(until_proven=False)
        for program in (scene.programs * 3)[:3]:
            wait_until(lambda: is_listening(program.port) and scrape(program).value(
                "sealpost_events_total", result="moved"), "the worker to move some", timeout=60)
            program.kill()
            program.start(until_proven=False)
        return scene.finish(crashes=3)


@experiment(share=1.5)
def crash_loop(events, seed, say):
    """thirty starts, each killed a moment after it delivers"""
    with Scene(events, seed, say) as scene:
        scene.load()
        for number in range(30):
            scene.wait_for_more(30, timeout=60)
            program = scene.programs[number % len(scene.programs)]
            program.kill()
            program.start(until_proven=False)
        set_aside = 0

        def has_all():
            nonlocal set_aside
            rows = scene.program.json("rejected", "list")
            for row in rows:
                assert row["reason"] == "crashed_worker", row
                assert scene.program.run("rejected", "requeue", row["id"])[0] == 0
            set_aside += len(rows)
            return len(scene.succeeded) == scene.expected

        wait_until(has_all, "all deliveries", timeout=180, interval=1)
        say(f"{set_aside} messages were set aside, and sent again")
        return scene.finish(crashes=31, duplicates=40_000)


def sender(scene, request):
    """The worker whose connection a request came on: proc_pid_net(5)."""
    ends = f":{request.peer:04X}", f":{scene.receiver.port:04X}"
    with open("/proc/net/tcp") as table:
        [inode] = [row[9] for row in map(str.split, table) if (row[1][-5:], row[2][-5:]) == ends]
    for program in scene.programs:
        for link in pathlib.Path(f"/proc/{program.process.pid}/fd").iterdir():
            if os.readlink(link) == f"socket:[{inode}]":
                return program
    raise AssertionError("the request came from none of the workers")


@experiment(share=0.2)
def poison_among_good_ones(events, seed, say):
    """a message that kills whoever delivers it, among good ones"""
    with Scene(events, seed, say, failing=0, SEALPOST_LANES="1") as scene:
        good = scene.receiver.scripts["/all"]

        def answer(request):
            if request.event == "poison":
                sender(scene, request).process.kill()
                return "silence"
            return good(request)

        scene.receiver.script("/all", answer)
        Publisher(scene.broker, scene.program.exchange).publish(
            "poison", event_body("user.created"), name="user.created")
        scene.load()
        crashes = 0

        def verdict():
            return scene.program.json("rejected", "list")

        while not verdict():
            assert crashes < 25, "the poison is found after its tenth return"
            wait_until(lambda: scene.ended or verdict(), "a crash")
            for program in scene.ended:
                crashes += 1
                program.start(until_proven=False)
        say(f"set aside after {crashes} crashes: {verdict()[0]['reason']}")
        assert verdict()[0]["messageId"] == "poison"
        return scene.finish(crashes=crashes)


@experiment(share=0.3)
def sigterm_with_200_in_flight(events, seed, say):
    """SIGTERM while 200 requests wait for their answers"""
    with Scene(events, seed, say, failing=0, SEALPOST_MAX_IN_FLIGHT_PER_WEBHOOK="200") as scene:
        gate = threading.Event()
        held = []

        async def slow(reader, writer):
            await asyncio.get_running_loop().run_in_executor(None, gate.wait)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return True

        def answer(request):
            # The windows grow first: half of all is answered at once.
            if gate.is_set() or len(scene.succeeded) < scene.expected / 2:
                return 200
            held.append((request.path, request.event))
            return slow

        for path in scene.paths:
            scene.script(path, answer)
        scene.load()
        wait_until(lambda: len(held) >= 200, "200 requests in flight")
        scene.program.process.send_signal(signal.SIGTERM)
        gate.set()
        assert scene.program.process.wait(timeout=40) == 0
        say(f"{len(held)} requests were in flight, and it ended cleanly")
        scene.succeeded.update(held)
        scene.program.start()
        return scene.finish(crashes=0)


@experiment(share=0.3)
def sigterm_twice(events, seed, say):
    """a second SIGTERM ends it at once, with requests in flight"""
    with Scene(events, seed, say, failing=0) as scene:
        hangs = threading.Event()
        for path in scene.paths:
            scene.script(path, lambda _: 200 if hangs.is_set() else "silence")
        scene.load()
        wait_until(lambda: len(scene.receiver.requests) >= 30, "requests in flight")
        begin = time.monotonic()
        scene.program.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not scrape(scene.program).value(
            "sealpost_broker_connections", connection="lanes", state="up"), "its lanes to take nothing more")
        scene.program.process.send_signal(signal.SIGTERM)
        code = scene.program.process.wait(timeout=10)
        say(f"exit code {code} after {time.monotonic() - begin:.1f} s")
        assert code == 130
        hangs.set()
        scene.program.start()
        return scene.finish(crashes=1)


@experiment(share=2.0, alone=True)
def rolling_restart(events, seed, say):
    """two workers, or as many as there are, on one store are restarted in turn under load, ten times"""
    with Scene(events, seed, say, workers=max(2, Scene.usual_workers)) as scene:
        scene.load()
        for number in range(10):
            scene.wait_for_more(100, timeout=60)
            program = scene.programs[number % len(scene.programs)]
            assert program.stop() == 0
            program.start()
        return scene.finish(crashes=0)


@experiment(share=0.5)
def frozen_worker(events, seed, say):
    """SIGSTOP for longer than the heartbeat, then SIGCONT"""
    with Scene(events, seed, say, proxy=True, heartbeat=2) as scene:
        scene.load()
        scene.wait_for(0.2)
        left = scene.lanes - int(scene.program.environment["SEALPOST_LANES"])
        scene.program.process.send_signal(signal.SIGSTOP)
        wait_until(lambda: scene.consumers == left, "the broker to give the worker up", timeout=60)
        scene.program.process.send_signal(signal.SIGCONT)
        say(f"deliveries flow {scene.wait_for_more():.1f} s after SIGCONT")
        return scene.finish(crashes=1)
