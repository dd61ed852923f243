"""A broker that restarts, is full, refuses, forgets, or is out of reach."""

import asyncio
import os
import signal

from harness.cluster import Cluster
from harness.metrics import scrape
from harness.waiting import is_listening, wait_until
from scene import Scene, experiment


@experiment(share=0.7)
def connections_lost(events, seed, say):
    """all of the worker's connections break a hundred times in a row"""
    with Scene(events, seed, say, proxy=True) as scene:
        scene.load()
        losses = 0
        while losses < 100:
            before = scene.proxy.accepted
            wait_until(lambda: scene.proxy.connections, "a connection", timeout=60)
            if scene.proxy.drop():
                losses += 1
            wait_until(lambda: scene.proxy.accepted > before, "the next connection", timeout=60)
        return scene.finish(crashes=100, duplicates=20_000)


connections_lost.short = True


@experiment(alone=True)
def broker_restarted(events, seed, say):
    """RabbitMQ is stopped in good order and started again"""
    with Scene(events, seed, say) as scene:
        scene.load()
        scene.wait_for(0.3)
        scene.broker.halt()
        scene.broker.start()
        took = scene.wait_for_more()
        say(f"deliveries flow {took:.1f} s after the broker is back")
        assert took < 5
        return scene.finish(crashes=1)


def alarm(kind, set_it, clear_it):
    def run(events, seed, say):
        with Scene(events, seed, say, failing=0.1) as scene:
            scene.load()
            scene.wait_for(0.2)
            scene.broker.ctl(*set_it)
            wait_until(lambda: f"{kind}" in scene.broker.ctl("status"), "the alarm")
            before = len(scene.succeeded)
            # Publishers are blocked: what failed cannot go to the ladder, and goes to the backlog.
            wait_until(lambda: scene.program.json("dead", "list", "--state", "waiting"),
                       "retries in the backlog", timeout=60)
            scene.broker.ctl(*clear_it)
            say(f"{len(scene.succeeded) - before} deliveries went on during the alarm")
            return scene.finish(crashes=0, duplicates=500)
    run.__name__ = f"{kind}_alarm"
    run.__doc__ = f"the broker's {kind} alarm blocks all publishers, and is cleared"
    return experiment(share=0.7)(run)


alarm("memory", ("set_vm_memory_high_watermark", "0.0001"), ("set_vm_memory_high_watermark", "0.4"))
alarm("disk", ("set_disk_free_limit", "100000GB"), ("set_disk_free_limit", "50MB"))


@experiment(share=0.7, alone=True)
def connections_closed_by_operator(events, seed, say):
    """rabbitmqctl close_all_connections, five times"""
    with Scene(events, seed, say) as scene:
        scene.load()
        for _ in range(5):
            scene.wait_for_more(100)
            scene.broker.ctl("close_all_connections", "an experiment")
            took = scene.wait_for_more(50)
            assert took < 5, f"{took:.1f} s until deliveries flowed again"
        return scene.finish(crashes=5)


@experiment(share=0.1)
def channel_closed_by_consumer_timeout(events, seed, say):
    """the broker's consumer time-out closes the channel over an event that is not acknowledged in time"""
    with Scene(events, seed, say, failing=0) as scene:
        scene.broker.ctl("eval", "application:set_env(rabbit, consumer_timeout, 5000).")
        scene.broker.ctl("eval", "application:set_env(rabbit, channel_tick_interval, 1000).")
        scene.stop()
        scene.start()
        # Nothing becomes durable, so nothing is acknowledged.
        with scene.storage.held():
            scene.load()
            wait_until(lambda: "timed out" in scene.log or "PRECONDITION" in scene.log,
                       "the channel to be closed", timeout=90)
        say(f"the channel was closed, deliveries flow {scene.wait_for_more():.1f} s after the store is back")
        return scene.finish(crashes=20)


@experiment(share=0.3)
def queue_deleted_and_declared_again(events, seed, say):
    """the empty event queue is deleted by an operator; the worker declares it again and goes on"""
    with Scene(events, seed, say) as scene:
        for _ in range(3):
            connection = scene.broker.connect()
            connection.channel().queue_delete(scene.program.queue)
            connection.close()
            wait_until(lambda: scene.consumers >= scene.lanes, "the worker to consume again")
        scene.load()
        return scene.finish()


@experiment(share=0.2)
def queue_with_other_arguments(events, seed, say):
    """a queue of ours stands there with other arguments: the worker says so, and starts once it is mended"""
    with Scene(events, seed, say, start=False) as scene:
        connection = scene.broker.connect()
        channel = connection.channel()
        assert scene.program.run("check")[0] == 0
        channel.queue_delete(scene.program.queue)
        channel.queue_declare(scene.program.queue, durable=True)
        scene.start(until_proven=False)
        for program in scene.programs:
            code = program.process.wait(timeout=30)
            say(f"exit code {code}: {program.log.strip().splitlines()[-1][:160]}")
            assert code != 0 and f"inequivalent arg 'x-queue-type' for queue '{program.queue}'" in program.log
        channel.queue_delete(scene.program.queue)
        connection.close()
        scene.start()
        scene.load()
        return scene.finish()


@experiment(share=0.3)
def password_changed(events, seed, say):
    """the user's password is changed under the worker's feet, and changed back"""
    with Scene(events, seed, say) as scene:
        url = scene.broker.url
        scene.load()
        scene.wait_for(0.3)
        scene.broker.ctl("add_user", "worker", "old")
        scene.broker.ctl("set_permissions", "worker", ".*", ".*", ".*")
        scene.stop()
        scene.configure(SEALPOST_AMQP_URL=url.replace("guest:guest", "worker:old"))
        scene.start()
        scene.broker.ctl("change_password", "worker", "new")
        scene.broker.ctl("close_all_user_connections", "worker", "an experiment")
        wait_until(lambda: "password" in scene.log or "login" in scene.log.lower()
                   or "ACCESS_REFUSED" in scene.log, "a word about the login", timeout=60)
        assert not scene.ended, "it waits"
        scene.broker.ctl("change_password", "worker", "old")
        say(f"deliveries flow {scene.wait_for_more(20):.1f} s after it is mended")
        return scene.finish(crashes=1)


def unreachable(name, words, *directions):
    def run(events, seed, say):
        with Scene(events, seed, say, proxy=True, heartbeat=2) as scene:
            scene.load()
            scene.wait_for(0.2)
            scene.proxy.stall(*directions)
            accepted = scene.proxy.accepted
            wait_until(lambda: scene.proxy.accepted > accepted, "the worker to give up", timeout=60)
            scene.proxy.resume()
            say(f"deliveries flow {scene.wait_for_more():.1f} s after the network is back")
            return scene.finish(crashes=2)
    run.__name__ = name
    run.__doc__ = words
    return experiment(share=0.5)(run)


unreachable("half_open", "nothing goes through any more in either direction, and nobody says so",
            "up", "down")
unreachable("lost_from_broker", "what the broker sends is lost, in the middle of a body", "down")
unreachable("lost_to_broker", "what the worker sends is lost", "up")


@experiment(share=0.5)
def retries_refused(events, seed, say):
    """the ladder refuses every retry for a while"""
    with Scene(events, seed, say, failing=0.1) as scene:
        scene.broker.ctl("set_policy", "full", "delay", '{"max-length": 0}', "--apply-to", "queues")
        scene.load()
        wait_until(lambda: scene.program.json("dead", "list", "--state", "waiting"),
                   "retries in the backlog")
        scene.wait_for(0.3)
        scene.broker.ctl("clear_policy", "full")
        return scene.finish()


@experiment(share=0.5)
def retries_returned(events, seed, say):
    """the ladder's queues are unbound for a while: every retry is returned"""
    with Scene(events, seed, say, failing=0.1) as scene:
        namespace = scene.program.namespace
        connection = scene.broker.connect()
        channel = connection.channel()
        name = f"{namespace}.v1.delay.0"
        key = "*." * 17
        channel.queue_unbind(name, name, key + "1.#")
        scene.load()
        wait_until(lambda: "returned" in scene.log, "a returned retry")
        scene.wait_for(0.3)
        channel.queue_bind(name, name, key + "1.#")
        connection.close()
        return scene.finish()


@experiment(share=0.5)
def retries_never_confirmed(events, seed, say):
    """the broker answers nothing for longer than a confirm may take"""
    is_stalled = asyncio.Event()

    async def refuse_later(_, writer):
        await is_stalled.wait()
        writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n")
        return True

    with Scene(events, seed, say, proxy=True) as scene:
        for path in scene.paths:
            scene.script(path, lambda _: 200 if is_stalled.is_set() else refuse_later)
        scene.load()
        wait_until(lambda: scene.receiver.requests, "the first requests")
        # A connection that is not open yet can have nothing unconfirmed.
        wait_until(lambda: all(scrape(program).value(
            "sealpost_broker_connections", connection="retries", state="up") for program in scene.programs),
            "the retries' connection")
        scene.proxy.stall("down")
        scene.receiver.soon(is_stalled.set)
        wait_until(lambda: "not confirmed" in scene.log, "the worker to notice", timeout=60)
        scene.proxy.resume()
        scene.proxy.drop()
        say(f"deliveries flow {scene.wait_for_more():.1f} s later")
        return scene.finish(crashes=2)


@experiment(share=1.0, alone=True)
def cluster_of_three(events, seed, say):
    """of three nodes the queue's leader is killed and comes back; then a minority is cut off, then frozen"""
    # So slowly that there are still events to come when the last node is frozen.
    with Scene(events, seed, say, broker=Cluster(), rate=events / 120) as scene:
        cluster, queue = scene.broker, scene.program.queue
        scene.load()
        scene.wait_for(0.15)
        leader = cluster.leader(queue)
        leader.kill()
        say(f"{leader.name}, which led the queue, is killed: deliveries flow {scene.wait_for_more():.1f} s later")
        leader.start()
        scene.wait_for(0.4)
        minority = cluster.leader(queue)
        cluster.cut_off(minority)
        say(f"{minority.name}, which leads now, is cut off: deliveries flow {scene.wait_for_more():.1f} s later")
        wait_until(lambda: not is_listening(minority.port), "the minority to notice and to pause", timeout=60)
        cluster.let_in(minority)
        wait_until(lambda: is_listening(minority.port), "the minority to be back", timeout=120)
        scene.wait_for(0.7)
        frozen = cluster.leader(queue)
        os.killpg(frozen.process.pid, signal.SIGSTOP)
        took = scene.wait_for_more(timeout=120)
        os.killpg(frozen.process.pid, signal.SIGCONT)
        say(f"{frozen.name}, which leads now, is frozen: deliveries flow {took:.1f} s later")
        return scene.finish(crashes=3)
