// SPDX-License-Identifier: BSD-2-Clause
// The keys of a mailbox and what is sealed with them: postseal-mailbox-api(5), KEYS. Handles are
// texts in base64url here, and octets in what is authenticated.

import { base64url, bigEndian, concat, fromBase64url, fromUtf8, utf8 } from "./bytes.js";
import { decodeWords } from "./words.js";
import { aesOpen, aesSeal, deriveScalar, hkdf, importPrivate, open, seal } from "./hpke.js";

const NOTHING = new Uint8Array(0);
const KEY_INFO = utf8("postseal v1 key");
const ENC_LENGTH = 65, NONCE_LENGTH = 12, TAG_LENGTH = 16;

export const CHUNK = 65536;
export const SEALED_CHUNK = CHUNK + TAG_LENGTH;

export const TO_LINK = "key to link";
export const TO_MAILBOX = "key to mailbox";
export const OF_DRAFT = "key of draft";

const derived = (key, info) => hkdf(key, NOTHING, `postseal v1 ${info}`);
const aad = (mailbox, object, kind) =>
  concat(fromBase64url(mailbox), fromBase64url(object), utf8(kind));

export const random = (length) => globalThis.crypto.getRandomValues(new Uint8Array(length));
export const newHandle = () => base64url(random(16));

/** A link's id, by which the daemon knows it. */
export const linkId = async (secret) => base64url(await derived(secret, "link id"));

/** A pair {publicKey, privateKey} to open with; `publicKey` is what the daemon says it is. */
export async function linkPair(secret, publicText) {
  const publicKey = fromBase64url(publicText);
  const scalar = await deriveScalar(await derived(secret, "link key"));
  return { publicKey, privateKey: await importPrivate(scalar, publicKey) };
}

/** {auth, wrap} of S, which is Argon2id of the password. */
export const passwordKeys = async (stretched) =>
  ({ auth: await derived(stretched, "auth"), wrap: await derived(stretched, "wrap") });

const privateAad = (mailbox, publicKey) =>
  concat(fromBase64url(mailbox), publicKey, utf8("postseal v1 private key"));

/** The private scalar of a mailbox, encrypted under `key`. */
export async function wrapScalar(key, mailbox, publicKey, scalar) {
  const nonce = random(NONCE_LENGTH);
  return concat(nonce, await aesSeal(key, nonce, privateAad(mailbox, publicKey), scalar));
}

/** The other way. */
export const unwrapScalar = (key, mailbox, publicKey, wrapped) => aesOpen(key,
  wrapped.slice(0, NONCE_LENGTH), privateAad(mailbox, publicKey), wrapped.slice(NONCE_LENGTH));

/** K, sealed to a public key; `purpose` is one of the three above. */
export async function sealKey(publicKey, mailbox, object, purpose, key) {
  const { enc, sealed } = await seal(publicKey, KEY_INFO, aad(mailbox, object, purpose), key);
  return base64url(concat(enc, sealed));
}

export async function openKey(pair, mailbox, object, purpose, text) {
  const sealed = fromBase64url(text);
  const key = await open(pair.privateKey, pair.publicKey, sealed.slice(0, ENC_LENGTH), KEY_INFO,
    aad(mailbox, object, purpose), sealed.slice(ENC_LENGTH));
  if (key.length !== 32) throw new TypeError("not a key");
  return key;
}

/** Seals and opens the chunks of one part, in any order. */
export class Part {
  constructor(key, mailbox, object, kind) {
    this.key = derived(key, `part ${kind}`);
    this.aad = aad(mailbox, object, kind);
  }

  async seal(number, last, chunk) {
    return aesSeal(await this.key, Part.nonce(number, last), this.aad, chunk);
  }

  async open(number, last, chunk) {
    return aesOpen(await this.key, Part.nonce(number, last), this.aad, chunk);
  }

  static nonce(number, last) {
    return concat(bigEndian(number, 11), bigEndian(last ? 1 : 0, 1));
  }
}

/** How long `size` octets are when sealed. */
export const sealedSize = (size) => size + TAG_LENGTH * Math.max(1, Math.ceil(size / CHUNK));

/** Sealed octets of one part, which begins at chunk `first` and may end before the part does. */
export async function openChunks(part, sealed, first, complete) {
  const opened = [];
  for (let at = 0; at < sealed.length; at += SEALED_CHUNK) {
    const last = complete && at + SEALED_CHUNK >= sealed.length;
    opened.push(await part.open(first + opened.length, last, sealed.slice(at, at + SEALED_CHUNK)));
  }
  // Nothing at all is one chunk; else no chunk is empty.
  if (opened.length === 0 || (opened.at(-1).length === 0 && first + opened.length > 1)) {
    throw new TypeError("not a sealed part");
  }
  return concat(...opened);
}

export const openPart = (part, sealed) => openChunks(part, sealed, 0, true);

export async function sealPart(part, octets) {
  const sealed = [];
  for (let at = 0; at === 0 || at < octets.length; at += CHUNK) {
    sealed.push(await part.seal(sealed.length, at + CHUNK >= octets.length,
      octets.slice(at, at + CHUNK)));
  }
  return concat(...sealed);
}

const text = (value) => typeof value === "string" ? value : "";
const person = (value) => ({ name: text(value?.name), address: text(value?.address) });

/** A summary: {from, to, subject, date, size}. What it says is as hostile as the mail. */
export async function openSummary(key, mailbox, letter, sealed) {
  const octets = await openPart(new Part(key, mailbox, letter, "summary"), fromBase64url(sealed));
  const said = JSON.parse(fromUtf8(octets));
  return {
    from: person(said.from), to: person(said.to), subject: decodeWords(text(said.subject)),
    date: Number.isSafeInteger(said.date) ? said.date : 0,
    size: Number.isSafeInteger(said.size) ? said.size : 0,
  };
}

/** A draft as the daemon keeps it: {key, body}. */
export async function sealDraft(publicKey, mailbox, draft, value) {
  const key = random(32);
  const octets = utf8(JSON.stringify(value));
  return {
    key: await sealKey(publicKey, mailbox, draft, OF_DRAFT, key),
    body: base64url(await sealPart(new Part(key, mailbox, draft, "draft"), octets)),
  };
}

export async function openDraft(pair, mailbox, draft, { key, body }) {
  const opened = await openKey(pair, mailbox, draft, OF_DRAFT, key);
  const octets = await openPart(new Part(opened, mailbox, draft, "draft"), fromBase64url(body));
  return JSON.parse(fromUtf8(octets));
}

