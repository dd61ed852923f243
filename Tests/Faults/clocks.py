"""Clocks that jump."""

import pathlib

from harness.waiting import wait_until
from scene import Scene, experiment

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"


@experiment(share=0.7)
def clock_jumps(events, seed, say):
    """the worker's clock jumps by an hour and by a day, forward and back"""
    with Scene(events, seed, say, failing=0.2, start=False) as scene:
        clock = pathlib.Path(scene.program.folder / "clock")
        clock.write_text("+0")
        scene.program.environment |= {
            "LD_PRELOAD": LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        scene.program.start()
        scene.baseline = scene.footprint()
        scene.load()
        for number, jump in enumerate(["+1h", "-1h", "+1d", "-1d", "+0"]):
            scene.wait_for(0.1 + 0.12 * number)
            clock.write_text(jump)
            say(f"clock at {jump}: deliveries flow after {scene.wait_for_more():.1f} s")
        return scene.finish()
