"""Text of others is text: it runs nothing, breaks out of nothing, and turns nothing round."""

from harness.publisher import event_body

HOSTILE = "<script>hacked=1</script>\"'\u0301 onfocus=hacked=1 x=\u202eesrever\u2066\u200b\x1b[31m"
BARE = ("\u202e", "\u2066", "\u200b", "\x1b")


async def answer(reader, writer):
    body = f"</pre><img src=x onerror=hacked=1>{HOSTILE}".encode()
    writer.write(b"HTTP/1.1 500 <script>hacked=1</script>\r\nX-Evil: <script>hacked=1</script>\"'"
                 b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    return True


def check(browser, name):
    browser.look(name)
    shown = browser.run("return document.documentElement.textContent")
    assert not [mark for mark in BARE if mark in shown], name
    assert browser.run("return window.hacked") is None, name
    assert browser.run("return document.scripts.length") == 1, name
    assert not browser.all("main img, [onfocus], [onerror]"), name


def test_hostile_text_is_inert(open_browser, make_token, program, publisher, publish_until_known,
                               receiver):
    target = "/hook%22%3Cb%3E?q='onfocus=hacked=1"
    identity = program.add_webhook(
        receiver.url(target), "license.*", name=HOSTILE)
    receiver.script(target, lambda _: answer)
    publish_until_known(target, event_body(note=HOSTILE, bidi="\u202e"))
    publisher.publish("evt_2", HOSTILE.encode())
    browser = open_browser("hostile", 360)
    browser.sign_in(make_token())
    check(browser, "list")
    assert "<script>" in browser.text("tbody") and "\\u{202e}" in browser.text("tbody")
    browser.wait_for_page("/log", lambda: browser.all("#log-rows a.strong"), "the attempt")
    check(browser, "log")
    browser.find("#log-rows a.strong").click()
    assert "onerror=hacked=1" in browser.text()
    check(browser, "entry")
    for page in (f"/webhooks/{identity}", f"/webhooks/{identity}/edit", f"/webhooks/{identity}/replays",
                 f"/webhooks/{identity}/delete", "/log?event=%3Cscript%3Ehacked%3D1%3C%2Fscript%3E%22%27"):
        browser.open(page)
        check(browser, page.split("/")[-1].split("?")[0])
    browser.wait_for_page("/rejected", lambda: browser.all("tbody a"), "the rejected message")
    browser.find("tbody a").click()
    assert "<script>" in browser.text("pre")
    check(browser, "rejected-entry")


def test_a_form_keeps_a_name_as_it_is(open_browser, make_token, program, receiver):
    name = "Zoë \U0001F468\u200d\U0001F469\u200d\U0001F467 <b>\u202e\"'"
    identity = program.add_webhook(receiver.url("/hook"), "license.*", name=name)
    browser = open_browser("names")
    browser.sign_in(make_token())
    browser.open(f"/webhooks/{identity}/edit")
    browser.find("input[value='user.created']")
    browser.run("document.querySelector(\"input[value='user.*']\").checked = true")
    browser.press("Save")
    row, = [row for row in program.json("webhooks", "list") if row["id"] == identity]
    assert row["name"] == name and set(row["events"]) == {"license.*", "user.*"}
