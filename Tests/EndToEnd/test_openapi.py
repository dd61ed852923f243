"""The API does what its description says: schemathesis looks for calls for which it does not.

SEALPOST_FUZZ_SECONDS says for how long; half a minute unless it is set."""

import os
import subprocess
import sys

from harness.api import API
from harness.waiting import wait_until

SECONDS = os.environ.get("SEALPOST_FUZZ_SECONDS", "30")


def test_schemathesis_finds_nothing(make_program, publish):
    program = make_program(
        SEALPOST_API_RATE="1000000", SEALPOST_QUOTA_WEBHOOKS="1000000", SEALPOST_QUOTA_EVENTS="1000000")
    program.start()
    api = program.api()
    webhook = api.post(
        "/v3/webhooks", {"name": "a", "url": "https://127.0.0.1/", "events": ["*"]}).json["id"]
    api.post(f"/v3/webhooks/{webhook}/test", {})
    wait_until(lambda: api.get("/v3/webhook-event-logs").json, "a row of the log")
    api.call("PATCH", f"/v3/webhooks/{webhook}", {"active": False})
    # Something to read and drop: a parked delivery for each event, and messages that are no events.
    for number in range(20):
        publish(program).publish(f"bad_{number}", b"no json", name="license.created")
        api.post("/v3/events", {
            "event": "license.created", "data": {}, "triggeredAt": "2026-01-31T12:00:00Z"})
    publish(program).close()
    wait_until(lambda: len(api.get("/v3/rejected-messages").json) == 20, "rejected messages")
    wait_until(lambda: api.get("/v3/dead-deliveries").json, "parked deliveries")
    done = subprocess.run(
        [str(os.path.join(os.path.dirname(sys.executable), "schemathesis")), "--config-file",
         os.path.join(os.path.dirname(__file__), "schemathesis.toml"), "run",
         f"http://127.0.0.1:{program.port}/openapi.json", "--header", f"Authorization: Bearer {api.token}",
         "--max-time", SECONDS, "--checks", "all", "--workers", "1", "--seed", "1",
         "--output-sanitize", "true", "--no-color"],
        capture_output=True, text=True, cwd=program.folder, timeout=int(SECONDS) * 3 + 120)
    print(done.stdout[-8000:])
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    assert program.process.poll() is None
    assert api.get("/v3/webhooks").status == 200
    assert API(program.port, None).get("/v3/webhooks").status == 401
