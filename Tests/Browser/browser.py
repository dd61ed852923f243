"""Chromium as a person uses it, with what every page must hold: it fits, it is accessible, its console is silent."""

import base64
import json
import os
import pathlib
import urllib.request

from axe_core_python.selenium import Axe
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from harness.program import ROOT
from harness.waiting import wait_until

SCREENSHOTS = pathlib.Path(
    os.environ.get("SEALPOST_SCREENSHOTS", ROOT / ".build-screenshots"))

FONTS = pathlib.Path(__file__).parent / "fonts.conf"


class Browser:
    def __init__(self, program, name, width, scheme, folder):
        self.base = f"http://127.0.0.1:{program.port}"
        self.name, self.width = f"{name}-{width}-{scheme}", width
        self.count = 0
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars",
                         f"--user-data-dir={folder}/profile-{self.name}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(
            options=options, service=webdriver.ChromeService(
                "/usr/bin/chromedriver",
                env={**os.environ, "FONTCONFIG_FILE": str(FONTS)}))
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=800,
                  deviceScaleFactor=1, mobile=width < 500)
        self.tell("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def tell(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def quit(self):
        self.driver.quit()

    def open(self, path):
        self.driver.get(self.base + path)

    @property
    def path(self):
        return self.driver.current_url.removeprefix(self.base)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css="main"):
        return self.find(css).text

    def fill(self, css, text):
        field = self.find(css)
        field.clear()
        field.send_keys(text)

    def choose(self, css, text):
        Select(self.find(css)).select_by_visible_text(text)

    def press(self, label, within="body"):
        """Presses the button or follows the link of that label, and waits for the page behind it."""
        self.run("window.isBefore = true")
        self.control(label, within).click()
        wait_until(
            lambda: self.run("return !window.isBefore && document.readyState === 'complete'"),
            f"the page behind {label}")

    def control(self, label, within="body"):
        found = [element for element in self.find(within).find_elements(
            By.CSS_SELECTOR, "button, a, summary") if element.text.strip() == label]
        assert found, f"no button or link {label!r} on {self.path}: {self.text()}"
        return found[0]

    def wait_for(self, condition, what, timeout=30):
        """Looks at the page as it is, without loading it again."""
        def holds():
            try:
                return condition()
            except StaleElementReferenceException:
                return None

        return wait_until(holds, f"{what} on {self.path}", timeout, interval=0.1)

    def wait_for_page(self, path, condition, what, timeout=30):
        """Loads a page until something is on it."""
        def holds():
            self.open(path)
            return condition()

        return wait_until(holds, f"{what} on {path}", timeout, interval=0.3)

    def sign_in(self, token):
        self.open("/sign-in")
        self.fill("#token", token)
        self.press("Sign in", "main")

    def sign_in_path(self, token):
        """A link as `scripts/run` prints it."""
        request = urllib.request.Request(
            f"{self.base}/v3/sign-in-links", method="POST",
            headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["path"]

    def look(self, name):
        """Keeps a screenshot, and checks what holds for every page."""
        self.count += 1
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = min(self.run("return document.documentElement.scrollHeight"), 3000)
        picture = self.tell(
            "Page.captureScreenshot", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": self.width, "height": height, "scale": 1})
        file = SCREENSHOTS / f"{self.name}-{self.count:02}-{name}.png"
        file.write_bytes(base64.b64decode(picture["data"]))
        widest = self.run("return document.documentElement.scrollWidth")
        assert widest <= self.width, f"{name} is {widest} px wide"
        self.check_accessibility(name)
        self.check_console(name)
        return file

    def check_accessibility(self, name):
        findings = Axe().run(self.driver)["violations"]
        serious = [
            f"{finding['id']}: {finding['nodes'][0]['html']}" for finding in findings
            if finding["impact"] in ("serious", "critical")]
        assert not serious, f"{name}: {serious}"

    def check_console(self, name):
        """Nothing that the policy stopped, no error of the script."""
        wrong = [entry["message"] for entry in self.driver.get_log("browser")
                 if entry["level"] == "SEVERE" and "the server responded with a status of" not in entry["message"]]
        assert not wrong, f"{name}: {wrong}"
