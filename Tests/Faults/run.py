"""Runs experiments and prints their ledgers."""

import argparse
import json
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from scene import EXPERIMENTS  # noqa: E402
import brokers, clocks, crowds, receivers, stores, workers  # noqa: E401,E402,F401

COLUMNS = ["confirmed", "expected", "delivered", "lost", "duplicates", "second_chains", "parked",
           "exhausted", "rejected"]


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
    return {"experiment": "all", "seconds": sum(row["seconds"] for row in rows),
            "verdict": f"{sum(row['verdict'] == 'well' for row in rows)} of {len(rows)}",
            **{name: sum(row.get(name, 0) for row in rows) for name in COLUMNS}}


def run(name, events, seed):
    experiment = EXPERIMENTS[name]
    begin = time.monotonic()
    print(f"{name}: {experiment.__doc__}", flush=True)
    row = {"experiment": name}
    try:
        result = experiment(max(100, round(events * experiment.share)), seed,
                            lambda text: print(f"  {text}", flush=True))
        row |= {column: getattr(result, column) for column in COLUMNS}
        for suspicion in result.suspicions:
            print(f"  {suspicion}", flush=True)
        row["verdict"] = "well" if result.is_well else "NOT WELL"
    except Exception as error:  # noqa: BLE001: one failure must not hide what the others show
        traceback.print_exc()
        row["verdict"] = f"FAILED: {type(error).__name__}"
    row["seconds"] = time.monotonic() - begin
    print(f"  {row['verdict']} after {row['seconds']:.0f} s", flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description="Experiments in which things die, under load, with the real "
        "program and a real RabbitMQ. The ledger tells what became of every event.",
        epilog="Exit code 0 when nothing was lost and no delivery was retried by two chains.")
    parser.add_argument("--list", action="store_true", help="name the experiments, one a line")
    parser.add_argument("--only", metavar="NAME", action="append", help="run this one; may be repeated")
    parser.add_argument("--short", action="store_true", help="run the few that run with every change")
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
    rows = [run(name, options.events, options.seed) for name in names]
    rows.append(total(rows))
    if options.json:
        print(json.dumps(rows, indent=2))
    else:
        show(rows)
    return 0 if all(row["verdict"] == "well" for row in rows[:-1]) else 1


if __name__ == "__main__":
    sys.exit(main())
