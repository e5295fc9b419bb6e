// SPDX-License-Identifier: BSD-2-Clause
// The frame around each view: whose pages they are, where one is, the language, the foot.

import { h, icon } from "./dom.js";
import { LANGUAGES } from "./catalogue.js";
import { currentLanguage, say, setLanguage, t } from "./text.js";

const NAMES = { en: "English", de: "Deutsch" };
const place = (id) => document.getElementById(id);

let site = { name: "", logo: null };
let current = null;

export function setSite(told) {
  site = told;
}

const mark = () => site.logo
  ? h("img", { src: site.logo, alt: "", class: "logo" })
  : h("span", { class: "logo seal" }, icon("envelope"));

function language(code) {
  return h("button", {
    type: "button", lang: code, class: "plain",
    "aria-pressed": String(code === currentLanguage()),
    onclick: () => {
      setLanguage(code);
      refresh();
      document.querySelector(`#foot button[lang="${code}"]`).focus();
    },
  }, NAMES[code]);
}

function navigation({ nav }) {
  if (!nav) return null;
  const link = (name) => h("a", {
    href: `#/${name}`, "aria-current": nav.at === name && "page",
  }, t(`${name}.title`));
  return h("nav", { "aria-label": t("nav.label") }, link("inbox"), link("sent"),
    h("button", { type: "button", class: "plain", onclick: nav.logOut }, t("nav.logout")));
}

function dress(view) {
  document.title = t("site.title", { title: view.title, site: site.name || t("site.protected") });
  place("skip").textContent = t("site.skip");
  place("head").replaceChildren(
    h("div", { class: "brand" }, mark(), h("p", {},
      h("strong", {}, site.name || t("site.protected")),
      site.name && h("span", {}, t("site.protected")))),
    navigation(view) ?? "");
  place("foot").replaceChildren(
    h("p", {}, icon("lock"), t("site.foot")),
    h("div", { role: "group", "aria-label": t("site.language") }, LANGUAGES.map(language)));
}

/**
 * Shows a view. `make()` returns {title, content, nav}, and is called anew when the language
 * changes; `keep` says that the view writes itself anew and what is typed must not be lost.
 */
export function show(make) {
  current = make;
  const view = make();
  dress(view);
  const main = place("main");
  main.className = view.wide ? "wide" : "";
  main.replaceChildren(...[view.content].flat());
  window.scrollTo(0, 0);
  const first = view.focus && main.querySelector(view.focus);
  (first || main.querySelector("h1"))?.focus();
  return view;
}

// What has been typed stays.
function refresh() {
  const fields = () => Array.from(document.querySelectorAll("#main :is(input, textarea)"))
    .filter(({ type, id }) => id && type !== "file");
  const typed = new Map(fields().map(({ id, type, value, checked }) =>
    [id, type === "checkbox" ? checked : value]));
  show(current);
  for (const input of fields()) {
    if (!typed.has(input.id)) continue;
    if (input.type === "checkbox") input.checked = typed.get(input.id);
    else input.value = typed.get(input.id);
  }
}

/** A card with a heading, and what is in it. */
export const card = (heading, ...content) =>
  h("section", { class: "card" }, h("h1", { tabindex: "-1" }, heading), content);

export const paragraph = (key, values) => h("p", {}, say(key, values));

/** Who somebody is, as bold text: name and address, or the address alone. */
export function who({ name, address }) {
  return h("bdi", { class: "who" }, name ? t("and", { name, address }) : address);
}

/** How to call somebody in a sentence. */
export const called = ({ name, address }) => h("bdi", {}, name || address);
