# SPDX-License-Identifier: BSD-2-Clause
"""Hostile mail: nothing of it may ask the network, run, or leave its frame."""

import glob
import os
import re

from browser import Failed, until
from modules import call, check, module_page, quiet

HERE = os.path.dirname(os.path.realpath(__file__))
SOON = 5  # seconds that a browser may take to ask for what it is certain to ask for


def fragments():
    """(name, whether it leaks where nothing stops it, markup)"""
    with open(f"{HERE}/hostile/leaks.txt", encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            name, leaks, markup = line.rstrip("\n").split(" ", 2)
            yield name, leaks == "yes", markup.replace("{}", f"{name}.leak.test").replace("~", "\r\n")


def html_mail(markup):
    """A mail whose text is this markup."""
    return ("From: Mallory <mallory@evil.example>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/html; charset=utf-8\r\n\r\n" + markup + "\r\n")


def tell_after(ground, what, browser):
    """Until a page that is certainly asked for was asked for: all before it had its time."""
    browser.beside(f"http://{what}.leak.test/")
    if not ground.watch.wait_for(f"{what}.leak.test", 60):
        raise Failed(f"{what}.leak.test was never asked for: this test sees nothing")
    browser.alone()


def control(ground):
    """the control: without protection, the hostile letters do tell the network"""
    browser = ground.fresh("control", arguments=["--disable-features=DnsOverHttpsUpgrade"])
    missed = []
    for name, leaks, markup in fragments():
        ground.watch.forget()
        ground.pages.add(f"control/{name}", f"<!DOCTYPE html>{markup}")
        browser.open(f"{ground.pages.url}/control/{name}")
        if leaks and not ground.watch.wait_for(f"{name}.leak.test", SOON):
            missed.append(name)
    check("fragments that should have leaked", missed, [])


def hover_links(browser):
    """The mouse over each link of the letter."""
    browser.call("POST", "/frame", {"id": 0})
    links = browser.call("POST", "/elements", {"using": "css selector", "value": "a[href]"})
    for link in links:
        move = {"type": "pointerMove", "duration": 0, "origin": link, "x": 0, "y": 0}
        browser.call("POST", "/actions", {"actions": [
            {"type": "pointer", "id": "mouse", "actions": [move]}]})
    browser.call("POST", "/frame", {"id": None})


def no_leak(ground):
    """hostile letters: no request, no TCP connect, no DNS question leaves; hovered links neither"""
    browser = module_page(ground)
    ground.watch.forget()
    for name, _, markup in fragments():
        call(browser, "/test/letters.js", "showMail", html_mail(markup))
        if "<a " in markup:
            hover_links(browser)
    quiet(browser, "Content Security Policy", "sandboxed")
    names, connects = ground.watch.leaks()
    check("names that were asked for", names, [])
    check("connections", connects, [])
    tell_after(ground, "after-letters", browser)
    names, connects = ground.watch.leaks()
    check("names that were asked for", names, ["after-letters.leak.test"])
    for port, line in connects:
        if line and "GET / " not in line and "favicon" not in line:
            raise Failed(f"port {port}: {line}")


ELEMENTS = set("script iframe frame object embed form input button select textarea link meta base svg math "
               "video audio source track picture portal template noscript image".split())
LINK = re.compile(r"(https?|mailto|tel):|#", re.I)

# Elements as [name, [[attribute, value]...]]. Asked in the letter's frame: the pages themselves
# must not read markup (trusted types).
ELEMENTS_OF = """
const read = (root) => [...root.querySelectorAll("*")].flatMap((element) => [
  [element.localName, [...element.attributes].map(({ name, value }) => [name, value])],
  ...element.content ? read(element.content) : []]);
return read(new DOMParser().parseFromString(arguments[0], "text/html"));
"""


def harmless(browser, name, html):
    """Nothing in it runs, loads, or asks for anything, as a browser reads it."""
    browser.call("POST", "/frame", {"id": 0})
    elements = browser.run(ELEMENTS_OF, html)
    browser.call("POST", "/frame", {"id": None})
    for element, attributes in elements:
        if element in ELEMENTS or "-" in element:
            raise Failed(f"{name}: <{element}> is left in {html}")
        for attribute, value in attributes:
            if attribute.startswith("on") or attribute in ("srcset", "background", "poster", "ping", "action") \
                    or attribute == "src" and not value.startswith("data:image/") \
                    or attribute == "href" and not LINK.match(value):
                raise Failed(f"{name}: {attribute}={value!r} of <{element}> is left in {html}")


def cleaned(ground):
    """what is cleaned has no script, no form, no frame, no foreign markup, no address to load"""
    browser = module_page(ground)
    for name, _, markup in fragments():
        harmless(browser, name, call(browser, "/test/letters.js", "showMail", html_mail(markup))["html"])
    quiet(browser, "Content Security Policy", "sandboxed")


HEIGHT = "return document.querySelector('iframe').getBoundingClientRect().height"


def height(ground):
    """the letter's frame is as high as its letter, also where it was fed while nobody saw it"""
    browser = module_page(ground)
    tall = html_mail("<div style='height: 2000px'>tall</div>")
    call(browser, "/test/letters.js", "showMail", tall)
    until("the frame is as high as its letter", lambda: 2000 <= browser.run(HEIGHT) < 2100)
    browser.beside("about:blank")
    until("the page is hidden", lambda: browser.run("return document.visibilityState") == "hidden")
    call(browser, "/test/letters.js", "showMail", tall)
    browser.alone()
    until("the frame is as high as its letter, once it is seen", lambda: 2000 <= browser.run(HEIGHT) < 2100)
    quiet(browser, "Content Security Policy", "sandboxed")


def frame(ground):
    """the letter's frame has no origin, runs only its own script, is fed once, and cannot get out"""
    browser = module_page(ground)
    call(browser, "/test/letters.js", "showMail", html_mail(
        "<p id=here>Grüße</p><a href='https://praxis.example/'>out</a><a href='javascript:1'>js</a>"
        "<a href='#here'>within</a><div style='height: 200vh'>tall</div>"))
    # It grows with what is in it, and not for ever.
    until("the frame has grown as far as it may", lambda: browser.run(HEIGHT) == 30000)
    # From outside, nothing of it can be reached; a second letter is not taken.
    check("markup in the pages", browser.run(
        "try { document.body.innerHTML = '<p>'; return true } catch { return false }"), False)
    check("reachable", browser.run(
        "try { return !!document.querySelector('iframe').contentDocument } catch { return false }"), False)
    browser.run("const { port1, port2 } = new MessageChannel(); window.heard = [];"
                "port1.onmessage = ({ data }) => heard.push(data);"
                "document.querySelector('iframe').contentWindow.postMessage("
                "{ html: '<p>second</p>', language: 'en' }, '*', [port2])")
    browser.call("POST", "/frame", {"id": 0})
    check("origin", browser.run("return self.origin"), "null")
    text = browser.run("return document.body.innerText")
    if "Grüße" not in text or "second" in text:
        raise Failed(f"the letter reads {text!r}")
    check("links", browser.run(
        "return [...document.links].map((a) => [a.getAttribute('href'), a.target, a.rel])"),
        [["https://praxis.example/", "_blank", "noopener noreferrer nofollow"], ["#here", "", ""]])
    for what, script in {
            "storage": "try { return !!localStorage } catch { return false }",
            "parent": "try { return !!parent.document } catch { return false }",
            "top": "try { top.location = 'about:blank'; return true } catch { return false }",
            "scripts": "document.body.append(Object.assign(document.createElement('script'),"
                       "{ textContent: 'window.ran = true' })); return !!window.ran"}.items():
        check(what, browser.run(script), False)
    browser.call("POST", "/frame", {"id": None})
    browser.complaints()


def mails(ground):
    """hostile mails as a whole: names, headers, nesting, broken MIME; text stays text"""
    browser = module_page(ground)
    for path in sorted(glob.glob(f"{HERE}/hostile/*.eml")):
        name = os.path.basename(path)
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read().replace("\n", "\r\n")
        shown = call(browser, "/test/letters.js", "showMail", text)
        for one in shown["attachments"]:
            if re.search(r'[\x00-\x1f/\\:*?"<>|\u202e]|^\.', one["name"]) or not one["name"] \
                    or len(one["name"]) > 130:
                raise Failed(f"{name}: an attachment would be saved as {one['name']!r}")
        harmless(browser, name, shown["html"])
    quiet(browser, "Content Security Policy", "sandboxed")


CASES = [control, no_leak, cleaned, height, frame, mails]
