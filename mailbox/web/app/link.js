// SPDX-License-Identifier: BSD-2-Clause
// Reads what a link mail carries: postseal-mailbox-api(5), THE LINK.

import { bigEndian, fromBase64url, fromUtf8 } from "./bytes.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const DIGITS = 26, LETTERS = 28, MODULUS = 1021;
const ADDRESS_MOST = 320;

/** The 16 octets of L that a code stands for, or null if it was mistyped. */
export function readCode(text) {
  const letters = text.replace(/[\s-]+/g, "").replace(/^v1\./i, "").toUpperCase()
    .replaceAll("O", "0").replace(/[IL]/g, "1");
  const values = Array.from(letters, (letter) => ALPHABET.indexOf(letter));
  if (values.length !== LETTERS || values.includes(-1) || values[0] > 7) return null;
  const check = values.slice(0, DIGITS).reduce((sum, v) => (sum * 32 + v) % MODULUS, 0);
  if (check !== values[DIGITS] * 32 + values[DIGITS + 1]) return null;
  const number = values.slice(0, DIGITS).reduce((sum, v) => (sum << 5n) | BigInt(v), 0n);
  const half = (bits) => bigEndian(Number(bits & 0xffffffffn), 4);
  return Uint8Array.from([96n, 64n, 32n, 0n].flatMap((shift) => [...half(number >> shift)]));
}

// Mail filters turn the # of a link into %23 or %2523, and with it all becomes a path; some go
// on and encode the dot or a trailing character as well.
function wholeFragment(location) {
  const path = /^\/%(?:25)?23(.*)$/i.exec(location.pathname)?.[1] ?? "";
  const encoded = location.hash.length > 1 ? location.hash.slice(1) : path.replaceAll("%25", "%");
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

function readAddress(text) {
  try {
    const address = fromUtf8(fromBase64url(text));
    return address.length <= ADDRESS_MOST && /^[^\s@]\P{Cc}*@[^\s@\p{Cc}]+$/u.test(address)
      ? address : null;
  } catch {
    return null;
  }
}

/**
 * What the page was opened with: {kind: "link", secret} with L or, if the code is damaged, null;
 * {kind: "address", address}; {kind: "place", place} inside the mailbox; {kind: "none"}.
 */
export function readLocation(location) {
  const fragment = wholeFragment(location);
  if (/^v1\./i.test(fragment)) {
    // What a mail program may have taken along from around the link.
    return { kind: "link", secret: readCode(fragment.replace(/[>)\].,;:"'\s]+$/, "")) };
  }
  if (fragment.startsWith("a.")) {
    return { kind: "address", address: readAddress(fragment.slice(2)) };
  }
  if (fragment.startsWith("/")) return { kind: "place", place: fragment };
  return { kind: "none" };
}
