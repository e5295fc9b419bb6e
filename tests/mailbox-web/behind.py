# SPDX-License-Identifier: BSD-2-Clause
"""What the daemon relies on the web server before it for, with each of the examples; and what
recipients do, through Caddy. All other cases go through nginx."""

import http.client
import json

import flows
from browser import Failed, until
from modules import check
from proxies import Caddy, Nginx

MEBIBYTE = 1048576


def ask(world, path, body=None, **headers):
    """(status, text) of an answer, whatever it is. Who refuses a body may answer before all of it
    was sent, and hear no more: the answer is there all the same."""
    connection = http.client.HTTPSConnection(world.url.removeprefix("https://"), context=flows.UNVERIFIED, timeout=60)
    try:
        try:
            connection.request("GET" if body is None else "POST", path, body, {
                "Content-Type": "application/json",
                **{name.replace("_", "-"): value for name, value in headers.items()}})
        except OSError:
            if body is None:
                raise
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def addresses(ground):
    """who writes X-Forwarded-For himself is slowed down all the same"""
    world = ground.world()
    body = json.dumps({"address": "nobody@example.net", "auth": "A" * 43}).encode()

    def attempt(turn):
        return ask(world, "/api/v1/session", body, X_Test_Client="10.77.0.1", X_Forwarded_For=f"10.78.{turn}.1")[0]
    check("at first", attempt(0), 403)
    for turn in range(1, 100):
        if attempt(turn) == 429:
            break
    else:
        raise Failed("a hundred wrong passwords from one network, and none was refused")
    check("another network", ask(world, "/api/v1/session", body, X_Test_Client="10.79.0.1")[0], 403)


def sizes(ground):
    """a body of 1 MiB comes to the daemon; more does not"""
    world = ground.world()
    status, text = ask(world, "/api/v1/salt", b" " * MEBIBYTE)
    check("1 MiB", (status, json.loads(text)["error"]), (400, "malformed"))
    check("one octet more", ask(world, "/api/v1/salt", b" " * (MEBIBYTE + 1))[0], 413)


def names(ground):
    """by another name nothing of the pages is served"""
    world = ground.world()
    whole = ask(world, "/")[1]
    status, text = ask(world, "/", Host="evil.example")
    if "<title>" not in whole or "<title>" in text and "postseal" in text.lower():
        raise Failed(f"{status} {text[:300]}")


def no_secret(ground):
    """what a mail filter makes of a link stands in no log, be the daemon there or not"""
    world, secret = ground.world(), "V8VZ00000000000000000000TEST"
    paths = [f"/%23v1.{secret}", f"/%2523v1.{secret}", f"/%23v1.{secret}?x=1", f"/%252523V1.{secret}"]
    for path in paths:
        check(path, ask(world, path)[0], 404 if "2525" in path else 200)
    world.stop()
    for path in paths:
        check(path, ask(world, path)[0], 502)
    check("another path", ask(world, "/seen-in-the-log")[0], 502)
    world.start()
    until("the daemon is asked again", lambda: ask(world, "/")[0] == 200)
    ask(world, "/seen-in-the-log-too")
    until("the log is written", lambda: "/seen-in-the-log-too" in world.proxy.logs())
    for log in world.proxy.logs(), world.log():
        if secret.lower() in log.lower():
            raise Failed(f"a secret stands in a log: {[line for line in log.splitlines() if secret in line][0]}")


def through(proxy, case):
    """The same, before which this web server stands."""
    def run(ground):
        ground.proxy = proxy
        try:
            case(ground)
        finally:
            ground.proxy = Nginx
    run.__name__ = f"{proxy.__name__.lower()}_{case.__name__}"
    run.__doc__ = f"{proxy.__name__}: {case.__doc__}"
    run.__module__ = __name__
    return run


CASES = [through(proxy, case) for proxy in (Nginx, Caddy) for case in (addresses, sizes, names, no_secret)] + [
    through(Caddy, case) for case in (flows.policies, flows.first_letter, flows.reply, flows.mangled_links,
                                      flows.parallel_pins)]
