"""A RabbitMQ node of its own: temporary folder, free ports, its own port mapper, stopped by process id."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pika

from .certificates import Authority
from .waiting import free_port, is_listening, wait_until

SBIN = pathlib.Path("/usr/lib/rabbitmq/bin")


class Broker:
    def __init__(self, with_tls=False, environment=None):
        """environment: what is not as usual, such as what the nodes of a cluster have in common."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-broker-"))
        self.port = free_port()
        plugins = self.folder / "enabled_plugins"
        plugins.write_text("[rabbitmq_auth_mechanism_ssl].\n" if with_tls else "[].\n")
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            **(environment or {}),
        }
        self.process = None
        if with_tls:
            self._add_tls()
        self.start()

    def _add_tls(self):
        """A TLS listener with a certificate for localhost, signed by an authority of its own. Who shows one of
        the same authority may log in by it, as the user of its common name."""
        self.tls_port = free_port()
        self.certificates = Authority(self.folder)
        self.authority = self.certificates.file
        certificate, key = self.certificates.sign("localhost")
        configuration = self.folder / "rabbitmq.conf"
        configuration.write_text(
            f"listeners.ssl.default = {self.tls_port}\n"
            f"ssl_options.cacertfile = {self.authority}\n"
            f"ssl_options.certfile = {certificate}\n"
            f"ssl_options.keyfile = {key}\n"
            "ssl_options.verify = verify_peer\n"
            "ssl_options.fail_if_no_peer_cert = false\n"
            "ssl_cert_login_from = common_name\n"
            "auth_mechanisms.1 = PLAIN\n"
            "auth_mechanisms.2 = EXTERNAL\n")
        self.environment["RABBITMQ_CONFIG_FILE"] = str(configuration)

    @property
    def name(self):
        return f"sealpost{self.port}@localhost"

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}/%2F"

    def start(self):
        """Starts the node and waits until it serves."""
        with open(self.folder / "node.log", "ab") as log:
            self.process = subprocess.Popen(
                [SBIN / "rabbitmq-server"], env=self.environment, stdout=log, stderr=log,
                start_new_session=True)
        wait_until(lambda: is_listening(self.port), "RabbitMQ to listen", timeout=120)

        def has_started():
            assert self.process.poll() is None, (self.folder / "node.log").read_text()[-2000:]
            # On a busy machine the node's name may not be known yet.
            return self._run("await_startup").returncode == 0

        wait_until(has_started, "RabbitMQ to serve", timeout=120)

    def ctl(self, *arguments):
        """Runs rabbitmqctl on the node and gives what it prints."""
        result = self._run(*arguments)
        result.check_returncode()
        return result.stdout

    def _run(self, *arguments):
        return subprocess.run([SBIN / "rabbitmqctl", *arguments], env=self.environment, text=True,
                              capture_output=True, timeout=120, check=False)

    def kill(self):
        """Ends the node as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        wait_until(lambda: not is_listening(self.port), "RabbitMQ to be gone")

    def halt(self):
        """Ends the node in good order; `start` begins it again."""
        self.ctl("stop")
        self.process.wait(timeout=60)

    def stop(self):
        """Ends the node and its port mapper, and removes its folder."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        subprocess.run(
            ["epmd", "-kill"], env=self.environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, **parameters):
        """A connection of pika's; parameters: those of its URLs."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return pika.BlockingConnection(pika.URLParameters(f"{self.url}?{query}" if query else self.url))

    def depth(self, queue):
        """Messages and consumers of a queue, or None where there is none."""
        try:
            connection = self.connect()
        except pika.exceptions.AMQPError:
            return None
        try:
            answer = connection.channel().queue_declare(queue, passive=True)
            return answer.method.message_count, answer.method.consumer_count
        except pika.exceptions.ChannelClosedByBroker:
            return None
        finally:
            if connection.is_open:
                connection.close()
