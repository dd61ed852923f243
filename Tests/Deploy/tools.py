"""Runs the tools that judge the files of deploy/."""

import pathlib
import re
import subprocess
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROGRAMS = pathlib.Path(sys.executable).parent


def run(*arguments, **options):
    """What a program printed; fails with it where its exit code is not 0."""
    done = subprocess.run(
        [str(argument) for argument in arguments], capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, f"{arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def python_tool(name, *arguments, **options):
    """Runs a program of the tests' Python environment."""
    return run(PROGRAMS / name, *arguments, **options)


def documents(text):
    return [document for document in yaml.safe_load_all(text) if document]


def alert_rules():
    text = (DEPLOY / "prometheus/alerts.yml").read_text()
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def listed_metrics():
    """The names of METRICS.md, and of each histogram the names of its series."""
    names = set()
    for line in (DEPLOY / "METRICS.md").read_text().splitlines():
        row = re.match(r"\| `([a-z_]+)` \| (counter|gauge|histogram) \|", line)
        if row and row[2] == "histogram":
            names |= {f"{row[1]}_{suffix}" for suffix in ("bucket", "sum", "count")}
        elif row:
            names.add(row[1])
    return names


def used_metrics(expression):
    """The names of metrics in an expression."""
    return set(re.findall(r"\b(?:sealpost|process)_[a-z_]+\b", expression))
