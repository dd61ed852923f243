"""What a delivery costs: the program beside a bare loop in C, at the same time, on two queues."""

import argparse
import json
import os
import pathlib
import platform
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "EndToEnd"))

from harness.broker import Broker  # noqa: E402

import growth  # noqa: E402
import guard  # noqa: E402
import isolation  # noqa: E402
import moments  # noqa: E402
import sharing  # noqa: E402
from workloads import FULL, QUICK  # noqa: E402

begin = time.monotonic()


def progress(what):
    print(f"{time.monotonic() - begin:6.0f} s  {what}", file=sys.stderr, flush=True)


def machine():
    """What it ran on."""
    model = next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line)
    return {"processor": model, "cores": os.cpu_count(), "system": platform.release(),
            "date": time.strftime("%Y-%m-%d")}


def show_workloads(results):
    print(f"\n{'':18} {'deliveries/s':>17} {'CPU µs each':>15} {'peak MiB':>13}\n"
          f"{'workload':18} {'Sealpost':>8} {'bare C':>8} {'Sealpost':>8} {'bare C':>6} "
          f"{'Sealpost':>8} {'bare':>4}  CPU ratio (spread)")
    for result in results:
        ours, other, ratio = result["sealpost"], result["other"], result["cpuRatio"]
        note = "" if result["yardstick"] == "bare loop" else (
            f"; deliveries/s {result['rateRatio']['median']:.1f} times the Python worker's, one after the other")
        print(f"{result['workload']:18} {ours['perSecond']:8,.0f} {other['perSecond']:8,.0f} "
              f"{ours['cpuMicroseconds']:8.1f} {other['cpuMicroseconds']:6.1f} "
              f"{ours['peakMebibytes']:8.0f} {other['peakMebibytes']:4.0f}  "
              f"{ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['most']:.2f}){note}")


def show_moments(result):
    print(f"\n{'publish to receipt':26} {'p50 ms':>8} {'p99 ms':>8} {'p99.9 ms':>8}")
    for row in result["latency"]:
        title = f"{row['rate']:,} events/s"
        print(f"{title:26} {row['p50']:8.2f} {row['p99']:8.2f} {row['p99.9']:8.2f}")
    start = result["startMilliseconds"]
    print(f"\nstart to first delivery: {start['median']:.0f} ms (at most {start['most']:.0f})")
    if "residentMebibytes" in result:
        many = result["oneToMany"]
        print(f"resident with 100,000 webhooks: {result['residentMebibytes']:.0f} MiB\n"
              f"one event to {many['webhooks']:,} webhooks: {many['milliseconds']:.0f} ms, "
              f"{many['cpuMicroseconds']:.1f} CPU µs each, peak {many['peakMebibytes']:.0f} MiB")
        isolation.show(result["isolation"])
        sharing.show(result["sharing"])


def show_guard(results):
    print(f"\n{'allocations per delivery':26} {'counted':>8} {'limit':>6}")
    for row in results:
        verdict = "" if row["allocations"] <= row["limit"] else "  OVER"
        print(f"{row['workload']:26} {row['allocations']:8.2f} {row['limit']:6.2f}{verdict}")


def compare(broker, is_quick):
    """The table of all workloads, and what is measured in milliseconds."""
    result = {"machine": machine()}
    result["workloads"] = [workload.measure(broker, progress)
                           for workload in (QUICK if is_quick else FULL)]
    result["latency"] = []
    for rate in [1000] if is_quick else [1000, 5000]:
        progress(f"latency at {rate:,} events/s")
        result["latency"].append(moments.latency(broker, rate, 3 if is_quick else 10))
    progress("start to first delivery")
    result["startMilliseconds"] = moments.start(broker, 3 if is_quick else 7)
    if not is_quick:
        progress("memory with 100,000 webhooks")
        result["residentMebibytes"] = moments.resident(broker, 100_000)
        progress("one event to 10,000 webhooks")
        result["oneToMany"] = moments.one_to_many(broker, 10_000)
        result["isolation"] = isolation.measure(broker, progress)
        result["sharing"] = sharing.measure(broker, progress)
    return result


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/bench", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="What a delivery costs, beside a bare C loop of the same libraries that consumes,\n"
        "signs, posts and acknowledges. Both run at the same time, each on a queue of its\n"
        "own with the same events; the median of the rounds' ratios is what counts.",
        epilog="examples:\n  scripts/bench --quick            under a minute once it is built\n"
        "  scripts/bench                    all workloads, under 15 minutes\n"
        "  scripts/bench --guard            fails where a delivery allocates more than it may\n"
        "  scripts/bench --isolation        what a receiver that hangs costs the others\n"
        "  scripts/bench --sharing          what two workers deliver beside one, on PostgreSQL\n"
        "  scripts/bench --plot growth.svg  cost per delivery as webhooks, log and load grow")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true", help="fewer workloads, events and rounds")
    mode.add_argument("--guard", action="store_true",
                      help="count allocations per delivery and compare them with Tests/Bench/guard.json")
    mode.add_argument("--isolation", action="store_true",
                      help="only what webhooks that hang cost the others")
    mode.add_argument("--sharing", action="store_true",
                      help="only what two workers deliver for each CPU second, and what one does")
    mode.add_argument("--plot", metavar="FILE", help="measure growth and draw it (.svg or .png)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    broker = Broker()
    code = 0
    try:
        if options.guard:
            result = guard.guard(broker, progress)
            code = int(any(row["allocations"] > row["limit"] for row in result))
            show = [(show_guard, result)]
        elif options.isolation:
            result = isolation.measure(broker, progress)
            show = [(isolation.show, result)]
        elif options.sharing:
            result = sharing.measure(broker, progress)
            show = [(sharing.show, result)]
        elif options.plot:
            result = growth.measure(broker, progress)
            growth.draw(result, options.plot)
            show = [(growth.show, result)]
        else:
            result = compare(broker, options.quick)
            show = [(show_workloads, result["workloads"]), (show_moments, result)]
    finally:
        broker.stop()
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        for function, argument in show:
            function(argument)
        if not options.guard:
            print("\n{processor}, {cores} cores, Linux {system}, {date}".format(**machine()))
    return code


if __name__ == "__main__":
    sys.exit(main())
