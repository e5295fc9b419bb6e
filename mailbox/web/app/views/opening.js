// SPDX-License-Identifier: BSD-2-Clause
// The way of a first letter: its PIN, and the password that can never be changed.

import { Refused } from "../api.js";
import { characters } from "../argon2.js";
import { h, icon } from "../dom.js";
import { explain, field, form, Invalid, showPassword, tick } from "../form.js";
import { prepareOpening } from "../mailbox.js";
import { called, card, paragraph, who } from "../page.js";
import { currentLanguage, day, say, t } from "../text.js";
import { trouble } from "../trouble.js";

/** The digits of a PIN as somebody typed it. */
export function readPin(text) {
  const pin = text.replace(/[\s-]+/g, "");
  if (!/^[0-9]{4,16}$/.test(pin)) throw new Invalid("pin", t("pin.shape"));
  return pin;
}

/** What a wrong PIN leaves: throws what a form shows, or what it was. */
export function wrongPin(error, sender) {
  if (!(error instanceof Refused && error.error === "pin")) throw error;
  const count = error.said.tries_left;
  throw new Invalid("pin", count === 1 ? t("pin.wrong.last", { name: sender.name || sender.address })
    : t("pin.wrong", { count }));
}

export const pinField = () => field("pin", t("pin.label"), {
  inputmode: "numeric", autocomplete: "off", class: "pin", hint: t("pin.hint"),
  maxlength: 40, required: true,
});

export const noPin = (sender) =>
  explain(t("pin.none"), h("p", {}, say("pin.none.text", { name: called(sender) })));

const from = ({ sender, date }) => h("dl", { class: "sender" },
  h("dt", {}, t("pin.from")),
  h("dd", {}, h("bdi", { class: "name" }, sender.name || sender.address),
    sender.name && h("bdi", { class: "address" }, sender.address),
    h("span", { class: "date" }, t("pin.sent", { date: day(date) }))));

/** `tried(pin)` trades it for a ticket; null where none is needed. `note` names what to say first. */
export function pin({ link, note = null }, { tried }) {
  return {
    title: t("pin.title"),
    content: card(t("pin.title"),
      note && h("p", { class: "note", role: "status" }, icon("clock"), t(note)),
      from(link),
      link.pin ? h("p", {}, say("pin.text", { name: called(link.sender) }))
        : paragraph("pin.not.needed"),
      form({
        button: t("continue"), trouble,
        submit: (values) => tried(link.pin ? readPin(values.pin) : null)
          .catch((error) => wrongPin(error, link.sender)),
      }, link.pin ? pinField() : null),
      link.pin && noPin(link.sender)),
  };
}

function check({ password, repeated, agreed }, { address, least }) {
  const have = characters(password);
  if (have < least) throw new Invalid("password", t("password.short", { count: least, have }));
  const plain = password.normalize("NFC").toLowerCase();
  if (new Set(plain).size < 5 || plain.includes(address.toLowerCase())) {
    throw new Invalid("password", t("password.simple"));
  }
  if (password.normalize("NFC") !== repeated.normalize("NFC")) {
    throw new Invalid("repeated", t("password.differs"));
  }
  if (!agreed) throw new Invalid("agreed", t("password.unagreed"));
}

/**
 * Chooses the password. `entered(mailbox)` goes on; `late()` where the ticket has run out;
 * `taken()` where another browser was first.
 */
export function password({ link, ticket, least }, { entered, late, taken }) {
  const address = h("bdi", { class: "who" }, ticket.address);
  // A request whose answer was lost is sent once more as it was.
  let prepared = null;
  const submit = async (values) => {
    check(values, { address: ticket.address, least });
    if (prepared?.password !== values.password) {
      prepared = { password: values.password, send:
        await prepareOpening(ticket, link.secret, values.password, currentLanguage()) };
    }
    const mailbox = await prepared.send().catch((error) => {
      if (error instanceof Refused && error.error === "ticket") return late();
      if (error instanceof Refused && error.error === "open") return taken();
      throw error;
    });
    if (mailbox) await entered(mailbox);
  };
  return {
    title: t("password.title"),
    content: card(t("password.title"),
      h("p", {}, say("password.text", { address })),
      h("ul", { class: "facts" },
        h("li", {}, icon("lock"),
          h("p", {}, h("strong", {}, t("password.keep.lead")), " ", t("password.keep"))),
        h("li", {}, icon("person"),
          h("p", {}, h("strong", {}, t("password.forwarded.lead")), " ",
            say("password.forwarded", { address: h("bdi", {}, ticket.address) })))),
      form({ button: t("password.button"), trouble, submit },
        field("username", t("password.address"), {
          type: "email", autocomplete: "username", readonly: true, value: ticket.address,
        }),
        field("password", t("password.new"), {
          type: "password", autocomplete: "new-password", required: true,
          hint: t("password.hint", { count: least }),
        }),
        field("repeated", t("password.again"), {
          type: "password", autocomplete: "new-password", required: true,
        }),
        showPassword("password", "repeated"),
        tick("agreed", say("password.agree", { address: address.cloneNode(true) })))),
  };
}

/** Another browser set the password first. */
export const taken = ({ link }, { logIn }) => ({
  title: t("password.title"),
  content: card(t("password.title"),
    h("p", {}, say("password.taken", { name: called(link.sender) })),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "primary", onclick: logIn }, t("login.button")))),
});
