// SPDX-License-Identifier: BSD-2-Clause
// What tests/mailbox-web/run does with the pages' modules, in a page of theirs.

import * as letters from "/app/letter.js";
import * as link from "/app/link.js";
import * as bytes from "/app/bytes.js";
import { decodeWords } from "/app/words.js";

/** Shows a mail as the pages do; resolves when it stands there. */
export async function showMail(text) {
  const mail = await letters.parse(new TextEncoder().encode(text));
  const cleaned = letters.clean(mail);
  document.getElementById("main").replaceChildren();
  const frame = document.createElement("iframe");
  frame.src = "/view.html";
  frame.title = "letter";
  const shown = new Promise((resolve) => letters.showIn(frame, cleaned.html, "en", resolve));
  document.getElementById("main").append(frame);
  await shown;
  return { html: cleaned.html, pictures: cleaned.pictures, used: cleaned.used.size,
    height: frame.getBoundingClientRect().height,
    attachments: mail.attachments.map(({ name, type, content }) =>
      ({ name: letters.fileName(name, "x"), type, size: content.length })) };
}

export function readAddresses(addresses) {
  return addresses.map((address) => {
    const { kind, secret, ...rest } = link.readLocation(new URL(address));
    return { kind, ...rest, secret: secret ? bytes.hex(secret) : null };
  });
}

export const areEmpty = (pages) =>
  pages.map((html) => letters.clean({ html, attachments: [] }).empty);

export const readWords = (texts) => texts.map(decodeWords);
