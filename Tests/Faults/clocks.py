"""Clocks that jump."""

import mmap
import struct

from scene import Scene, experiment

HOUR, DAY = 3600, 86400


@experiment(share=0.7)
def clock_jumps(events, seed, say):
    """the worker's clock jumps by an hour and by a day, forward and back"""
    with Scene(events, seed, say, failing=0.1, start=False) as scene:
        path = scene.program.folder / "clock"
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 8) as clock:
            # Only the worker lives in another time; the commands look at the store from ours.
            scene.preload("clock.c", CLOCK_FILE=str(path))
            scene.load()
            for number, jump in enumerate([HOUR, -HOUR, DAY, -DAY, 0]):
                scene.wait_for(0.1 + 0.12 * number)
                clock[:] = struct.pack("q", jump)
                say(f"clock at {jump:+} s: deliveries flow after {scene.wait_for_more():.1f} s")
            return scene.finish()
