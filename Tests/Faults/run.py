"""Runs experiments of `experiments.py` and prints their ledgers."""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from experiments import EXPERIMENTS  # noqa: E402


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description="Experiments in which things die, under load, with the real "
        "program and a real RabbitMQ. The ledger tells what became of every event.",
        epilog="Exit code 0 when nothing was lost and no delivery was retried by two chains.")
    parser.add_argument("--list", action="store_true", help="name the experiments, one a line")
    parser.add_argument("--only", metavar="NAME", help="run one experiment")
    parser.add_argument("--seed", type=int, default=1, help="for the receiver's failures")
    parser.add_argument("--events", type=int, default=20000, help="how many events")
    options = parser.parse_args()
    if options.list:
        for name, run in EXPERIMENTS.items():
            print(f"{name:28} {run.__doc__.splitlines()[0]}")
        return 0
    if options.only and options.only not in EXPERIMENTS:
        parser.error(f"no experiment is called {options.only}; --list names them")
    is_well = True
    for name in [options.only] if options.only else EXPERIMENTS:
        start = time.monotonic()
        print(f"{name}: {options.events} events, seed {options.seed}", flush=True)
        result = EXPERIMENTS[name](
            options.events, options.seed, lambda text: print(f"  {text}", flush=True))
        print(f"  {'took':16} {time.monotonic() - start:8.1f} s")
        for row in result.rows():
            print(f"  {row[0]:16} {row[1]:8}")
        print("  nothing lost" if result.is_well else "  NOT WELL", flush=True)
        is_well = is_well and result.is_well
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
