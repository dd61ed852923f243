"""Fills the event log of a store with more rows than tests could wait for."""

import random
import sqlite3
import time

ROWS_PER_WEBHOOK_OF_FEW = 7
FAILURES = [(2, 500, 500), (2, 503, 503), (2, 0, 1013), (6, 500, 500)]


def event_hash(account, event, nanoseconds):
    """As `EventHash` of the store makes it."""
    state = 0xCBF29CE484222325
    for byte in account.encode() + b"\xff" + event.encode():
        state = (state ^ byte) * 0x100000001B3 % 2**64
    state = (state ^ state >> 32) * 0x9E3779B97F4A7C15 % 2**64
    return nanoseconds // 64_000_000 << 26 | state >> 38


def fill(path, rows, webhooks, span=6 * 86400):
    """Adds rows that were sent within the last `span` seconds: each of an event of its own, one in ten a
    failure, in turn for the keys in `webhooks`, the last of which gets only a few."""
    chance = random.Random(5)
    now = time.time_ns()
    store = sqlite3.connect(path)
    store.execute("PRAGMA synchronous = OFF")
    accounts = dict(store.execute("SELECT key, account FROM webhooks"))
    body = b'{"event":"license.created","data":{"key":"%s"},"triggeredAt":"2026-01-31T12:00:00Z"}' % (
        b"x" * 500)
    many, few = webhooks[:-1], webhooks[-1]
    every = rows // ROWS_PER_WEBHOOK_OF_FEW

    def webhook(number):
        return few if number % every == every // 2 else many[number % len(many)]

    def time_of(number):
        return now - span * 10**9 + span * 10**9 * number // rows

    def events():
        for number in range(rows):
            account = accounts[webhook(number)]
            name = "user.deleted" if number == rows // 3 else "license.created"
            yield (number + 1, event_hash(account, f"evt_{number}", time_of(number)), account,
                   f"evt_{number}", name, body, time_of(number), time_of(number))

    def attempts():
        for number in range(rows):
            sent = time_of(number)
            outcome, status, reason = (
                chance.choice(FAILURES) if chance.random() < 0.1 else (1, 200, None))
            failed = outcome != 1
            yield (number + 1, number + 1, webhook(number), 0, 1, 1, "https://example.com/hook", sent,
                   sent + 10**7, 0, 100, 200, 900, 1000, "192.0.2.1", status, outcome, reason,
                   sent + 5 * 10**9 if outcome == 2 else None,
                   b"HTTP/1.1 500\r\n" + b"x: y\r\n" * 30 if failed else None,
                   b"y" * 500 if failed else None)

    with store:
        store.executemany(
            "INSERT INTO events (key, hash, account, id, name, body, triggered_at, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)", events())
        store.executemany(
            "INSERT INTO attempts VALUES (%s)" % ", ".join("?" * 21), attempts())
        store.execute(
            "INSERT OR IGNORE INTO attempt_spans SELECT DISTINCT id >> 10, webhook FROM attempts")
    store.close()
