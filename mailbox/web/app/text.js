// SPDX-License-Identifier: BSD-2-Clause
// Says things in the reader's language.

import { CATALOGUE, LANGUAGES } from "./catalogue.js";

let language = LANGUAGES[0];

export const currentLanguage = () => language;

export function setLanguage(wanted) {
  language = LANGUAGES.includes(wanted) ? wanted : LANGUAGES[0];
  document.documentElement.lang = language;
}

/** The first language of the browser that the pages have, else what the site says. */
export function chooseLanguage(preferred, fallback) {
  const first = preferred.map((tag) => tag.slice(0, 2).toLowerCase())
    .find((tag) => LANGUAGES.includes(tag));
  setLanguage(first ?? fallback);
}

/** As a list of texts, and of elements where a value is one. */
export function say(key, values = {}) {
  const template = CATALOGUE[key]?.[LANGUAGES.indexOf(language)];
  if (template === undefined) throw new TypeError(`the catalogue has no ${key}`);
  return template.split(/(\{\w+\})/).filter((part) => part !== "").map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name) return part;
    if (values[name] === undefined) throw new TypeError(`${key} needs ${name}`);
    return values[name] instanceof Node ? values[name] : String(values[name]);
  });
}

/** As one text. */
export const t = (key, values) => say(key, values).join("");

const format = (options) => new Intl.DateTimeFormat(language === "de" ? "de-DE" : "en-GB", options);
const moment = (seconds) => new Date(seconds * 1000);

export const day = (seconds) =>
  format({ day: "numeric", month: "long", year: "numeric" }).format(moment(seconds));
export const dayAndTime = (seconds) => format(
  { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "numeric",
    minute: "2-digit" }).format(moment(seconds));
export const clock = (seconds) =>
  format({ hour: "numeric", minute: "2-digit" }).format(moment(seconds));

export function size(octets) {
  const number = (value) => new Intl.NumberFormat(language,
    { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
  if (octets < 1000) return t("letter.size.bytes", { count: number(octets) });
  if (octets < 1e6) return t("letter.size.kb", { count: number(octets / 1000) });
  return t("letter.size.mb", { count: number(octets / 1e6) });
}
