"""A store that is locked, slow, full, read-only, broken, away, or dies."""

import contextlib
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


def refuses(scene, trouble):
    """A worker that starts now ends, and says why."""
    scene.program.start(until_proven=False)
    code = scene.program.process.wait(timeout=20)
    word = scene.program.log.strip().splitlines()[-1]
    scene.say(f"exit code {code}: {word[:160]}")
    assert code != 0 and trouble in scene.program.log


@experiment(share=0.5)
def store_locked(events, seed, say):
    """another process holds the store for 30 s"""
    with Scene(events, seed, say) as scene:
        scene.load()
        scene.wait_for(0.3)
        with scene.storage.held():
            threading.Event().wait(30)
            held = len(scene.succeeded)
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
        with scene.storage.held():
            threading.Event().wait(30)
        given = re.findall(r"messages=(\d+) .*go back to their queues", scene.log)
        say(f"{sum(map(int, given))} messages went back to their queues, "
            f"flowing {scene.wait_for_more():.1f} s after the store is back")
        assert given and "is lost, connecting again" not in scene.log
        return scene.finish(duplicates=500)


@experiment(share=0.5)
def store_slow(events, seed, say):
    """commits take long: another process holds the store most of the time"""
    with Scene(events, seed, say) as scene:
        scene.load()
        ended = threading.Event()

        def hold():
            while not ended.wait(0.02):
                with scene.storage.held():
                    ended.wait(0.4)

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
    with SmallDisk(200) as disk, Scene(events, seed, say, disk=disk) as scene:
        scene.load()
        scene.wait_for(0.2)
        filler = disk.folder / "filler"
        # Unbuffered: what did not fit would be tried again when the file is closed.
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        wait_until(lambda: scene.storage.words["full"] in scene.log, "a word about the disk", timeout=60)
        filler.unlink()
        say(f"deliveries flow {scene.wait_for_more():.1f} s after there is room")
        return scene.finish()


@experiment(share=0.5)
def store_read_only(events, seed, say):
    """the store takes no writes when the worker starts again"""
    with SmallDisk(200) as disk, Scene(events, seed, say, disk=disk) as scene:
        scene.load()
        scene.wait_for(0.3)
        scene.stop()
        with scene.storage.read_only():
            refuses(scene, scene.storage.words["read-only"])
        scene.start()
        return scene.finish()


@experiment(share=0.2, only="sqlite")
def store_corrupt(events, seed, say):
    """the store's file is no database: the worker does not start, and says what to do"""
    with Scene(events, seed, say, start=False) as scene:
        path = scene.storage.path
        kept = path.with_suffix(".kept")
        sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        shutil.move(path, kept)
        path.write_bytes(os.urandom(65536))
        refuses(scene, "no SQLite database")
        for suffix in ["-wal", "-shm"]:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        shutil.move(kept, path)
        scene.start()
        scene.load()
        return scene.finish()


@experiment(share=0.2)
def store_away_at_start(events, seed, say):
    """the store is not there when the worker starts"""
    with Scene(events, seed, say, start=False) as scene:
        with scene.storage.away():
            refuses(scene, scene.storage.words["away"])
        scene.start()
        scene.load()
        return scene.finish()


@experiment(share=0.3)
def disk_slow(events, seed, say):
    """every write to the store's disk takes 300 ms longer"""
    with Scene(events, seed, say, start=False) as scene:
        scene.storage.start_slowly(scene, milliseconds=300)
        scene.load()
        return scene.finish()


@experiment(only="postgresql")
def store_killed(events, seed, say):
    """kill -9 of the store's server under load, three times"""
    with Scene(events, seed, say) as scene:
        scene.load()
        for share in (0.15, 0.35, 0.55):
            scene.wait_for(share)
            with scene.storage.away():
                failures = scene.log.count("the store failed")
                wait_until(lambda: scene.log.count("the store failed") > failures, "a worker to notice")
            took = scene.wait_for_more()
            say(f"killed at {share:.0%}: deliveries flow {took:.1f} s after the server is back")
            assert took < 5
        return scene.finish()
