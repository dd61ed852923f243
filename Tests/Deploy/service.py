"""Starts the program as systemd or compose would: their command line, their settings."""

import configparser
import os
import re
import signal
import subprocess

import yaml

from harness.program import BINARY
from harness.waiting import free_port, wait_until
from tools import DEPLOY

UNIT = DEPLOY / "systemd/sealpost.service"


def unit():
    """The section Service of the unit; of settings given twice, the last."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT)
    return parser["Service"]


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


class Process:
    """A process of the program."""

    def __init__(self, command, environment, folder, port):
        self.command_line = command
        self.environment = environment
        self.folder = folder
        self.port = port
        self.log = folder / f"serve-{port}.log"
        self.process = None

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command_line, env=self.environment, cwd=self.folder, stdout=log, stderr=log,
                umask=0o077)

    def is_healthy(self, path):
        """What the image's health check says."""
        assert self.process.poll() is None, self.log.read_text()[-2000:]
        return subprocess.run(
            [DEPLOY / "container-health", path], stderr=subprocess.DEVNULL,
            env={**self.environment, "SEALPOST_HTTP_ADDRESS": f"0.0.0.0:{self.port}"}).returncode == 0

    def wait_until_ready(self):
        wait_until(lambda: self.is_healthy("/readyz"), "the worker to be ready")

    def stop(self, within):
        """Ends it as a supervisor does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=within)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class SystemdService(Process):
    """The unit's ExecStart, on a copy of the example of its settings."""

    def __init__(self, deployment, broker, folder):
        port = free_port()
        text = (DEPLOY / "systemd/sealpost.conf").read_text()
        self.file = folder / "sealpost.conf"
        for old, new in {
            "PASSWORD": deployment.secret("worker-password"), "127.0.0.1:5672": f"127.0.0.1:{broker.port}",
            "/var/lib/sealpost": str(folder), "127.0.0.1:8080": f"127.0.0.1:{port}",
        }.items():
            assert old in text, f"{old} is not in sealpost.conf"
            text = text.replace(old, new)
        self.file.write_text(text + "SEALPOST_EGRESS_ALLOW=127.0.0.0/8\nSEALPOST_LANES=1\n")
        command = unit()["ExecStart"].split()
        assert command[0] == "/usr/bin/sealpost" and command[-1] == "/etc/sealpost/sealpost.conf"
        super().__init__(
            [BINARY, *command[1:-1], str(self.file)],
            {"PATH": os.environ["PATH"], "HOME": str(folder)}, folder, port)

    def command(self, *arguments):
        """Runs one of the program's commands as an operator would."""
        return subprocess.run(
            [BINARY, *arguments, "--config", str(self.file)], check=True, capture_output=True, text=True,
            timeout=30).stdout


def compose_worker():
    return yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]["worker"]


class ComposeWorker(Process):
    """A worker of compose.yaml: its command and environment, with hosts and files of this machine's."""

    def __init__(self, deployment, hosts, folder):
        port = free_port()
        worker = compose_worker()
        files = {}
        for name in worker["secrets"]:
            text = (deployment.secrets / name).read_text()
            for old, new in hosts.items():
                text = text.replace(old, new)
            (folder / name).write_text(text)
            files[f"/run/secrets/{name}"] = str(folder / name)
        environment = {name: files.get(value, value) for name, value in worker["environment"].items()}
        assert environment["SEALPOST_HTTP_ADDRESS"] == "0.0.0.0:8080"
        environment["SEALPOST_HTTP_ADDRESS"] = f"127.0.0.1:{port}"
        super().__init__(
            [BINARY, *(files.get(word, word) for word in worker["command"])],
            {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}, folder, port)
