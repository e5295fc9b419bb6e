// SPDX-License-Identifier: BSD-2-Clause
// Forms: labels, hints, what is wrong beside the field it is wrong in, and one button.

import { h, icon } from "./dom.js";
import { t } from "./text.js";

/** Something is wrong in a field of the form. */
export class Invalid extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

/**
 * A labelled field. `attributes` are the input's; `hint` stands below the label. `tag` may be
 * "textarea".
 */
export function field(name, label, { hint = null, tag = "input", ...attributes } = {}) {
  const described = `${hint ? `${name}-hint ` : ""}${name}-error`;
  return h("div", { class: "field" },
    h("label", { for: name }, label),
    hint && h("p", { class: "hint", id: `${name}-hint` }, hint),
    h(tag, { id: name, name, "aria-describedby": described, ...attributes }),
    h("p", { class: "error", id: `${name}-error`, hidden: true }));
}

/** A box to tick, with its sentence. */
export const tick = (name, label, attributes = {}) =>
  h("div", { class: "field tick" },
    h("input", { type: "checkbox", id: name, name, "aria-describedby": `${name}-error`,
      ...attributes }),
    h("label", { for: name }, label),
    h("p", { class: "error", id: `${name}-error`, hidden: true }));

/** Shows what is typed into password fields, as long as it is ticked. */
export function showPassword(...names) {
  const flip = ({ target }) => {
    for (const name of names) {
      target.form.elements[name].type = target.checked ? "text" : "password";
    }
  };
  return h("div", { class: "tick quiet" },
    h("input", { type: "checkbox", id: "show-password", onchange: flip }),
    h("label", { for: "show-password" }, t("show.password")));
}

function complain(form, name, message) {
  const input = form.elements[name];
  const place = form.querySelector(`#${name}-error`);
  place.replaceChildren(icon("warning"), message);
  place.hidden = false;
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

function forgive(form) {
  for (const place of form.querySelectorAll(".error")) {
    place.hidden = true;
    place.replaceChildren();
  }
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}

/**
 * A form with one button. `submit(values, form)` does what it is for; meanwhile the button waits.
 * It may throw Invalid; `trouble(error)` says in words what else may come.
 */
export function form({ button, submit, trouble }, ...content) {
  const action = h("button", { type: "submit", class: "primary" }, button);
  const alarm = h("div", { class: "alarm", role: "alert" });
  const made = h("form", { novalidate: true }, alarm, content,
    h("div", { class: "actions" }, action));
  const busy = (is) => {
    made.toggleAttribute("aria-busy", is);
    action.setAttribute("aria-disabled", String(is));
    action.replaceChildren(is ? t("busy") : button);
  };
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (made.hasAttribute("aria-busy")) return;
    forgive(made);
    alarm.replaceChildren();
    busy(true);
    try {
      await submit(Object.fromEntries(new FormData(made)), made);
    } catch (error) {
      if (error instanceof Invalid && error.field) complain(made, error.field, error.message);
      else alarm.replaceChildren(icon("warning"), h("p", {}, trouble(error)));
    } finally {
      busy(false);
    }
  });
  return made;
}

/** A question that opens into its answer. */
export const explain = (question, ...answer) =>
  h("details", {}, h("summary", {}, question), h("div", {}, answer));
