// SPDX-License-Identifier: BSD-2-Clause
// Takes a mail apart, for app/letter.js: a Worker, because a large one takes seconds.

import PostalMime from "../vendor/postal-mime-4.0.0/postal-mime.js";

const MOST_PARTS = 1000;

const flat = (addresses) => (addresses ?? []).flatMap((one) => one.group ?? [one])
  .map(({ name, address }) => ({ name: name ?? "", address: address ?? "" }));

self.onmessage = async ({ data }) => {
  try {
    const mail = await PostalMime.parse(data, { maxNestingDepth: 50, maxRfc822NestingDepth: 3 });
    const attachments = mail.attachments.slice(0, MOST_PARTS).map((part) => ({
      name: part.filename ?? "", type: part.mimeType ?? "",
      contentId: part.contentId?.replace(/^<|>$/g, "") ?? "",
      related: part.related === true || part.disposition === "inline",
      content: typeof part.content === "string" ? new TextEncoder().encode(part.content)
        : new Uint8Array(part.content),
    }));
    const answer = {
      html: mail.html ?? "", text: mail.text ?? "", subject: mail.subject ?? "",
      from: flat(mail.from ? [mail.from] : [])[0] ?? null,
      to: flat(mail.to), cc: flat(mail.cc), attachments,
    };
    self.postMessage({ answer }, [...new Set(attachments.map((part) => part.content.buffer))]);
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
