// SPDX-License-Identifier: BSD-2-Clause
// A letter's text, made harmless. What a mail says is hostile: it is parsed in a Worker, cleaned
// here, and shown by /view.html, which has no origin, may load nothing, and runs no script but
// its own.

import DOMPurify from "../vendor/dompurify-3.5.0/purify.es.mjs";
import { base64url } from "./bytes.js";
import { worker } from "./workers.js";

const TAGS = ("a abbr address article aside b bdi bdo big blockquote body br caption center cite " +
  "code col colgroup dd del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 " +
  "head header hr html i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section " +
  "small span strike strong style sub summary details sup table tbody td tfoot th thead time " +
  "title tr tt u ul var wbr").split(" ");
const ATTRIBUTES = ("abbr align alt bgcolor border cellpadding cellspacing class color " +
  "colspan dir face headers height hspace href id lang name nowrap open reversed role " +
  "rowspan scope size span src start style summary title type valign value vspace width").split(" ");
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif",
  "image/bmp"]);
const LINKS = /^(?:https?|mailto|tel):/i;

const dataUrl = ({ type, content }) =>
  `data:${type};base64,${base64(content)}`;

function base64(octets) {
  const text = base64url(octets).replaceAll("-", "+").replaceAll("_", "/");
  return text + "=".repeat((4 - text.length % 4) % 4);
}

/** Takes a mail apart: what ../worker/letter.js answers. */
export async function parse(mail) {
  const running = worker("letter");
  try {
    return await running.ask(mail, [mail.buffer]);
  } finally {
    running.end();
  }
}

// A picture that came with the mail, as an address that needs no network.
function picture(source, attachments) {
  if (/^data:image\/(?:png|jpe?g|gif|webp|avif|bmp);base64,/i.test(source)) return { url: source };
  const id = /^cid:(.+)$/i.exec(source)?.[1];
  if (id === undefined) return null;
  let decoded = id;
  try {
    decoded = decodeURIComponent(id);
  } catch { /* then it is as it stands */ }
  const found = attachments.find(({ contentId, type }) =>
    contentId !== "" && (contentId === id || contentId === decoded) && PICTURES.has(type));
  return found ? { found, url: dataUrl(found) } : null;
}

// The letter that is being cleaned: {attachments, used, pictures}.
let current = null;

DOMPurify.addHook("uponSanitizeAttribute", (node, data) => {
  if (data.attrName !== "src") return;
  const source = data.attrValue.trim();
  const shown = picture(source, current.attachments);
  if (shown === null) {
    current.pictures ||= node.localName === "img" && /^(?:https?:)?\/\//i.test(source);
    data.keepAttr = false;
  } else if (shown.found) {
    current.used.add(shown.found);
    data.attrValue = shown.url;
  }
});

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  const href = node.getAttribute?.("href")?.trim();
  if (node.localName !== "a" || href === undefined) return;
  if (LINKS.test(href)) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  } else if (!/^#[\w.-]+$/.test(href)) {
    // A place within the letter can stay; there is nothing else to lead to.
    node.removeAttribute("href");
  }
});

// A program that writes text alone may still send a page with nothing on it.
const isEmpty = (html) => !/<img\b/.test(html) &&
  html.replace(/<(title|style)\b[^]*?<\/\1>|<[^>]*>|&nbsp;|\s/g, "") === "";

/** {html, empty, pictures: were some left out, used: attachments that are shown in the text}. */
export function clean({ html, attachments }) {
  current = { attachments, used: new Set(), pictures: false };
  const cleaned = DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS, ALLOWED_ATTR: ATTRIBUTES, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false,
    WHOLE_DOCUMENT: true, ADD_DATA_URI_TAGS: ["img"], SANITIZE_NAMED_PROPS: true,
  });
  return { html: cleaned, empty: isEmpty(cleaned), pictures: current.pictures, used: current.used };
}

const TALLEST = 30000;  // pixels: a letter must not grow for ever

/**
 * Feeds a cleaned letter to a frame of /view.html, once. Returns what ends it.
 * `shown()` is called when it stands there.
 */
export function showIn(frame, html, language, shown) {
  const channel = new MessageChannel();
  const hear = (event) => {
    // Its origin is "null": who it is, only its window tells.
    if (event.source !== frame.contentWindow || event.data !== "postseal-view") return;
    window.removeEventListener("message", hear);
    frame.contentWindow.postMessage({ html, language }, "*", [channel.port2]);
  };
  channel.port1.onmessage = ({ data }) => {
    if (!Number.isFinite(data?.height)) return;
    frame.style.height = `${Math.min(TALLEST, Math.max(40, Math.ceil(data.height)))}px`;
    shown();
  };
  window.addEventListener("message", hear);
  return () => {
    window.removeEventListener("message", hear);
    channel.port1.close();
  };
}

const ADDRESS = /https?:\/\/[^\s<>"'()]+[^\s<>"'().,;:!?]/g;

/** A plain text as a list of texts and, for addresses of the web, what `link(url)` makes. */
export function withLinks(text, link) {
  const parts = [];
  let at = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    parts.push(text.slice(at, index), URL.canParse?.(found) === false ? found : link(found));
    at = index + found.length;
  }
  parts.push(text.slice(at));
  return parts;
}

/** A name under which an attachment can be saved, whatever its sender called it. */
export function fileName(name, otherwise) {
  const clean = name.normalize("NFC").replace(/[\p{Cc}\p{Cf}/\\:*?"<>|]+/gu, "_")
    .replace(/^[\s.]+/, "").replace(/[\s.]+$/, "").trim();
  const characters = Array.from(clean);
  if (characters.length <= 120) return clean || otherwise;
  // Its end tells what it is.
  return [...characters.slice(0, 100), "…", ...characters.slice(-19)].join("");
}
