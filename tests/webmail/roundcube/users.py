#!/usr/bin/python3 -B
# SPDX-License-Identifier: BSD-2-Clause
"""What users of the Roundcube plugin do and see; run inside the world that ./run makes.

usage: users.py PICTURES COUNTS plain|sealed

COUNTS: a line "PASSED FAILED" is appended there. The cases of sealed mail want another world.
"""

import contextlib
import glob
import json
import os
import re
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
# pylint: disable=wrong-import-position
from browser import BACKSPACE, ENTER, ESCAPE, TAB, Browser, Failed, until

WORLD, BUILD, SITE = (os.environ[name] for name in ("WORLD", "BUILD", "SITE"))
CONF, PASSWORD, ME = (os.environ[name] for name in ("SEAL_CONF", "LOGIN_PASSWORD", "ME"))
SHIFT = "\ue008"
ALIAS = "alice@secure.sender.test"


def check(what, got, *wanted):
    """Is what we got one of these?"""
    if got not in wanted:
        raise Failed(f"{what}: {got!r} instead of {wanted!r}")


class Webmaild:
    """postseal-webmail, which a case may stop."""

    def __init__(self):
        self.process = None
        self.start()

    def start(self):
        """Returns when it answers."""
        # pylint: disable=consider-using-with
        log = open("/var/log/postseal-webmail.log", "ab")
        self.process = subprocess.Popen([f"{BUILD}/postseal-webmail", "-c", CONF, "-u", "postseal"],
                                        stdout=log, stderr=log)
        until("postseal-webmail answers", lambda: as_roundcube("GET", "/v1/aliases")[0] == 200)

    def stop(self):
        """Its exit status is a finding, too."""
        self.process.terminate()
        check("exit status of postseal-webmail", self.process.wait(), 0)

    @contextlib.contextmanager
    def stopped(self):
        """For as long as that takes."""
        self.stop()
        try:
            yield
        finally:
            self.start()


def curl(user, method, target, whose="alice@sender.test", body=None):
    """As a local user, by the lines of postseal-webmail(8): status and answer."""
    words = ["runuser", "-u", user, "--", "curl", "-sS", "--unix-socket", "/run/postseal/webmail.sock",
             "-w", "\n%{http_code}", "-H", f"X-Postseal-User: {whose}", "-X", method]
    words += ["-d", json.dumps(body)] if body is not None else []
    told = subprocess.run([*words, f"http://localhost{target}"], capture_output=True, text=True, check=False)
    text, _, status = told.stdout.rpartition("\n")
    return int(status or 0), json.loads(text) if text.startswith("{") else {}


def as_roundcube(*words, **more):
    """What the plugin's user is told."""
    return curl("roundcube", *words, **more)


def postseal(*words):
    """The command line's output."""
    return subprocess.run([f"{BUILD}/postseal", *words, "-c", CONF], capture_output=True, text=True,
                          check=False).stdout


def database(statement):
    """A change behind Roundcube's back."""
    subprocess.run(["php", "-r", "$d = new PDO('sqlite:' . $argv[1]); $d->setAttribute(PDO::ATTR_ERRMODE, "
                    "PDO::ERRMODE_EXCEPTION); $d->exec($argv[2]);", f"{WORLD}/php/roundcube.db", statement], check=True)


# A folder's list is there, whole.
LISTED = """return document.readyState === 'complete' && window.rcmail?.env.task === 'mail' && !!rcmail.message_list
    && !rcmail.busy && jQuery.active === 0"""


class Webmail:
    """Roundcube in a browser, as one user."""

    def __init__(self, browser):
        self.browser = browser

    def run(self, script, *arguments):
        """In the page."""
        return self.browser.run(script, *arguments)

    def picture(self, path):
        """Once all that moves has come to rest."""
        self.run("return Promise.allSettled(document.getAnimations().map((a) => a.finished)).then(() => 0)")
        self.browser.screenshot(path)

    def until(self, what, script, *arguments):
        """What the page says as soon as that is true."""
        return until(what, lambda: self.run(script, *arguments))

    def go(self, query):
        """A page of Roundcube, ready."""
        self.browser.open(f"http://{SITE}/?{query}")
        self.until(f"{query} is there", "return document.readyState === 'complete' && !!window.rcmail")

    def listed(self, folder, subject):
        """The UID of the mail with this subject, once it is in this folder."""
        def found():
            self.go(f"_task=mail&_mbox={folder}")
            # The list comes after the page.
            self.until(f"list of {folder}", LISTED)
            return self.run("return Object.values(rcmail.message_list.rows)"
                            ".find((row) => row.obj.textContent.includes(arguments[0]))?.uid", subject)
        return until(f"{subject!r} is in {folder}", found)

    def login(self, user):
        """Anew."""
        self.browser.call("DELETE", "/cookie")
        self.go("_task=login")
        self.browser.click("#rcmloginuser")
        self.browser.press(f"{user}@sender.test{TAB}{PASSWORD}{ENTER}")
        self.until(f"{user} is logged in", LISTED)

    def compose(self):
        """A new mail."""
        self.go("_task=mail&_action=compose")
        self.until("compose", "return !!document.querySelector('#compose_to ul.recipient-input input')")

    def type_to(self, text, field="to"):
        """Into a recipients' field, key by key."""
        self.run(f"document.querySelector('#compose_{field} ul.recipient-input input').focus()")
        self.browser.press(text)

    def paste(self, text):
        """Into To."""
        self.run("""
            const data = new DataTransfer(); data.setData("text/plain", arguments[0]);
            data.setData("text", arguments[0]);
            document.querySelector("#compose_to ul.recipient-input input").dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));""", text)

    def pills(self):
        """Address to label, as the eye has them."""
        return dict(self.run("""
            return [...document.querySelectorAll("#compose_to li.recipient")].map((li) =>
                [li.textContent.replace(/,$/, ""), li.dataset.postsealLabel ?? ""]);"""))

    def pill(self, address, label):
        """Once it says so."""
        until(f"{address} is {label}", lambda: self.pills().get(address) == label)

    def write(self, subject, to, body="Hello."):
        """All that a mail needs."""
        self.compose()
        self.type_to(to + ",")
        self.run("document.querySelector('#compose-subject').value = arguments[0];"
                 "document.querySelector('#composebody').value = arguments[1];", subject, body)

    def choose_from(self, address):
        """The sender."""
        self.run("""
            const from = document.querySelector("#_from");
            from.value = [...from.options].find((o) => o.text.includes(arguments[0])).value;
            from.dispatchEvent(new Event("change"));""", address)

    def send(self):
        """By the button; a narrow window has another one."""
        self.run("[...document.querySelectorAll('button.send, a.send')].find((b) => b.offsetParent).click()")

    def message(self, *parts):
        """What Roundcube says at last, once all of this is in it."""
        seen = []

        def said():
            text = self.run("return [...document.querySelectorAll('#messagestack div')].map((e) => e.textContent).join(' ')")
            seen.extend([text] if text and text not in seen else [])
            return text if text and all(re.search(part, text) for part in parts) else None
        try:
            return until(f"message with {parts}", said)
        except Failed as failure:
            raise Failed(f"{failure}; there was {seen}") from None

    def sent(self):
        """It has gone: the window shows the list again."""
        self.until("sent", "return rcmail.env.action !== 'compose' && rcmail.env.task === 'mail'")

    def window(self, width=1000, height=760, dark=False):
        """How large it is, and of which colours."""
        self.browser.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                          mobile=False)
        self.browser.tell("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def details(self, *parts):
        """What the panel says."""
        return until(f"details with {parts}", lambda: next(
            (text for text in [self.run("const p = document.querySelector('.postseal-details:not([hidden])');"
                                        "return p && p.innerText")]
             if text and all(part in text for part in parts)), None))

    def settings(self):
        """The page Encrypted sending."""
        self.go("_task=settings&_action=edit-prefs&_section=postseal&_framed=1")

    def save(self):
        """Saves it, and waits for what is said."""
        self.run("window.postsealBefore = true; rcmail.command('save')")
        self.until("saved", "return !window.postsealBefore && document.readyState === 'complete'")

    def form_token(self):
        """What a page of the user's own would send along."""
        return self.run("return rcmail.env.request_token")


def arrived(subject):
    """The files at the receivers that have this subject."""
    return [name for name in glob.glob(f"{WORLD}/receivers/mail/**", recursive=True) if os.path.isfile(name) and
            f"Subject: {subject}\n" in open(name, encoding="utf-8", errors="replace").read()]


def none_in_console(browser):
    """No error of JavaScript, no broken file."""
    complaints = [c for c in browser.complaints() if "favicon" not in c and "'beforeunload'" not in c]
    check("complaints of the console", complaints, [])


STATES = [
    ("jo@dane.test", "DANE ok", ["proves to be the right one", "Guaranteed", "TLS 1.3", "TLS_AES", "Why"]),
    ("jo@tls.test", "SSL ok", ["Travels encrypted.", "Guaranteed", "TLS 1.3", "mx.tls.test"]),
    ("jo@plain.test", "no SSL", ["in the clear", "mx.plain.test (no SSL)"]),
    ("jo@dead.test", "SSL ?", ["Nothing is known"]),
    ("jo@self.test", "SSL ok", ["Travels encrypted."]),
]


def switch_on(mail, shots):
    """the alias is off, is switched on by keyboard alone, and is an identity then"""
    mail.login("alice")
    print(f"     Roundcube {mail.run('return rcmail.env.rcversion')}", flush=True)
    mail.settings()
    check("levels", mail.run("return [...document.querySelectorAll('.postseal-level input[type=radio]')].map((i) => i.value)"),
          ["off", "encrypt", "authenticated", "verify", "dane-only"])
    check("at first", mail.run("return document.querySelector('.postseal-level input[type=radio]:checked').value"), "off")
    check("nothing is sealed here", mail.run("return document.querySelectorAll('.postseal-otherwise').length"), 0)
    mail.run("document.querySelector('.postseal-level input[type=radio]:checked').focus()")
    mail.browser.press("\ue015")  # down: from off to on
    check("by keyboard", mail.run("return document.activeElement.value"), "encrypt")
    mail.picture(f"{shots}/roundcube-settings.png")
    mail.save()
    check("after that", mail.run("return document.querySelector('.postseal-level input[type=radio]:checked').value"), "encrypt")
    told = as_roundcube("GET", "/v1/aliases")[1]["aliases"][0]
    check("on file", (told["address"], told["enabled"], told["level"], told["author"]),
          (ALIAS, True, "encrypt", "webmail:alice@sender.test"))
    if "webmail:alice@sender.test" not in postseal("export"):
        raise Failed("the journal does not know who it was")
    mail.compose()
    froms = mail.run("return [...document.querySelectorAll('#_from option')].map((o) => o.text)")
    if not any(ALIAS in option for option in froms):
        raise Failed(f"{ALIAS} is no sender: {froms}")
    mail.choose_from(ALIAS)
    mail.picture(f"{shots}/roundcube-sender.png")
    # As it looks where users find it.
    mail.go("_task=settings&_action=preferences")
    mail.run("rcmail.sections_list.select('postseal')")
    framed = "document.querySelector('#preferences-frame')?.contentDocument"
    mail.until("the page", f"return {framed}?.readyState === 'complete' && !!{framed}.querySelector('.postseal-levels')")
    mail.picture(f"{shots}/roundcube-preferences.png")


def five_symbols(mail, shots):
    """five recipients of all kinds have five right symbols, and addresses stay what they are"""
    mail.compose()
    for address, _, _ in STATES:
        mail.type_to(address + ",")
    mail.paste('"Doe, Jane" <jane@tls.test>')
    for address, label, words in STATES:
        mail.pill(address, label)
        mail.run("arguments[0]; document.activeElement.blur()", address)
        index = [a for a, *_ in STATES].index(address) + 1
        mail.browser.hover(f"#compose_to li.recipient:nth-child({index}) .name")
        mail.details(address, *words)
        mail.browser.hover(None)
        mail.until("no details", "return document.querySelector('.postseal-details').hidden")
    mail.pill('"Doe, Jane" <jane@tls.test>', "SSL ok")
    field = mail.run("return document.querySelector('#_to').value")
    check("the field itself", field, ",".join(a for a, *_ in STATES) + ',"Doe, Jane" <jane@tls.test>,',
          ", ".join(a for a, *_ in STATES) + ', "Doe, Jane" <jane@tls.test>,')
    name = mail.browser.name_of("#compose_to li.recipient:nth-child(1)")
    if not name.startswith("jo@dane.test: DANE ok. Travels encrypted"):
        raise Failed(f"screen readers are told {name!r}")
    # Tab goes through the pills; the details follow the focus, and Escape closes them.
    mail.run("document.querySelector('#compose_to li.recipient').focus()")
    mail.details("jo@dane.test")
    mail.browser.press(TAB)
    mail.details("jo@tls.test")
    mail.picture(f"{shots}/roundcube-light.png")
    mail.browser.press(ESCAPE)
    mail.until("no details", "return document.querySelector('.postseal-details').hidden")
    mail.browser.press("\ue017")  # Delete takes the recipient away
    until("it is gone", lambda: "jo@tls.test" not in mail.pills())


def asked_again(mail, _shots):
    """somebody new is "SSL ?" at first, and is asked about again until it is known"""
    mail.compose()
    mail.type_to("jo@sound.test,")
    mail.pill("jo@sound.test", "SSL ok")


def clear_is_asked(mail, shots):
    """a mail that would leave in the clear asks first; cancelled it stays, agreed it goes"""
    mail.write("asked about", "jo@plain.test")
    mail.pill("jo@plain.test", "no SSL")
    mail.send()
    mail.until("the question", "return document.querySelector('.postseal-ask')?.innerText.includes('jo@plain.test')")
    mail.picture(f"{shots}/roundcube-ask.png")
    check("Enter does", mail.run("return document.activeElement.classList.contains('cancel')"), True)
    mail.browser.press(ENTER)
    mail.until("cancelled", "return !document.querySelector('.postseal-ask')")
    check("nothing has left", arrived("asked about"), [])
    mail.send()
    mail.until("the question", "return !!document.querySelector('.postseal-ask')")
    mail.browser.click(".postseal-ask button.send")
    mail.sent()
    until("it arrived", lambda: arrived("asked about"))


def refused_by_level(mail, shots):
    """at dane-only a provider without DANE is refused, in the right words of each language"""
    mail.settings()
    mail.run("document.querySelector('input[value=dane-only]').closest('details').open = true;"
             "document.querySelector('input[value=dane-only]').click()")
    mail.save()
    check("level", as_roundcube("GET", "/v1/aliases")[1]["aliases"][0]["level"], "dane-only")
    mail.write("strictly", "jo@tls.test")
    mail.choose_from(ALIAS)
    mail.send()
    mail.message("not sent to jo@tls.test: tls.test publishes no DANE records", "Write from another address")
    mail.picture(f"{shots}/roundcube-refused.png")
    with speaking(mail, "de_DE"):
        mail.write("strictly", "jo@tls.test")
        mail.choose_from(ALIAS)
        mail.send()
        said = mail.message("nicht an jo@tls.test gesendet: tls.test veröffentlicht keine DANE-Einträge")
        mail.picture(f"{shots}/roundcube-refused-german.png")
        if "address" in said:
            raise Failed(f"English is left: {said}")
    check("nothing has left", arrived("strictly"), [])
    mail.write("strictly, to DANE", "jo@dane.test")
    mail.choose_from(ALIAS)
    mail.send()
    mail.sent()
    until("it arrived", lambda: arrived("strictly, to DANE"))


# From here on the page keeps account of the questions about recipients, and of how many were
# under way at once.
COUNTED = """
window.asked = [];
window.atOnce = 0;
let under = 0;
const real = rcmail.http_post;
rcmail.http_post = function (action, data, ...rest) {
  const request = real.call(this, action, data, ...rest);
  if (action === "plugin.postseal.recipients") {
    asked.push(data._a);
    atOnce = Math.max(atOnce, ++under);
    request.always(() => { under--; });
  }
  return request;
};
"""

# Pastes, and resolves once this many pills are as wanted and painted; what waits is the page, which
# a test that asks again and again would keep busy.
PASTED = """
const [text, wanted] = arguments, field = document.querySelector("#compose_to ul.recipient-input");
const data = new DataTransfer();
data.setData("text/plain", text);
data.setData("text", text);
return new Promise((resolve) => {
  const look = () => {
    if (field.querySelectorAll(wanted).length !== 100) return;
    observer.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => resolve([asked, atOnce])));
  };
  const observer = new MutationObserver(look);
  observer.observe(field, {childList: true, subtree: true, attributeFilter: ["data-postseal"]});
  field.querySelector("input").dispatchEvent(
    new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
});
"""


def hundred_pasted(mail, shots):
    """a hundred recipients pasted at once are one question, and cost little more than without the plugin"""
    hundred = [f"user{i}@{'tls.test' if i % 2 else 'dane.test'}" for i in range(100)]

    def busy():
        return {m["name"]: m["value"] for m in mail.browser.tell("Performance.getMetrics")["metrics"]}["TaskDuration"]

    def paste(wanted):
        """Questions, and seconds of the page's processor time."""
        mail.compose()
        mail.run(COUNTED)
        before = busy()
        asked, at_once = mail.run(PASTED, ", ".join(hundred), wanted)
        return asked, at_once, busy() - before

    mail.browser.tell("Network.enable")
    mail.browser.tell("Performance.enable", timeDomain="threadTicks")
    dressed = [paste('li.recipient:is([data-postseal="dane"], [data-postseal="tls"])') for _ in range(3)]
    mail.picture(f"{shots}/roundcube-hundred.png")
    mail.browser.tell("Network.setBlockedURLs", urls=["*postseal.js*"])
    bare = [paste("li.recipient") for _ in range(3)]
    mail.browser.tell("Network.setBlockedURLs", urls=[])
    mail.browser.tell("Performance.disable")
    mail.browser.complaints()
    for asked, at_once, _ in dressed:
        # Who asks too often is told to ask the same once more: that is no question of the paste's.
        check("the first question", asked[0], hundred)
        check("questions under way at once", at_once, 1)
    check("without the plugin", [asked for asked, _, _ in bare], [[], [], []])
    whole, without = min(seconds for _, _, seconds in dressed), min(seconds for _, _, seconds in bare)
    print(f"     a paste costs {1000 * whole:.0f} ms of processor time, {1000 * without:.0f} without the plugin", flush=True)
    if whole > 4 * without:
        raise Failed(f"{whole:.3f} s of processor time instead of {without:.3f}")


# Questions about recipients are held until they are let go, and what would come after a second or
# more comes when the test says so.
HELD = """
window.asked = [];
window.held = [];
window.later = [];
const real = rcmail.http_post, timeout = window.setTimeout;
window.setTimeout = (run, ms, ...rest) => ms >= 1000 ? later.push([run, ms]) : timeout(run, ms, ...rest);
rcmail.http_post = function (action, data, ...rest) {
  if (action !== "plugin.postseal.recipients") return real.call(this, action, data, ...rest);
  asked.push(data._a);
  return new Promise((resolve) => held.push(resolve)).then((answer) =>
    rcmail.triggerEvent("plugin.postseal_recipients", {asked: data._a, recipients: [], ...answer}));
};
"""


def one_at_a_time(mail, _shots):
    """what comes while a question is under way is one further question; who asks too often asks later"""
    def questions(number):
        mail.until(f"question {number}", "return asked.length >= arguments[0]", number)
        return mail.run("return asked")

    def answer(number, status=200, state="tls", **told):
        mail.run("const [number, told, state] = arguments;"
                 "held[number - 1]({recipients: asked[number - 1].map(() => ({state})), ...told});",
                 number, {"status": status, **told}, state)

    def passes(ms):
        """All that waits for so long."""
        mail.until(f"something waits {ms} ms", "return later.some(([, ms]) => ms === arguments[0])", ms)
        mail.run("const due = later.filter(([, ms]) => ms === arguments[0]);"
                 "later = later.filter(([, ms]) => ms !== arguments[0]); due.forEach(([run]) => run());", ms)

    def dressed(number):
        mail.until(f"{number} pills", "return document.querySelectorAll('#compose_to li[data-postseal]').length === arguments[0]",
                   number)

    mail.compose()
    mail.run(HELD)
    mail.type_to("first@tls.test,")
    check("the first", questions(1), [["first@tls.test"]])
    bits = [[f"bit{i}of{part}@tls.test" for i in range(5)] for part in range(10)]
    for part in bits:
        mail.paste(", ".join(part))
    dressed(51)
    check("meanwhile", len(mail.run("return asked")), 1)
    answer(1)
    mail.pill("first@tls.test", "SSL ok")
    check("all the others are one", questions(2)[1:], [sum(bits, [])])
    # So many that he has to wait: of nobody is said that nothing is known.
    answer(2, status=429, wait=7)
    passes(7000)
    check("once more", questions(3)[2:], [sum(bits, [])])
    check("symbols meanwhile", set(mail.pills().values()), {"SSL ok", "\u2026"})
    answer(3)
    until("each has its symbol", lambda: set(mail.pills().values()) == {"SSL ok"})
    # Who is taken away while nothing is known of him is asked about anew when he is back.
    mail.type_to("back@tls.test,")
    questions(4)
    answer(4, state="unknown")
    mail.pill("back@tls.test", "SSL ?")
    mail.type_to(BACKSPACE)
    dressed(51)
    passes(2000)
    check("of nobody", len(mail.run("return asked")), 4)
    mail.type_to("back@tls.test,")
    check("back", questions(5)[4:], [["back@tls.test"]])
    # An answer that is lost keeps nobody waiting.
    mail.type_to("after@tls.test,")
    dressed(53)
    passes(20000)
    mail.pill("back@tls.test", "SSL ?")
    check("after a lost one", questions(6)[5:], [["after@tls.test"]])
    answer(6)
    mail.pill("after@tls.test", "SSL ok")


def address_book(mail, _shots):
    """a recipient who is chosen from the address book has a symbol; so have those of Cc and Bcc"""
    database("INSERT INTO contacts (user_id, changed, name, firstname, surname, email, words) SELECT user_id, "
             "datetime('now'), 'Anna Book', 'Anna', 'Book', 'anna@dane.test', ' anna book anna@dane.test ' "
             "FROM users WHERE username = 'alice@sender.test'")
    mail.compose()
    mail.type_to("anna b")
    mail.until("a proposal", "return document.querySelector('#rcmKSearchpane')?.innerText.includes('anna@dane.test')")
    mail.browser.press(ENTER)
    mail.pill("Anna Book <anna@dane.test>", "DANE ok")
    for field in ("cc", "bcc"):
        mail.run(f"UI.header_reset; document.querySelector('#compose_{field}').classList.remove('hidden')")
        mail.run(f"document.querySelector('#compose_{field} ul.recipient-input input').focus()")
        mail.browser.press("jo@plain.test,")
        until(f"a symbol in {field}", lambda field=field: mail.run(
            f"return document.querySelector('#compose_{field} li.recipient')?.dataset.postsealLabel") == "no SSL")


def forged(mail, _shots):
    """without the user's own token nothing is done, and by GET nothing ever"""
    before = as_roundcube("GET", "/v1/aliases")[1]["aliases"]
    change = {"_section": "postseal", "_postseal_alias[0]": ALIAS, "_postseal_level[0]": "off"}
    pages = [("?_task=settings&_action=save-prefs", change),
             ("?_task=mail&_action=plugin.postseal.act&_remote=1", {"_recipient": "kim@plain.test", "_act": "revoke"}),
             ("?_task=mail&_action=plugin.postseal.recipients&_remote=1", {"_a[]": "jo@tls.test"}),
             ("?_task=mail&_action=plugin.postseal.about&_remote=1", {})]
    for page, form in pages:
        for token in ("", "0" * 32):
            told = mail.run("""
                return fetch(arguments[0], {method: "POST", headers: {"X-Roundcube-Request": arguments[2]},
                    body: new URLSearchParams({...arguments[1], _token: arguments[2]})}).then((r) => r.text());""",
                            page, form, token)
            for word in ("postseal_recipients", "postseal_about", "postseal_acted", "successfullysaved"):
                if word in told:
                    raise Failed(f"{page} answers without a token: {told[:200]}")
    # By a link somebody else made: what it says is not read.
    mail.run("""return fetch("?_task=settings&_action=save-prefs&" + new URLSearchParams(arguments[0]))
        .then((r) => r.text());""", {**change, "_token": mail.form_token()})
    told = mail.run("return fetch('?_task=mail&_action=plugin.postseal.act&_remote=1&_recipient=kim@plain.test"
                    "&_act=revoke', {headers: {'X-Roundcube-Request': rcmail.env.request_token}}).then((r) => r.text())")
    if "confirmation" in told:
        raise Failed(f"an act by GET: {told[:200]}")
    check("alice's", as_roundcube("GET", "/v1/aliases")[1]["aliases"], before)
    mail.browser.complaints()


@contextlib.contextmanager
def speaking(mail, language):
    """Alice's, until it was tried."""
    database(f"UPDATE users SET language = '{language}' WHERE username = 'alice@sender.test'")
    mail.login("alice")
    try:
        yield
    finally:
        database("UPDATE users SET language = 'en_US' WHERE username = 'alice@sender.test'")
        mail.login("alice")


def german(mail, shots):
    """in German nothing is left in English, but for names"""
    told = subprocess.run(["php", "-r", "include $argv[1]; echo json_encode(array_values($labels));",
                           f"{WORLD}/plugin/localization/en_US.inc"], capture_output=True, text=True, check=True).stdout
    english = [sentence for sentence in json.loads(told) if " " in sentence and sentence not in ("DANE ok", "SSL ok", "SSL ?")]

    def look(where, name):
        said = mail.run("return document.body.innerText")
        for sentence in english:
            if sentence in said:
                raise Failed(f"{where}: {sentence!r}")
        mail.picture(f"{shots}/roundcube-{where}-{name}.png")

    with speaking(mail, "de_DE"):
        mail.compose()
        for number, (address, _, _) in enumerate(STATES, 1):
            mail.type_to(address + ",")
            until(f"a symbol of {address}", lambda address=address: mail.pills().get(address, "\u2026") not in ("", "\u2026"))
            mail.run(f"document.querySelector('#compose_to li.recipient:nth-child({number})').focus()")
            mail.details(address, "Warum")
            # Whoever asked too often before is answered a moment later.
            told = until("an answer", lambda address=address: as_roundcube(
                "GET", f"/v1/recipients?a={address}")[1].get("recipients"))[0]["reason"]
            if told in mail.details(address):
                raise Failed(f"no German for {told!r}")
        for name, size in (("german", (1000, 760)), ("german-narrow", (360, 740))):
            mail.window(*size)
            mail.write("auf Deutsch", "jo@plain.test")
            mail.pill("jo@plain.test", "kein SSL")
            mail.run("document.querySelector('#compose_to li.recipient').focus()")
            mail.details("Reist unverschlüsselt", "Nichts zeigt, dass die Domain TLS kann.")
            look("compose", name)
            mail.send()
            mail.until("the question", "return document.querySelector('.postseal-ask')?.innerText"
                       ".includes('Unverschlüsselt senden')")
            look("ask", name)
            mail.settings()
            mail.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            mail.until("settings", "return document.body.innerText.includes('Verschlüsselter Versand')")
            look("settings", name)


def hostile_words(mail, _shots):
    """markup in a name or an address stays text, and nothing of it runs"""
    mail.compose()
    evil = "<img src=x onerror=document.title='owned'>"
    mail.run("window.rcmail.triggerEvent('plugin.postseal_recipients', {asked: ['jo@tls.test'], status: 200,"
             "recipients: [{state: 'constructor', reason: {}}]})")
    mail.type_to("jo@tls.test,")
    mail.pill("jo@tls.test", "SSL ok")
    mail.run("rcmail.triggerEvent('plugin.postseal_recipients', {asked: ['jo@tls.test'], status: 200,"
             "recipients: [{state: 'tls', cipher: arguments[0], reason: arguments[0],"
             "mx: [{host: arguments[0], tls: true}]}]})", evil)
    mail.run("document.querySelector('#compose_to li.recipient').focus()")
    mail.details(evil)
    check("images in the panel", mail.run("return document.querySelectorAll('.postseal-details img').length"), 0)


def strangers(mail, _shots):
    """user B gets nothing of user A's, whatever he sends; another local user gets nothing at all"""
    # 0: he cannot connect; 403 where the file system has no access lists.
    status, answer = curl("nobody", "GET", "/v1/aliases")
    check("another local user", (status, answer.get("error")), (0, None), (403, "not-a-client"))
    # Nor is somebody alice whom the milter takes for another.
    for whose in ("ALICE@sender.test", "Alice@sender.test", "alice+x@sender.test", "<alice@sender.test>", "alice"):
        for target in ("/v1/aliases", "/v1/sealed/kim@plain.test"):
            status, answer = as_roundcube("GET", target, whose=whose)
            check(f"{whose} at {target}", (status, answer.get("error")), (400, "user"))
    before = as_roundcube("GET", "/v1/aliases")[1]["aliases"]
    mail.login("bob")
    mail.settings()
    check("bob's own", mail.run("return document.querySelector('input[name=\"_postseal_alias[0]\"]').value"),
          "bob@secure.sender.test")
    # A form that names another's alias, and headers that name another user.
    mail.run("document.querySelector('input[name=\"_postseal_alias[0]\"]').value = arguments[0];"
             "document.querySelector('.postseal-level input[value=off]').click()", ALIAS)
    mail.run("window.postsealBefore = true; rcmail.command('save')")
    mail.until("refused", "return document.body.innerText.includes('no such alias') || "
               "(window.parent.document.querySelector('#messagestack')?.innerText ?? '').includes('no such alias')")
    for value in (ALIAS, f"bob@secure.sender.test\r\nX-Postseal-User: alice@sender.test", "../aliases/" + ALIAS):
        mail.run("""
            return fetch("?_task=settings&_action=save-prefs", {method: "POST", headers: {
                "X-Postseal-User": "alice@sender.test", "X-Roundcube-Request": arguments[1]},
                body: new URLSearchParams({_token: arguments[1], _section: "postseal",
                "_postseal_alias[0]": arguments[0], "_postseal_level[0]": "off", _user: "alice@sender.test"})})
                .then((r) => r.text());""", value, mail.form_token())
    check("alice's", as_roundcube("GET", "/v1/aliases")[1]["aliases"], before)
    mail.browser.complaints()


def down(mail, shots):
    """without postseal a mail can be written and sent all the same; afterwards the symbols are back"""
    mail.login("alice")
    with webmaild.stopped():
        mail.write("without postseal", "jo@tls.test")
        mail.pill("jo@tls.test", "SSL ?")
        mail.picture(f"{shots}/roundcube-down.png")
        mail.send()
        mail.sent()
        until("it arrived", lambda: arrived("without postseal"))
        mail.settings()
        mail.until("it says so", "return document.body.innerText.includes('cannot be asked just now')")
    mail.compose()
    mail.type_to("jo@tls.test,")
    mail.pill("jo@tls.test", "SSL ok")


def never_unsealed(mail, _shots):
    """a mail that is to be sealed where that is not set up, or down, is not sent at all"""
    def refused(*parts):
        # As a page that knew of sealing a moment ago would send it.
        mail.run("document.querySelector('#postseal-seal').checked = true")
        mail.send()
        mail.message("was not sent", *parts)

    def written():
        mail.write("sealed or not at all", "jo@tls.test")
        check("no switch where it is not set up", mail.run(
            "return document.querySelector('#postseal-options').classList.contains('hidden')"), True)
    written()
    refused("not set up")
    written()
    with webmaild.stopped():
        refused("cannot be sealed")
    check("nothing has left", arrived("sealed or not at all"), [])


def reading(mail, shots):
    """mail to the alias shows over which TLS it came; what a stranger writes there counts for nothing"""
    anyone = ssl.create_default_context()
    anyone.check_hostname = False
    anyone.verify_mode = ssl.CERT_NONE
    with smtplib.SMTP("192.0.2.25", 25, "tls.test") as smtp:
        smtp.starttls(context=anyone)
        smtp.sendmail("x@tls.test", ALIAS, "Subject: over TLS\nFrom: x@tls.test\n"
                      f"Authentication-Results: {ME}; x-tls=pass smtp.version=TLSv9\n\nHello.\n")
    uid = mail.listed("INBOX", "over TLS")
    mail.go(f"_task=mail&_mbox=INBOX&_uid={uid}&_action=show")
    text = mail.until("headers", "return document.querySelector('.postseal-came')?.textContent")
    if "Came encrypted: TLS 1.3" not in text or "TLSv9" in text or "TLS 9" in text:
        raise Failed(f"the header says {text!r}")
    mail.picture(f"{shots}/roundcube-reading.png")


def axe(mail, name, *selectors):
    """What axe-core finds in these elements, each of which is there."""
    path = f"{BUILD}/webmail/axe/node_modules/axe-core/axe.min.js"
    if not os.path.exists(path):
        raise Failed("npm could not fetch axe-core")
    with open(path, encoding="utf-8") as file:
        mail.run(file.read())
    for selector in selectors:
        check(f"{selector} is there", mail.run("return !!document.querySelector(arguments[0])", selector), True)
    # Elastic numbers the tab stops of its compose window, and so has ours to be.
    found = mail.run("return axe.run({include: arguments[0].map((s) => [s])}, {resultTypes: ['violations'],"
                     "rules: {tabindex: {enabled: rcmail.env.action !== 'compose'}}})"
                     ".then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html).join(' ')))",
                     selectors)
    check(f"axe-core in {name}", found, [])


def accessible(mail, _shots):
    """axe-core finds nothing in what the plugin adds, light and dark"""
    for dark in (False, True):
        mail.window(dark=dark)
        look_at_all(mail)
    mail.window()


def look_at_all(mail):
    """Compose, its question, the settings."""
    mail.compose()
    mail.type_to("jo@dane.test,jo@plain.test,jo@dead.test,")
    mail.pill("jo@dead.test", "SSL ?")
    mail.run("document.querySelector('#compose_to li.recipient').focus()")
    mail.details("jo@dane.test")
    # Elastic's own input has no name of its own and is not ours to mend.
    axe(mail, "compose", "#compose_to li.recipient", ".postseal-details")
    mail.run("document.querySelector('#compose-subject').value = 'accessible'")
    mail.send()
    mail.until("the question", "return !!document.querySelector('.postseal-ask')")
    # The colours of its buttons are Elastic's.
    axe(mail, "the question", ".postseal-ask .ui-dialog-content")
    mail.settings()
    mail.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    axe(mail, "settings", ".postseal-levels", ".postseal-about")


def pictures(mail, shots):
    """dark and narrow: nothing is cut off"""
    def scene(name, *size):
        mail.window(*size)
        mail.compose()
        mail.type_to("anna@dane.test,kim@plain.test,max@dead.test,jo@tls.test,")
        for address, label in (("anna@dane.test", "DANE ok"), ("kim@plain.test", "no SSL"),
                               ("max@dead.test", "SSL ?"), ("jo@tls.test", "SSL ok")):
            mail.pill(address, label)
        mail.run("document.querySelector('#compose_to li.recipient:nth-child(2)').focus()")
        mail.details("kim@plain.test")
        check(f"{name}: nothing is cut off", mail.run("""
            const box = document.querySelector(".postseal-details").getBoundingClientRect();
            return box.left >= 0 && box.right <= innerWidth &&
                document.documentElement.scrollWidth <= innerWidth;"""), True)
        mail.picture(f"{shots}/roundcube-{name}.png")
        mail.settings()
        mail.picture(f"{shots}/roundcube-settings-{name}.png")

    scene("dark", 1000, 760, True)
    scene("narrow", 360, 740, False)
    mail.window()


def link_mail(to):
    """The newest link mail to somebody, at his server."""
    names = [name for name in arrived_to(to) if "sealed.sender.test" in open(name, encoding="utf-8").read()]
    return max(names, key=os.path.getmtime, default=None)


def arrived_to(to):
    """The files of one recipient, at the receivers."""
    return [name for name in glob.glob(f"{WORLD}/receivers/mail/**", recursive=True) if os.path.isfile(name) and
            f"Delivered-To: {to}\n" in open(name, encoding="utf-8", errors="replace").read()]


def sealed_whole(mail, shots):
    """a mail is sealed with a PIN; only the link mail leaves; Sent tells the PIN, and when it was opened"""
    mail.login("alice")
    mail.write("for your eyes", "kim@plain.test", "nobody else may read this")
    mail.pill("kim@plain.test", "no SSL")
    mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
    # Asked about, he seals it.
    mail.send()
    mail.until("the question", "return !!document.querySelector('.postseal-ask')")
    mail.picture(f"{shots}/roundcube-ask-seal.png")
    check("Enter does", mail.run("return document.activeElement.classList.contains('postseal-seal-it')"), True)
    mail.browser.press(ESCAPE)
    mail.until("cancelled", "return !document.querySelector('.postseal-ask')")
    mail.run("document.querySelector('#postseal-seal').focus()")
    mail.browser.press(" ")
    pin = mail.until("a PIN is made up", "return document.querySelector('#postseal-pin').value")
    mail.browser.click("#postseal-pin-new")
    pin = until("another PIN", lambda: next((new for new in [mail.run("return document.querySelector('#postseal-pin').value")]
                                             if new != pin), None))
    check("its length", (len(pin), pin.isdigit()), (8, True))
    mail.pill("kim@plain.test", "mailbox")
    mail.picture(f"{shots}/roundcube-seal.png")
    mail.send()
    mail.sent()
    until("the link mail", lambda: link_mail("kim@plain.test"))
    for name in glob.glob(f"{WORLD}/receivers/mail/**", recursive=True):
        if os.path.isfile(name):
            text = open(name, encoding="utf-8", errors="replace").read()
            for secret in ("nobody else may read this", "for your eyes", pin, "X-Postseal"):
                if secret in text:
                    raise Failed(f"{secret!r} left: {name}")
    open_sent(mail, "for your eyes")
    mail.browser.click("#postseal-check")
    told = mail.until("the PIN", "return document.querySelector('#postseal-sealed-list').innerText.trim()")
    if pin not in told:
        raise Failed(f"Sent says {told!r} and not {pin}")
    mail.until("its state", "return document.querySelector('#postseal-sealed-list').innerText.includes('not opened yet')")
    mail.picture(f"{shots}/roundcube-sent.png")
    said = guest("open", link_mail("kim@plain.test"), pin, f"{WORLD}/guest")
    if "nobody else may read this" not in said:
        raise Failed(f"the recipient cannot read it: {said[-300:]}")
    guest("seen", f"{WORLD}/guest")
    mail.browser.click("#postseal-check")
    mail.until("it was opened", "return document.querySelector('#postseal-sealed-list').innerText.includes(': opened and read')")
    mail.picture(f"{shots}/roundcube-opened.png")


def open_sent(mail, subject):
    """Its copy in Sent, in a window of its own."""
    uid = mail.listed("Sent", subject)
    mail.go(f"_task=mail&_mbox=Sent&_uid={uid}&_action=show")
    mail.until("the box", "return !!document.querySelector('#postseal-check')")


def redirects_strip(mail, _shots):
    """redirected, a sealed mail's copy leaves its PIN here"""
    frame = "document.querySelector('.ui-dialog iframe').contentWindow"
    open_sent(mail, "for your eyes")
    mail.run("rcmail.command('bounce', '', null, new Event('click'))")
    mail.until("the dialog", f"return document.querySelector('.ui-dialog iframe') && !!{frame}.rcmail?.gui_objects?.messageform"
               f" && {frame}.document.readyState === 'complete'")
    mail.run(f"{frame}.jQuery('#_to').val('max@tls.test')")
    mail.browser.click(".ui-dialog button.bounce")
    name = until("it arrived", lambda: arrived_to("max@tls.test"))[0]
    text = open(name, encoding="utf-8", errors="replace").read()
    for part in ("Resent-To: max@tls.test", "nobody else may read this"):
        if part not in text:
            raise Failed(f"{part!r} is not there")
    if "X-Postseal" in text:
        raise Failed("the redirected copy has a PIN")


def forwards_strip(mail, _shots):
    """forwarded as an attachment, a sealed mail's copy leaves its PIN here"""
    open_sent(mail, "for your eyes")
    uid = mail.run("return rcmail.env.uid")
    mail.go(f"_task=mail&_action=compose&_forward_uid={uid}&_mbox=Sent&_attachment=1")
    mail.until("compose", "return !!document.querySelector('#compose_to ul.recipient-input input')")
    mail.type_to("jo@tls.test,")
    mail.run("document.querySelector('#compose-subject').value = 'forwarded'; "
             "document.querySelector('#composebody').value = 'see there'")
    mail.send()
    mail.sent()
    text = open(until("it arrived", lambda: arrived("forwarded"))[0], encoding="utf-8", errors="replace").read()
    if "nobody else may read this" not in text:
        raise Failed("the attachment is not there")
    if "X-Postseal" in text:
        raise Failed("the forwarded copy has a PIN")


def drafts_have_none(mail, _shots):
    """a draft of a mail that is to be sealed has no PIN, and is to be sealed when it is gone on with"""
    mail.write("a draft to be sealed", "kim@plain.test", "drafted, and for nobody else")
    mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
    mail.run("document.querySelector('#postseal-seal').click()")
    mail.until("a PIN", "return document.querySelector('#postseal-pin').value")
    mail.run("rcmail.command('savedraft')")
    draft = f"{WORLD}/home/alice/mail/Drafts"
    until("it is saved", lambda: os.path.exists(draft) and "a draft to be sealed" in open(draft, encoding="utf-8").read())
    if "X-Postseal-PIN" in open(draft, encoding="utf-8").read():
        raise Failed("the draft has a PIN")
    uid = mail.until("its number", "return rcmail.env.draft_id")
    mail.go(f"_task=mail&_action=compose&_draft_uid={uid}&_mbox=Drafts")
    mail.until("it is to be sealed", "return document.querySelector('#postseal-seal')?.checked")
    mail.until("a PIN", "return document.querySelector('#postseal-pin').value")
    mail.send()
    mail.sent()
    if arrived("a draft to be sealed"):
        raise Failed("it left in the clear")
    open_sent(mail, "a draft to be sealed")
    uid = mail.run("return rcmail.env.uid")
    for way, sealed in ("uid", True), ("reply_uid", True), ("forward_uid", False):
        mail.go(f"_task=mail&_action=compose&_{way}={uid}&_mbox=Sent")
        mail.until("the switch", "return !document.querySelector('#postseal-options')?.classList.contains('hidden')")
        check(way, mail.run("return document.querySelector('#postseal-seal').checked"), sealed)


def kept_in_the_browser(mail, _shots):
    """what the browser keeps of a mail that is to be sealed is to be sealed when it is taken up again"""
    mail.write("kept in the browser", "kim@plain.test", "kept, and for nobody else")
    mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
    mail.run("document.querySelector('#postseal-seal').click()")
    pin = mail.until("a PIN", "return document.querySelector('#postseal-pin').value")
    mail.run("rcmail.save_compose_form_local()")
    kept = mail.run("return rcmail.local_storage_get_item('compose.' + rcmail.env.compose_id)")
    if pin in kept.values():
        raise Failed("the browser keeps the PIN")
    mail.compose()
    mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
    # Of the same session Roundcube forgets it.
    mail.run("rcmail.local_storage_set_item('compose.other', arguments[0]); rcmail.restore_compose_form('other', false)", kept)
    check("its text", mail.run("return document.querySelector('#composebody').value"), "kept, and for nobody else")
    mail.until("a PIN", "return document.querySelector('#postseal-pin').value")
    mail.send()
    mail.sent()
    until("the link mail", lambda: link_mail("kim@plain.test"))
    if arrived("kept in the browser"):
        raise Failed("it left in the clear")


def seal(mail, subject, to):
    """Seals a mail, and tells its PIN."""
    mail.write(subject, to, f"of {subject}")
    mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
    mail.run("document.querySelector('#postseal-seal').click()")
    pin = mail.until("a PIN", "return document.querySelector('#postseal-pin').value")
    mail.send()
    mail.sent()
    return pin


def guest(*words):
    """What the recipient's side says."""
    done = subprocess.run([os.environ["POSTSEAL_GUEST"], words[0], "8690", *words[1:]], capture_output=True, text=True,
                          check=False)
    return done.stdout + done.stderr


def acts(mail, shots):
    """by the buttons in Sent a sealed mail is unlocked, its link sent again, and what was not read taken back"""
    who, state = "lee@plain.test", f"{WORLD}/lee"

    def buttons():
        return mail.run("return [...document.querySelectorAll('#postseal-sealed-list button')].map((b) => b.textContent)")

    def says(*parts):
        mail.browser.click("#postseal-check")
        until(f"the box says {parts}", lambda: all(
            part in mail.run("return document.querySelector('#postseal-sealed-list').innerText") for part in parts))
    pin = seal(mail, "to be locked", who)
    link = until("the link mail", lambda: link_mail(who))
    wrong = "19283746" if pin != "19283746" else "19283756"
    for _ in range(3):
        guest("wrong", link, wrong)
    open_sent(mail, "to be locked")
    says("locked after too many wrong PINs")
    check("when it is locked", buttons(), ["Unlock", "Take back"])
    axe(mail, "Sent", "#postseal-sealed")
    mail.picture(f"{shots}/roundcube-locked.png")
    mail.run("document.querySelector('#postseal-sealed-list button').click()")
    mail.message("Unlocked")
    says("not opened yet")
    check("when it waits", buttons(), ["Take back"])
    if "of to be locked" not in guest("open", link, pin, state):
        raise Failed("the same PIN does not open it")
    says("in the mailbox, not read yet")
    guest("seen", state)
    says(": opened and read")
    check("when it was read", buttons(), ["Send the link again"])
    before = len(arrived_to(who))
    mail.run("document.querySelector('#postseal-sealed-list button').click()")
    mail.message("link has been sent again")
    until("another link mail", lambda: len(arrived_to(who)) > before)
    seal(mail, "to be taken back", who)
    open_sent(mail, "to be taken back")
    says("in the mailbox, not read yet")
    mail.run("document.querySelectorAll('#postseal-sealed-list button')[1].click()")
    mail.until("is he sure", "return document.querySelector('.ui-dialog')?.innerText.includes('lee@plain.test')")
    mail.picture(f"{shots}/roundcube-revoke.png")
    mail.browser.click(".ui-dialog button.mainaction")
    mail.message("Taken back")
    says("not kept here")
    if "of to be taken back" in guest("read", state):
        raise Failed("it is still there")


def typed_pin(mail, _shots):
    """a PIN that is typed, and sent by keyboard at once, is the one that is sent; a short one is refused"""
    def write(pin):
        mail.write(f"with {pin}", "mo@plain.test", "typed")
        mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
        mail.run("document.querySelector('#postseal-seal').click();"
                 "document.querySelector('#postseal-pin').select(); document.querySelector('#postseal-pin').focus()")
        mail.browser.press(pin)
        mail.run("rcmail.command('send', '', null)")
    write("1234")
    mail.message("8 to 16 digits")
    write("12345678")
    mail.message("not sent: its PIN counts up or down")
    write("5820 1739")
    mail.sent()
    open_sent(mail, "with 5820 1739")
    mail.browser.click("#postseal-check")
    mail.until("the PIN", "return document.querySelector('#postseal-sealed-list').innerText.includes('58201739')")
    if "typed" not in guest("open", until("the link mail", lambda: link_mail("mo@plain.test")), "58201739", f"{WORLD}/mo"):
        raise Failed("the typed PIN does not open it")


def hostile_sealed(mail, _shots):
    """markup in an address, a PIN or a state of a sealed mail stays text, in its question too"""
    evil = "<img src=x onerror=document.title='owned'>"
    open_sent(mail, "for your eyes")
    title = mail.run("return document.title")
    mail.run("""
        rcmail.triggerEvent("plugin.postseal_sealed", {known: true, pins: {[arguments[0]]: arguments[0]}, mails: [
            {recipient: arguments[0], state: "waiting"}, {recipient: {}, state: "constructor"}]});
        document.querySelector("#postseal-sealed-list button").click();""", evil)
    mail.until("the question", "return document.querySelector('.ui-dialog')?.innerText.includes(arguments[0])", evil)
    check("images", mail.run("return document.querySelectorAll('#postseal-sealed-list img, .ui-dialog img').length"), 0)
    check("title", mail.run("return document.title"), title)
    mail.browser.click(".ui-dialog button.cancel")


def sealed_accessible(mail, shots):
    """axe-core finds nothing in the switch and the settings of sealed mail; narrow and dark they are whole"""
    for name, size in (("light", (1000, 760)), ("dark-narrow", (360, 740, True))):
        mail.window(*size)
        mail.compose()
        mail.until("the switch", "return !document.querySelector('#postseal-options').classList.contains('hidden')")
        mail.run("""
            document.querySelector("#postseal-seal").click();
            if (innerWidth < 500) UI.show_sidebar();
            document.querySelector("#postseal-pin-hint").scrollIntoView();""")
        axe(mail, "compose options", "#postseal-options")
        mail.picture(f"{shots}/roundcube-seal-{name}.png")
        mail.settings()
        axe(mail, "settings", ".postseal-otherwise")
        check("the switch leaves room for its words", mail.run(
            "return document.querySelector('.postseal-otherwise .custom-switch').offsetWidth < 60"), True)
        mail.picture(f"{shots}/roundcube-otherwise-{name}.png")
    mail.window()


def sealed_strangers(mail, _shots):
    """user B neither sees nor changes what user A has sealed"""
    before = as_roundcube("GET", "/v1/sealed/kim@plain.test")[1]
    if not before["sealed"][0]["letters"]:
        raise Failed("alice has sealed nothing")
    for method, target in (("GET", ""), ("POST", "/unlock"), ("POST", "/resend"), ("POST", "/revoke")):
        status, answer = as_roundcube(method, "/v1/sealed/kim@plain.test" + target, whose="bob@sender.test",
                                      body={} if method == "POST" else None)
        check(f"{method} {target}", (status, answer.get("sealed"), answer.get("error")),
              (200, [], None), (404, None, "gone"))
    check("alice's", as_roundcube("GET", "/v1/sealed/kim@plain.test")[1], before)
    mail.go("_task=mail")


def switch_off(mail, _shots):
    """switching off takes the identity away, unless the user has made it his own"""
    def froms():
        mail.compose()
        return mail.run("return [...document.querySelectorAll('#_from option')].map((o) => o.text).join()")

    def set_level(level):
        mail.settings()
        mail.run(f"document.querySelector('.postseal-level input[value={level}]').click()")
        mail.save()
    set_level("off")
    if "secure.sender.test" in froms():
        raise Failed("the identity is still there")
    set_level("encrypt")
    if "secure.sender.test" not in froms():
        raise Failed("the identity is not there again")
    database("UPDATE identities SET signature = 'mine' WHERE email LIKE '%secure%'")
    set_level("off")
    if "secure.sender.test" not in froms():
        raise Failed("an identity that the user had edited was taken away")


def otherwise(mail, shots):
    """a user has mail sealed that cannot be sent otherwise, and takes that back"""
    box = "document.querySelector('.postseal-otherwise input[type=checkbox]')"

    def tick(expected):
        mail.settings()
        mail.run("document.querySelector('.postseal-level input[value=encrypt]').click()")
        mail.run(f"{box}.click(); {box}.scrollIntoView()")
        mail.picture(f"{shots}/roundcube-otherwise.png")
        mail.save()
        told = as_roundcube("GET", "/v1/aliases")[1]["aliases"][0]
        check("on file", (told["enabled"], told["level"], told["otherwise"]), (True, "encrypt", expected))
        check("shown", mail.run(f"return {box}.checked"), expected == "mailbox")
    mail.login("alice")
    mail.settings()
    check("at first", mail.run(f"return {box}.checked"), False)
    tick("mailbox")
    tick("refuse")


CASES = [switch_on, five_symbols, address_book, asked_again, clear_is_asked, refused_by_level, hundred_pasted,
         one_at_a_time, hostile_words, reading, accessible, pictures, german, never_unsealed, down, switch_off, forged, strangers]
SEALED_CASES = [sealed_whole, forwards_strip, redirects_strip, acts, typed_pin, hostile_sealed,
                drafts_have_none, kept_in_the_browser, sealed_accessible, otherwise, forged, sealed_strangers]
webmaild = None


def main():
    """Each case, in one browser."""
    global webmaild  # pylint: disable=global-statement
    shots = sys.argv[1]
    os.makedirs(shots, exist_ok=True)
    wanted = os.environ.get("CASES", "").split()
    passed, failed, browser = 0, 0, None
    with tempfile.TemporaryDirectory() as directory:
        try:
            webmaild = Webmaild()
            browser = Browser(directory)
            mail = Webmail(browser)
            cases = SEALED_CASES if sys.argv[3] == "sealed" else CASES
            for case in cases:
                if wanted and case.__name__ not in wanted and case is not cases[0]:
                    continue
                try:
                    browser.complaints()
                    mail.window()
                    case(mail, shots)
                    none_in_console(browser)
                    print(f"ok   roundcube: {case.__doc__}", flush=True)
                    passed += 1
                except Failed as failure:
                    print(f"FAIL roundcube: {case.__doc__}\n     {failure}", flush=True)
                    browser.screenshot(f"{shots}/failed-{case.__name__}.png")
                    failed += 1
            webmaild.stop()
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            failed += 1
        finally:
            if browser:
                browser.close()
    with open(sys.argv[2], "a", encoding="ascii") as counts:
        counts.write(f"{passed} {failed}\n")
    sys.exit(1 if failed else 0)


main()
