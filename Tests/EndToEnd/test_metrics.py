"""What can be watched: the metrics, as their page says."""

import subprocess
import urllib.error

import pytest
from harness.metrics import documented, scrape
from harness.publisher import event_body
from harness.waiting import wait_until

def until(program, what, condition, timeout=30):
    """The first scrape of which something is true."""
    def holds():
        metrics = scrape(program)
        return metrics if condition(metrics) else None
    return wait_until(holds, what, timeout=timeout, interval=0.1)


def test_the_page_and_what_is_served_agree(make_program, receiver, publish):
    program = make_program(SEALPOST_RETRY_INITIAL="1s", SEALPOST_RETRY_FACTOR="1",
                           SEALPOST_RETRY_JITTER="0")
    program.add_webhook(receiver.url("/good"), "license.created")
    program.add_webhook(receiver.url("/flaky"), "license.updated")
    off = program.add_webhook(receiver.url("/off"), "license.deleted")
    assert program.run("webhooks", "edit", off, "--active", "false")[0] == 0
    receiver.answers("/flaky", 500, 299)
    program.start()
    to = publish(program)
    for number in range(3):
        to.publish(f"good-{number}", event_body())
    to.publish("flaky", event_body("license.updated"), name="license.updated")
    to.publish("parked", event_body("license.deleted"), name="license.deleted")
    to.publish("nobody", event_body("user.created"), name="user.created")
    to.publish("broken", b"{")

    metrics = until(program, "all to be counted", lambda m: (
        m.value("sealpost_deliveries_total", outcome="delivered", reason="http_2xx") == 1
        and m.value("sealpost_backlogged_deliveries_total", state="parked",
                    reason="webhook_inactive") == 1
        and m.value("sealpost_rejected_messages_total", reason="not_json") == 1
        and m.value("sealpost_backlog_deliveries", state="parked") is not None
        and m.value("sealpost_queue_messages", queue="events") == 0
        and m.value("sealpost_deliveries_total", outcome="delivered", reason="http_200") == 3))

    page = documented()
    assert {name: kind for name, (kind, _) in page.items()} == metrics.types
    assert {name: labels for name, (_, labels) in page.items()} == {
        name: metrics.labels[name] for name in metrics.types}

    def value(name, **labels):
        return metrics.value(f"sealpost_{name}", **labels)

    assert value("events_total", result="matched") == 5
    assert value("events_total", result="unmatched") == 1
    assert value("events_total", result="rejected") == 1
    assert value("retries_total") == 1
    assert value("attempts_total", outcome="delivered", reason="http_200") == 3
    assert value("attempts_total", outcome="retry", reason="http_500") == 1
    assert value("deliveries_total", outcome="retry", reason="http_500") is None
    assert value("delivery_latency_seconds_count", attempt="first") == 3
    assert value("delivery_latency_seconds_count", attempt="later") == 1
    assert value("request_duration_seconds_count", outcome="delivered") == 4
    assert value("request_duration_seconds_count", outcome="failed") == 1
    assert value("delivery_wait_seconds_bucket", le="+Inf") == 5
    assert value("retry_lateness_seconds_count") == 1
    assert value("retry_lateness_seconds_sum") < 5
    assert value("publishes_total", destination="ladder", result="confirmed") == 1
    assert value("publishes_total", destination="rejected", result="confirmed") == 1
    assert value("publish_confirm_seconds_count") == 2
    assert value("recorder_batch_rows_sum") == 6
    assert value("lanes") == 2
    assert value("broker_connections", connection="lanes", state="up") == 2
    assert value("broker_connections", connection="retries", state="up") == 1
    assert value("directory_webhooks", health="healthy") == 3
    assert value("store_up") == 1 and value("paused") == 0
    assert value("queue_consumers", queue="events") == 2
    for level in range(18):
        assert value("queue_oldest_message_age_seconds", queue=f"delay.{level}") <= 2 ** level
    assert metrics.sum("sealpost_ready") == 6

    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.text, text=True,
                             capture_output=True, timeout=30)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_no_label_tells_of_accounts_webhooks_or_receivers(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/secret-path"), "*", account="acme-account",
                                  name="its-name")
    program.start()
    publish(program).publish("its-event-id", event_body("secret.event"), name="secret.event",
                             account="acme-account")
    metrics = until(program, "the delivery", lambda m: m.sum("sealpost_deliveries_total") == 1)
    for secret in [webhook, "secret", "acme", "its-", "127.0.0.1", program.namespace]:
        assert secret not in metrics.text


def test_the_age_of_the_oldest_message_grows_while_nobody_consumes(make_program, receiver, publish):
    program = make_program()
    program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    program.stop()
    program.start_api()
    until(program, "the queue to be seen empty",
          lambda m: m.value("sealpost_queue_messages", queue="events") == 0)
    for number in range(5):
        publish(program).publish(f"evt-{number}", event_body())
    metrics = until(program, "the age to grow", lambda m: (
        m.value("sealpost_queue_oldest_message_age_seconds", queue="events") > 3))
    assert metrics.value("sealpost_queue_messages", queue="events") == 5
    assert metrics.value("sealpost_queue_consumers", queue="events") == 0
    assert metrics.value("sealpost_queue_oldest_message_age_seconds", queue="events") < 20
    # Nothing of a worker is there.
    assert not any(name in metrics.types for name in ["sealpost_lanes", "sealpost_attempts_total"])
    assert metrics.value("sealpost_ready", part="store") == 1
    program.kill()
    program.start()
    until(program, "all to be taken", lambda m: (
        m.value("sealpost_queue_messages", queue="events") == 0
        and m.value("sealpost_queue_oldest_message_age_seconds", queue="events") == 0))


def test_where_a_token_is_set_a_scrape_must_bring_it(make_program):
    program = make_program(SEALPOST_METRICS_TOKEN="scrape-secret")
    program.start_api()
    for token in [None, "scrape", "scrape-secret2"]:
        with pytest.raises(urllib.error.HTTPError) as failure:
            scrape(program, token)
        assert failure.value.code == 401
        assert failure.value.headers["WWW-Authenticate"] == "Bearer"
        assert b"SEALPOST_METRICS_TOKEN" in failure.value.read()
    assert scrape(program, "scrape-secret").value("sealpost_build_info", version="0.1.0") == 1
