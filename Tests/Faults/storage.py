"""What differs between the stores that experiments run on: each with the same troubles, by its own means."""

import base64
import contextlib
import os
import pathlib
import shutil
import sqlite3
import tempfile

from harness.postgres import Postgres
from preloads import preload


class SQLite:
    """A file, beside which its key is.

    disk: the small file system that it lies on. words: what a worker says about each trouble."""

    name = "sqlite"
    words = {"away": "cannot be written", "read-only": "written", "full": "full"}

    def __init__(self, disk=None):
        self.disk = disk
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-store-", dir=disk and disk.folder))
        self.path = self.folder / "sealpost.sqlite"
        self.settings = {"SEALPOST_STORE_URL": f"sqlite:{self.path}"}

    @contextlib.contextmanager
    def held(self):
        """Nobody else writes."""
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")
            connection.close()

    @contextlib.contextmanager
    def away(self):
        """The folder is not there."""
        elsewhere = self.folder.rename(self.folder.with_suffix(".away"))
        try:
            yield
        finally:
            elsewhere.rename(self.folder)

    @contextlib.contextmanager
    def read_only(self):
        """The file system takes no writes."""
        self.disk.remount("ro")
        try:
            yield
        finally:
            self.disk.remount("rw")

    def start_slowly(self, scene, milliseconds):
        """Starts the workers, with whom every write to the disk takes so much longer."""
        scene.preload("slow_sync.c", SYNC_MILLISECONDS=str(milliseconds))

    def stop(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL:
    """A database on a server of its own; on a small file system lie its tables, and not the server's log."""

    name = "postgresql"
    words = {"away": "cannot be reached", "read-only": "read-only", "full": "No space left"}

    def __init__(self, disk=None):
        self.server = Postgres()
        self.url = self.server.database("sealpost", disk and disk.folder)
        self.settings = {"SEALPOST_STORE_URL": self.url,
                         "SEALPOST_SECRET_KEY": base64.b64encode(os.urandom(32)).decode()}

    def held(self):
        """Nobody else writes to the event log, or reads it."""
        return self.server.locked(self.url, "attempts")

    @contextlib.contextmanager
    def away(self):
        """The server does not run."""
        self.server.kill()
        try:
            yield
        finally:
            self.server.start()

    @contextlib.contextmanager
    def read_only(self):
        """New sessions may only read, as on a standby."""
        setting = "ALTER DATABASE sealpost SET default_transaction_read_only"
        self.server.query(self.server.url("postgres"), f"{setting} = on")
        try:
            yield
        finally:
            self.server.query(self.server.url("postgres"), f"{setting} = off")

    def start_slowly(self, scene, milliseconds):
        """Starts the workers, on a server for whom every write to the disk takes so much longer."""
        # A server that died would begin by writing every one of its files.
        self.server.halt()
        self.server.environment = {"SYNC_MILLISECONDS": str(milliseconds),
                                   **preload("slow_sync.c", self.server.folder)}
        self.server.start()
        scene.start()

    def stop(self):
        self.server.stop()


ENGINES = {engine.name: engine for engine in (SQLite, PostgreSQL)}
