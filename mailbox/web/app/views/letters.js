// SPDX-License-Identifier: BSD-2-Clause
// Inbox and Sent.

import { h, icon } from "../dom.js";
import { called, card } from "../page.js";
import { day, say, t } from "../text.js";
import { trouble } from "../trouble.js";

function subject(letter) {
  if (letter.about) return letter.about.subject || t("subject.none");
  if (letter.damaged) return t("list.unreadable");
  if (letter.access === "link") return t("list.link", { date: day(letter.links[0]?.date ?? letter.date) });
  return say("list.withheld", { name: called(letter.sender) });
}

function item(letter, box) {
  const other = letter.sender.name || letter.sender.address;
  const fresh = box === "inbox" && !letter.read;
  return h("li", { class: fresh && "fresh" },
    h("a", { href: `#/letter/${letter.id}` },
      icon(letter.about ? "envelope" : "key"),
      h("span", { class: "other" }, h("bdi", {}, box === "sent" ? t("list.to", { name: other }) : other),
        fresh && h("span", { class: "badge" }, t("list.unread"))),
      h("bdi", { class: letter.about ? "subject" : "subject closed" }, subject(letter)),
      h("time", { datetime: new Date(letter.date * 1000).toISOString() }, day(letter.date))));
}

const draftNote = ({ id, letter, date, value }, { discard }) =>
  h("div", { class: "note draft" }, icon("reply"),
    h("p", {}, say("draft.found", { name: value.to ?? "?", date: day(date) })),
    h("div", { class: "actions" },
      h("a", { class: "secondary", href: `#/reply/${letter}` }, t("draft.continue")),
      h("button", { type: "button", class: "plain", onclick: () => discard(id) },
        t("draft.discard"))));

function olderButton(box, state, mailbox, list, failed) {
  const button = h("button", { type: "button", class: "secondary", onclick: async () => {
    button.disabled = true;
    try {
      const page = await mailbox.letters(box, state.letters.at(-1).id);
      list.append(...page.letters.map((letter) => item(letter, box)));
      list.children[state.letters.length]?.querySelector("a").focus();
      state.letters.push(...page.letters);
      state.more = page.more;
      button.hidden = !page.more;
    } catch (error) {
      failed(error);
    } finally {
      button.disabled = false;
    }
  } }, t("list.more"));
  button.hidden = !state.more;
  return button;
}

/** `state` is {letters, more}; `drafts` those of Mailbox. */
export function letters({ box, state, drafts, mailbox, nav }, acts) {
  const alarm = h("div", { class: "alarm", role: "alert" });
  const failed = (error) => alarm.replaceChildren(icon("warning"), h("p", {}, trouble(error)));
  const list = h("ul", { class: "letters" }, state.letters.map((letter) => item(letter, box)));
  const title = t(`${box}.title`);
  return {
    title, nav, wide: true,
    content: card(title, alarm,
      mailbox.details.retired && h("p", { class: "note" }, icon("warning"), t("retired")),
      box === "inbox" && drafts.map((draft) => draftNote(draft, acts)),
      state.letters.length ? list : h("p", { class: "empty" }, t("list.empty")),
      h("div", { class: "actions" }, olderButton(box, state, mailbox, list, failed)),
      h("p", { class: "small" }, t("list.expires", { date: day(mailbox.details.expires) }))),
  };
}
