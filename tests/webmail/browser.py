# SPDX-License-Identifier: BSD-2-Clause
"""A headless Chromium, driven by what WebDriver (https://www.w3.org/TR/webdriver2/) is
made of: HTTP and JSON."""

import base64
import http.client
import json
import os
import subprocess
import time

PATIENCE = int(os.environ.get("POSTSEAL_PATIENCE", 60))  # seconds in which an event has to come; no test waits for time to pass
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

ENTER, ESCAPE, BACKSPACE, TAB = "\ue007", "\ue00c", "\ue003", "\ue004"


class Failed(Exception):
    """What was expected did not come."""


def until(what, tell):
    """What `tell` returns as soon as that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        told = tell()
        if told:
            return told
        time.sleep(0.05)
    raise Failed(f"waited in vain: {what}")


class Browser:
    """One window, until closed."""

    def __init__(self, directory, width=1000, height=760, dark=False, arguments=()):
        # pylint: disable=consider-using-with
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0", f"--log-path={directory}/chromedriver.log"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "HOME": directory})
        self.session = None
        self.port = self._port()
        options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   f"--user-data-dir={directory}/profile", f"--window-size={width},{height}",
                   "--force-device-scale-factor=1", "--hide-scrollbars", "--lang=en"]
        options += ["--blink-settings=preferredColorScheme=0"] if dark else []
        options += ["--no-sandbox"] if os.geteuid() == 0 else []
        capabilities = {"goog:chromeOptions": {"args": [*options, *arguments]},
                        "goog:loggingPrefs": {"browser": "ALL"}}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self.session = made["sessionId"]

    def _port(self):
        for line in self.driver.stdout:
            words = line.rstrip(".\n").split("successfully on port ")
            if len(words) == 2 and words[1].isdigit():
                return int(words[1])
        raise Failed("chromedriver does not start")

    def call(self, method, path, body=None):
        """The value of a WebDriver command's answer."""
        if self.session:
            path = f"/session/{self.session}{path}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * PATIENCE)
        connection.request(method, path, None if body is None else json.dumps(body))
        value = json.load(connection.getresponse())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Failed(f"{method} {path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value

    def close(self):
        """Ends it, whatever state it is in."""
        try:
            if self.session:
                self.call("DELETE", "")
        except (Failed, OSError):
            pass
        self.driver.terminate()
        self.driver.wait()

    def headers(self, headers):
        """Sent along with each request from now on."""
        self.tell("Network.enable")
        self.tell("Network.setExtraHTTPHeaders", headers=headers)

    def tell(self, command, **parameters):
        """What a command of Chromium's own protocol answers."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        """Loads a page."""
        self.call("POST", "/url", {"url": url})

    def beside(self, url):
        """Opens an address in a window before this one, which then is hidden: it draws nothing, and
        what waits for its drawing stands still."""
        self.run("window.open(arguments[0], '_blank', 'noopener')", url)

    def alone(self):
        """Closes all windows but this one, which is seen again."""
        this = self.call("GET", "/window")
        for other in set(self.call("GET", "/window/handles")) - {this}:
            self.call("POST", "/window", {"handle": other})
            self.call("DELETE", "/window")
        self.call("POST", "/window", {"handle": this})

    def run(self, script, *arguments):
        """What a function of this body returns in the page."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        """The first element of a CSS selector."""
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def press(self, keys):
        """Types where the focus is, key by key."""
        steps = [step for key in keys for step in (
            {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": steps}]})

    def hover(self, selector):
        """Puts the mouse there; `None`: into a corner."""
        origin = {ELEMENT: self.find(selector)} if selector else "viewport"
        move = {"type": "pointerMove", "duration": 0, "origin": origin, "x": 0, "y": 0}
        self.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [move]}]})

    def click(self, selector):
        """As a mouse does."""
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def name_of(self, selector):
        """What a screen reader calls an element."""
        return self.call("GET", f"/element/{self.find(selector)}/computedlabel")

    def complaints(self):
        """Errors of the console since they were asked for last: also of the CSP."""
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path):
        """The window as a PNG file."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))
