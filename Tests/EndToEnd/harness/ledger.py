"""What was confirmed against what arrived."""

import collections
import dataclasses


@dataclasses.dataclass
class Ledger:
    """Counts for one experiment. `crashes` is how often something died that could cost a duplicate."""

    confirmed: int
    expected: int
    delivered: int
    lost: int
    requests: int
    duplicates: int
    second_chains: int
    parked: int
    exhausted: int
    rejected: int
    suspicions: list

    @property
    def is_well(self):
        return self.lost == 0 and self.second_chains == 0

    def rows(self):
        return [(field.name.replace("_", " "), getattr(self, field.name))
                for field in dataclasses.fields(self) if field.name != "suspicions"]


def count(events, paths, requests, succeeded, crashes, program):
    """Makes the ledger.

    events: the confirmed event ids. paths: one per webhook. succeeded: (path, event) pairs that were
    answered 2xx. A chain of retries is one attempt of each number: a number that comes more often than
    once and a time for each crash is a second chain. Requests to other paths are the experiment's own.
    """
    expected = {(path, event) for path in paths for event in events}
    attempts = collections.Counter(
        (request.path, request.event, request.attempt) for request in requests
        if request.path in paths)
    dead = program.json("dead", "list", "--limit", "1000000")
    rejected = program.json("rejected", "list", "--limit", "1000000")
    lost = expected - succeeded
    second = [key for key, number in attempts.items() if number > 1 + crashes]
    return Ledger(
        confirmed=len(events), expected=len(expected), delivered=len(expected & succeeded),
        lost=len(lost) - len([row for row in dead if row["state"] == "exhausted"]),
        requests=len(requests), duplicates=sum(number - 1 for number in attempts.values()),
        second_chains=len(second),
        parked=sum(1 for row in dead if row["state"] == "parked"),
        exhausted=sum(1 for row in dead if row["state"] == "exhausted"), rejected=len(rejected),
        suspicions=[story(requests, path, event) for path, event, _ in second[:3]]
        + [story(requests, path, event) for path, event in sorted(lost)[:3]])


def story(requests, path, event):
    """Every request of a delivery, in the order in which they came: when, and which attempt."""
    rows = sorted((request.time, request.attempt) for request in requests
                  if request.path == path and request.event == event)
    start = min(request.time for request in requests)
    return f"{event} for {path}: " + (", ".join(
        f"attempt {attempt} at {time - start:.2f} s" for time, attempt in rows) or "no request")
