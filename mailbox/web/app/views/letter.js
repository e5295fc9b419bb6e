// SPDX-License-Identifier: BSD-2-Clause
// One letter: read, withheld until its PIN, or waiting for another link.

import { h, icon, saveFile } from "../dom.js";
import { form, Invalid } from "../form.js";
import { clean, fileName, parse, showIn, withLinks } from "../letter.js";
import { called, card, paragraph, who } from "../page.js";
import { currentLanguage, day, dayAndTime, say, size, t } from "../text.js";
import { trouble } from "../trouble.js";
import { noPin, pinField, readPin, wrongPin } from "./opening.js";
import { codeForm, lost } from "./start.js";

const back = (box) => h("p", { class: "back" },
  h("a", { href: `#/${box}` }, icon("back"), t(`back.${box}`)));

/** `entered(pin)` opens the letter. */
export const withheld = ({ letter, nav }, { entered }) => ({
  title: t("withheld.title", { name: letter.sender.name || letter.sender.address }), nav,
  content: [back("inbox"), card(say("withheld.title", { name: called(letter.sender) }),
    h("p", {}, say("withheld.text", { sender: who(letter.sender), name: called(letter.sender) })),
    form({
      button: t("continue"), trouble,
      submit: ({ pin }) => entered(readPin(pin)).catch((error) => wrongPin(error, letter.sender)),
    }, pinField()),
    noPin(letter.sender))],
});

/** Sealed to links from before the mailbox was open; `use(secret)` tells if it was one of them. */
export const other = ({ letter, nav }, { use }) => ({
  title: t("withheld.title", { name: letter.sender.name || letter.sender.address }), nav,
  content: [back("inbox"), card(say("withheld.title", { name: called(letter.sender) }),
    h("p", {}, say("other.text", { date: day(letter.links[0]?.date ?? letter.date) })),
    codeForm(async (secret) => {
      if (!await use(secret)) throw new Invalid("code", t("other.wrong"));
    }),
    lost())],
});

export const missing = ({ nav }) => ({
  title: t("letter.gone"), nav,
  content: [back("inbox"), card(t("letter.gone"), paragraph("letter.gone.text"))],
});

const people = (list) => list.filter(({ address }) => address !== "").map((one, at) =>
  [at > 0 ? ", " : "", who(one)]);

// From the letter's record where that knows better than the mail, which says what it likes.
function head(letter, mail) {
  const row = (name, ...value) => [h("dt", {}, name), h("dd", {}, value)];
  const sent = letter.box === "sent";
  return h("dl", { class: "head" },
    row(t("letter.from"), who(sent ? mail.from ?? letter.sender : letter.sender)),
    sent ? row(t("letter.to"), who(letter.sender))
      : mail.to.length > 0 && row(t("letter.to"), people(mail.to)),
    mail.cc.length > 0 && row(t("letter.cc"), people(mail.cc)),
    row(t("letter.date"), dayAndTime(letter.date)));
}

const outside = (url) => h("a", { href: url, target: "_blank",
  rel: "noopener noreferrer nofollow" }, url);

function frameOf(html, letter) {
  const frame = h("iframe", { src: "/view.html", title: t("letter.frame"), class: "letter",
    referrerpolicy: "no-referrer", "data-letter": letter.id });
  letter.endFrame?.();
  letter.endFrame = showIn(frame, html, currentLanguage(), () => { frame.dataset.shown = "yes"; });
  return frame;
}

function text(letter, mail) {
  if (mail.html) mail.cleaned ??= clean(mail);
  if (!mail.cleaned || mail.cleaned.empty) {
    return mail.text.trim()
      ? [h("div", { class: "letter text", dir: "auto" }, withLinks(mail.text.trimEnd(), outside))]
      : [h("p", { class: "letter nothing" }, t("letter.nothing"))];
  }
  return [
    mail.cleaned.pictures && h("p", { class: "note quiet" }, icon("eye"), t("letter.pictures")),
    frameOf(mail.cleaned.html, letter)];
}

function attachment(part, at) {
  const name = fileName(part.name, t("letter.attachment", { count: at + 1 }));
  return h("li", {}, h("button", {
    type: "button", class: "file", onclick: () => saveFile(name, part.content),
  }, icon("clip"), h("bdi", {}, name), h("span", {}, size(part.content.length)),
  h("span", { class: "unseen" }, t("letter.save")), icon("download")));
}

function attachments(mail) {
  const shown = mail.cleaned?.used ?? new Set();
  const listed = mail.attachments.filter((part) => !shown.has(part));
  if (!listed.length) return null;
  return [h("h2", {}, t("letter.attachments")),
    h("p", { class: "small" }, t("letter.attachment.caution")),
    h("ul", { class: "files" }, listed.map(attachment))];
}

function removal(remove) {
  const ask = h("dialog", { "aria-labelledby": "delete-ask" },
    h("p", { id: "delete-ask" }, t("letter.delete.ask")),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "danger", onclick: () => { ask.close(); remove(); } },
        t("letter.delete.yes")),
      h("button", { type: "button", class: "secondary", onclick: () => ask.close() },
        t("letter.delete.no"))));
  return [h("button", { type: "button", class: "plain", onclick: () => ask.showModal() },
    icon("bin"), t("letter.delete")), ask];
}

/** `loading` is shown until the mail is there. */
export const loading = ({ letter, nav }) => ({
  title: letter.about.subject || t("subject.none"), nav, wide: true,
  content: [back(letter.box), card(h("bdi", {}, letter.about.subject || t("subject.none")),
    h("p", { class: "loading", role: "status" }, t("letter.loading")),
    h("progress", { id: "progress", "aria-label": t("letter.loading") }))],
});

export const damaged = ({ letter, nav }) => ({
  title: t("letter.damaged"), nav,
  content: [back(letter.box), card(t("list.unreadable"), paragraph("letter.damaged"))],
});

/** Fetches, opens, and takes apart. */
export async function fetchMail(mailbox, letter, progress) {
  const octets = await mailbox.body(letter, progress);
  return { octets, ...await parse(octets.slice()) };
}

export function reading({ letter, mail, mailbox, nav }, { remove }) {
  const subject = letter.about.subject || t("subject.none");
  const canReply = letter.box === "inbox" && !mailbox.details.retired;
  return {
    title: subject, nav, wide: true,
    content: [back(letter.box), h("article", { class: "card" },
      h("h1", { tabindex: "-1" }, h("bdi", {}, subject)),
      h("div", { class: "alarm", role: "alert" }),
      head(letter, mail), text(letter, mail), attachments(mail),
      h("div", { class: "actions" },
        canReply && h("a", { class: "primary", href: `#/reply/${letter.id}` },
          icon("reply"), t("letter.reply")),
        h("button", { type: "button", class: "plain", onclick: () => window.print() },
          t("letter.print")),
        h("button", { type: "button", class: "plain",
          onclick: () => saveFile(`${fileName(letter.about.subject, t("pin.title"))}.eml`,
            mail.octets) },
        t("letter.eml")),
        removal(remove)))],
  };
}
