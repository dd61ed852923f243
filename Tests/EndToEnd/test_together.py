"""Workers on one broker share limits and what they learn, and accounts share the workers."""

import asyncio

import pika
import pytest

from harness.program import Program
from harness.publisher import event_body
from harness.waiting import wait_until


@pytest.fixture
def another(broker, make_program):
    """One more worker on the same namespace and store."""
    made = []

    def make(program, **settings):
        store = program.environment["SEALPOST_STORE_URL"]
        made.append(Program(broker, program.namespace, SEALPOST_STORE_URL=store, **settings))
        made[-1].exchange = program.exchange
        return made[-1]

    yield make
    for program in made:
        program.close()


def waiting(program):
    return program.json("dead", "list", "--state", "waiting", "--limit", "10000")


def test_all_lanes_of_all_workers_share_what_a_webhook_may_have_in_flight(
        make_program, another, receiver, publish):
    first = make_program(SEALPOST_MAX_IN_FLIGHT_PER_WEBHOOK="8")
    first.add_webhook(receiver.url("/hook"), "*")
    receiver.script("/hook", lambda _: "silence")
    second = another(first, SEALPOST_MAX_IN_FLIGHT_PER_WEBHOOK="8")
    workers = [first, second]
    for worker in workers:
        worker.start()
    wait_until(lambda: all("count=4 [SealpostWorker] lanes of all workers" in worker.log for worker in workers),
               "both to have counted the lanes")
    for number in range(300):
        publish(first).publish(f"evt_{number}", event_body())
    # What is not in flight does not wait for a receiver that says nothing.
    wait_until(lambda: len(waiting(first)) == 300, "the rest to be in the backlog")
    assert len(receiver.at("/hook")) == 8


def test_a_window_that_closes_is_told_to_all_workers(make_program, receiver, publish, tap):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*", account="acme")
    receiver.script("/hook", lambda _: 500)
    program.start()
    messages = tap(f"{program.namespace}.control", "")
    for number in range(20):
        publish(program).publish(f"evt_{number}", event_body(), account="acme")
    told = []

    def closed():
        told.extend(body.decode().split() for _, _, body in messages())
        return [words for words in told if words[2] == "closed"]

    words = wait_until(closed, "word of it")[0]
    assert words[0] == "1" and words[3:] == ["5000", "acme", webhook]


def test_a_worker_heeds_what_another_learned(broker, make_program, receiver, publish):
    program = make_program(SEALPOST_LANES="1")
    webhook = program.add_webhook(receiver.url("/hook"), "*", account="acme")
    other = program.add_webhook(receiver.url("/other"), "*", account="acme")
    program.start()
    assert other != webhook
    connection = broker.connect()
    channel = connection.channel()

    def tell(what, milliseconds=0):
        channel.basic_publish(f"{program.namespace}.control", "",
                              f"1 tester {what} {milliseconds} acme {webhook}".encode())

    # Words of other versions, and words without sense, harm nobody.
    for words in ["", "2 tester closed 1 acme x", "1 tester closed x acme y", "x" * 100_000]:
        channel.basic_publish(f"{program.namespace}.control", "", words.encode())
    tell("closed", 50_000)
    numbers = iter(range(10_000))

    def some_wait():
        publish(program).publish(f"evt_{next(numbers)}", event_body(), account="acme")
        return [row for row in waiting(program) if row["reason"] == "window_closed"]

    wait_until(some_wait, "deliveries to wait in the backlog")
    sent = len(receiver.at("/hook"))
    for _ in range(20):
        publish(program).publish(f"evt_{next(numbers)}", event_body(), account="acme")
    last = next(numbers) - 1
    wait_until(lambda: any(r.event == f"evt_{last}" for r in receiver.at("/other")), "the other webhook")
    assert len(receiver.at("/hook")) == sent
    tell("opened")
    wait_until(lambda: {r.event for r in receiver.at("/hook")} >= {f"evt_{n}" for n in range(last + 1)},
               "all deliveries", timeout=60)
    connection.close()


def test_what_is_over_an_accounts_share_goes_behind_the_others(broker, make_program, receiver, publish):
    program = make_program(SEALPOST_LANES="1", SEALPOST_PREFETCH="100")
    program.add_webhook(receiver.url("/flood"), "*", account="flood")
    program.add_webhook(receiver.url("/small"), "*", account="small")

    async def slow(reader, writer):
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    receiver.script("/flood", lambda _: slow)
    program.start()
    bulk = f"{program.namespace}.events.bulk"
    code, _, errors = program.run("publish", "license.created", "--account", "flood", "--count", "5000", "--id", "f")
    assert code == 0, errors
    body = event_body(of="flood")
    publish(program).publish("", body, account="flood", message_id=None,
                             headers={"traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    publish(program).publish("evt_small", event_body(), account="small")
    wait_until(lambda: receiver.at("/small"), "the small account", timeout=5)
    most = []

    def all_came():
        most.append(broker.depth(bulk)[0])
        return len(receiver.at("/flood")) >= 5001

    wait_until(all_came, "the flood", timeout=60)
    assert max(most) > 500, "most of it was behind"
    requests = receiver.at("/flood")
    assert len(requests) == 5001, "each came once"
    odd = [request for request in requests if not request.event.startswith("f-")]
    assert len(odd) == 1 and odd[0].body == body and odd[0].headers["traceparent"].startswith("00-aaa")
    wait_until(lambda: broker.depth(bulk)[0] == 0, "nothing to be left")
