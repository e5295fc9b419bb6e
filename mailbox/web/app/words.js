// SPDX-License-Identifier: BSD-2-Clause
// Encoded words (RFC 2047) that the daemon has left in a text, since it does not know their charset.

const WORD = /=\?([\w-]+)(?:\*[\w-]*)?\?([bq])\?([!->@-~]*)\?=/gi;
// What turns a text around, or is no text.
const UNSEEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function octets(encoding, text) {
  if (/b/i.test(encoding)) {
    return Uint8Array.from(atob(text.replace(/=+$/, "")), (letter) => letter.charCodeAt(0));
  }
  const plain = text.replaceAll("_", " ")
    .replace(/=([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function decode([whole, charset, encoding, text]) {
  try {
    return new TextDecoder(charset).decode(octets(encoding, text)).replace(UNSEEN, "?");
  } catch { // no browser knows it, or it is damaged
    return whole;
  }
}

/** The text with such words decoded; blanks between two of them are not there. */
export function decodeWords(text) {
  let read = "", at = 0, before = false;
  for (const found of text.matchAll(WORD)) {
    const between = text.slice(at, found.index);
    const word = decode(found);
    if (!(before && /^ *$/.test(between))) read += between;
    read += word;
    before = word !== found[0];
    at = found.index + found[0].length;
  }
  return read + text.slice(at);
}
