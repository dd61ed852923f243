"""Without script and without a mouse all but the live parts work."""

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from harness.waiting import wait_until


def tab_to(browser, condition, what):
    """Presses the tabulator until the focused element is the one, as a person does."""
    for _ in range(120):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        element = browser.driver.switch_to.active_element
        if condition(element):
            return element
    raise AssertionError(f"the tabulator never reaches {what} on {browser.path}")


def type_in(browser, name, text):
    tab_to(browser, lambda element: element.get_attribute("name") == name, name).send_keys(text)


def test_a_webhook_by_keyboard_alone(open_browser, make_token, receiver):
    browser = open_browser("keyboard")
    browser.tell("Emulation.setScriptExecutionDisabled", value=True)
    browser.open("/sign-in")
    browser.driver.switch_to.active_element.send_keys(make_token(), Keys.ENTER)
    wait_until(lambda: browser.path == "/webhooks", "the list")
    tab_to(browser, lambda element: element.text == "Add webhook", "the link").send_keys(Keys.ENTER)
    wait_until(lambda: browser.path == "/webhooks/new", "the form")
    assert not browser.find("[data-generate]").is_displayed()
    type_in(browser, "name", "By keyboard")
    type_in(browser, "url", receiver.url("/hook"))
    tab_to(browser, lambda element: element.get_attribute("value") == "*", "every event").send_keys(
        Keys.SPACE)
    tab_to(browser, lambda element: element.text == "Add webhook", "the button").send_keys(Keys.ENTER)
    wait_until(lambda: browser.all("#secret"), "the page of the webhook")
    webhook = browser.path
    tab_to(browser, lambda element: element.text == "Send test", "the test").send_keys(Keys.ENTER)
    wait_until(lambda: receiver.at("/hook"), "the test delivery")
    browser.wait_for_page(webhook, lambda: browser.all("#attempts tbody tr"), "the row")
    browser.open("/log?outcome=delivered&status=2xx")
    assert len(browser.all("#log-rows tr")) == 1
    assert not browser.find("[data-live]").is_displayed()
    file = browser.find("a[href^='/log/csv?']").get_attribute("href")
    assert "outcome=delivered&status=2xx" in file
    browser.open(webhook + "/delete")
    tab_to(browser, lambda element: element.text == "Delete webhook", "the button").send_keys(Keys.ENTER)
    wait_until(lambda: "No webhooks yet" in browser.text(), "the empty list")


def test_focus_is_seen(open_browser, make_token):
    browser = open_browser("focus")
    browser.sign_in(make_token())
    ActionChains(browser.driver).send_keys(Keys.TAB).perform()
    skip = browser.driver.switch_to.active_element
    assert skip.text == "Skip to the content" and skip.rect["y"] >= 0
    skip.send_keys(Keys.ENTER)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "main"
    link = tab_to(browser, lambda element: element.tag_name in ("a", "button"), "a control")
    assert link.value_of_css_property("outline-style") == "solid"
