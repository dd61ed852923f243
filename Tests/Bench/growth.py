"""How the cost of a delivery grows: with the webhooks, with the log, and with what is in flight."""

import pathlib
import shutil
import sqlite3
import tempfile

import matplotlib

from harness.program import Program
from store import fill_log
from workloads import Workload, numbers

matplotlib.use("Agg")

WEBHOOKS = [1, 10, 100, 1_000, 10_000, 100_000]
ROWS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
IN_FLIGHT = [10, 50, 200, 1_000, 5_000]
TITLES = {"webhooks": "webhooks", "rows": "rows in the event log", "inFlight": "requests in flight"}


def with_webhooks(count):
    return Workload(f"{count:,} webhooks", 30_000, rounds=3, accounts=count)


def with_in_flight(count):
    """The answers take as long as it needs to keep so many in flight at 8,000 deliveries a second, at webhooks
    enough that each is asked for what a window begins with."""
    fan_out = max(10, count // 8)
    return Workload(
        f"{count:,} in flight", max(8_000, count * 4) // fan_out, rounds=3, fan_out=fan_out,
        delay=round(count / 8000 + 0.0005, 3), in_flight=count,
        settings={"SEALPOST_MAX_IN_FLIGHT": str(count), "SEALPOST_DELIVERY_TIMEOUT": "60s",
                  "SEALPOST_MAX_IN_FLIGHT_PER_HOST": str(count)})


def with_rows(broker, progress):
    """One store, filled up from step to step; each round works on the same file."""
    keeper = Program(broker, namespace=f"bench{next(numbers)}")
    try:
        assert keeper.run("migrate")[0] == 0
        store = keeper.folder / "sealpost.sqlite"
        for count in ROWS:
            progress(f"filling the log with {count:,} rows")
            fill_log(store, count)
            workload = Workload(f"{count:,} log rows", 30_000, rounds=3)
            yield count, workload.measure(broker, progress, lambda program: take(store, program))
    finally:
        keeper.close()


def take(store, program):
    """Gives the program's store the log of another one."""
    connection = sqlite3.connect(program.folder / "sealpost.sqlite")
    rows = connection.execute("SELECT * FROM webhooks").fetchall()
    connection.close()
    for suffix in ["-wal", "-shm"]:
        pathlib.Path(f"{program.folder}/sealpost.sqlite{suffix}").unlink(missing_ok=True)
    program.environment["SEALPOST_STORE_URL"] = f"sqlite:{store}"
    shutil.copy(program.folder / "sealpost.sqlite.key", f"{store}.key")
    connection = sqlite3.connect(store)
    with connection:
        connection.execute("DELETE FROM webhooks")
        connection.executemany(f"INSERT INTO webhooks VALUES ({','.join('?' * len(rows[0]))})", rows)
        connection.execute("UPDATE store_version SET revision = revision + 1")
    connection.close()


def measure(broker, progress):
    """A series of points for each kind of growth."""
    return {
        "webhooks": [point(count, with_webhooks(count).measure(broker, progress))
                     for count in WEBHOOKS],
        "inFlight": [point(count, with_in_flight(count).measure(broker, progress))
                     for count in IN_FLIGHT],
        "rows": [point(count, result) for count, result in with_rows(broker, progress)],
    }


def point(count, result):
    return {"count": count, **{key: result[key] for key in ["sealpost", "other", "cpuRatio"]}}


def show(series):
    for name, points in series.items():
        print(f"\n{TITLES[name]:>22} {'CPU µs each':>11} {'bare C':>7} {'ratio':>6} {'peak MiB':>9}")
        for row in points:
            print(f"{row['count']:22,} {row['sealpost']['cpuMicroseconds']:11.1f} "
                  f"{row['other']['cpuMicroseconds']:7.1f} {row['cpuRatio']['median']:6.2f} "
                  f"{row['sealpost']['peakMebibytes']:9.0f}")


def draw(series, path):
    """One panel a kind: CPU time of a delivery, ours and the bare loop's, and our memory."""
    from matplotlib import pyplot

    pyplot.rcParams.update({"font.size": 9, "axes.spines.top": False, "svg.fonttype": "none"})
    figure, panels = pyplot.subplots(2, 3, figsize=(11, 5.4), sharex="col")
    for column, (name, points) in enumerate(series.items()):
        counts = [row["count"] for row in points]
        for system, label, color in [("sealpost", "Sealpost", "#2f5fd0"), ("other", "bare C loop", "#999")]:
            for line, key in enumerate(["cpuMicroseconds", "peakMebibytes"]):
                panels[line][column].plot(
                    counts, [row[system][key] for row in points], marker="o", markersize=3.5,
                    label=label, color=color)
        panels[1][column].set_xlabel(TITLES[name])
        for line in range(2):
            panels[line][column].set_xscale("log")
            panels[line][column].set_ylim(bottom=0)
            panels[line][column].grid(axis="y", linewidth=0.4)
    panels[0][0].set_ylabel("CPU µs a delivery")
    panels[1][0].set_ylabel("peak memory, MiB")
    panels[0][0].legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
