"""A store that is locked, slow, full, read-only, broken, or away."""

import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile
import threading

from harness.waiting import wait_until
from scene import Scene, experiment


class SmallDisk:
    """A file system of a few MiB."""

    def __init__(self, mebibytes):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-disk-"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "sealpost", self.folder],
                       check=True)

    def remount(self, option):
        subprocess.run(["mount", "-o", f"remount,{option}", self.folder], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.folder], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)


@experiment(share=0.5)
def store_locked(events, seed, say):
    """another process holds the store for 30 s"""
    with Scene(events, seed, say) as scene:
        scene.load()
        scene.wait_for(0.3)
        connection = sqlite3.connect(scene.store, isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        pause = threading.Event()
        pause.wait(30)
        held = len(scene.succeeded)
        connection.execute("ROLLBACK")
        connection.close()
        say(f"{held} deliveries until the lock went, flowing {scene.wait_for_more():.1f} s after it")
        return scene.finish()


@experiment(share=0.5)
def store_stands_still(events, seed, say):
    """nothing becomes durable for longer than the broker waits for acknowledgements (both shortened)"""
    with Scene(events, seed, say, SEALPOST_FAULT="give-back:4", start=False) as scene:
        scene.broker.ctl("eval", "application:set_env(rabbit, consumer_timeout, 12000), "
                                 "application:set_env(rabbit, channel_tick_interval, 1000).")
        scene.start()
        scene.load()
        scene.wait_for(0.3)
        connection = sqlite3.connect(scene.store, isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        threading.Event().wait(30)
        connection.execute("ROLLBACK")
        connection.close()
        given = re.findall(r"messages=(\d+) .*go back to their queues", scene.program.log)
        say(f"{sum(map(int, given))} messages went back to their queues, "
            f"flowing {scene.wait_for_more():.1f} s after the store is back")
        assert given and "is lost, connecting again" not in scene.program.log
        return scene.finish(duplicates=500)


@experiment(share=0.5)
def store_slow(events, seed, say):
    """commits take long: another process holds the store most of the time"""
    with Scene(events, seed, say) as scene:
        scene.load()
        ended = threading.Event()

        def hold():
            connection = sqlite3.connect(scene.store, isolation_level=None, timeout=30)
            while not ended.wait(0.02):
                connection.execute("BEGIN IMMEDIATE")
                ended.wait(0.4)
                connection.execute("ROLLBACK")
            connection.close()

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            scene.wait_for(0.4)
        finally:
            ended.set()
            thread.join()
        return scene.finish()


@experiment(share=0.5)
def disk_full(events, seed, say):
    """the store's disk is full for a while"""
    with SmallDisk(200) as disk, Scene(
            events, seed, say, SEALPOST_STORE_URL=f"sqlite:{disk.folder}/s.sqlite") as scene:
        scene.load()
        scene.wait_for(0.2)
        filler = disk.folder / "filler"
        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
        wait_until(lambda: "full" in scene.program.log, "a word about the disk", timeout=60)
        filler.unlink()
        say(f"deliveries flow {scene.wait_for_more():.1f} s after there is room")
        return scene.finish()


@experiment(share=0.5)
def store_read_only(events, seed, say):
    """the store's file system is read-only when the worker starts again"""
    with SmallDisk(200) as disk, Scene(
            events, seed, say, SEALPOST_STORE_URL=f"sqlite:{disk.folder}/s.sqlite") as scene:
        scene.load()
        scene.wait_for(0.3)
        assert scene.program.stop() == 0
        disk.remount("ro")
        scene.program.start(until_proven=False)
        code = scene.program.process.wait(timeout=20)
        say(f"exit code {code}: {scene.program.log.strip().splitlines()[-1][:160]}")
        assert code != 0 and "written" in scene.program.log
        disk.remount("rw")
        scene.program.start()
        return scene.finish()


@experiment(share=0.2)
def store_corrupt(events, seed, say):
    """the store's file is no database: the worker does not start, and says what to do"""
    with Scene(events, seed, say, start=False) as scene:
        path = scene.store
        kept = path.with_suffix(".kept")
        sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        shutil.move(path, kept)
        path.write_bytes(os.urandom(65536))
        scene.program.start(until_proven=False)
        code = scene.program.process.wait(timeout=20)
        say(f"exit code {code}: {scene.program.log.strip().splitlines()[-1][:120]}")
        assert code != 0 and "no SQLite database" in scene.program.log
        for suffix in ["-wal", "-shm"]:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.move(kept, path)
        scene.start()
        scene.load()
        return scene.finish()


@experiment(share=0.2)
def store_away_at_start(events, seed, say):
    """the store's folder is not there when the worker starts"""
    with Scene(events, seed, say, start=False) as scene:
        path = scene.store
        url = scene.program.environment["SEALPOST_STORE_URL"]
        scene.program.environment["SEALPOST_STORE_URL"] = f"sqlite:{path.parent}/away/s.sqlite"
        scene.program.start(until_proven=False)
        code = scene.program.process.wait(timeout=20)
        say(f"exit code {code}: {scene.program.log.strip().splitlines()[-1][:120]}")
        assert code != 0 and "cannot be written" in scene.program.log
        scene.program.environment["SEALPOST_STORE_URL"] = url
        scene.start()
        scene.load()
        return scene.finish()


@experiment(share=0.3)
def disk_slow(events, seed, say):
    """every write to the store's disk takes 300 ms longer"""
    with Scene(events, seed, say, start=False) as scene:
        scene.preload("slow_sync.c", SYNC_MILLISECONDS="300")
        scene.load()
        return scene.finish()
