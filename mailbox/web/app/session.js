// SPDX-License-Identifier: BSD-2-Clause
// Watches how long nobody has done anything: warns before the session ends, and ends it here
// when it has ended at the daemon.

import { h } from "./dom.js";
import { clock, t } from "./text.js";
import { trouble } from "./trouble.js";

const WARNING = 120;  // seconds before the end, or half of a session that is shorter

/** Returns what ends the watching. `ended()` is called once. */
export function watchIdle(mailbox, ended) {
  let deadline = 0, warnTimer = null, endTimer = null, dialog = null;
  const close = () => {
    dialog?.remove();
    dialog = null;
  };
  const stop = () => {
    clearTimeout(warnTimer);
    clearTimeout(endTimer);
    close();
    mailbox.onidle = () => {};
    document.removeEventListener("visibilitychange", look);
  };
  const warn = () => {
    if (dialog) return;
    const alarm = h("p", { role: "alert" });
    const stay = h("button", { type: "button", class: "primary", onclick: () =>
      mailbox.keep().catch((error) => { alarm.textContent = trouble(error); }) },
    t("idle.stay"));
    dialog = h("dialog", { "aria-labelledby": "idle-title", class: "idle" },
      h("h2", { id: "idle-title" }, t("idle.title")),
      h("p", {}, t("idle.text", { time: clock(deadline / 1000) })), alarm,
      h("div", { class: "actions" }, stay));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      stay.click();
    });
    document.body.append(dialog);
    dialog.showModal();
  };
  const end = () => {
    stop();
    ended();
  };
  // A computer that slept fires no timer in time.
  const look = () => {
    if (document.visibilityState === "visible" && Date.now() >= deadline) end();
  };
  mailbox.onidle = (idle) => {
    deadline = Date.now() + idle * 1000;
    clearTimeout(warnTimer);
    clearTimeout(endTimer);
    close();
    warnTimer = setTimeout(warn, (idle - Math.min(WARNING, idle / 2)) * 1000);
    endTimer = setTimeout(end, idle * 1000);
  };
  document.addEventListener("visibilitychange", look);
  mailbox.onidle(mailbox.idle);
  return stop;
}
