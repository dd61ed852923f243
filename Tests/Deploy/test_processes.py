"""The command lines of systemd and of compose, started for real."""

import pika

from harness.waiting import wait_until
from service import ComposeWorker, compose_worker, seconds, unit
from test_users import EVENT


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


def test_the_unit_stops_in_time_and_stays_down_where_settings_are_bad(worker):
    service = unit()
    assert seconds(service["TimeoutStopSec"]) > 20
    assert "78" in service["RestartPreventExitStatus"].split()
    assert worker.stop(within=seconds(service["TimeoutStopSec"])) == 0
