# SPDX-License-Identifier: BSD-2-Clause
"""The same in a headless Firefox, which is driven by its own Marionette protocol
(https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html)."""

import base64
import json
import os
import socket
import subprocess

from browser import PATIENCE, Browser, Failed, until
from daemon import free_port
from flows import MARIA, rich
from hostile import fragments
from modules import check
from visitor import CHOOSE, PASSWORD, PIN, Visitor

PREFERENCES = {
    "network.trr.mode": 5, "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False, "toolkit.telemetry.enabled": False,
    "app.normandy.enabled": False, "browser.aboutwelcome.enabled": False,
    "intl.accept_languages": "en-GB,en",
}

# What Browser asks for by WebDriver's paths, as Marionette's commands.
COMMANDS = {
    "/url": "Navigate", "/refresh": "Refresh", "/execute/sync": "ExecuteScript", "/element": "FindElement",
    "/actions": "PerformActions", "/frame": "SwitchToFrame",
}


class Firefox(Browser):
    """One window, until closed."""

    def __init__(self, directory):  # pylint: disable=super-init-not-called
        self.port, self.session, self.number, self.stream = free_port(), None, 0, None
        profile = f"{directory}/profile"
        os.mkdir(profile)
        with open(f"{profile}/user.js", "w", encoding="ascii") as file:
            for name, value in {**PREFERENCES, "marionette.port": self.port}.items():
                file.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        # pylint: disable=consider-using-with
        self.driver = subprocess.Popen(
            ["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": directory})
        self.socket = until("Firefox listens", self._connect)
        self.socket.settimeout(10 * PATIENCE)  # it starts slowly where others want the processor, too
        self.stream = self.socket.makefile("rb")
        self._read()
        self.session = self._ask("NewSession", {"acceptInsecureCerts": True})

    def _connect(self):
        if self.driver.poll() is not None:
            raise Failed("firefox-esr does not start")
        try:
            return socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            return None

    def _read(self):
        """One message: its length, a colon, and JSON."""
        length = b""
        while (octet := self.stream.read(1)) != b":":
            if not octet:
                raise Failed("Firefox has gone")
            length += octet
        return json.loads(self.stream.read(int(length)))

    def _ask(self, command, words):
        self.number += 1
        message = json.dumps([0, self.number, f"WebDriver:{command}", words]).encode()
        self.socket.sendall(str(len(message)).encode() + b":" + message)
        _, number, error, result = self._read()
        if error or number != self.number:
            raise Failed(f"{command}: {error}")
        return result

    def call(self, method, path, body=None):
        """As WebDriver has it."""
        part = path.split("/")
        if path.startswith("/element/"):
            command = {"click": "ElementClick", "value": "ElementSendKeys"}[part[3]]
            result = self._ask(command, {"id": part[2], **(body or {})})
        else:
            result = self._ask(COMMANDS[path], body or {})
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def complaints(self):
        """It does not tell what its console says."""
        return []

    def screenshot(self, path):
        """The whole page."""
        with open(path, "wb") as file:
            file.write(base64.b64decode(self._ask("TakeScreenshot", {"full": True})["value"]))

    def close(self):
        """Ends it, whatever state it is in."""
        self.driver.terminate()
        self.driver.wait()


class Stranger(Visitor):
    """Somebody with Firefox, all of them from this machine's network."""

    def __init__(self, ground):  # pylint: disable=super-init-not-called
        ground.close_browsers()
        self.browser = ground.browser = Firefox(ground.folder("firefox"))
        self.url = ground.world().url

    def move(self):
        """It cannot."""


def whole_way(ground):
    """Firefox: link, PIN, password, letter, a reply that outlives a reload, Sent, log in again"""
    visitor, world = Stranger(ground), ground.world()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, rich(MARIA, "Ihre Befunde: Größe", "<p>Sehr geehrte Frau Österreicher</p>"
                                        "<img src='cid:stamp@praxis' alt='Stempel'>"))
    visitor.open(f"/#v1.{link.code}", PIN)
    visitor.browser.screenshot(f"{ground.shots}/firefox-1-pin.png")
    visitor.enter_pin("1234 5678")
    visitor.see("#pin-error", "9 tries left")
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    visitor.choose_password()
    if "Österreicher" not in visitor.letter_text():
        raise Failed(f"the letter reads {visitor.letter_text()!r}")
    visitor.browser.screenshot(f"{ground.shots}/firefox-2-letter.png")
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Ja, sehr gern.")
    visitor.until_saved()
    visitor.browser.call("POST", "/refresh", {})
    visitor.see("textarea")
    check("draft", visitor.browser.run("return document.querySelector('textarea').value"), "Ja, sehr gern.")
    visitor.browser.click("button[type=submit]")
    visitor.see(".done")
    mail = world.mail_to(MARIA[1], lambda one: "sehr gern" in one.whole)
    check("text", mail.text.strip(), "Ja, sehr gern.")
    visitor.browser.click(".secondary")
    check("Sent", visitor.letters(), [(f"To {MARIA[0]}", "Re: Ihre Befunde: Größe")])
    visitor.log_out()
    visitor.open("/", "#username")
    visitor.log_in(anna, PASSWORD)
    visitor.see("h1", "Inbox")


def hostile_letter(ground):
    """Firefox: all hostile fragments in one letter: no request, no connect, no look-up, nothing runs"""
    visitor, world = Stranger(ground), ground.world()
    body = "".join(f"<div>{markup}</div>" for name, _, markup in fragments() if name != "plaintext")
    link = world.send(MARIA, world.someone("anna"), rich(MARIA, "x", body))
    visitor.open(f"/#v1.{link.code}", PIN)
    ground.watch.forget()
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    visitor.choose_password()
    visitor.letter()
    check("asked for", ground.watch.leaks(), ([], []))
    # The control: that it can be seen.
    # A load of this page's own window would be waited for, and this one never ends.
    visitor.browser.run("setTimeout(() => { location.href = 'http://after-firefox.leak.test/' })")
    if not ground.watch.wait_for("after-firefox.leak.test", 60):
        raise Failed("after-firefox.leak.test was never asked for: this test sees nothing")
    check("asked for", ground.watch.leaks()[0], ["after-firefox.leak.test"])


CASES = [whole_way, hostile_letter]
