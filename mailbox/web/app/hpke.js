// SPDX-License-Identifier: BSD-2-Clause
// Hybrid Public Key Encryption, RFC 9180: base mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
// AES-256-GCM, by WebCrypto. A context seals one text (sequence number 0).
//
// Public keys are 65 bytes (0x04 x y, section 7.1.1), private keys CryptoKeys for ECDH.

import { bigEndian, concat, fromBase64url, same, utf8 } from "./bytes.js";

const subtle = globalThis.crypto.subtle;

const CURVE = { name: "ECDH", namedCurve: "P-256" };
const KEM_ID = 0x0010, KDF_ID = 0x0001;
const AES_128_GCM = 0x0001, AES_256_GCM = 0x0002;
const HASH_LENGTH = 32, NONCE_LENGTH = 12;
const ORDER = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

const NOTHING = new Uint8Array(0);
const KEM_SUITE = concat(utf8("KEM"), bigEndian(KEM_ID, 2));
const suite = (aead) =>
  concat(utf8("HPKE"), bigEndian(KEM_ID, 2), bigEndian(KDF_ID, 2), bigEndian(aead, 2));

async function hmac(key, text) {
  // An empty key is one of zeros (RFC 2104), and WebCrypto does not take an empty one.
  const made = await subtle.importKey("raw", key.length ? key : new Uint8Array(HASH_LENGTH),
    { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", made, text));
}

// RFC 5869. WebCrypto has both steps in one only.
const extract = (salt, ikm) => hmac(salt, ikm);

async function expand(prk, info, length) {
  let block = NOTHING, made = NOTHING;
  for (let count = 1; made.length < length; count++) {
    block = await hmac(prk, concat(block, info, bigEndian(count, 1)));
    made = concat(made, block);
  }
  return made.slice(0, length);
}

/** HKDF-SHA256, both steps. `info` is a text. */
export const hkdf = async (ikm, salt, info, length = HASH_LENGTH) =>
  expand(await extract(salt, ikm), utf8(info), length);

// Section 4.
const labeledExtract = (salt, suiteId, label, ikm) =>
  extract(salt, concat(utf8("HPKE-v1"), suiteId, utf8(label), ikm));

const labeledExpand = (prk, suiteId, label, info, length) =>
  expand(prk, concat(bigEndian(length, 2), utf8("HPKE-v1"), suiteId, utf8(label), info), length);

const publicCryptoKey = (bytes) => subtle.importKey("raw", bytes, CURVE, true, []);

/** The private scalar of DeriveKeyPair (section 7.1.3), 32 bytes. */
export async function deriveScalar(ikm) {
  const prk = await labeledExtract(NOTHING, KEM_SUITE, "dkp_prk", ikm);
  for (let counter = 0; counter < 256; counter++) {
    const bytes = await labeledExpand(prk, KEM_SUITE, "candidate", bigEndian(counter, 1), 32);
    const scalar = bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    if (scalar > 0n && scalar < ORDER) return bytes;
  }
  throw new Error("no key can be derived");
}

// ECPrivateKey (RFC 5915) in PrivateKeyInfo (RFC 5208), with the public key: without, not every
// browser takes it.
const PKCS8_HEAD = Uint8Array.from([
  0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
  0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02,
  0x01, 0x01, 0x04, 0x20]);
const PKCS8_MIDDLE = Uint8Array.from([0xa1, 0x44, 0x03, 0x42, 0x00]);

/** A private key from its scalar and its public half; refused if they are not of one pair. */
export async function importPrivate(scalar, publicKey) {
  if (scalar.length !== 32 || publicKey.length !== 65) throw new TypeError("not a P-256 key");
  const privateKey = await subtle.importKey("pkcs8",
    concat(PKCS8_HEAD, scalar, PKCS8_MIDDLE, publicKey), CURVE, false, ["deriveBits"]);
  // Not every browser looks whether the halves fit: let both compute one secret.
  const probe = await subtle.generateKey(CURVE, false, ["deriveBits"]);
  const [ours, theirs] = await Promise.all([
    agree(privateKey, probe.publicKey), agree(probe.privateKey, await publicCryptoKey(publicKey))]);
  if (!same(ours, theirs)) throw new TypeError("not one key pair");
  return privateKey;
}

/** A new key pair: its public key and its scalar, in bytes. */
export async function newKeyPair() {
  const pair = await subtle.generateKey(CURVE, true, ["deriveBits"]);
  const jwk = await subtle.exportKey("jwk", pair.privateKey);
  const publicKey = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  return { publicKey, scalar: fromBase64url(jwk.d) };
}

const agree = async (privateKey, publicKey) =>
  new Uint8Array(await subtle.deriveBits({ name: "ECDH", public: publicKey }, privateKey, 256));

// ExtractAndExpand of section 4.1.
async function sharedSecret(dh, enc, receiver) {
  const prk = await labeledExtract(NOTHING, KEM_SUITE, "eae_prk", dh);
  return labeledExpand(prk, KEM_SUITE, "shared_secret", concat(enc, receiver), 32);
}

// KeySchedule of section 5.1, base mode.
async function keySchedule(secret, info, aead) {
  const id = suite(aead);
  const context = concat(bigEndian(0, 1),
    await labeledExtract(NOTHING, id, "psk_id_hash", NOTHING),
    await labeledExtract(NOTHING, id, "info_hash", info));
  const prk = await labeledExtract(secret, id, "secret", NOTHING);
  return {
    key: await labeledExpand(prk, id, "key", context, aead === AES_128_GCM ? 16 : 32),
    nonce: await labeledExpand(prk, id, "base_nonce", context, NONCE_LENGTH),
  };
}

const aes = (key, use) => subtle.importKey("raw", key, "AES-GCM", false, [use]);

/** AES-GCM with a tag of 16 bytes at the end. */
export async function aesSeal(key, nonce, aad, text) {
  return new Uint8Array(await subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: aad }, await aes(key, "encrypt"), text));
}

/** The other way; throws where anything was changed. */
export async function aesOpen(key, nonce, aad, sealed) {
  return new Uint8Array(await subtle.decrypt(
    { name: "AES-GCM", iv: nonce, additionalData: aad }, await aes(key, "decrypt"), sealed));
}

/** Seals to a public key: {enc, sealed}. `ephemeral` is for tests alone. */
export async function seal(receiver, info, aad, text, ephemeral = null, aead = AES_256_GCM) {
  const pair = ephemeral ?? await subtle.generateKey(CURVE, true, ["deriveBits"]);
  const enc = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  const dh = await agree(pair.privateKey, await publicCryptoKey(receiver));
  const { key, nonce } = await keySchedule(await sharedSecret(dh, enc, receiver), info, aead);
  return { enc, sealed: await aesSeal(key, nonce, aad, text) };
}

/** Opens what was sealed to a public key; throws where it was not. */
export async function open(privateKey, receiver, enc, info, aad, sealed, aead = AES_256_GCM) {
  const dh = await agree(privateKey, await publicCryptoKey(enc));
  const { key, nonce } = await keySchedule(await sharedSecret(dh, enc, receiver), info, aead);
  return aesOpen(key, nonce, aad, sealed);
}
