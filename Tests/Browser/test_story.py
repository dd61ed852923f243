"""What an account owner and an operator do, from signing in to signing out."""

import pytest

from harness.publisher import event_body
from harness.waiting import wait_until

WINDOWS = [(width, scheme) for width in (1280, 360) for scheme in ("light", "dark")]


@pytest.mark.parametrize("width, scheme", WINDOWS)
def test_the_whole_story(open_browser, make_token, receiver, publisher, publish_until_known, width, scheme):
    browser = open_browser("story", width, scheme)
    token = make_token()
    sign_in(browser, token)
    webhook = add_webhook(browser, receiver)
    watch(browser, publisher, publish_until_known)
    fail_and_recover(browser, publisher, receiver)
    try_and_resend(browser, webhook)
    replay(browser, webhook)
    suspend_and_reactivate(browser, publisher, receiver, webhook)
    set_aside(browser, publisher)
    edit_and_delete(browser, webhook)
    sign_out(browser)


def sign_in(browser, token):
    browser.open("/log?outcome=retry")
    assert browser.path.startswith("/sign-in?next=")
    browser.fill("#token", "sp_wrong")
    browser.press("Sign in", "main")
    assert "unknown, expired or revoked" in browser.text("[role=alert]")
    browser.look("sign-in-refused")
    link = browser.sign_in_path(token)
    browser.open(link)
    browser.look("sign-in-link")
    browser.press("Sign in to Sealpost")
    assert browser.path == "/webhooks"
    browser.look("no-webhooks")
    browser.press("Sign out")
    browser.open(link)
    browser.press("Sign in to Sealpost")
    assert "used already" in browser.text("[role=alert]")
    browser.open("/sign-in?next=%2Fwebhooks%2Fnew")
    browser.fill("#token", token)
    browser.press("Sign in", "main")


def add_webhook(browser, receiver):
    browser.open("/webhooks/new")
    browser.fill("#url", "ftp://example.com/hook")
    browser.press("Add webhook", ".form")
    assert "Nothing was saved" in browser.text("[role=alert]")
    for field in ("name", "url"):
        control = browser.find(f"#{field}")
        assert control.get_attribute("aria-invalid") == "true"
        assert browser.find(f"#{field}-fault").text
        assert f"{field}-fault" in control.get_attribute("aria-describedby")
    assert browser.find("#events-fault").text
    browser.look("form-with-faults")
    browser.fill("#name", "License desk")
    browser.fill("#url", receiver.url("/hook"))
    browser.control("Generate").click()
    generated = browser.find("#token").get_attribute("value")
    assert generated.startswith("whsec_")
    browser.find(".event-group:nth-of-type(1) summary").click()
    browser.find("input[value='license.*']").click()
    browser.fill("#patterns", "seat.taken")
    browser.find(".more summary").click()
    browser.find("input[value=standard]").click()
    browser.fill("#headers", "X-Team: billing")
    browser.fill("#timeout", "2.5")
    browser.fill("#maximumAttempts", "12")
    browser.look("form-filled")
    browser.press("Add webhook", ".form")
    assert browser.text("#secret") == generated
    browser.look("webhook-added")
    browser.open(browser.path)
    assert generated not in browser.text()
    assert "X-Team: •" in browser.text() and "billing" not in browser.text() and "12 attempts" in browser.text()
    assert "2.5 s" in browser.text()
    return browser.path


def watch(browser, publisher, publish_until_known):
    browser.open("/log")
    browser.look("log-empty")
    publish_until_known("/hook", event_body("seat.taken"), name="seat.taken")
    browser.open("/log")
    browser.control("Live").click()
    publisher.publish("evt_first", event_body())
    browser.wait_for(lambda: "evt_first" in browser.text("#log-rows"), "the delivery")
    assert "delivered" in browser.text("#log-rows")
    browser.look("log-live")


def fail_and_recover(browser, publisher, receiver):
    browser.open("/log")
    browser.control("Live").click()
    receiver.answers("/hook", 503, 200)
    publisher.publish("evt_second", event_body())
    browser.wait_for(lambda: browser.text("#log-rows").count("evt_second") == 2, "the retry")
    browser.press("license.created", "#log-rows tr:nth-child(2)")
    text = browser.text()
    assert "The receiver answered with status 503. It is tried again." in text
    assert "The next attempt was due" in text
    for part in ("DNS", "Connect", "TLS", "First byte", "Last byte", "Total"):
        assert part in browser.text(".timing")
    assert "HTTP/1.1 503" in text and '"n": 10000000000000000999' in text
    assert len(browser.all(".bar-chart .fill")) >= 2
    rows = browser.all("table:not(.timing) tbody tr")
    assert ["retry" in rows[0].text, "delivered" in rows[1].text] == [True, True]
    browser.look("log-entry")


def try_and_resend(browser, webhook):
    browser.open("/log?event=evt_second")
    browser.press("license.created", "#log-rows tr:nth-child(1)")
    browser.press("Resend")
    assert "Sent again as run 1" in browser.text("[role=status].notice")
    browser.wait_for_page(
        "/log?event=evt_second", lambda: len(browser.all("#log-rows tr")) == 3, "the resend")
    browser.open(webhook)
    browser.choose("#test-event", "user.created")
    browser.press("Send test")
    browser.wait_for(lambda: "test-" in browser.text("#attempts"), "the test delivery")
    browser.look("webhook-tested")


def replay(browser, webhook):
    browser.open(webhook + "/replays")
    browser.fill("#event", "no name")
    browser.press("Count")
    assert browser.find("#event-fault").text
    browser.fill("#event", "license.created")
    browser.press("Count")
    assert "2 deliveries would be sent again." in browser.text()
    browser.look("replay-counted")
    browser.press("Replay", ".form")
    browser.wait_for(lambda: "done" in browser.text("#replays"), "the end of the replay")
    assert "2 of 2" in browser.text("#replays")
    browser.look("replay-done")


def suspend_and_reactivate(browser, publisher, receiver, webhook):
    receiver.script("/hook", lambda _: 500)
    for number in range(6):
        publisher.publish(f"evt_down_{number}", event_body(), name="license.created")
    browser.wait_for_page("/log?outcome=retry", lambda: browser.all(".alert"), "a banner")
    browser.wait_for_page(
        "/webhooks", lambda: "suspended" in browser.text(".alert"), "the suspension", timeout=60)
    browser.look("list-suspended")
    for page in ("/log", "/queues", "/dead", "/rejected", "/account", webhook):
        browser.open(page)
        assert "License desk" in browser.text(".alert"), page
    browser.look("webhook-suspended")
    publisher.publish("evt_parked", event_body())
    browser.wait_for_page("/dead", lambda: "evt_parked" in browser.text(), "the parked delivery")
    browser.look("dead")
    receiver.script("/hook", lambda _: 200)
    browser.open(webhook)
    browser.press("Reactivate")
    assert not browser.all(".alert")
    assert "healthy" in browser.text("h1")
    browser.open("/dead")
    browser.press("Requeue", "tbody tr:nth-child(1)")
    assert "goes out again" in browser.text()
    wait_until(lambda: receiver.at("/hook")[-1].event.startswith("evt_"), "the requeued delivery")


def set_aside(browser, publisher):
    publisher.publish("bad_one", b'{"event": nothing}')
    browser.wait_for_page("/rejected", lambda: "bad_one" in browser.find("body").get_attribute(
        "textContent"), "the rejected message")
    browser.look("rejected")
    browser.find("tbody a").click()
    assert '{"event": nothing}' in browser.text("pre")
    browser.look("rejected-entry")
    browser.press("Drop")
    assert "Nothing was rejected" in browser.text()
    browser.open("/queues")
    browser.wait_for(lambda: browser.all(".depth .line"), "the drawing", timeout=30)
    assert ".events" in browser.text("table") and "oldest" in browser.text("table").lower()
    browser.look("queues")


def edit_and_delete(browser, webhook):
    browser.open(webhook + "/edit")
    browser.fill("#name", "Front desk")
    browser.press("Save")
    assert "Front desk" in browser.text("h1")
    browser.press("Reveal")
    assert browser.text("#secret").startswith("whsec_")
    browser.press("Pause")
    assert "paused" in browser.text("h1")
    browser.look("webhook-paused")
    browser.press("Delete webhook", ".danger")
    browser.look("delete")
    browser.press("Delete webhook", "main")
    assert "No webhooks yet" in browser.text()


def sign_out(browser):
    browser.open("/account")
    browser.fill("#account", "acme")
    browser.press("Switch")
    assert "account acme" in browser.text()
    browser.open("/nothing/here")
    assert "Not found" in browser.text()
    browser.look("missing")
    cookie = browser.driver.get_cookie("sealpost")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    browser.press("Sign out")
    browser.driver.add_cookie({"name": "sealpost", "value": cookie["value"]})
    browser.open("/webhooks")
    assert browser.path.startswith("/sign-in")
