"""The command lines of systemd and of compose, started for real."""

import re

import pika

from harness.waiting import wait_until
from service import UNIT, ComposeWorker, SystemdService, compose_worker, seconds, unit
from test_users import EVENT
from tools import run


def test_the_unit_s_command_delivers(worker, receiver, deployment, broker):
    assert worker.is_healthy("/healthz") and not worker.is_healthy("/nowhere")
    connection = pika.BlockingConnection(pika.URLParameters(deployment.url("publisher", broker)))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(
        "license.events", "license.created", EVENT, pika.BasicProperties(message_id="evt_unit"),
        mandatory=True)
    connection.close()
    wait_until(
        lambda: any(request.event == "evt_unit" for request in receiver.requests), "the delivery")


def test_two_workers_of_compose_share_the_queue_and_stop_in_time(
        deployment, broker, worker, postgres, tmp_path):
    hosts = {"rabbitmq:5672": f"127.0.0.1:{broker.port}", "postgres:5432": f"127.0.0.1:{postgres.port}"}
    workers = []
    try:
        for number in range(compose_worker()["deploy"]["replicas"]):
            folder = tmp_path / str(number)
            folder.mkdir()
            workers.append(ComposeWorker(deployment, hosts, folder))
            workers[-1].start()
        for process in workers:
            process.wait_until_ready()
        patience = seconds(compose_worker()["stop_grace_period"])
        assert patience > seconds(compose_worker()["environment"]["SEALPOST_SHUTDOWN_GRACE"])
        assert [process.stop(within=patience) for process in workers] == [0] * len(workers)
    finally:
        for process in workers:
            process.close()


def test_the_unit_stops_in_time_and_stays_down_where_settings_are_bad(deployment, broker, tmp_path):
    service = SystemdService(deployment, broker, tmp_path)
    assert seconds(unit()["TimeoutStopSec"]) > 20
    try:
        service.start()
        service.wait_until_ready()
        assert service.stop(within=seconds(unit()["TimeoutStopSec"])) == 0
        service.file.write_text("SEALPOST_AMQP_URL=http://nowhere\n")
        service.start()
        code = service.process.wait(timeout=10)
        assert str(code) in unit()["RestartPreventExitStatus"].split()
    finally:
        service.close()


def allowed_calls():
    """The system calls that the unit's filters leave, by systemd's own lists."""
    def members(name):
        lines = run("systemd-analyze", "syscall-filter", name).splitlines()[1:]
        words = {line.strip() for line in lines if line.strip() and not line.strip().startswith("#")}
        return set().union(*(members(word) if word.startswith("@") else {word} for word in words))

    left = set()
    for line in re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.M):
        listed = set().union(*(members(word) for word in line.removeprefix("~").split()))
        left = left - listed if line.startswith("~") else left | listed
    return left


def test_the_unit_s_filter_of_system_calls_lets_the_program_work(deployment, broker, receiver, tmp_path):
    service = SystemdService(deployment, broker, tmp_path)
    trace = tmp_path / "trace"
    # SQLite keeps owners where it runs as root, as here and never under systemd; the dispatch library asks for
    # priorities that no normal user gets, and goes on without.
    refused_anyhow = {"fchown", "setpriority"}
    service.command("webhooks", "add", "--name", "traced", "--url", receiver.url("/"), "--events", "*")
    service.command_line = ["strace", "-f", "-qq", "-o", str(trace), *service.command_line]
    try:
        service.start()
        service.wait_until_ready()
        before = len(receiver.requests)
        service.command("publish", "license.created", "--count", "20")
        wait_until(lambda: len(receiver.requests) >= before + 20, "the deliveries")
        assert service.is_healthy("/metrics")
        run("pkill", "-TERM", "-P", service.process.pid)
        assert service.process.wait(timeout=40) == 0
    finally:
        service.close()
    text = trace.read_text(errors="replace")
    calls = set(re.findall(r"^\d+\s+(\w+)\(", text, re.M))
    assert {"epoll_wait", "sendto"} <= calls
    assert calls - allowed_calls() <= refused_anyhow
    families = set(unit()["RestrictAddressFamilies"].split())
    assert set(re.findall(r"socket\((AF_\w+)", text)) <= families
