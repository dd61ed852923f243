"""The README's publishers run as they stand, as the broker's user that may only publish."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from harness.waiting import wait_until
from tools import ROOT

EXAMPLES = {"python": "pika", "go": "amqp091", "js": "amqplib"}


def example(language):
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    return next(text for text in blocks if EXAMPLES[language] in text)


def command(language, folder):
    """How to run an example, and what it needs in its environment."""
    if language == "python":
        file = folder / "publish.py"
        words, environment = [sys.executable, file], {}
    else:
        file = folder / "publish.go"
        # Debian's packages of Go libraries are a GOPATH.
        words = ["go", "run", file]
        environment = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(folder / "cache"),
                       "HOME": str(folder)}
    file.write_text(example(language))
    return [str(word) for word in words], {"PATH": os.environ["PATH"], **environment}


@pytest.mark.parametrize("language", ["python", "go"])
def test_it_publishes_and_fails_where_the_broker_refuses(
        language, worker, receiver, deployment, broker, tmp_path):
    before = len(receiver.requests)
    words, environment = command(language, tmp_path)
    url = deployment.url("publisher", broker)
    done = subprocess.run(
        words, env={**environment, "SEALPOST_AMQP_URL": url}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: len(receiver.requests) > before, "the delivery")
    assert b"D08B53" in receiver.requests[before].body
    refused = subprocess.run(
        words, env={**environment, "SEALPOST_AMQP_URL": deployment.url("monitoring", broker)},
        capture_output=True, text=True, timeout=60)
    assert refused.returncode != 0, "an event that the broker refused must not look published"


def test_the_one_for_node_is_javascript(tmp_path):
    file = pathlib.Path(tmp_path / "publish.mjs")
    file.write_text(example("js"))
    subprocess.run(["node", "--check", file], check=True, timeout=30)
