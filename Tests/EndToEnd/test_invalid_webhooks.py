"""A webhook whose stored settings cannot be read: it waits to be mended, and costs the others nothing."""

import sqlite3

from harness.browser import Session
from harness.publisher import event_body
from harness.waiting import wait_until


def spoil(program, webhook, url):
    store = sqlite3.connect(program.folder / "sealpost.sqlite", timeout=10)
    with store:
        store.execute("UPDATE store_version SET revision = revision + 1")
        store.execute("UPDATE webhooks SET url = ?, revision = (SELECT revision FROM store_version) "
                      "WHERE id = ?", (url, webhook))
    store.close()


def parked(program):
    return program.json("dead", "list", "--state", "parked")


def test_an_invalid_webhook_parks_its_deliveries_until_it_is_mended(make_program, receiver, publish):
    program = make_program()
    broken = program.add_webhook(receiver.url("/broken"), "*", name="broken")
    well = program.add_webhook(receiver.url("/well"), "*", name="well")
    spoil(program, broken, "ftp://example.test/hook")
    program.start()
    publish(program).publish("evt_1", event_body())
    [row] = wait_until(lambda: parked(program), "the parked delivery")
    assert (row["webhookId"], row["reason"]) == (broken, "settings_invalid")
    wait_until(lambda: len(receiver.at("/well")) == 1, "the other's delivery")

    rows = {row["id"]: row for row in program.json("webhooks", "list")}
    assert rows[well]["status"] == "healthy" and "fault" not in rows[well]
    assert rows[broken]["status"] == "invalid" and rows[broken]["url"] == "ftp://example.test/hook"
    assert "must begin with https://" in rows[broken]["fault"]
    code, output, _ = program.run("webhooks", "list")
    assert code == 0 and f"{broken} is invalid" in output and "must begin with https://" in output
    api = program.api()
    shown = api.get(f"/v3/webhooks/{broken}").json
    assert shown["status"] == "invalid" and shown["fault"] == rows[broken]["fault"]
    status, page = Session(f"http://127.0.0.1:{program.port}").sign_in(api.token).ask(f"/webhooks/{broken}")
    assert status == 200 and "must begin with https://" in page and "Its deliveries are parked" in page

    # A change of something else leaves the fault as it is.
    assert api.call("PATCH", f"/v3/webhooks/{broken}", {"name": "renamed"}).json["status"] == "invalid"
    mended = api.call("PATCH", f"/v3/webhooks/{broken}", {"url": receiver.url("/mended")})
    assert mended.status == 200 and mended.json["status"] == "healthy" and "fault" not in mended.json
    assert program.run("dead", "requeue", row["id"])[0] == 0
    wait_until(lambda: [r.event for r in receiver.at("/mended")] == ["evt_1"], "what was parked")
    publish(program).publish("evt_2", event_body())
    wait_until(lambda: len(receiver.at("/mended")) == 2, "deliveries as usual")
    assert not parked(program)
    assert program.stop() == 0


def test_a_webhook_that_becomes_invalid_while_the_worker_runs(make_program, receiver, publish):
    program = make_program()
    webhook = program.add_webhook(receiver.url("/hook"), "*")
    program.start()
    publish(program).publish("evt_0", event_body())
    wait_until(lambda: receiver.requests, "the first delivery")
    spoil(program, webhook, "https://user@example.test/")
    number = 0

    def is_parked():
        nonlocal number
        number += 1
        publish(program).publish(f"evt_{number}", event_body())
        return parked(program)

    wait_until(is_parked, "the worker to know", interval=0.2)
    assert {row["reason"] for row in parked(program)} == {"settings_invalid"}
    assert "webhooks cannot be read" not in program.log
    assert program.stop() == 0
