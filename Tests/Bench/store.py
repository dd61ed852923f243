"""Puts webhooks and log rows straight into a store's file: as many as no command line would."""

import base64
import hashlib
import os
import sqlite3
import time
import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

EVENT_STEP = 64_000_000  # nanoseconds, as the hashes of events have it
ATTEMPTS_PER_EVENT = 5


def add_webhooks(program, urls, accounts):
    """One webhook for each URL, of the accounts in turn; all of them take every event."""
    database = program.folder / "sealpost.sqlite"
    key = base64.b64decode((program.folder / "sealpost.sqlite.key").read_text())
    key_id = hashlib.sha256(b"sealpost key id" + key).hexdigest()[:12]
    box = AESGCM(key)
    now = time.time_ns()

    def row(number, url):
        webhook, nonce = str(uuid.uuid4()), os.urandom(12)
        token = nonce + box.encrypt(nonce, b"s3cret", webhook.encode())
        return (webhook, accounts[number % len(accounts)], f"webhook {number}", url, "hmac-sha256",
                token, key_id, "*", "[]", 1, 1, now, now)

    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE store_version SET revision = 1")
        connection.executemany(
            "INSERT INTO webhooks (id, account, name, url, scheme, token, token_key, events, headers,"
            " active, revision, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (row(number, url) for number, url in enumerate(urls)))
    connection.close()


def fill_log(database, rows):
    """Makes the log hold so many attempts, of days gone by."""
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    (present,) = connection.execute("SELECT count(*) FROM attempts").fetchone()
    (events,) = connection.execute("SELECT coalesce(max(key), 0) FROM events").fetchone()
    begin = time.time_ns() - 20 * 86400 * 10**9
    first, last = events + 1, events + (rows - present) // ATTEMPTS_PER_EVENT
    connection.execute(
        """
        WITH RECURSIVE numbers(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO events (key, hash, account, id, name, body, triggered_at, received_at)
        SELECT n, ((? + n * 500000) / ?) << 26 | (random() & 0x3ffffff), 'default', 'old-' || n,
          'license.created', zeroblob(128), ? + n * 500000, ? + n * 500000 FROM numbers
        """, (first, last, begin, EVENT_STEP, begin, begin))
    connection.execute(
        """
        WITH RECURSIVE numbers(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
        INSERT INTO attempts (event, webhook, run, number, trigger, url, sent_at, received_at, dns,
          connect, tls, first_byte, total, remote_address, status, outcome)
        SELECT n / ?, n % ?, 0, 1, 1, 'http://127.0.0.1:20000/hook', ? + n * 100000,
          ? + n * 100000, 1, 2, 3, 4, 5, '127.0.0.1', 200, 1 FROM numbers
        """, (first * ATTEMPTS_PER_EVENT, (last + 1) * ATTEMPTS_PER_EVENT - 1, ATTEMPTS_PER_EVENT,
              ATTEMPTS_PER_EVENT, begin, begin))
    connection.execute(
        "INSERT OR IGNORE INTO attempt_spans SELECT DISTINCT id >> 10, webhook FROM attempts")
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
