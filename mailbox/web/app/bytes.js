// SPDX-License-Identifier: BSD-2-Clause
// Byte strings (Uint8Array) and the texts that stand for them.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const utf8 = (text) => encoder.encode(text);
export const fromUtf8 = (bytes) => decoder.decode(bytes);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Are two byte strings the same? Only for what is no secret: it stops at the first difference. */
export const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Unsigned, in network order (I2OSP of RFC 8017), below 2^53. */
export function bigEndian(number, length) {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = number; at >= 0; at--, rest = Math.floor(rest / 256)) {
    bytes[at] = rest % 256;
  }
  return bytes;
}

export const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new TypeError("not hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** base64url without padding, RFC 4648 section 5. */
export function base64url(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x6000) {
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + 0x6000)));
  }
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The other way; strict: no padding, no blanks, no bits left over. */
export function fromBase64url(text) {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new TypeError("not base64url");
  }
  const bytes = Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (base64url(bytes) !== text) throw new TypeError("not base64url");
  return bytes;
}
