"""Publishes events as another service would: pika, with confirms."""

import contextlib
import json
import socket
import threading

import pika

from .waiting import is_listening, wait_until


def event_body(name="license.created", **data):
    """An event's bytes, with a number and a character that a careless program would change."""
    return json.dumps({
        "event": name, "data": {"n": 10000000000000000999, "who": "Zoë", **data},
        "triggeredAt": "2026-01-31T12:00:00.123456789Z"}, ensure_ascii=False).encode()


class Publisher:
    def __init__(self, broker, exchange, patience=None):
        """patience: how many seconds a confirm may take before the connection is given up. A channel of a
        cluster's node can lose a message whose queue has another leader meanwhile; pika waits for ever."""
        self.broker = broker
        self.exchange = exchange
        self.patience = patience
        self.connection = None

    def publish(self, event_id, body, name="license.created", account=None, headers=None,
                **properties):
        """Returns when the broker confirmed the event; connects again for as long as it takes."""
        headers = dict(headers or {})
        if account:
            headers["account"] = account
        properties.setdefault("content_type", "application/json")
        properties.setdefault("message_id", event_id)
        while True:
            try:
                if self.connection is None:
                    self.connection = self.broker.connect()
                    self.channel = self.connection.channel()
                    self.channel.confirm_delivery()
                with self._watched():
                    self.channel.basic_publish(
                        self.exchange, name, body, mandatory=True,
                        properties=pika.BasicProperties(
                            headers=headers, delivery_mode=2, **properties))
                return
            except (pika.exceptions.AMQPError, OSError):
                self.connection = None
                wait_until(lambda: is_listening(self.broker.port), "the broker", timeout=120)

    @contextlib.contextmanager
    def _watched(self):
        """Breaks the connection when its patience ends, on another thread than the one that waits; pika offers
        no way to."""
        if self.patience is None:
            yield
            return
        stream = self.connection._impl._transport._sock
        watch = threading.Timer(self.patience, stream.shutdown, [socket.SHUT_RDWR])
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def close(self):
        if self.connection and self.connection.is_open:
            self.connection.close()
