"""`sealpost check` names what is wrong and how to mend it."""

import pytest

from harness.waiting import free_port


def check(program, **settings):
    code, output, errors = program.run("check", **settings)
    return code, output + errors


def test_all_well(make_program):
    code, text = check(make_program())
    assert code == 0, text
    assert text.count("✓") == 6


@pytest.mark.parametrize("settings, expected", [
    ({"SEALPOST_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{free_port()}/"},
     ["No broker could be reached", "Start RabbitMQ"]),
    ({"SEALPOST_AMQP_URL": "amqp://guest:wrong@127.0.0.1:PORT/%2F"},
     ["refused the login", "Correct user and password"]),
    ({"SEALPOST_AMQP_URL": "amqp://guest:guest@127.0.0.1:PORT/nowhere"},
     ["refused the virtual host", "nowhere", "add_vhost"]),
    ({"SEALPOST_AMQP_URL": "http://guest:hunter2@127.0.0.1/"},
     ["is no AMQP URL", "must begin with amqp://"]),
    ({"SEALPOST_STORE_URL": "sqlite:/nowhere/at/all/s.sqlite"},
     ["/nowhere/at/all/s.sqlite cannot be written", "Create its folder"]),
    ({"SEALPOST_STORE_URL": "mysql://x"}, ["is no store", "SEALPOST_STORE_URL"]),
    ({"SEALPOST_RETRY_INITIAL": "soon"},
     ["SEALPOST_RETRY_INITIAL is \"soon\"", "SEALPOST_RETRY_INITIAL=5s"]),
    ({"SEALPOST_LOG_RETENTION": "1d"}, ["SEALPOST_LOG_RETENTION", "longer than the longest retry"]),
])
def test_what_is_wrong_is_named_with_the_mend(make_program, broker, settings, expected):
    settings = {name: value.replace("PORT", str(broker.port)) for name, value in settings.items()}
    code, text = check(make_program(), **settings)
    assert code in (69, 78), text
    for words in expected:
        assert words in text
    assert "hunter2" not in text and "wrong" not in text.replace("wrong password", "")


def test_a_queue_with_other_arguments_is_named_with_both(make_program, broker):
    program = make_program()
    connection = broker.connect()
    connection.channel().queue_declare(
        f"{program.namespace}.retries", durable=True,
        arguments={"x-queue-type": "quorum", "x-delivery-limit": 20})
    connection.close()
    code, text = check(program)
    assert code == 69
    for words in (f"{program.namespace}.retries", "x-delivery-limit", "1000000", "20",
                  "SEALPOST_NAMESPACE"):
        assert words in text


def test_a_policy_that_overrides_overflow_fails_the_proof_and_the_start(make_program, broker):
    program = make_program()
    broker.ctl("set_policy", "unsafe", f"^{program.namespace}\\.", '{"overflow":"drop-head"}',
               "--apply-to", "queues")
    try:
        code, text = check(program)
        assert code == 69
        assert "at-least-once dead-lettering was dropped" in text and "Remove policies" in text
        code, _, errors = program.run("serve")
        assert code == 69 and "Remove policies" in errors
    finally:
        broker.ctl("clear_policy", "unsafe")
    assert check(program)[0] == 0


def test_usage_errors_exit_with_64(make_program):
    program = make_program()
    assert program.run("publish", "no..name")[0] == 64
    assert program.run("logs", "--outcome", "nonsense")[0] == 64
    code, _, errors = program.run(
        "webhooks", "add", "--name", "n", "--url", "http://10.0.0.1/", "--events", "*")
    assert code == 64 and "SEALPOST_EGRESS_ALLOW" in errors
