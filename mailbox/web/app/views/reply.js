// SPDX-License-Identifier: BSD-2-Clause
// Writes a reply. What is typed is kept, sealed to the mailbox's own key, every few seconds.

import { Refused } from "../api.js";
import { h, icon } from "../dom.js";
import { field, form, Invalid } from "../form.js";
import { called, card, who } from "../page.js";
import { newHandle } from "../sealed.js";
import { clock, say, size, t } from "../text.js";
import { trouble } from "../trouble.js";
import { arrived, describe, upload } from "../upload.js";

const CALM = 2000;        // milliseconds without a key until a draft is kept
const MOST_FILES = 64;
const MOST_TEXT = 524288, MOST_SUBJECT = 998;  // octets

const octets = (text) => new TextEncoder().encode(text).length;

/** A reply that is being written, and its draft at the daemon. */
export class Reply {
  constructor(mailbox, letter, draft, limit) {
    this.mailbox = mailbox;
    this.letter = letter;
    this.limit = limit;
    this.draft = draft?.id ?? newHandle();
    this.restored = draft !== null;
    const subject = letter.about.subject;
    this.value = draft?.value ?? {
      id: newHandle(), to: letter.sender.name || letter.sender.address, text: "", attachments: [],
      subject: /^(re|aw):/i.test(subject) ? subject : t("reply.subject.re", { subject }),
    };
    this.coming = new Map();  // uploads on their way: {fraction, stop}
    this.saving = Promise.resolve();
    this.timer = null;
    this.dirty = false;
    this.onchange = () => {};
    this.onsaved = () => {};
  }

  /** Files of a draft that did not arrive are left out; returns their names. */
  async forgetLost() {
    const there = await Promise.all(
      this.value.attachments.map((one) => arrived(this.mailbox, one)));
    const lost = this.value.attachments.filter((_, at) => !there[at]);
    this.value.attachments = this.value.attachments.filter((_, at) => there[at]);
    return lost.map(({ name }) => name);
  }

  get used() {
    return octets(this.value.text) +
      this.value.attachments.reduce((sum, one) => sum + one.size, 0);
  }

  changed() {
    this.dirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), CALM);
  }

  /** Keeps the draft; one after another, and nothing if nothing changed. */
  save() {
    clearTimeout(this.timer);
    this.saving = this.saving.then(async () => {
      if (!this.dirty) return;
      this.dirty = false;
      this.onsaved("reply.saving");
      try {
        await this.mailbox.saveDraft(this.draft, this.letter.id, this.value);
        this.onsaved("reply.saved", { time: clock(Date.now() / 1000) });
      } catch (error) {
        this.dirty = true;
        this.onsaved("reply.unsaved");
        if (!(error instanceof Refused)) console.info(String(error));
      }
    });
    return this.saving;
  }

  attach(file) {
    if (this.value.attachments.length >= MOST_FILES) throw new Invalid("files", t("reply.many"));
    if (this.used + file.size > this.limit) {
      throw new Invalid("files", t("reply.large", { name: file.name, size: size(this.limit) }));
    }
    const attachment = describe(file);
    const stop = new AbortController();
    this.value.attachments.push(attachment);
    this.coming.set(attachment.id, { fraction: 0, stop });
    const progress = (fraction) => {
      this.coming.set(attachment.id, { fraction, stop });
      this.onchange();
    };
    this.onchange();
    return upload(this.mailbox, attachment, file, progress, stop.signal).then(() => {
      this.coming.delete(attachment.id);
      this.changed();
      this.onchange();
    }, (error) => {
      this.coming.delete(attachment.id);
      this.value.attachments = this.value.attachments.filter((one) => one !== attachment);
      this.onchange();
      if (error.name !== "AbortError") throw error;
    });
  }

  detach(attachment) {
    this.coming.get(attachment.id)?.stop.abort();
    this.value.attachments = this.value.attachments.filter((one) => one !== attachment);
    this.mailbox.call("DELETE", `/uploads/${attachment.id}`).catch(() => {});
    this.changed();
    this.onchange();
  }

  /** Sends it; the same again sends nothing twice. */
  async send() {
    await this.save();
    await this.mailbox.call("POST", "/replies", {
      id: this.value.id, letter: this.letter.id, subject: this.value.subject,
      text: this.value.text, draft: this.draft,
      attachments: this.value.attachments.map(({ id, key, name, type }) =>
        ({ upload: id, key, name, type })),
    });
    this.stop();
  }

  /** As a draft that has not been kept. */
  rescue() {
    return { id: this.draft, letter: this.letter.id, value: this.value };
  }

  /** No more saving. */
  stop() {
    clearTimeout(this.timer);
    this.dirty = false;
    this.onchange = () => {};
    this.onsaved = () => {};
  }
}

function attached(reply) {
  const list = h("ul", { class: "files", "aria-label": t("reply.attached") });
  const draw = () => list.replaceChildren(...reply.value.attachments.map((one) => {
    const on = reply.coming.get(one.id);
    const percent = Math.floor((on?.fraction ?? 1) * 100);
    return h("li", { "data-complete": on ? "no" : "yes" }, h("div", { class: "file" },
      icon("clip"), h("bdi", {}, one.name),
      on ? h("progress", { max: 100, value: percent,
        "aria-label": t("reply.uploading", { name: one.name, percent }) })
        : h("span", {}, size(one.size)),
      h("button", { type: "button", class: "plain", onclick: () => reply.detach(one),
        "aria-label": t("reply.detach", { name: one.name }) }, icon("bin"))));
  }));
  reply.onchange = draw;
  draw();
  return list;
}

function chooser(reply, failed) {
  const input = h("input", { type: "file", id: "files", name: "files", multiple: true,
    class: "unseen", "aria-describedby": "files-limit files-error" });
  input.addEventListener("change", () => {
    for (const file of input.files) {
      try {
        reply.attach(file).catch(failed);
      } catch (error) {
        failed(error);
      }
    }
    input.value = "";
  });
  return h("div", { class: "field choose" }, input,
    h("label", { for: "files", class: "secondary" }, icon("clip"), t("reply.attach")),
    h("p", { class: "hint", id: "files-limit" },
      t("reply.limit", { size: size(reply.limit) })),
    h("p", { class: "error", id: "files-error", role: "alert", hidden: true }));
}

function check(reply) {
  const { subject, text, attachments } = reply.value;
  if (!text.trim() && !attachments.length) throw new Invalid("text", t("reply.empty"));
  if (octets(text) > MOST_TEXT) throw new Invalid("text", t("reply.long"));
  if (octets(subject) > MOST_SUBJECT) throw new Invalid("subject", t("reply.long"));
  if (reply.used > reply.limit) {
    throw new Invalid("text", t("reply.large", { name: t("reply.text"), size: size(reply.limit) }));
  }
  if (reply.coming.size) throw new Invalid("", t("reply.waits"));
}

/** `lost` names files that did not arrive before. */
export function writing({ reply, lost, nav }, { sent, discard }) {
  const { letter } = reply;
  const saved = h("p", { class: "small", id: "saved" });
  reply.onsaved = (key, values) => { saved.textContent = t(key, values); };
  const keep = ({ target }) => {
    if (target.name !== "subject" && target.name !== "text") return;
    // Control characters that a mail must not have.
    reply.value[target.name] = target.value.replace(
      target.name === "text" ? /[\0-\x08\x0b-\x1f\x7f]/g : /[\0-\x1f\x7f]/g, " ");
    reply.changed();
  };
  const made = form({
    button: t("reply.send"), trouble,
    submit: async () => {
      check(reply);
      await reply.send();
      sent();
    },
  },
  h("dl", { class: "head" }, h("dt", {}, t("reply.to")), h("dd", {}, who(letter.sender))),
  field("subject", t("reply.subject"), { value: reply.value.subject, autocomplete: "off" }),
  field("text", t("reply.text"), { tag: "textarea", rows: 12 }),
  attached(reply),
  chooser(reply, (error) => {
    if (!made.isConnected) return;
    const place = made.querySelector("#files-error");
    place.replaceChildren(icon("warning"), trouble(error));
    place.hidden = false;
  }),
  h("p", { class: "small" }, icon("lock"),
    h("span", {}, say("reply.protected", { address: h("bdi", {}, letter.sender.address) }))));
  made.elements.text.value = reply.value.text;
  made.addEventListener("input", keep);
  const name = called(letter.sender);
  return {
    title: t("reply.title", { name: letter.sender.name || letter.sender.address }),
    nav, wide: true, focus: "textarea",
    content: [h("p", { class: "back" }, h("a", { href: `#/letter/${letter.id}` }, icon("back"),
      h("bdi", {}, letter.about.subject || t("subject.none")))),
    card(say("reply.title", { name }),
      reply.restored && h("p", { class: "note", role: "status" }, icon("check"),
        t("reply.restored")),
      lost.map((file) => h("p", { class: "note" }, icon("warning"),
        t("reply.lost", { name: file }))),
      made, h("div", { class: "below" }, saved,
        h("button", { type: "button", class: "plain", onclick: discard }, icon("bin"),
          t("draft.discard"))))],
  };
}

export const done = ({ letter, nav }) => ({
  title: t("reply.done.title"), nav,
  content: card(h("span", { class: "done" }, icon("check"), t("reply.done.title")),
    h("p", {}, say("reply.done.text", { sender: who(letter.sender) })),
    h("div", { class: "actions" },
      h("a", { class: "primary", href: "#/inbox" }, t("back.inbox")),
      h("a", { class: "secondary", href: "#/sent" }, t("reply.done.sent")))),
});
