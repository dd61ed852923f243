"""The program under test: its server with a store of its own, and its commands."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from .api import API
from .waiting import free_port, is_listening, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SEALPOST_BINARY", str(ROOT / ".build/debug/sealpost"))


class Program:
    def __init__(self, broker, namespace="sealpost", **settings):
        self.broker = broker
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-program-"))
        self.namespace = namespace
        self.exchange = f"{namespace}.published"
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "SEALPOST_AMQP_URL": broker.url,
            "SEALPOST_STORE_URL": f"sqlite:{self.folder}/sealpost.sqlite",
            "SEALPOST_HTTP_ADDRESS": f"127.0.0.1:{self.port}",
            "SEALPOST_EGRESS_ALLOW": "127.0.0.0/8",
            "SEALPOST_NAMESPACE": namespace,
            "SEALPOST_EVENTS_EXCHANGE": self.exchange,
            "SEALPOST_LANES": "2",
            # Where a sanitizer's reports go, and what it leaves out.
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
            **settings,
        }
        self.process = None

    @property
    def queue(self):
        return f"{self.namespace}.events"

    def start_worker(self):
        """Starts `serve` without the API."""
        self.start(roles="worker")

    def start(self, until_proven=True, roles="worker,api"):
        """Starts `serve`; waits until its lanes consume and it has proven the broker, unless told that
        it may die before."""
        proofs = self.log.count("proven") if self.process else 0
        with open(self.folder / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--roles", roles], env=self.environment, stdout=log, stderr=log)
        if not until_proven:
            return
        lanes = int(self.environment["SEALPOST_LANES"])

        def consumes():
            assert self.process.poll() is None, f"serve ended: {self.log[-2000:]}"
            depth = self.broker.depth(self.queue)
            return depth and depth[1] >= lanes and self.log.count("proven") > proofs

        wait_until(consumes, "the worker to consume", timeout=30)

    def start_api(self):
        """Starts `serve` without a worker."""
        with open(self.folder / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--roles", "api"], env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: is_listening(self.port), "the API to listen")

    def api(self, account=None, scopes="webhook:read,webhook:write,event:write", **options):
        """A client with a token of its own."""
        arguments = ["--name", "test", "--scope", scopes]
        for name, value in {"account": account, **options}.items():
            if value:
                arguments += [f"--{name}", value]
        return API(self.port, self.json("tokens", "create", *arguments)["token"])

    @property
    def log(self):
        return (self.folder / "serve.log").read_text()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, timeout=40):
        """Ends `serve` with SIGTERM and gives its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=timeout)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments, **settings):
        """Runs a command: exit code, standard output, standard error."""
        done = subprocess.run(
            [BINARY, *map(str, arguments)], env={**self.environment, **settings}, text=True,
            capture_output=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def json(self, *arguments):
        """What a command prints as JSON."""
        code, output, errors = self.run(*arguments, "--json")
        assert code == 0, errors
        return json.loads(output)

    def add_webhook(self, url, events, token="s3cret", account="default", scheme="hmac-sha256",
                    name="webhook"):
        return self.json(
            "webhooks", "add", "--name", name, "--url", url, "--events", events, "--token", token,
            "--account", account, "--scheme", scheme)["id"]
