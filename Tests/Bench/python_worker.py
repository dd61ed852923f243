"""The yardstick for convenience: what one would write in Python. Consumes with aio-pika, signs, posts with
aiohttp, acknowledges; on uvloop. No log, no policy, no retry.

usage: python_worker.py AMQP_URL QUEUE FAN_OUT IN_FLIGHT URL
"""

import asyncio
import base64
import hashlib
import hmac
import sys
import time

import aio_pika
import aiohttp
import uvloop


async def main(amqp_url, queue_name, fan_out, in_flight, url):
    connection = await aio_pika.connect(amqp_url)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=1000)
    queue = await channel.get_queue(queue_name)
    room = asyncio.Semaphore(in_flight)
    connector = aiohttp.TCPConnector(limit=in_flight)

    async with aiohttp.ClientSession(connector=connector) as session:
        async def post(message):
            signature = base64.b64encode(hmac.digest(b"s3cret", message.body, hashlib.sha256))
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "Webhook-Signature": signature.decode(),
                "Webhook-Id": message.message_id,
                "Webhook-Timestamp": str(int(time.time())),
                "Webhook-Event": message.routing_key,
                "Webhook-Attempt": "1",
            }
            async with room, session.post(url, data=message.body, headers=headers) as response:
                await response.read()

        async def deliver(message):
            await asyncio.gather(*(post(message) for _ in range(fan_out)))
            await message.ack()

        await queue.consume(deliver)
        await asyncio.Future()


if __name__ == "__main__":
    broker, queue, fan_out, in_flight, url = sys.argv[1:]
    uvloop.run(main(broker, queue, int(fan_out), int(in_flight), url))
