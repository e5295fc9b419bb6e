// SPDX-License-Identifier: BSD-2-Clause
// An open mailbox: its session, its key, and its letters.

import { call, Refused, stretchOfBody, Unreachable } from "./api.js";
import { stretch } from "./argon2.js";
import { base64url, concat, fromBase64url } from "./bytes.js";
import { importPrivate, newKeyPair } from "./hpke.js";
import * as sealed from "./sealed.js";

const STORED = "postseal.session";

/** Asks what a link is for: null if it is gone. */
export async function lookUpLink(secret) {
  const id = await sealed.linkId(secret);
  try {
    return { ...(await call("POST", "/link", { body: { id } })).said, id, secret };
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

/** Trades the PIN of a link for a ticket. */
export const ticketFor = async (link, pin) =>
  (await call("POST", "/ticket", { body: { id: link.id, ...pin ? { pin } : {} } })).said;

// The K of each letter that the link opens, sealed anew.
async function resealed(ticket, secret, publicKey) {
  const pair = await sealed.linkPair(secret, ticket.public);
  const made = [];
  for (const { id, key } of ticket.letters) {
    const opened = await sealed.openKey(pair, ticket.mailbox, id, sealed.TO_LINK, key)
      .catch(() => null);
    if (opened) {
      made.push({ id, key: await sealed.sealKey(
        publicKey, ticket.mailbox, id, sealed.TO_MAILBOX, opened) });
    }
  }
  return made;
}

/**
 * The first opening. What it returns can be sent again and again, as long as it was not answered:
 * the same key again changes nothing.
 */
export async function prepareOpening(ticket, secret, password, language) {
  const [pair, stretched] = await Promise.all([newKeyPair(), stretch(password, ticket.argon2)]);
  const { auth, wrap } = await sealed.passwordKeys(stretched);
  const body = {
    public: base64url(pair.publicKey),
    wrapped: base64url(
      await sealed.wrapScalar(wrap, ticket.mailbox, pair.publicKey, pair.scalar)),
    auth: base64url(auth), language,
    letters: await resealed(ticket, secret, pair.publicKey),
  };
  return async () => {
    const { said } = await call("POST", "/open", { token: ticket.ticket, body });
    return Mailbox.enter(said, pair.scalar.slice());
  };
}

/** Logs in, or throws Refused. */
export async function logIn(address, password) {
  const { said: { argon2 } } = await call("POST", "/salt", { body: { address } });
  const { auth, wrap } = await sealed.passwordKeys(await stretch(password, argon2));
  const { said } = await call("POST", "/session", { body: { address, auth: base64url(auth) } });
  const { id, public: publicText, wrapped } = said.mailbox;
  const scalar = await sealed.unwrapScalar(
    wrap, id, fromBase64url(publicText), fromBase64url(wrapped));
  return Mailbox.enter(said, scalar);
}

export class Mailbox {
  constructor({ session, idle, mailbox }, privateKey) {
    this.token = session;
    this.details = mailbox;
    this.id = mailbox.id;
    this.pair = { publicKey: fromBase64url(mailbox.public), privateKey };
    this.keys = new Map();
    this.onidle = () => {};
    this.onended = () => {};
    this.active(idle);
  }

  // The private key lies in sessionStorage for a reload, encrypted under a share that the daemon
  // keeps as long as the session lives: what a browser writes to disk opens nothing after it.
  // Without a share it is kept in memory alone, and a reload asks for the password.
  static async enter(said, scalar) {
    const { session, share, mailbox } = said;
    const publicKey = fromBase64url(mailbox.public);
    const privateKey = await importPrivate(scalar, publicKey);
    if (share) {
      const key = base64url(
        await sealed.wrapScalar(fromBase64url(share), mailbox.id, publicKey, scalar));
      sessionStorage.setItem(STORED, JSON.stringify({ session, key }));
    }
    scalar.fill(0);
    return new Mailbox(said, privateKey);
  }

  /** The session from before a reload, or null. */
  static async resume() {
    try {
      const { session, key } = JSON.parse(sessionStorage.getItem(STORED) ?? "null") ?? {};
      if (!session) return null;
      const { said } = await call("GET", "/session", { token: session });
      const publicKey = fromBase64url(said.mailbox.public);
      const scalar = await sealed.unwrapScalar(
        fromBase64url(said.share), said.mailbox.id, publicKey, fromBase64url(key));
      const privateKey = await importPrivate(scalar, publicKey);
      scalar.fill(0);
      return new Mailbox({ ...said, session }, privateKey);
    } catch (error) {
      // Only what has ended is forgotten: a daemon that is away comes back.
      if (error instanceof Unreachable || (error instanceof Refused && error.status !== 401)) {
        throw error;
      }
      sessionStorage.removeItem(STORED);
      return null;
    }
  }

  get address() {
    return this.details.address;
  }

  active(idle = this.idle) {
    this.idle = idle;
    this.onidle(idle);
  }

  /** Asks within the session. */
  async call(method, path, body) {
    try {
      const answer = await call(method, path, { token: this.token, body });
      this.active();
      return answer.said;
    } catch (error) {
      throw this.noticed(error);
    }
  }

  noticed(error) {
    if (error instanceof Refused && error.status === 401) {
      this.forget();
      this.onended();
    }
    return error;
  }

  /** Tells the daemon that somebody is there. */
  async keep() {
    const { idle } = await this.call("POST", "/session/keep", {});
    this.active(idle);
  }

  /** Takes the key out of this browser. */
  forget() {
    sessionStorage.removeItem(STORED);
    this.keys.clear();
    this.pair = null;
  }

  async logOut() {
    const { token } = this;
    this.forget();
    await call("DELETE", "/session", { token }).catch(() => {});
  }

  /** K of a letter with access "open". */
  async key(letter) {
    if (!this.keys.has(letter.id)) {
      this.keys.set(letter.id, await sealed.openKey(
        this.pair, this.id, letter.id, sealed.TO_MAILBOX, letter.key));
    }
    return this.keys.get(letter.id);
  }

  // With what it says in the clear: `about` is its summary, null while it is withheld, and
  // `damaged` tells that it should have opened.
  async opened(letter) {
    if (letter.access !== "open" || letter.summary === null) return { ...letter, about: null };
    try {
      const about = await sealed.openSummary(
        await this.key(letter), this.id, letter.id, letter.summary);
      return { ...letter, about };
    } catch {
      return { ...letter, about: null, damaged: true };
    }
  }

  // A letter that opens the new way needs no link any more.
  async confirm(letters) {
    const done = letters.filter((letter) => letter.about && letter.confirmed === false);
    if (!done.length) return;
    await this.call("POST", "/confirm", { letters: done.map(({ id }) => id) });
  }

  /** A page of letters: {letters, more}. */
  async letters(box, after = null) {
    const said = await this.call("GET", `/letters?box=${box}${after ? `&after=${after}` : ""}`);
    const letters = await Promise.all(said.letters.map((letter) => this.opened(letter)));
    await this.confirm(letters);
    return { letters, more: said.more };
  }

  async letter(id) {
    const letter = await this.opened(await this.call("GET", `/letters/${id}`));
    await this.confirm([letter]);
    return letter;
  }

  /** A letter's mail, whole. `progress(have, all)` is told of each stretch. */
  async body(letter, progress) {
    const part = new sealed.Part(await this.key(letter), this.id, letter.id, "body");
    const stretches = [];
    for (let from = 0, total = letter.size; from < total;) {
      const got = await stretchOfBody(this.token, letter.id, from)
        .catch((error) => { throw this.noticed(error); });
      ({ total } = got);
      const end = from + got.octets.length;
      if (end < total && end % sealed.SEALED_CHUNK !== 0) throw new TypeError("not whole chunks");
      stretches.push(await sealed.openChunks(
        part, got.octets, from / sealed.SEALED_CHUNK, end === total));
      from = end;
      this.active();
      progress(from, total);
    }
    return concat(...stretches);
  }

  markRead(letter) {
    return this.call("POST", `/letters/${letter.id}/read`, {});
  }

  remove(letter) {
    return this.call("DELETE", `/letters/${letter.id}`);
  }

  /** Enters a sender's PIN for a withheld letter. */
  release(letter, pin) {
    return this.call("POST", "/release", { letter: letter.id, pin });
  }

  /**
   * Opens what waits for a link from before the mailbox was open, with the PIN if its gate is
   * closed. Returns how many letters could be sealed to the mailbox.
   */
  async adopt(link, pin = null) {
    const { letters } = await this.call("POST", "/release", { id: link.id, ...pin ? { pin } : {} });
    const made = [];
    for (const letter of letters.filter(({ access }) => access === "link")) {
      const way = letter.links.find((one) => one.link === link.link && one.key !== null);
      if (!way) continue;
      const pair = await sealed.linkPair(link.secret, way.public);
      const key = await sealed.openKey(pair, this.id, letter.id, sealed.TO_LINK, way.key)
        .catch(() => null);
      if (key) {
        made.push({ id: letter.id, key: await sealed.sealKey(
          this.pair.publicKey, this.id, letter.id, sealed.TO_MAILBOX, key) });
      }
    }
    if (made.length) await this.call("POST", "/reseal", { letters: made });
    return made.length;
  }

  /** Replies that were begun: {id, letter, date, value}, newest first. */
  async drafts() {
    const { drafts } = await this.call("GET", "/drafts");
    const opened = await Promise.all(drafts.map(async ({ id, letter, date, key, body }) => {
      const value = await sealed.openDraft(this.pair, this.id, id, { key, body }).catch(() => null);
      return { id, letter, date, value };
    }));
    return opened.filter(({ value }) => value !== null).sort((a, b) => b.date - a.date);
  }

  async saveDraft(id, letter, value) {
    const draft = await sealed.sealDraft(this.pair.publicKey, this.id, id, value);
    await this.call("PUT", `/drafts/${id}`, { letter, ...draft });
  }

  removeDraft(id) {
    return this.call("DELETE", `/drafts/${id}`);
  }
}
