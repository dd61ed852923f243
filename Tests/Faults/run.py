"""Runs experiments and prints their ledgers."""

import argparse
import concurrent.futures
import json
import multiprocessing
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from scene import EXPERIMENTS, Scene  # noqa: E402
from storage import ENGINES  # noqa: E402
import brokers, clocks, crowds, machines, receivers, stores, workers  # noqa: E401,E402,F401

COLUMNS = ["confirmed", "expected", "delivered", "lost", "duplicates", "second_chains", "parked",
           "exhausted", "rejected"]
AT_A_TIME = 2


def show(rows):
    titles = ["experiment", "verdict", "seconds", *(name.replace("_", " ") for name in COLUMNS)]
    table = [titles] + [
        [row["experiment"], row["verdict"], f"{row['seconds']:.0f}",
         *(f"{row[name]:,}" if name in row else "" for name in COLUMNS)] for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(titles))]
    print()
    for line in table:
        print("  ".join(text.ljust(width) if column < 2 else text.rjust(width)
                        for column, (text, width) in enumerate(zip(line, widths))).rstrip())


def total(rows):
    done = [row for row in rows if not is_skipped(row)]
    return {"experiment": "all", "seconds": sum(row["seconds"] for row in rows),
            "verdict": f"{sum(row['verdict'] == 'well' for row in done)} of {len(done)}",
            **{name: sum(row.get(name, 0) for row in done) for name in COLUMNS}}


def is_skipped(row):
    return row["verdict"].startswith("skipped")


def run(name, store, workers, events, seed):
    experiment = EXPERIMENTS[name]
    if experiment.only not in (None, store):
        return {"experiment": name, "verdict": f"skipped: is about {experiment.only}", "seconds": 0}
    Scene.usual_engine, Scene.usual_workers = ENGINES[store], workers
    begin = time.monotonic()

    def say(text):
        print(f"{name}: {text}", flush=True)

    say(experiment.__doc__)
    row = {"experiment": name}
    try:
        result = experiment(max(100, round(events * experiment.share)), seed, say)
        row |= {column: getattr(result, column) for column in COLUMNS}
        for suspicion in result.suspicions:
            say(suspicion)
        row["verdict"] = "well" if result.is_well else "NOT WELL"
    except Exception as error:  # noqa: BLE001: one failure must not hide what the others show
        traceback.print_exc()
        row["verdict"] = f"FAILED: {type(error).__name__}"
    row["seconds"] = time.monotonic() - begin
    say(f"{row['verdict']} after {row['seconds']:.0f} s")
    return row


def run_all(names, *options):
    """Most experiments mostly wait, and so run two at a time, each with a broker, workers, a store and a process
    of its own; then those that need the machine for themselves."""
    together = [name for name in names if not EXPERIMENTS[name].alone]
    rows = {}
    with concurrent.futures.ProcessPoolExecutor(
            AT_A_TIME, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=1) as pool:
        for row in pool.map(run, together, *([option] * len(together) for option in options)):
            rows[row["experiment"]] = row
        for name in names:
            if EXPERIMENTS[name].alone:
                rows[name] = pool.submit(run, name, *options).result()
    return [rows[name] for name in names]


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description="Experiments in which things die, under load, with the real "
        "program and a real RabbitMQ. The ledger tells what became of every event.",
        epilog="Exit code 0 when nothing was lost and no delivery was retried by two chains.")
    parser.add_argument("--list", action="store_true", help="name the experiments, one a line")
    parser.add_argument("--only", metavar="NAME", action="append", help="run this one; may be repeated")
    parser.add_argument("--short", action="store_true", help="run the few that run with every change")
    parser.add_argument("--store", choices=ENGINES, default="sqlite",
                        help="what the workers keep in: a file, or a PostgreSQL server for each experiment")
    parser.add_argument("--workers", metavar="N", type=int, choices=range(1, 17), default=1,
                        help="how many workers share the queue; where \"the worker\" dies, one of them does")
    parser.add_argument("--seed", type=int, default=1, help="for the receiver's failures")
    parser.add_argument("--events", type=int, default=10_000,
                        help="how many events an experiment of the usual size has")
    parser.add_argument("--json", action="store_true", help="print the ledger as JSON")
    options = parser.parse_args()
    if options.list:
        for name, function in EXPERIMENTS.items():
            print(f"{name:36} {function.__doc__}")
        return 0
    for name in options.only or []:
        if name not in EXPERIMENTS:
            parser.error(f"no experiment is called {name}; --list names them")
    names = options.only or [name for name, function in EXPERIMENTS.items()
                             if function.short or not options.short]
    begin = time.monotonic()
    rows = run_all(names, options.store, options.workers, options.events, options.seed)
    rows.append(total(rows) | {"seconds": time.monotonic() - begin})
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        show(rows)
    return 0 if all(row["verdict"] == "well" or is_skipped(row) for row in rows[:-1]) else 1


if __name__ == "__main__":
    sys.exit(main())
