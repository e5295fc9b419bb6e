# SPDX-License-Identifier: BSD-2-Clause
"""What recipients do, from the link mail to the answer, at the real daemon."""

import base64
import concurrent.futures
import hashlib
import json
import os
import re
import ssl
import urllib.error
import urllib.request

from browser import ENTER, Failed, until
from hostile import fragments, tell_after
from modules import check, quiet
from visitor import CHOOSE, CODE, LOGIN, PASSWORD, PIN, Visitor

MARIA = ("Dr. Maria Berg", "berg@praxis.example")
KLEIN = ("Rechtsanwalt Klein", "klein@praxis.example")
REFUSED = r"the server responded with a status of 4\d\d"
PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FABJADveWkH6o"
       "AAAAAElFTkSuQmCC")


UNVERIFIED = ssl.create_default_context()
UNVERIFIED.check_hostname, UNVERIFIED.verify_mode = False, ssl.CERT_NONE


def fetch(address, method="GET"):
    """(headers, octets) of an address, without a browser."""
    request = urllib.request.Request(address, method=method)
    with urllib.request.urlopen(request, context=UNVERIFIED) as answer:
        check(f"{method} {address}", answer.status, 200)
        return answer.headers, answer.read()


def plain(sender, subject, text):
    """A mail of text alone."""
    name, address = sender
    return (f"From: {name} <{address}>\r\nTo: Anna <anna@example.net>\r\nSubject: {encoded(subject)}\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n")


def encoded(text):
    """RFC 2047."""
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?=" if not text.isascii() else text


def rich(sender, subject, html, attachment=None):
    """HTML with a picture of its own, and perhaps a file."""
    name, address = sender
    parts = (f"--r\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{html}\r\n"
             "--r\r\nContent-Type: image/png\r\nContent-ID: <stamp@praxis>\r\nContent-Disposition: inline\r\n"
             f"Content-Transfer-Encoding: base64\r\n\r\n{PNG}\r\n--r--\r\n")
    file = ""
    if attachment:
        lines = base64.encodebytes(attachment[1]).decode().replace("\n", "\r\n")
        file = (f"--m\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment;"
                f" filename*=utf-8''{urllib.request.quote(attachment[0], safe='')}\r\n"
                f"Content-Transfer-Encoding: base64\r\n\r\n{lines}")
    return (f"From: {name} <{address}>\r\nTo: Anna <anna@example.net>\r\nSubject: {encoded(subject)}\r\n"
            "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
            f"--m\r\nContent-Type: multipart/related; boundary=r\r\n\r\n{parts}{file}--m--\r\n")


def first_letter(ground):
    """link, PIN, password: umlauts, HTML and inline picture are read; 20 MB are saved byte by byte"""
    world, visitor = ground.world(), ground.visitor()
    file = os.urandom(1000) * 20000
    anna = world.someone("anna")
    mail = rich(MARIA, "Ihre Befunde: Größe", "<p>Sehr geehrte Frau Österreicher,</p><p><b>alles gut</b>"
                "<img src='cid:stamp@praxis' alt='Stempel'></p>", ("Befund Größe.pdf", file))
    link = world.send(MARIA, anna, mail)
    visitor.open(f"/#v1.{link.code}", PIN)
    if MARIA[0] not in visitor.text() or MARIA[1] not in visitor.text():
        raise Failed("the sender is not to be seen")
    visitor.enter_pin("1234 5678")
    visitor.see("#pin-error", "9 tries left")
    check("the field is marked", visitor.browser.run(
        "return document.querySelector('#pin').getAttribute('aria-invalid')"), "true")
    visitor.enter_pin(f"{link.pin[:4]} {link.pin[4:]}")
    visitor.see(CHOOSE)
    check("user name", visitor.browser.run(
        "const f = document.querySelector('#username'); return [f.value, f.autocomplete, f.readOnly]"),
        [anna, "username", True])
    check("the fragment is kept", visitor.browser.run("return location.hash"), f"#v1.{link.code}")
    visitor.choose_password()
    text = visitor.letter_text()
    check("the fragment is dropped", visitor.browser.run("return location.href").split("#")[1][:8], "/letter/")
    check("history", visitor.browser.run("return history.length > 3"), False)
    for part in "Österreicher", "alles gut":
        if part not in text:
            raise Failed(f"{part!r} is not in {text!r}")
    check("heading", visitor.browser.run("return document.querySelector('h1').textContent"),
          "Ihre Befunde: Größe")
    visitor.browser.call("POST", "/frame", {"id": 0})
    check("picture", visitor.browser.run(
        "const i = document.images[0]; return i.decode().then(() => [i.naturalWidth, i.alt])"), [10, "Stempel"])
    visitor.browser.call("POST", "/frame", {"id": None})
    saved = visitor.save(".file", ground.folder("saved"), "Befund Größe.pdf")
    check("the attachment", hashlib.sha256(saved).hexdigest(), hashlib.sha256(file).hexdigest())
    stored = visitor.browser.run("return JSON.stringify({...sessionStorage, ...localStorage}) + document.cookie")
    for secret in link.code, link.pin, PASSWORD:
        if secret in stored:
            raise Failed("a secret is left in the browser")
    quiet(visitor.browser, REFUSED)
    # The old link is done with.
    visitor.log_out()
    visitor.open(f"/#v1.{link.code}", LOGIN)
    visitor.log_in(None, "ein falsches Passwort")
    visitor.see("#password-error", "not right")
    visitor.log_in(None)
    visitor.letter()
    quiet(visitor.browser, REFUSED)


def reply(ground):
    """a reply with a file, reloaded in the middle, reaches the sender; Sent has it"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Termin am Montag", "Guten Tag,\r\n\r\num 9 Uhr?"))
    visitor.open_mailbox(link.code, link.pin)
    check("text", visitor.letter_text(), "Guten Tag,\n\num 9 Uhr?")
    visitor.browser.click(".actions .primary")
    visitor.see("textarea")
    visitor.browser.press("Ja, sehr gern.\n")
    file = os.urandom(2500001)
    path = os.path.join(ground.folder("files"), "Ausweis Müller.pdf")
    with open(path, "wb") as out:
        out.write(file)
    visitor.choose_file(path)
    visitor.until_saved()
    visitor.browser.call("POST", "/refresh", {})
    visitor.see("textarea")
    check("draft", visitor.browser.run("return document.querySelector('textarea').value"), "Ja, sehr gern.\n")
    check("files", visitor.browser.run("return document.querySelectorAll('.files li').length"), 1)
    visitor.browser.press("Grüße, Anna")
    visitor.browser.click("button[type=submit]")
    visitor.see(".done")
    mail = world.mail_to(MARIA[1], lambda one: "application/pdf" in one.content_types)
    check("subject", mail.subject, "Re: Termin am Montag")
    check("text", mail.text.replace("\r\n", "\n").strip(), "Ja, sehr gern.\nGrüße, Anna")
    check("file", [(name, hashlib.sha256(octets).hexdigest()) for name, octets in mail.files],
          [("Ausweis Müller.pdf", hashlib.sha256(file).hexdigest())])
    if anna.replace("@", "=") not in mail.header("Reply-To") or anna not in mail.text_of("From"):
        raise Failed(f"From {mail.text_of('From')}, Reply-To {mail.header('Reply-To')}")
    visitor.browser.click(".secondary")
    check("Sent", visitor.letters(), [(f"To {MARIA[0]}", "Re: Termin am Montag")])
    visitor.open_letter("Re: Termin am Montag")
    if "Grüße, Anna" not in visitor.letter_text():
        raise Failed("Sent has another text")
    check("in Sent", hashlib.sha256(visitor.save(
        ".file", ground.folder("saved"), "Ausweis Müller.pdf")).hexdigest(), hashlib.sha256(file).hexdigest())
    visitor.go("/inbox", ".letters")
    check("drafts", visitor.browser.run("return document.querySelectorAll('.note.draft').length"), 0)
    quiet(visitor.browser)


def any_link(ground):
    """three letters before the first opening: any of the three links opens all, the others may be lost"""
    world = ground.world()
    subjects = ["Eins", "Zwei", "Drei"]
    for first in range(3):
        visitor = ground.visitor()
        anna = world.someone("anna")
        links = [world.send(MARIA, anna, plain(MARIA, subject, subject)) for subject in subjects]
        visitor.open_mailbox(links[first].code, links[-1].pin)
        visitor.go("/inbox", ".letters")
        check(f"opened with link {first + 1}", sorted(visitor.letters()),
              sorted((MARIA[0], subject) for subject in subjects))
        for subject in subjects:
            visitor.go("/inbox", ".letters")
            visitor.open_letter(subject)
            check("text", visitor.letter_text(), subject)
        for other in (first + 1) % 3, (first + 2) % 3:
            visitor.open(f"/#v1.{links[other].code}", "nav")
            visitor.see("h1", "Inbox")
        quiet(visitor.browser, REFUSED)


# Access, key and summary of the letter that is withheld, and the answer for its body.
ASK_WITHHELD = """
const { session } = JSON.parse(sessionStorage.getItem("postseal.session"));
const ask = (path, more) => fetch("/api/v1" + path,
  { headers: { Authorization: "Bearer " + session, ...more } });
return ask("/letters?box=inbox").then((a) => a.json()).then(({ letters }) => {
  const one = letters.find(({ access }) => access === "pin");
  return ask(`/letters/${one.id}/body`, { Range: "bytes=0-" }).then((body) => body.json().then(
    ({ error }) => [[one.access, one.key, one.summary], body.status, error]));
});
"""


def second_sender(ground):
    """a second sender's letter stays withheld in an open mailbox until his PIN was entered"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "gut"))
    visitor.open_mailbox(link.code, link.pin)
    second = world.send(KLEIN, anna, plain(KLEIN, "Streng geheimer Betreff", "geheim"))
    check("a secret in the second mail", second.code, None)
    visitor.go("/inbox", ".letters")
    listed = dict(visitor.letters())
    check("from the second", listed[KLEIN[0]], f"Opens with a PIN from {KLEIN[0]}")
    # What the daemon tells of it, though the mailbox is open: who opened it first wins nothing.
    told = visitor.browser.run(ASK_WITHHELD)
    check("answers for the withheld letter", told, [["pin", None, None], 403, "withheld"])
    if "geheim" in visitor.browser.run("return document.documentElement.outerHTML").lower():
        raise Failed("the subject is to be seen")
    visitor.browser.run("[...document.querySelectorAll('.letters a')].find((a) =>"
                        "a.textContent.includes(arguments[0])).click()", KLEIN[0])
    visitor.see(PIN)
    visitor.enter_pin("000000")
    visitor.see("#pin-error", "9 tries left")
    visitor.enter_pin(second.pin)
    check("text", visitor.letter_text(), "geheim")
    # And his next needs none.
    world.send(KLEIN, anna, plain(KLEIN, "Noch einer", "offen"))
    visitor.go("/inbox", ".letters")
    visitor.open_letter("Noch einer")
    quiet(visitor.browser, REFUSED)


def two_senders_before(ground):
    """letters of two senders before the first opening: the other's opens with his link and PIN"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "gut"))
    other = world.send(KLEIN, anna, plain(KLEIN, "Vertrag", "Unterschrift"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.go("/inbox", ".letters")
    listed = dict(visitor.letters())
    if not listed[KLEIN[0]].startswith("Opens with the link of"):
        raise Failed(listed[KLEIN[0]])
    visitor.browser.run("[...document.querySelectorAll('.letters a')].find((a) =>"
                        "a.textContent.includes(arguments[0])).click()", KLEIN[0])
    visitor.see(CODE)
    visitor.fill(CODE, link.code + ENTER)
    visitor.see("#code-error", "another letter")
    visitor.fill(CODE, other.code + ENTER)
    visitor.see(PIN)
    visitor.enter_pin(other.pin)
    visitor.see(".letters .subject", "Vertrag")
    visitor.open_letter("Vertrag")
    check("text", visitor.letter_text(), "Unterschrift")
    quiet(visitor.browser, REFUSED)


def scanners(ground):
    """GET, HEAD and visits with JavaScript, a hundred times: nothing that is kept changes"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Befund", "gut"))
    # What has left is still being crossed out when it is here.
    with world.at_rest():
        before = world.digest()
    for turn in range(100):
        path = "/" if turn % 2 else f"/%23v1.{link.code}"
        for method in "GET", "HEAD":
            fetch(visitor.url + path, method)
        visitor.move()
        visitor.open(f"/#v1.{link.code}", PIN)
    with world.at_rest():
        check("what is kept", world.digest() == before, True)
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    quiet(visitor.browser)


def mangled_links(ground):
    """%23 and %2523 in the path, and a code that is typed, open the letter; no log has a secret"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Befund", "gut"))
    for path in f"/%23v1.{link.code}", f"/%2523v1.{link.code}", f"/#v1.{link.code.lower()}":
        visitor.open(path, PIN)
    visitor.open(f"/#v1.{link.code[:-1]}", CODE)
    visitor.see("h1", "not complete")
    visitor.open("/", LOGIN)
    visitor.browser.run("document.querySelectorAll('summary')[1].click()")
    visitor.browser.click("details a")
    visitor.see(CODE)
    visitor.fill(CODE, "1234-" + ENTER)
    visitor.see("#code-error", "typing mistake")
    visitor.fill(CODE, " ".join(re.findall("....", link.code.lower())) + ENTER)
    visitor.see(PIN)
    visitor.enter_pin(link.pin)
    visitor.see(CHOOSE)
    visitor.choose_password()
    visitor.letter()
    check("the address", link.code in visitor.browser.run("return location.href"), False)
    for secret in link.code, link.pin, PASSWORD:
        for log in world.log(), world.proxy.logs():
            if secret.lower() in log.lower():
                raise Failed("a secret stands in a log")
    visitor.open("/#v1." + "0" * 28, "h1")
    visitor.see("h1", "does not work any more")
    quiet(visitor.browser, REFUSED)


def wrong_pins(ground):
    """ten wrong PINs lock, the sender is told; unlocked by him, link and PIN are as before"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "gut"))
    visitor.open(f"/#v1.{link.code}", PIN)
    for left in range(9, 0, -1):
        visitor.move()  # else it takes a minute from try to try
        visitor.enter_pin(f"{left}00000")
        visitor.see("#pin-error", "one try left" if left == 1 else f"{left} tries left")
    visitor.enter_pin("000000")
    visitor.see("h1", "Locked for your protection")
    world.mail_to(MARIA[1], lambda one: anna in one.whole and "lock" in one.subject.lower())
    visitor.open(f"/#v1.{link.code}", "h1")
    visitor.see("h1", "Locked")
    world.unlock(MARIA, anna)
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    quiet(visitor.browser, REFUSED)


def parallel_pins(ground):
    """wrong PINs at the same time are counted as well: never more than ten; who has no link costs none"""
    world, visitor = ground.world(), ground.visitor()
    link = world.send(MARIA, world.someone("anna"), plain(MARIA, "Befund", "gut"))
    visitor.open(f"/#v1.{link.code}", PIN)
    number = visitor.browser.run(
        "return Promise.all(['/app/link.js', '/app/sealed.js'].map((m) => import(m))).then("
        "([l, s]) => s.linkId(l.readCode(arguments[0])))", link.code)

    def attempt(turn, link_id):
        body = json.dumps({"id": link_id, "pin": "0000"}).encode()
        request = urllib.request.Request(f"{world.url}/api/v1/ticket", body, {
            "Content-Type": "application/json", "X-Test-Client": f"10.200.{turn}.1"})
        try:
            with urllib.request.urlopen(request, context=UNVERIFIED) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        strangers = list(pool.map(lambda turn: attempt(turn, "A" * 43), range(40)))
        check("without the link", set(strangers), {404})
        visitor.enter_pin("0000")
        visitor.see("#pin-error", "9 tries left")
        tries = list(pool.map(lambda turn: attempt(turn, number), range(40, 80)))
    check("wrong PINs that were judged", tries.count(403) <= 9, True)
    check("all others", set(tries) - {403}, {423})
    quiet(visitor.browser, REFUSED)


# The first answer to what opens the mailbox is lost on its way.
LOSE = """
const real = window.fetch;
window.fetch = async (url, words) => {
  const answer = await real(url, words);
  if (!String(url).endsWith("/open")) return answer;
  window.fetch = real;
  window.lost = answer.status;
  throw new TypeError("lost");
};
"""


def two_browsers(ground):
    """two browsers choose the password at once: one is in, the other is told; a lost answer is got again"""
    world = ground.world()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "gut"))
    one, other = ground.visitor(), ground.visitor(beside=True)
    for visitor in one, other:
        visitor.open(f"/#v1.{link.code}", PIN)
        visitor.enter_pin(link.pin)
        visitor.see(CHOOSE)
    one.browser.run(LOSE)
    one.choose_password()
    one.see(".alarm", "cannot be reached")
    check("the lost answer", one.browser.run("return window.lost"), 201)
    other.choose_password("ein ganz anderes Passwort")
    other.see("main", "already set")
    one.browser.click("button[type=submit]")
    check("text", one.letter_text(), "gut")
    other.browser.click(".primary")
    other.see(LOGIN)
    other.log_in(None)
    check("text", other.letter_text(), "gut")
    quiet(other.browser, REFUSED)


def hostile_letter(ground):
    """all hostile fragments in one letter, and a hostile name and subject: nothing leaks, nothing runs"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    mallory = ("<img src=x onerror=alert(1)>", "mallory@praxis.example")
    body = "<img src='cid:stamp@praxis'>" + "".join(f"<div>{markup}</div>" for name, _, markup in fragments() if name != "plaintext")
    mail = rich(("Mallory", mallory[1]), "<script>alert(1)</script>&amp;", body,
                ("../../<b>x.html", b"<script>alert(1)</script>")).replace(
                    "From: Mallory", 'From: "<img src=x onerror=alert(1)>"')
    link = world.send(mallory, anna, mail)
    ground.watch.forget()
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    check("heading", visitor.browser.run("return document.querySelector('h1').textContent"),
          "<script>alert(1)</script>&amp;")
    names, connects = ground.watch.leaks()
    check("asked for", (names, connects), ([], []))
    tell_after(ground, "after-the-letter", visitor.browser)
    check("asked for", ground.watch.leaks()[0], ["after-the-letter.leak.test"])
    saved = visitor.save(".file", ground.folder("saved"), "_.._b_x.html")
    check("the file", saved, b"<script>alert(1)</script>")
    quiet(visitor.browser, "Content Security Policy", "sandboxed")


def policies(ground):
    """every page and worker that is served has its policy, and nothing is kept by browsers"""
    world, visitor = ground.world(), ground.visitor()
    for path, wanted in (("/", "trusted-types postseal dompurify"), ("/index.html", "frame-ancestors 'none'"),
                         ("/%23v1.X", "default-src 'none'"), ("/view.html", "sandbox allow-scripts"),
                         ("/worker/argon2.js", "'wasm-unsafe-eval'"), ("/worker/letter.js", "default-src 'none'"),
                         ("/app/main.js", "default-src 'none'")):
        headers, _ = fetch(visitor.url + path)
        if wanted not in (headers["Content-Security-Policy"] or ""):
            raise Failed(f"{path}: {headers['Content-Security-Policy']!r}")
        for name, value in (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
                            ("X-DNS-Prefetch-Control", "off"), ("Cross-Origin-Opener-Policy", "same-origin")):
            check(f"{name} of {path}", headers[name], value)
    for name, wanted in world.sums().items():
        check(name, hashlib.sha256(fetch(f"{visitor.url}/{name}")[1]).hexdigest(), wanted)


CASES = [policies, first_letter, reply, any_link, second_sender, two_senders_before, scanners, mangled_links,
         wrong_pins, parallel_pins, two_browsers, hostile_letter]
