"""Three RabbitMQ nodes as one cluster on this machine."""

import os
import pathlib
import shutil
import signal
import tempfile

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from .broker import Broker
from .waiting import free_port, is_listening

DEPLOY = pathlib.Path(__file__).resolve().parents[3] / "deploy"


class Cluster:
    """Stands in for a broker: commands and connections go to a node that answers."""

    def __init__(self, size=3):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="sealpost-cluster-"))
        cookie = self.home / ".erlang.cookie"
        cookie.write_text("sealpost")
        cookie.chmod(0o400)
        configuration = self.home / "rabbitmq.conf"
        configuration.write_text("cluster_partition_handling = pause_minority\n")
        # One port mapper and one cookie for all of them.
        shared = {"HOME": str(self.home), "ERL_EPMD_PORT": str(free_port()),
                  "RABBITMQ_CONFIG_FILE": str(configuration),
                  "RABBITMQ_ADVANCED_CONFIG_FILE": str(DEPLOY / "rabbitmq/advanced.config")}
        self.nodes = [Broker(environment=shared) for _ in range(size)]
        for node in self.nodes[1:]:
            for command in (["stop_app"], ["join_cluster", self.nodes[0].name], ["start_app"]):
                node.ctl(*command)

    @property
    def up(self):
        return [node for node in self.nodes if is_listening(node.port)]

    @property
    def port(self):
        return (self.up or self.nodes)[0].port

    @property
    def url(self):
        return ",".join(node.url for node in self.nodes)

    def leader(self, queue):
        """The node that leads a queue."""
        for line in self.ctl("list_queues", "--quiet", "name", "leader").splitlines():
            name, _, leader = line.partition("\t")
            if name == queue:
                return next(node for node in self.nodes if node.name == leader.strip())
        raise AssertionError(f"{queue} has no leader")

    def ctl(self, *arguments):
        return self.up[0].ctl(*arguments)

    def connect(self):
        """A connection to the first node that answers; it breaks soon after the node fell silent."""
        for node in self.up:
            try:
                return node.connect(heartbeat=5, socket_timeout=5, stack_timeout=5)
            except (pika.exceptions.AMQPError, AMQPConnectorException):
                continue
        raise pika.exceptions.AMQPConnectionError("no node of the cluster answers")

    def depth(self, queue):
        for node in self.up:
            depth = node.depth(queue)
            if depth is not None:
                return depth
        return None

    def cut_off(self, node):
        """Cuts a node off from the others: their connections break, and neither side lets the other in."""
        self._set_cookie(node, "cut")

    def let_in(self, node):
        """Ends that."""
        self._set_cookie(node, "sealpost")

    def _set_cookie(self, node, cookie):
        names = ", ".join(f"'{other.name}'" for other in self.nodes if other is not node)
        node.ctl("eval", f"Names = [{names}], [erlang:set_cookie(Name, {cookie}) || Name <- Names], "
                         "[erlang:disconnect_node(Name) || Name <- Names].")

    def stop(self):
        for node in self.nodes:
            if node.process.poll() is None:
                os.killpg(node.process.pid, signal.SIGCONT)
            node.stop()
        shutil.rmtree(self.home, ignore_errors=True)
