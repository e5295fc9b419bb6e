# SPDX-License-Identifier: BSD-2-Clause
"""Somebody at the pages: what they see, click and type."""

import base64
import itertools
import os

from browser import ENTER, TAB, Failed, until

PASSWORD = "vier Wörter ohne Sinn"

# Selectors of what each view alone has.
LOGIN, CODE, PIN, CHOOSE = "#password[autocomplete=current-password]", "#code", "#pin", "#repeated"


class Visitor:
    """One browser at one world; `language` is the browser's."""
    networks = itertools.count(1)

    def __init__(self, browser, url, language="en"):
        self.browser, self.url = browser, url
        self.cdp("Emulation.setLocaleOverride", locale={"en": "en-GB", "de": "de-DE"}[language])
        agent = browser.run("return navigator.userAgent")
        self.cdp("Network.setUserAgentOverride", userAgent=agent,
                 acceptLanguage={"en": "en-GB,en", "de": "de-DE,de"}[language])
        self.cdp("Network.enable")
        self.move()

    def move(self):
        """From now on, comes from a network that nobody came from before."""
        number = next(self.networks)
        self.cdp("Network.setExtraHTTPHeaders",
                 headers={"X-Test-Client": f"10.{number >> 8}.{number & 255}.1"})

    def cdp(self, command, **words):
        """A command of the DevTools protocol."""
        return self.browser.call("POST", "/goog/cdp/execute", {"cmd": command, "params": words})

    def open(self, place, selector):
        """Goes to a place of the site, as from a mail, and waits for what stands there."""
        self.browser.open("about:blank")  # a change of the fragment alone would load nothing
        self.browser.open(self.url + place)
        self.see(selector)

    def go(self, place, selector):
        """Within the pages."""
        self.browser.run("location.hash = arguments[0]", place)
        self.see(selector)

    def see(self, selector, text=""):
        """Until an element is to be seen, with this text in it."""
        def there():
            return self.browser.run(
                "const e = [...document.querySelectorAll(arguments[0])].find((e) =>"
                "e.checkVisibility() && e.innerText.includes(arguments[1]));"
                "return !!e && !document.querySelector('form[aria-busy]')", selector, text)
        try:
            until(f"{selector} {text!r}", there)
        except Failed as failure:
            raise Failed(f"{failure}; there is: {self.text()[:500]!r}") from None

    def text(self):
        """All that is to be read."""
        return self.browser.run("return document.body.innerText")

    def fill(self, selector, keys):
        """Empties a field and types."""
        self.browser.run("document.querySelector(arguments[0]).value = ''", selector)
        self.browser.click(selector)
        self.browser.press(keys)

    def enter_pin(self, pin):
        """The PIN, and Enter."""
        self.fill(PIN, pin + ENTER)

    def choose_password(self, password=PASSWORD):
        """At the first opening."""
        self.fill("#password", password)
        self.fill("#repeated", password)
        self.browser.click("#agreed")
        self.browser.click("button[type=submit]")

    def log_in(self, address, password=PASSWORD):
        """Where the login form is."""
        if address:
            self.fill("#username", address)
        self.fill("#password", password + ENTER)

    def log_out(self):
        """By the button."""
        self.browser.click("nav button")
        self.see("h1", "")
        until("logged out", lambda: not self.browser.run("return !!document.querySelector('nav')"))

    def open_mailbox(self, code, pin):
        """The whole first way; ends where the pages lead."""
        self.open(f"/#v1.{code}", PIN)
        self.enter_pin(pin)
        self.see(CHOOSE)
        self.choose_password()
        self.see("nav")

    def letters(self):
        """[(from whom, subject)...] of the list."""
        self.see("main .letters, main .empty")
        return [tuple(pair) for pair in self.browser.run(
            "return [...document.querySelectorAll('.letters li')].map((li) =>"
            "[li.querySelector('.other bdi').textContent, li.querySelector('.subject').textContent])")]

    def open_letter(self, subject):
        """From the list."""
        self.see(".letters .subject", subject)
        self.browser.run("[...document.querySelectorAll('.letters a')].find((a) =>"
                         "a.querySelector('.subject').textContent === arguments[0]).click()", subject)
        self.letter()

    def letter(self):
        """Until a letter stands there whole."""
        self.see(".letter.text, .letter.nothing, iframe[data-shown=yes]")

    def letter_text(self):
        """The text of the letter that is open, from its frame if it has one."""
        self.letter()
        if self.browser.run("return !document.querySelector('iframe')"):
            return self.browser.run("return document.querySelector('.letter.text')?.innerText ?? ''")
        self.browser.call("POST", "/frame", {"id": 0})
        text = self.browser.run("return document.body.innerText")
        self.browser.call("POST", "/frame", {"id": None})
        return text

    def choose_file(self, path):
        """Attaches a file, and waits until it has arrived."""
        count = self.browser.run("return document.querySelectorAll('.files li').length")
        self.browser.call("POST", f"/element/{self.browser.find('#files')}/value", {"text": path})
        try:
            until("the file has arrived", lambda: self.browser.run(
                "const files = document.querySelectorAll('.files li');"
                "return files.length > arguments[0] &&"
                "[...files].every((li) => li.dataset.complete === 'yes')", count))
        except Failed as failure:
            raise Failed(f"{failure}; there is: {self.text()[:800]!r}") from None

    def save(self, selector, directory, name):
        """Clicks what saves a file; returns its octets."""
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=directory)
        self.browser.click(selector)
        path = os.path.join(directory, name)
        try:
            until(f"{name} is saved", lambda: os.path.exists(path))
        except Failed as failure:
            raise Failed(f"{failure}; there are: {os.listdir(directory)}") from None
        with open(path, "rb") as file:
            return file.read()

    def until_saved(self):
        """Until the draft is with the daemon."""
        until("the draft is kept", lambda: any(
            digit.isdigit() for digit in self.browser.run(
                "return document.querySelector('#saved').textContent")))

    def picture(self, path):
        """The whole page, also what is below the window."""
        shot = self.cdp("Page.captureScreenshot", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))

    def tab_to(self, selector, most=60):
        """By the Tab key alone."""
        for _ in range(most):
            if self.browser.run("return !!document.activeElement?.matches(arguments[0])", selector):
                return
            self.browser.press(TAB)
        raise Failed(f"the keyboard does not lead to {selector}")
