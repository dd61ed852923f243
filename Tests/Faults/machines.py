"""Many machines: workers that come, go and die behind one queue, on a cluster of brokers and PostgreSQL."""

import time

from harness.cluster import Cluster
from harness.metrics import scrape
from harness.waiting import wait_until
from scene import Scene, experiment
from storage import PostgreSQL


def delivered(program):
    """How many deliveries a worker ended."""
    return scrape(program).sum("sealpost_deliveries_total")


@experiment(share=4.0, alone=True)
def four_workers_on_a_cluster(events, seed, say):
    """of four workers one is killed, one added, one ended; then the queue's leader and PostgreSQL are killed"""
    # The workers hold less than what waits, so that there is something left for one that joins.
    with Scene(max(40_000, events), seed, say, workers=4, engine=PostgreSQL, broker=Cluster(), floods=True,
               SEALPOST_PREFETCH="200") as scene:
        def flow(what, within):
            assert len(scene.succeeded) + 200 < scene.expected, "there is still something to deliver"
            took = scene.wait_for_more(200, timeout=60)
            say(f"{what}: deliveries flow {took:.1f} s later")
            assert took < within

        def joins(program, what):
            program.start()
            wait_until(lambda: delivered(program), f"{what} to take its share", timeout=10)
            say(f"{what} takes its share")

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
        scene.wait_for(0.3)
        leader = scene.broker.leader(scene.program.queue)
        leader.kill()
        flow(f"{leader.name}, which led the queue, is killed", within=20)
        leader.start()
        scene.wait_for(0.6)
        with scene.storage.away():
            wait_until(lambda: "the store failed" in scene.log, "a worker to notice")
        flow("PostgreSQL is killed and started again", within=5)
        return scene.finish(crashes=2)


@experiment(share=0.6, alone=True)
def one_of_two_killed(events, seed, say):
    """two workers share the queue evenly; one is killed, and the other has its share at once"""
    with Scene(max(4000, events), seed, say, failing=0, workers=2, rate=400) as scene:
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
        count = round(5 * rate) * len(scene.paths)
        took = scene.wait_for_more(count)
        say(f"the next {count:,} deliveries, as many as are published in 5 s, took {took:.1f} s")
        assert took < 6
        return scene.finish(crashes=1)
