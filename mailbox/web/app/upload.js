// SPDX-License-Identifier: BSD-2-Clause
// An attachment on its way to the daemon: sealed here, in stretches, and gone on with after a
// break.

import { Refused } from "./api.js";
import { base64url, concat, fromBase64url } from "./bytes.js";
import { CHUNK, newHandle, Part, random, sealedSize, SEALED_CHUNK } from "./sealed.js";

const STRETCH = 15;  // chunks

/** What a draft remembers of an attachment: {id, key, name, type, size, sealed}. */
export function describe(file) {
  return {
    id: newHandle(), key: base64url(random(32)), name: cleanName(file.name),
    type: /^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type.toLowerCase()
      : "application/octet-stream",
    size: file.size, sealed: sealedSize(file.size),
  };
}

function cleanName(name) {
  let clean = name.normalize("NFC").replace(/[\p{Cc}/]/gu, "_") || "_";
  while (new TextEncoder().encode(clean).length > 255) clean = Array.from(clean).slice(1).join("");
  return clean;
}

async function sealStretch(part, file, first) {
  const octets = new Uint8Array(
    await file.slice(first * CHUNK, (first + STRETCH) * CHUNK).arrayBuffer());
  const sealed = [];
  for (let at = 0; at < octets.length || (octets.length === 0 && at === 0); at += CHUNK) {
    const chunk = octets.subarray(at, at + CHUNK);
    const last = first * CHUNK + at + CHUNK >= file.size;
    sealed.push(await part.seal(first + sealed.length, last, chunk));
  }
  return concat(...sealed);
}

/** Sends it; `progress(fraction)`; stops with an AbortError where `signal` says so. */
export async function upload(mailbox, attachment, file, progress, signal) {
  const part = new Part(fromBase64url(attachment.key), mailbox.id, attachment.id, "upload");
  await mailbox.call("POST", "/uploads", { id: attachment.id, size: attachment.sealed });
  for (let have = 0; have < attachment.sealed;) {
    signal.throwIfAborted();
    const stretch = await sealStretch(part, file, Math.floor(have / SEALED_CHUNK));
    const offset = Math.floor(have / SEALED_CHUNK) * SEALED_CHUNK;
    try {
      await mailbox.call("PUT", `/uploads/${attachment.id}/${offset}`, stretch);
      have = offset + stretch.length;
    } catch (error) {
      if (!(error instanceof Refused && error.error === "offset" &&
            Number.isSafeInteger(error.said.have) && error.said.have !== have)) {
        throw error;
      }
      ({ have } = error.said);
    }
    progress(Math.min(1, have / attachment.sealed));
  }
}

/** Did all of it arrive? */
export async function arrived(mailbox, attachment) {
  try {
    const { size, have } = await mailbox.call("GET", `/uploads/${attachment.id}`);
    return size === attachment.sealed && have === size;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return false;
    throw error;
  }
}
