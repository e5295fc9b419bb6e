# SPDX-License-Identifier: BSD-2-Clause
"""Who wants what is not theirs: a squatter, a guest who writes to others, a thief of the store."""

import os
import shutil
import subprocess

from flows import KLEIN, MARIA, REFUSED, plain
from browser import Failed
from modules import check, quiet
from visitor import LOGIN, PIN

# Asks the portal as the pages do, with the session of this page.
ASK = """
const [method, path, body] = arguments;
const { session } = JSON.parse(sessionStorage.getItem("postseal.session"));
return fetch("/api/v1" + path, { method, headers: { Authorization: "Bearer " + session,
  "Content-Type": "application/json" }, body: body === null ? undefined : JSON.stringify(body) })
  .then((answer) => answer.text().then((text) => [answer.status, text]));
"""


def squatter(ground):
    """a squatter with one sender's link and PIN: another sender's letter stays shut, and both are told"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    # He has read Anna's mail, and overheard Maria.
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "gut"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    world.mail_to(MARIA[1], lambda one: anna in one.whole and "opened" in one.subject.lower())
    world.send(KLEIN, anna, plain(KLEIN, "Streng geheimer Betreff", "geheim"))
    visitor.go("/inbox", ".letters")
    letters = visitor.browser.run(ASK, "GET", "/letters?box=inbox", None)[1]
    visitor.browser.run("[...document.querySelectorAll('.letters a')].find((a) =>"
                        "a.textContent.includes(arguments[0])).click()", KLEIN[0])
    visitor.see(PIN)
    for left in range(9, 0, -1):
        visitor.move()
        visitor.enter_pin(f"{left}00000")
        visitor.see("#pin-error", "one try left" if left == 1 else f"{left} tries left")
    visitor.move()
    visitor.enter_pin("000000")
    visitor.see("main", "Locked")
    world.mail_to(KLEIN[1], lambda one: anna in one.whole and "lock" in one.subject.lower())
    seen = letters + visitor.browser.run("return document.documentElement.outerHTML")
    if "geheim" in seen.lower():
        raise Failed("the squatter has seen something of it")
    quiet(visitor.browser, REFUSED)


def guest_to_others(ground):
    """a guest answers those who wrote to him, and nobody else, whatever he asks the portal for"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Termin", "um 9?"))
    visitor.open_mailbox(link.code, link.pin)
    visitor.letter()
    letter = visitor.browser.run("return location.hash").rsplit("/", 1)[1]
    reply = {"id": "A" * 21 + "Q", "letter": letter, "subject": "Re: Termin",
             "text": "Ja.\n.\nMAIL FROM:<eve@evil.example>", "attachments": []}
    for what, change, status in (
            ("a recipient of his own", {"to": "eve@evil.example"}, 400),
            ("headers of his own", {"subject": "x\r\nBcc: eve@evil.example\r\n\r\nbody"}, 400),
            ("a letter that is not his", {"letter": "A" * 22}, 404)):
        check(what, visitor.browser.run(ASK, "POST", "/replies", {**reply, **change})[0], status)
    check("an honest reply", visitor.browser.run(ASK, "POST", "/replies", reply)[0], 201)
    mail = world.mail_to(MARIA[1], lambda one: "Ja." in one.whole)
    check("text", mail.text.splitlines(), ["Ja.", ".", "MAIL FROM:<eve@evil.example>"])
    check("mail to others", [one.recipient for one in world.sink.mails if "evil" in one.recipient], [])
    quiet(visitor.browser, REFUSED)


def stolen_store(ground):
    """a store without its keys, or brought back after a mailbox was deleted, opens for nobody"""
    world, visitor = ground.world(), ground.visitor()
    anna = world.someone("anna")
    link = world.send(MARIA, anna, plain(MARIA, "Befund", "unauffälliger Befund"))
    visitor.open_mailbox(link.code, link.pin)
    check("text", visitor.letter_text(), "unauffälliger Befund")
    visitor.log_out()
    world.stop()
    kept = os.path.join(ground.folder("stolen"), "store")
    shutil.copytree(f"{world.directory}/store", kept)
    for folder, _, files in os.walk(kept):
        for name in files:
            with open(os.path.join(folder, name), "rb") as file:
                octets = file.read()
            for secret in "Befund", "unauffälliger", link.code, link.pin:
                if secret.encode() in octets:
                    raise Failed(f"{secret} stands in {folder}/{name}")
    world.start()
    subprocess.run([f"{world.build}/postseal", "mailbox", "delete", "-c", world.conf, anna, "--yes"],
                   check=True, capture_output=True)
    world.stop()
    shutil.rmtree(f"{world.directory}/store")
    shutil.copytree(kept, f"{world.directory}/store")
    world.start()
    visitor.open("/", LOGIN)
    visitor.log_in(anna)
    visitor.see(".alarm, .error, #password-error", "")
    check("logged in", visitor.browser.run("return !!document.querySelector('nav')"), False)
    quiet(visitor.browser, REFUSED, "status of 503")


CASES = [squatter, guest_to_others, stolen_store]
