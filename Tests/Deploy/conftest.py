"""What the tests of deploy/ share: its files, and one broker with the users of its definitions."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/EndToEnd"), str(pathlib.Path(__file__).parent)]

from harness.broker import Broker  # noqa: E402
from harness.receiver import Receiver  # noqa: E402
from postgres import PostgresServer  # noqa: E402
from service import SystemdService  # noqa: E402

DEPLOY = ROOT / "deploy"


class Deployment:
    """A copy of deploy/ in which `compose/prepare` made the secrets."""

    def __init__(self, folder):
        self.folder = folder / "deploy"
        shutil.copytree(DEPLOY, self.folder, ignore=shutil.ignore_patterns("secrets"))
        self.prepared = self.prepare()
        self.secrets = self.folder / "compose/secrets"

    def prepare(self):
        return subprocess.run(
            [self.folder / "compose/prepare"], check=True, capture_output=True, text=True,
            env={"PATH": os.environ["PATH"]})

    def secret(self, name):
        return (self.secrets / name).read_text().strip()

    def url(self, user, broker):
        """The broker's URL for one of the users worker, publisher, monitoring."""
        password = self.secret(f"{user}-password")
        return f"amqp://sealpost-{user}:{password}@127.0.0.1:{broker.port}/sealpost"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory):
    return Deployment(tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="session")
def broker(deployment):
    """A node that loads the definitions as the one of compose.yaml does."""
    definitions = deployment.secrets / "definitions.json"
    settings = (DEPLOY / "rabbitmq/rabbitmq.conf").read_text()
    assert "/run/secrets/definitions.json" in settings
    file = deployment.folder / "rabbitmq.conf"
    file.write_text(settings.replace("/run/secrets/definitions.json", str(definitions)))
    node = Broker(environment={
        "RABBITMQ_CONFIG_FILE": str(file),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(DEPLOY / "rabbitmq/advanced.config")})
    yield node
    node.stop()


@pytest.fixture(scope="session")
def worker(deployment, broker, receiver, tmp_path_factory):
    """The worker as systemd starts it, ready, with one webhook."""
    service = SystemdService(deployment, broker, tmp_path_factory.mktemp("service"))
    service.command(
        "webhooks", "add", "--name", "all", "--url", receiver.url("/"), "--events", "*", "--token", "s")
    service.start()
    service.wait_until_ready()
    yield service
    service.close()


@pytest.fixture
def postgres(deployment):
    """The store of compose.yaml, with its user and its password."""
    settings = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())["services"]["postgres"]
    settings = settings["environment"]
    server = PostgresServer(
        settings["POSTGRES_USER"], deployment.secret("postgres-password"), settings["POSTGRES_DB"])
    yield server
    server.stop()


@pytest.fixture(scope="session")
def receiver():
    listener = Receiver()
    yield listener
    listener.stop()
