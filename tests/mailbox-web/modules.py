# SPDX-License-Identifier: BSD-2-Clause
"""What the pages' modules do alone, without a daemon."""

import json
import os
import re
import subprocess

from browser import Failed, until

HERE = os.path.dirname(os.path.realpath(__file__))
WEB = os.path.join(HERE, "..", "..", "mailbox", "web")


def check(what, got, wanted):
    """Is what we got this?"""
    if got != wanted:
        raise Failed(f"{what}: {got!r} instead of {wanted!r}")


def quiet(browser, *allowed):
    """No error and no complaint of a policy, but those with such words."""
    for complaint in browser.complaints():
        if not any(re.search(words, complaint) for words in allowed):
            raise Failed(f"the console says: {complaint}")


def module_page(ground):
    """A page of the site, whose modules can be called: `await call(module, function, ...)`."""
    browser = ground.browser or ground.fresh()
    browser.open(ground.pages.url + "/")
    until("the page is there", lambda: browser.run("return !!document.querySelector('#head .brand')"))
    browser.complaints()  # there is no daemon, and the page said so
    return browser


def call(browser, module, function, *arguments):
    """What an exported function of a module comes to."""
    return browser.run(
        "const [module, name, ...words] = arguments;"
        "return import(module).then((made) => made[name](...words))", module, function, *arguments)


def vectors(ground):
    """HPKE passes RFC 9180's vectors, and all formats the daemon's, in node and in Chromium"""
    compared = subprocess.run(
        ["node", "--no-warnings", f"{HERE}/vectors-node.mjs"], check=True, capture_output=True, text=True)
    with open(f"{HERE}/rfc9180.json", encoding="ascii") as file:
        known = json.load(file)
    with open(f"{HERE}/../mailbox/vectors.json", encoding="ascii") as file:
        formats = json.load(file)
    in_node = [int(line) for line in compared.stdout.split()]
    browser = module_page(ground)
    here = browser.run(
        "return Promise.all(['/test/vectors.js', '/app/hpke.js', '/app/bytes.js'].map("
        "(m) => import(m))).then(([t, h, b]) => t.runVectors(h, b, arguments[0]))", known)
    check("comparisons in Chromium", here, in_node[0])
    if here < 10:
        raise Failed(f"only {here} comparisons")
    here = browser.run(
        "return Promise.all(['/test/format.js', '/app/bytes.js', '/app/hpke.js', '/app/sealed.js', "
        "'/app/link.js'].map((m) => import(m))).then(([t, bytes, hpke, sealed, link]) => "
        "t.runFormat({ bytes, hpke, sealed, link }, arguments[0]))", formats)
    check("formats in Chromium", here, in_node[1])
    if here < 40:
        raise Failed(f"only {here} comparisons")
    quiet(browser)


L, CODE = "00112233445566778899aabbccddeeff", "00248H4D2NCSVQH2CTNF6YXVQZ"


def with_check(digits):
    """A code of 26 letters with its checksum: the sum, reckoned in another way than the pages do."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    number = 0
    for letter in digits:
        number = number * 32 + alphabet.index(letter)
    return digits + alphabet[number % 1021 // 32] + alphabet[number % 1021 % 32]


def encoded(secret):
    """26 letters for 32 hexadecimal digits."""
    number, made = int(secret, 16), ""
    for _ in range(26):
        number, digit = divmod(number, 32)
        made = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + made
    return made


def links(ground):
    """links are read with #, %23, %2523, in any case, with ends that mail programs add; or refused"""
    browser = module_page(ground)
    code = with_check(encoded(L))
    high = with_check(encoded("f" * 32))
    base = "https://post.example"
    good = [f"{base}/#v1.{code}", f"{base}/%23v1.{code}", f"{base}/%2523v1.{code}",
            f"{base}/%252523v1.{code}".replace("%2525", "%25"), f"{base}/%2523v1%252E{code}",
            f"{base}/#V1.{code.lower()}", f"{base}/#v1.{code}>", f"{base}/#v1.{code}.",
            f"{base}/#v1.{code})", f"{base}/#v1.{code}%0A", f"{base}/#v1.{'-'.join(re.findall('....', code))}",
            f"{base}/#v1.{code.replace('0', 'O').replace('1', 'l')}"]
    for address, read in zip(good, call(browser, "/test/letters.js", "readAddresses", good)):
        check(address, read, {"kind": "link", "secret": L})
    check("all ones", call(browser, "/test/letters.js", "readAddresses", [f"{base}/#v1.{high}"]),
          [{"kind": "link", "secret": "f" * 32}])
    bad = [code[:-1], code + "0", "", "U" + code[1:], "8" + code[1:], code[:9] + "é" + code[10:],
           "%ff" * 9, "javascript:alert(1)"]
    # Every wrong letter, and every swap of neighbours.
    for at, letter in enumerate(code):
        bad += [code[:at] + other + code[at + 1:]
                for other in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" if other != letter]
        if at and code[at - 1] != letter:
            bad.append(code[:at - 1] + letter + code[at - 1] + code[at + 1:])
    for wrong, read in zip(bad, call(browser, "/test/letters.js", "readAddresses",
                                     [f"{base}/#v1.{one}" for one in bad])):
        check(f"code {wrong}", read, {"kind": "link", "secret": None})
    others = {f"{base}/": {"kind": "none"}, f"{base}/#": {"kind": "none"},
              f"{base}/#x": {"kind": "none"}, f"{base}/%23": {"kind": "none"},
              f"{base}/#a.amfDtnJnQHRlc3QuZXhhbXBsZQ": {"kind": "address", "address": "jgörg@test.example"},
              f"{base}/#a.amfDtn": {"kind": "address", "address": None},
              f"{base}/#a.=": {"kind": "address", "address": None},
              f"{base}/#/letter/x": {"kind": "place", "place": "/letter/x"}}
    for (address, wanted), read in zip(
            others.items(), call(browser, "/test/letters.js", "readAddresses", list(others))):
        check(address, read, {**wanted, "secret": None})
    quiet(browser)


def words(ground):
    """subjects in charsets that the daemon does not know are read; nothing in them turns text around"""
    browser = module_page(ground)
    cases = {
        "": "", "plain =? text ?=": "plain =? text ?=", "a=?x?q?b?=": "a=?x?q?b?=",
        "=?koi8-r?B?9MHOwQ==?=": "Тана", "Re: =?KOI8-R*ru?b?9MHOwQ?= 5": "Re: Тана 5",
        "=?iso-8859-2?Q?=A3=F3d=BC?=": "Łódź", "=?gb2312?B?xOO6ww==?=": "你好",
        "=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?iso-2022-jp?B?GyRCOGwbKEI=?= x": "日本語 x",
        "=?iso-8859-2?Q?a?= b =?iso-8859-2?Q?c_=3F?=": "a b c ?",
        "=?iso-8859-2?B?!?=": "=?iso-8859-2?B?!?=", "=?utf-7?Q?a?=": "=?utf-7?Q?a?=",
        "=?iso-8859-2?Q?=0D=0A=00?=": "???", "=?gb18030?B?gTanMQ==?=x": "?x",
        "=?iso-8859-2?Q?<b>?=": "<b>",
    }
    for text, read in zip(cases, call(browser, "/test/letters.js", "readWords", list(cases))):
        check(text, read, cases[text])
    quiet(browser)


def pages(ground):
    """a page with nothing on it is known: the letter's text is shown in its place"""
    browser = module_page(ground)
    empty = ["", "<html><head><style>p { color: red }</style></head><body> <p>&nbsp;</p>\n<br></body></html>",
             "<!-- a -->", "<script>alert(1)</script>", "<title>t</title>"]
    full = ["<p>a</p>", "a", "<img src='https://example.com/a.png'>", "<style>p {}</style>b", "&lt;"]
    check("empty", call(browser, "/test/letters.js", "areEmpty", empty), [True] * len(empty))
    check("full", call(browser, "/test/letters.js", "areEmpty", full), [False] * len(full))
    quiet(browser, "Content Security Policy")


def catalogue(ground):
    """both languages say the same things, all that is said is in the catalogue, and nothing else"""
    browser = module_page(ground)
    known = browser.run("return import('/app/catalogue.js').then((made) => made.CATALOGUE)")
    used = set()
    for folder, _, files in os.walk(f"{WEB}/app"):
        for name in files:
            if name == "catalogue.js":
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                used |= set(re.findall(r'"([a-z]+(?:\.[a-z]+)*)"', file.read()))
    # Those that are put together: the titles and ways back of both boxes.
    used |= {f"{box}.title" for box in ("inbox", "sent")} | {"back.inbox", "back.sent"}
    check("never said", sorted(set(known) - used), [])
    for key, texts in known.items():
        check(f"languages of {key}", len(texts), 2)
        english, german = (sorted(set(re.findall(r"\{\w+\}", text))) for text in texts)
        check(f"values of {key}", german, english)
        if not all(texts):
            raise Failed(f"{key} is empty")


def sums(ground):
    """the sums are of all files, libraries are unchanged, and every page and worker has a policy"""
    subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], check=True,
                   cwd=f"{ground.build}/web")
    with open(f"{ground.build}/web/SHA256SUMS", encoding="utf-8") as file:
        summed = sorted(line.split("  ", 1)[1].rstrip("\n") for line in file)
    built = sorted(os.path.relpath(os.path.join(folder, name), f"{ground.build}/web")
                   for folder, _, files in os.walk(f"{ground.build}/web") for name in files)
    check("files with a sum", summed, [name for name in built if name != "SHA256SUMS"])
    for name in sorted(os.listdir(f"{WEB}/vendor")):
        if os.path.isdir(f"{WEB}/vendor/{name}"):
            subprocess.run(["sha256sum", "--quiet", "--strict", "-c", "SHA256SUMS"], check=True,
                           cwd=f"{WEB}/vendor/{name}")
    with open(f"{ground.build}/web/csp", encoding="ascii") as file:
        policy = dict(line.rstrip("\n").split(" ", 1) for line in file if line[0] != "#")
    need = [name for name in built if name.endswith(".html") or name.startswith("worker/")]
    for name in need:
        if "default-src 'none'" not in policy.get(name, ""):
            raise Failed(f"{name} has no policy that forbids the rest")
        if "unsafe-eval" in policy[name].replace("'wasm-unsafe-eval'", ""):
            raise Failed(f"{name} may make scripts of texts")


CASES = [sums, catalogue, vectors, links, words, pages]
