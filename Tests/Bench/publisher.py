"""Publishes events with pika, as fast as it can or at a rate.

usage: publisher.py AMQP_URL EXCHANGE COUNT BODY_BYTES ACCOUNTS RATE
ACCOUNTS is how many accounts the events are of in turn, named account-0 and so on; RATE is events a
second, 0 for no limit. It ends when its standard input does. The identity of an event is the time it was published, in nanoseconds.
"""

import datetime
import json
import select
import sys
import time

import pika

TIME = "2026-01-31T12:00:00.123456Z"


def frame_of(length):
    """What stands before and after the time in a valid event of so many bytes."""
    def frame(text):
        return json.dumps({"event": "license.created", "data": {"text": text}, "triggeredAt": TIME},
                          separators=(",", ":"))
    return frame("x" * (length - len(frame("")))).encode().split(TIME.encode())


def publish(url, exchange, count, length, accounts, rate):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    before, after = frame_of(length)
    stride = 7919 if accounts > 7919 else 1
    start = time.monotonic()
    for number in range(count):
        if rate:
            wait = start + number / rate - time.monotonic()
            if wait > 0:
                connection.sleep(wait)
        triggered = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
        channel.basic_publish(
            exchange, "license.created", before + triggered + after, pika.BasicProperties(
                message_id=str(time.time_ns()), content_type="application/json", delivery_mode=2,
                headers={"account": f"account-{number * stride % accounts}"}))
    # What a queue has not taken yet is lost with the connection, so it stands until somebody has seen it all.
    while select.select([sys.stdin], [], [], 0.05)[0] == []:
        connection.process_data_events()
    connection.close()


if __name__ == "__main__":
    publish(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
