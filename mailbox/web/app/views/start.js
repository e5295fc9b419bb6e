// SPDX-License-Identifier: BSD-2-Clause
// Before the login: logging in, typing a code, and links that open nothing.

import { Refused } from "../api.js";
import { h, icon } from "../dom.js";
import { explain, field, form, Invalid, showPassword } from "../form.js";
import { readCode } from "../link.js";
import { logIn } from "../mailbox.js";
import { called, card, paragraph, who } from "../page.js";
import { say, t } from "../text.js";
import { trouble } from "../trouble.js";

const forgotten = () => explain(t("login.forgotten"), paragraph("login.forgotten.text"));

function loginForm(address, entered) {
  return form({
    button: t("login.button"), trouble,
    submit: async ({ username, password }) => {
      if (!/^[^@\s].*@[^@]+$/.test(username.trim())) throw new Invalid("username", t("login.wrong"));
      if (!password) throw new Invalid("password", t("login.wrong"));
      const mailbox = await logIn(username.trim(), password).catch((error) => {
        if (error instanceof Refused && error.error === "password") {
          throw new Invalid("password", t("login.wrong"));
        }
        throw error;
      });
      await entered(mailbox);
    },
  },
  field("username", t("login.address"), {
    type: "email", autocomplete: "username", value: address ?? "", required: true,
    autocapitalize: "none", spellcheck: "false",
  }),
  field("password", t("login.password"), {
    type: "password", autocomplete: "current-password", required: true,
    hint: t("login.password.hint"),
  }),
  showPassword("password"));
}

/** The start page, and where one logs in; `link` is one that waits for it. */
export function login({ address = null, link = null, note = null }, { entered }) {
  const code = h("a", { href: "#/code" }, t("login.first.code"));
  return {
    title: t("login.title"),
    content: card(t("login.head"),
      note && h("p", { class: "note", role: "status" }, icon("clock"), note),
      link ? h("p", {}, say("login.letter", { sender: who(link.sender) }))
        : paragraph("login.text"),
      loginForm(link?.address ?? address, entered),
      forgotten(),
      link ? null : explain(t("login.first"), h("p", {}, say("login.first.text", { code })))),
  };
}

/** A form for a code; `use(secret)` goes on with it. */
export const codeForm = (use) => form({
  button: t("continue"), trouble,
  submit: ({ code }) => {
    const secret = readCode(code);
    if (!secret) throw new Invalid("code", t("code.wrong"));
    return use(secret);
  },
}, field("code", t("code.label"), {
  autocomplete: "off", autocapitalize: "characters", spellcheck: "false", class: "code",
  hint: t("code.hint"), required: true,
}));

export const lost = () => explain(t("code.lost"), paragraph("code.lost.text"));

export const code = (_, { use }) => ({
  title: t("code.title"),
  content: card(t("code.title"), paragraph("code.text"), codeForm(use), lost()),
});

export const damaged = (_, { use }) => ({
  title: t("damaged.title"),
  content: card(t("damaged.title"), paragraph("damaged.text"), codeForm(use), lost()),
});

export const gone = () => ({
  title: t("gone.title"),
  content: card(t("gone.title"), paragraph("gone.text"), paragraph("gone.have"),
    h("div", { class: "actions" }, h("a", { class: "primary", href: "#" }, t("login.title"))),
    lost()),
});

export const locked = ({ sender }) => ({
  title: t("locked.title"),
  content: card(t("locked.title"),
    h("p", {}, say("locked.text", { sender: who(sender) })),
    h("p", {}, say("locked.next", { name: called(sender) }))),
});

export const left = () => ({
  title: t("ended.title"),
  content: card(t("ended.title"), paragraph("ended.left"),
    h("div", { class: "actions" }, h("a", { class: "primary", href: "#" }, t("login.title")))),
});

export const noWasm = () => ({
  title: t("wasm.title"), content: card(t("wasm.title"), paragraph("wasm.text")),
});

export const noCrypto = () => ({
  title: t("wasm.title"), content: card(t("wasm.title"), paragraph("crypto.text")),
});

/** Something went wrong, and can be tried again. */
export const failed = ({ error }, { again }) => ({
  title: t("trouble.title"),
  content: card(t("trouble.title"), h("p", {}, trouble(error)),
    h("div", { class: "actions" },
      h("button", { type: "button", class: "primary", onclick: again }, t("again")))),
});
