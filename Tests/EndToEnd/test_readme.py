"""What the README shows works as it stands."""

import os
import pathlib
import re
import subprocess
import sys

from harness.waiting import wait_until

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def block(language, word):
    blocks = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.S)
    return next(text for text in blocks if word in text)


def test_the_publisher_and_the_receiver_of_the_readme_agree(make_program, receiver):
    program = make_program(SEALPOST_EVENTS_EXCHANGE="license.events")
    program.add_webhook(receiver.url("/hook"), "license.*", token="secret")
    program.start()
    subprocess.run(
        [sys.executable, "-c", block("python", "pika")], check=True, timeout=30,
        env={**os.environ, "SEALPOST_AMQP_URL": program.broker.url})
    request = wait_until(lambda: receiver.requests, "the README's event")[0]
    scope = {}
    exec(block("python", "hmac"), scope)  # noqa: S102, our own README
    assert scope["is_genuine"](request.headers["webhook-signature"], request.body, "secret")
    assert not scope["is_genuine"](request.headers["webhook-signature"], request.body + b" ", "secret")


def test_each_test_that_the_table_of_threats_names_is_there():
    section = README.read_text().split("## Security\n")[1].split("\n### ")[0]
    named = [name for row in re.findall(r"^\|.*\|$", section, re.M)[2:]
             for name in re.findall(r"`([^`]+)`", row.split("|")[3])]
    assert len(named) > 20
    tests = "".join(file.read_text() for file in (README.parent / "Tests").rglob("*")
                    if file.suffix in {".py", ".swift"})
    for name in named:
        assert (README.parent / name).exists() or re.search(rf"\b(def|func) {name}\(", tests), name
