"""Publishes events with pika, as fast as it can or at a rate.

usage: publisher.py AMQP_URL EXCHANGE COUNT BODY_BYTES ACCOUNTS RATE
ACCOUNTS is how many accounts the events are of in turn, named account-0 and so on; RATE is events a
second, 0 for no limit. The identity of an event is the time it was published, in nanoseconds.
"""

import json
import sys
import time

import pika


def body_of(length):
    """A valid event of so many bytes."""
    def frame(text):
        return json.dumps({"event": "license.created", "data": {"text": text},
                           "triggeredAt": "2026-01-31T12:00:00.123Z"}, separators=(",", ":"))
    return frame("x" * (length - len(frame(""))))


def publish(url, exchange, count, length, accounts, rate):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    body = body_of(length).encode()
    stride = 7919 if accounts > 7919 else 1
    start = time.monotonic()
    for number in range(count):
        if rate:
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                connection.sleep(wait)
        channel.basic_publish(
            exchange, "license.created", body, pika.BasicProperties(
                message_id=str(time.time_ns()), content_type="application/json", delivery_mode=2,
                headers={"account": f"account-{number * stride % accounts}"}))
    connection.close()


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
