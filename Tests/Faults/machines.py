"""Many machines: workers that come, go and die behind one queue, on a cluster of brokers and PostgreSQL."""

import asyncio
import random
import time

from harness.cluster import Cluster
from harness.metrics import scrape
from harness.waiting import is_listening, wait_until
from scene import Scene, experiment
from storage import PostgreSQL


def delivered(program):
    """How many deliveries a worker ended."""
    return scrape(program).sum("sealpost_deliveries_total")


def answer_slowly(scene, seconds, failing=0.0):
    """Lets every answer take its time, so that there are always requests in flight. What a worker that died
    does not hear any more is no delivery."""
    chance = random.Random(scene.seed)

    def answer(request):
        async def after_a_while(reader, writer):
            await asyncio.sleep(seconds)
            if reader.at_eof():
                return False
            status = 500 if chance.random() < failing else 200
            if status == 200:
                scene.succeeded.add((request.path, request.event))
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)
            return True
        return after_a_while

    for path in scene.paths:
        scene.receiver.script(path, answer)


@experiment(share=2.0, alone=True)
def four_workers_on_a_cluster(events, seed, say):
    """of four workers one is killed, one added, one ended; then PostgreSQL and the queue's leader are killed"""
    # The workers hold less than what waits, so that there is something left for one that joins.
    with Scene(max(20_000, events), seed, say, workers=4, engine=PostgreSQL, broker=Cluster(), floods=True,
               SEALPOST_PREFETCH="200") as scene:
        def flow(what, within):
            assert len(scene.succeeded) + 200 < scene.expected, "there is still something to deliver"
            took = scene.wait_for_more(200, timeout=60)
            say(f"{what}: deliveries flow {took:.1f} s later")
            assert took < within

        def joins(program, what):
            begin = time.monotonic()
            program.start(until_proven=False)
            wait_until(lambda: is_listening(program.port) and delivered(program), f"{what} to deliver")
            say(f"{what} delivers after {time.monotonic() - begin:.1f} s")
            assert time.monotonic() - begin < 10

        answer_slowly(scene, 0.1, failing=0.05)
        killed, ended = scene.programs[:2]
        scene.load()
        scene.wait_for(0.05)
        killed.kill()
        flow("a worker is killed", within=5)
        joins(killed, "the same worker, started again,")
        joins(scene.add_worker(), "a fifth worker")
        scene.wait_for(0.2)
        assert ended.stop() == 0
        flow("a worker is ended", within=5)
        with scene.storage.away():
            wait_until(lambda: "the store failed" in scene.log, "a worker to notice")
        flow("PostgreSQL is killed and started again", within=5)
        # Whoever publishes while a queue has no leader is refused, and tries again; here nobody does.
        wait_until(lambda: scene.published, "the last event to be published", timeout=120)
        leader = scene.broker.leader(scene.program.queue)
        leader.kill()
        # Levels of the ladder that it led stand still for as long as the broker's advanced.config says.
        flow(f"{leader.name}, which led the queue, is killed", within=25)
        leader.start()
        return scene.finish(crashes=2)


@experiment(share=0.6, alone=True)
def one_of_two_killed(events, seed, say):
    """two workers share the queue evenly; one is killed, and the other has its share at once"""
    with Scene(max(4000, events), seed, say, workers=2, rate=400) as scene:
        answer_slowly(scene, 0.05)
        begin = time.monotonic()
        scene.load()
        scene.wait_for(0.3)
        counts = [delivered(program) for program in scene.programs]
        assert min(counts) > 0.4 * sum(counts), counts
        rate = len(scene.published) / (time.monotonic() - begin)
        begin = time.monotonic()
        scene.program.kill()
        # What was confirmed and not delivered at that moment: held by the one, held by the other, or waiting.
        held = {(path, event) for path in scene.paths for event in scene.published} - scene.succeeded
        wait_until(lambda: held <= scene.succeeded, "what was open to be delivered", interval=0.005)
        took = time.monotonic() - begin
        say(f"{counts[0]:,.0f} and {counts[1]:,.0f} deliveries; {len(held)} were open when one was killed, and "
            f"all of them are delivered {took:.2f} s later")
        assert took < 5
        goal = min(len(scene.published) + round(5 * rate), len(scene.events))
        wait_until(lambda: len(scene.published) >= goal, "the events of the next 5 s", timeout=60)
        waiting = len(scene.published) * len(scene.paths) - len(scene.succeeded)
        say(f"at {rate:.0f} events a second {waiting} deliveries are open 5 s after that")
        assert waiting < rate * len(scene.paths), "the one keeps up with the load of both"
        return scene.finish(crashes=1)
