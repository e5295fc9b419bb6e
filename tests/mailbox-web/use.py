# SPDX-License-Identifier: BSD-2-Clause
"""Who uses the pages, and with what: by keyboard alone, with a screen reader, on a narrow screen,
in the dark, in German, with JavaScript or WebAssembly switched off, slowly, and with breaks."""

import json
import os
import subprocess

from browser import ENTER, Failed, until
from flows import KLEIN, MARIA, REFUSED, plain, rich
from modules import check, quiet
from visitor import CHOOSE, CODE, LOGIN, PASSWORD, PIN

AXE = "axe-core@4.14.1"
HTML = ("<h1>Ihre Befunde</h1><p>Sehr geehrte Frau Österreicher,</p><p>Ihre Werte sind <b>unauffällig</b>. "
        "Bitte kommen Sie in zwei Wochen zur Kontrolle.</p><p><img src='cid:stamp@praxis' alt='Stempel' width=60></p>"
        "<img src='https://tracker.example/x.gif' alt=''><p>Mit freundlichen Grüßen<br>Dr. Maria Berg</p>")


def by_keyboard(ground):
    """the keyboard alone leads from the link to a sent reply; the focus goes to what is new"""
    world, visitor = ground.world(), ground.visitor()
    browser = visitor.browser
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open(f"/#v1.{link.code}", PIN)
    focus = "return document.activeElement.localName"
    check("focus", browser.run(focus), "h1")
    visitor.tab_to(PIN)
    browser.press(link.pin + ENTER)
    visitor.see(CHOOSE)
    check("focus", browser.run(focus), "h1")
    visitor.tab_to("#password")
    browser.press("zu kurz" + ENTER)
    visitor.see("#password-error", "these are 7")
    check("focus", browser.run("return document.activeElement.id"), "password")
    browser.run("document.activeElement.select()")
    browser.press(PASSWORD)
    visitor.tab_to("#repeated")
    browser.press(PASSWORD)
    visitor.tab_to("#agreed")
    browser.press(" ")
    visitor.tab_to("button[type=submit]")
    browser.press(ENTER)
    visitor.letter()
    check("focus", browser.run(focus), "h1")
    visitor.tab_to("a.primary")
    browser.press(ENTER)
    visitor.see("textarea")
    check("focus", browser.run(focus), "textarea")
    browser.press("Ja.")
    visitor.tab_to("#files")  # can be reached, though only its label is drawn
    visitor.tab_to("button[type=submit]")
    outline = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    check("the focus is to be seen", outline, "solid")
    browser.press(ENTER)
    visitor.see(".done")
    check("focus", browser.run(focus), "h1")
    visitor.tab_to("nav button")
    browser.press(ENTER)
    visitor.see("h1", "logged out")
    quiet(browser, REFUSED)


def password_rules(ground):
    """passwords that are short, simple, different, unconfirmed: each is told beside its field"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Termin", "um 9?"))
    visitor.open(f"/#v1.{link.code}", PIN)
    visitor.enter_pin("12")
    visitor.see("#pin-error", "4 to 16 digits")
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    # Eleven characters, though twelve code points before normalisation: e and an accent are one.
    for password, again, field, words in (
            ("kurz", "kurz", "password", "at least 12"), ("abcdefghijé", "abcdefghijé", "password", "these are 11"),
            ("1212121212121212", "1212121212121212", "password", "easy to guess"),
            (anna, anna, "password", "easy to guess"), (PASSWORD, PASSWORD + "!", "repeated", "not the same"),
            (PASSWORD, PASSWORD, "agreed", "confirm")):
        # As it is typed elsewhere: not every keyboard composes alike.
        visitor.browser.run("const f = document.querySelector('form').elements;"
                            "f.password.value = arguments[0]; f.repeated.value = arguments[1]", password, again)
        visitor.browser.click("button[type=submit]")
        visitor.see(f"#{field}-error", words)
    visitor.browser.click("#show-password")
    check("shown", visitor.browser.run("return document.querySelector('#repeated').type"), "text")
    visitor.browser.click("#agreed")
    visitor.browser.click("button[type=submit]")
    visitor.letter()
    visitor.log_out()
    # The same password, composed in another way.
    visitor.open("/", LOGIN)
    visitor.fill("#username", anna.upper().replace("EXAMPLE.NET", "example.net"))
    visitor.browser.run("document.querySelector('#password').value = arguments[0].normalize('NFD')", PASSWORD)
    visitor.browser.click("button[type=submit]")
    visitor.see("h1", "Inbox")
    quiet(visitor.browser, REFUSED)


def languages(ground):
    """the browser's language is spoken; changing it keeps what was typed, and the place"""
    world, visitor = ground.world(), ground.visitor("de")
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open(f"/#v1.{link.code}", PIN)
    visitor.see("h1", "Ein geschützter Brief für Sie")
    check("lang", visitor.browser.run("return document.documentElement.lang"), "de")
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    visitor.fill("#password", PASSWORD)
    visitor.browser.click("#agreed")
    visitor.browser.click("#foot button[lang=en]")
    visitor.see("h1", "Choose your password")
    check("typed", visitor.browser.run("return [document.querySelector('#password').value,"
                                       "document.querySelector('#agreed').checked]"), [PASSWORD, True])
    visitor.fill("#repeated", PASSWORD)
    visitor.browser.click("button[type=submit]")
    check("text", visitor.letter_text(), "um 9?")
    visitor.browser.click("#foot button[lang=de]")
    visitor.see(".actions a", "Antworten")
    check("text", visitor.letter_text(), "um 9?")
    quiet(visitor.browser)


def without_javascript(ground):
    """without JavaScript a page in both languages says what to do"""
    world = ground.world()
    visitor = ground.visitor(arguments=["--blink-settings=scriptEnabled=false"])
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.browser.open(f"{visitor.url}/#v1.{link.code}")
    words = visitor.browser.call("GET", f"/element/{visitor.browser.find('main')}/text")
    for part in "Please allow JavaScript", "Bitte erlauben Sie JavaScript":
        if part not in words:
            raise Failed(f"{part!r} is not in {words!r}")
    visitor.browser.screenshot(f"{ground.shots}/no-javascript.png")


def without_wasm(ground):
    """without WebAssembly it is told at once, before a PIN or a password is asked for"""
    world = ground.world()
    visitor = ground.visitor("de", arguments=["--js-flags=--jitless"])
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open(f"/#v1.{link.code}", "h1")
    visitor.see("h1", "Dieser Browser kann das Postfach nicht öffnen")
    visitor.picture(f"{ground.shots}/no-wasm.png")
    quiet(visitor.browser)


IDLE = "mailbox_session_idle = 60"  # the least that can be set

# The pages' clock and timers go faster, from the next load on: a minute lasts a moment.
FAST = """
const real = setTimeout, begun = Date.now(), now = Date.now.bind(Date);
window.setTimeout = (f, ms, ...more) => real(f, ms > 5000 ? ms / %d : ms, ...more);
"""


def idle(ground):
    """an idle session warns before it ends; what was being written is there after the next login"""
    world, visitor = ground.world(IDLE), ground.visitor(settings=IDLE)
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    visitor.cdp("Page.addScriptToEvaluateOnNewDocument", source=FAST % 20)
    visitor.browser.call("POST", "/refresh", {})
    visitor.letter()
    visitor.see("dialog[open]", "Are you still there?")
    check("focus", visitor.browser.run("return document.activeElement.textContent"), "Stay logged in")
    visitor.browser.press(ENTER)
    until("no dialog", lambda: not visitor.browser.run("return !!document.querySelector('dialog[open].idle')"))
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Das war schon geschrieben.")
    visitor.see(".note", "Nothing happened for a while")
    check("key", visitor.browser.run("return sessionStorage.length"), 0)
    check("address", visitor.browser.run("return document.querySelector('#username').value").split(".")[0], "anna")
    visitor.log_in(None)
    visitor.see("textarea")
    check("text", visitor.browser.run("return document.querySelector('textarea').value"),
          "Das war schon geschrieben.")
    quiet(visitor.browser, REFUSED)


def ended_elsewhere(ground):
    """a session that the daemon has ended: the next step asks for the password and goes on there"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Begonnen")
    world.stop()
    visitor.see("#saved", "could not be saved")
    world.start()
    visitor.browser.press(" und weiter")
    visitor.see(LOGIN)
    visitor.log_in(None)
    visitor.see("textarea")
    check("text", visitor.browser.run("return document.querySelector('textarea').value"), "Begonnen und weiter")
    # What lies in the browser of an ended session opens nothing.
    quiet(visitor.browser, REFUSED, "status of 502")


def drafts(ground):
    """a draft is offered in the inbox, goes on where it was, and can be thrown away; it is sealed"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Geheimer Entwurf")
    visitor.until_saved()
    sent = visitor.browser.run(
        "return fetch('/api/v1/drafts', { headers: { Authorization: 'Bearer ' + JSON.parse("
        "sessionStorage.getItem('postseal.session')).session } }).then((a) => a.text())")
    if "Entwurf" in sent or not json.loads(sent)["drafts"]:
        raise Failed(f"the draft as it is kept: {sent}")
    visitor.go("/inbox", ".note.draft")
    visitor.browser.click(".note.draft a")
    visitor.see("textarea")
    check("text", visitor.browser.run("return document.querySelector('textarea').value"), "Geheimer Entwurf")
    visitor.go("/inbox", ".note.draft")
    visitor.browser.click(".note.draft button")
    until("no draft", lambda: not visitor.browser.run("return !!document.querySelector('.note.draft')"))
    visitor.browser.call("POST", "/refresh", {})
    visitor.see(".letters")
    check("drafts", visitor.browser.run("return document.querySelectorAll('.note.draft').length"), 0)
    quiet(visitor.browser)


def deletes(ground):
    """a letter that is deleted, after a question, is gone; its address says so"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Termin", "um 9?"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    place = visitor.browser.run("return location.hash")
    visitor.browser.click(".actions > button:last-of-type")
    visitor.see("dialog[open]", "for ever")
    visitor.browser.click("dialog[open] .danger")
    visitor.see(".empty", "no letters")
    visitor.go(place.removeprefix("#"), "h1")
    visitor.see("h1", "not here any more")
    quiet(visitor.browser, REFUSED)


# ---------- Each view, looked at by axe and by eye

def axe_source(ground):
    """As its authors published it."""
    folder = os.path.join(ground.build, "mailbox-web", "axe")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "package", "axe.min.js")
    if not os.path.exists(path):
        raise Failed(f"{AXE} is not in {folder}: it is fetched before the namespaces are made")
    with open(path, encoding="utf-8") as file:
        return file.read()


def fetch_axe(build):
    """From the npm registry, if it is not there yet."""
    folder = os.path.join(build, "mailbox-web", "axe")
    if os.path.exists(f"{folder}/package/axe.min.js"):
        return
    os.makedirs(folder, exist_ok=True)
    packed = subprocess.run(["npm", "pack", "--silent", "--pack-destination", folder, AXE], check=True,
                            capture_output=True, text=True).stdout.strip()
    subprocess.run(["tar", "-xzf", f"{folder}/{packed.splitlines()[-1]}", "-C", folder], check=True)


def look(ground, visitor, name, axe):
    """A picture, what axe says, and whether anything is cut off at the side."""
    visitor.picture(f"{ground.shots}/{name}.png")
    visitor.browser.run(axe)
    found = visitor.browser.run(
        "return axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',"
        "'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.map("
        "({ id, nodes }) => `${id}: ${nodes.map((n) => n.html + ' ' + n.failureSummary).join(' | ').slice(0, 400)}`))")
    check(f"axe of {name}", found, [])
    wide = visitor.browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    if wide[0] > wide[1]:
        raise Failed(f"{name} is {wide[0]} wide in a window of {wide[1]}")
    small = visitor.browser.run(
        "return [...document.querySelectorAll('button, a.primary, a.secondary, input, textarea, nav a')].filter((e) =>"
        "e.checkVisibility() && !e.matches('.unseen')).map((e) => [e.outerHTML.slice(0, 80),"
        "e.getBoundingClientRect().height]).filter(([, height]) => height > 0 && height < 24)")
    check(f"too small to hit in {name}", [html for html, _ in small if "checkbox" not in html], [])


def fits(visitor):
    """Until the letter's frame is as high as the letter, and no higher."""
    def room():
        visitor.browser.call("POST", "/frame", {"id": 0})
        left = visitor.browser.run("return innerHeight - document.body.getBoundingClientRect().bottom")
        visitor.browser.call("POST", "/frame", {"id": None})
        return left
    try:
        until("the frame fits", lambda: 0 <= room() < 8)
    except Failed as failure:
        raise Failed(f"{failure}; there are {room()} pixels below the letter") from None


def views(ground, language, dark, width):
    """Everything that a recipient sees."""
    world = ground.world()
    axe = axe_source(ground)
    visitor = ground.visitor(language, dark=dark, width=max(width, 500), height=900)
    visitor.cdp("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    visitor.cdp("Emulation.setEmulatedMedia", features=[
        {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
        {"name": "prefers-reduced-motion", "value": "reduce"}])
    tag = f"{language}-{'dark' if dark else 'light'}-{width}"

    def seen(name):
        look(ground, visitor, f"{tag}-{name}", axe)
    anna = world.someone("anna.maria.oesterreicher")
    mail = rich(MARIA, "Ihre Befunde vom 3. Mai", HTML, ("Befund 2026.pdf", b"x" * 300000))
    link = world.send(MARIA, anna, mail)
    visitor.open("/", LOGIN)
    seen("01-login")
    visitor.browser.run("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    seen("02-login-help")
    visitor.open("/#/code", CODE)
    seen("03-code")
    visitor.open(f"/#v1.{link.code[:-1]}", CODE)
    seen("04-damaged")
    visitor.open("/#v1." + "0" * 28, "h1")
    visitor.see(".actions a")
    seen("05-gone")
    visitor.open(f"/#v1.{link.code}", PIN)
    seen("06-pin")
    visitor.enter_pin("1234 5678")
    visitor.see("#pin-error")
    seen("07-pin-wrong")
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    seen("08-password")
    visitor.fill("#password", PASSWORD)
    visitor.fill("#repeated", PASSWORD + ENTER)
    visitor.see("#agreed-error")
    seen("09-password-confirm")
    visitor.browser.click("#agreed")
    visitor.browser.click("button[type=submit]")
    visitor.letter()
    fits(visitor)
    seen("10-letter")
    # A picture of all of a page has its window change its size, and change it back.
    fits(visitor)
    world.send(MARIA, anna, plain(MARIA, "Termin am Montag", "Guten Tag,\r\n\r\nder Termin ist um 9 Uhr.\r\n"
                                  "Wegbeschreibung: https://praxis.example/weg\r\n\r\nMaria Berg"))
    world.send(KLEIN, anna, plain(KLEIN, "Vertrag", "geheim"))
    visitor.go("/inbox", ".letters .closed")
    seen("11-inbox")
    visitor.open_letter("Termin am Montag")
    seen("12-text-letter")
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Vielen Dank, ich komme am Montag.\n\nAnna Österreicher")
    path = os.path.join(ground.folder("files"), "Ausweis.pdf")
    with open(path, "wb") as file:
        file.write(bytes(1200000))
    visitor.choose_file(path)
    visitor.until_saved()
    seen("13-reply")
    visitor.go("/inbox", ".note.draft")
    seen("14-inbox-draft")
    visitor.browser.click(".note.draft a")
    visitor.see("textarea")
    visitor.browser.click("button[type=submit]")
    visitor.see(".done")
    seen("15-sent")
    visitor.go("/sent", ".letters")
    seen("16-sent-list")
    visitor.go("/inbox", ".letters .closed")
    visitor.browser.run("document.querySelector('.letters .closed').closest('a').click()")
    visitor.see(PIN)
    seen("17-withheld")
    visitor.go("/letter/" + "A" * 22, "h1")
    visitor.see("h1", "")
    until("the letter is not there", lambda: visitor.browser.run("return !document.querySelector('#pin')"))
    seen("18-letter-gone")
    visitor.log_out()
    seen("19-left")
    quiet(visitor.browser, REFUSED)


def light_german(ground):
    """each view in German, light, wide: names and contrast by axe, nothing cut off"""
    views(ground, "de", False, 1000)


def dark_english(ground):
    """each view in English, dark, wide: the same"""
    views(ground, "en", True, 1000)


def narrow_german(ground):
    """each view in German, light, 320 pixels wide: the same"""
    views(ground, "de", False, 320)


def narrow_english(ground):
    """each view in English, dark, 320 pixels wide: the same"""
    views(ground, "en", True, 320)


CASES = [by_keyboard, password_rules, languages, without_javascript, without_wasm, drafts, deletes, idle,
         ended_elsewhere, light_german, dark_english, narrow_german, narrow_english]
