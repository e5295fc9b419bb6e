/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * postseal in Roundcube, the browser's part. While a mail is written, each recipient's pill
 * shows how mail to it travels, with details on hover and focus.
 *
 * Elastic makes the recipients' field anew from the text of its pills (`list.text()`) and
 * tells nobody. So the pills are watched, and a symbol is never text in one: it is made by
 * CSS from attributes, and told to screen readers by ARIA; else it would end up in addresses.
 *
 * What the server says comes from strangers' servers in the end: it is checked for type and
 * length, and becomes text only.
 */
(() => {
  "use strict";

  const STATES = ["dane", "tls", "plain", "unknown"];
  const SEALS = {openpgp: "openpgp", mailbox: "mailbox", "new-mailbox": "newmailbox"};
  const TEXT_MAX = 300;
  const SERVERS_SHOWN = 4;
  const AT_ONCE = 100; /* addresses in a question */
  const AGAIN_MS = [2000, 4000, 8000, 16000]; /* after "SSL ?": postseal is looking meanwhile; */
  const EVER_MS = 60000; /* and then, as long as the recipient stands there */
  const LATER_MS = 15000; /* after no answer at all */
  const SILENT_MS = 20000; /* a question that was lost */
  const PAUSE_MAX_MS = 60000; /* after "this user asks too often" */
  const FAILED = {state: "failed", why: "failed"};

  const label = (name, values = {}) => Object.entries(values).reduce(
    (text, [key, value]) => text.replace("$" + key, () => value), rcmail.get_label(name, "postseal"));
  /* Why postseal says so, in the user's language where all of it is known there; else as it came. */
  const ours = (part) => Object.hasOwn(rcmail.labels, "postseal." + part) ? label(part) : "";
  function translated(reason) {
    const parts = reason.replace("when last known, ", "when last known; ").split("; ").map(ours);
    return ours(reason) || (parts.every(Boolean) ? parts.join(" ") : reason);
  }
  const text = (value) => typeof value === "string" ? value.slice(0, TEXT_MAX) : "";
  const version = (value) => text(value).replace(/^TLSv/, "TLS ");

  function date(value) {
    const when = new Date(text(value));
    return Number.isNaN(when.getTime()) ? "" :
      new Intl.DateTimeFormat(document.documentElement.lang || undefined, {dateStyle: "medium"}).format(when);
  }

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  /*
   * Answers.
   */

  /* What postseal says of a recipient, checked. */
  function understood(json) {
    if (!STATES.includes(json?.state)) {
      return {state: "failed", why: json?.error === "no-such-address" ? "nosuch" : "failed"};
    }
    return {
      state: json.state, why: json.state, guaranteed: json.guaranteed === true,
      version: version(json.tls_version), cipher: text(json.cipher), first: date(json.first_tls),
      last: date(json.last_tls), lost: date(json.downgrade_since), reason: text(json.reason),
      seal: Object.hasOwn(SEALS, json.seal) ? SEALS[json.seal] : "",
      servers: (Array.isArray(json.mx) ? json.mx : []).map((mx) => ({
        host: text(mx?.host), tls: mx?.tls === true, dane: mx?.dane === true, version: version(mx?.tls_version),
      })),
    };
  }

  const known = new Map(); /* address -> what is understood of it, state "asking" at first */
  const waiting = new Set(); /* addresses to ask about */
  let asking = null; /* a question is under way: its addresses that nothing was heard of */
  let pause = 0; /* how long the next question has to wait */
  let timer = 0; /* of the next question */
  let changed = () => {};

  /*
   * One question at a time: what comes while it is under way is one further question. So a list
   * that is pasted is one question, and a list that comes bit by bit are two, however slow all is.
   */
  function ask(addresses) {
    addresses.forEach((address) => waiting.add(address));
    if (!asking && waiting.size > 0) timer ||= setTimeout(askNow, pause);
  }

  function askNow() {
    const part = [...waiting].slice(0, AT_ONCE), unheard = new Set(part);
    timer = pause = 0;
    part.forEach((address) => waiting.delete(address));
    asking = unheard;
    /* Nobody waits for an answer that does not come. */
    const over = () => {
      if (asking !== unheard) return;
      asking = null;
      learn([...unheard].map((address) => [address, FAILED]));
      ask([]);
    };
    $.when(rcmail.http_post("plugin.postseal.recipients", {_a: part})).always(over);
    setTimeout(over, SILENT_MS);
  }

  /* Of who is not there any more nothing is known, and nothing asked. */
  function stillThere(addresses) {
    const there = new Set(pills().map(addressOf));
    addresses.filter((address) => !there.has(address)).forEach((address) => known.delete(address));
    return addresses.filter((address) => there.has(address));
  }

  function learn(told) {
    const later = {}; /* milliseconds -> who is asked about again */
    for (const [address, status] of told) {
      if (!known.has(address)) continue;
      const {times} = known.get(address);
      known.set(address, {...status, times: times + 1});
      const again = status.state === "unknown" ? AGAIN_MS[times] ?? EVER_MS : status.why === "failed" ? LATER_MS : undefined;
      if (again !== undefined) (later[again] ??= []).push(address);
    }
    for (const [ms, addresses] of Object.entries(later)) setTimeout(() => ask(stillThere(addresses)), Number(ms));
    changed();
  }

  function answered({asked, status, recipients, wait}) {
    if (!Array.isArray(asked)) return;
    asked.forEach((address) => asking?.delete(address));
    if (status === 429) {
      pause = Math.min(Math.max(Number(wait) || 0, 1) * 1000, PAUSE_MAX_MS);
      ask(stillThere(asked));
    } else {
      learn(asked.map((address, i) => [address, status === 200 ? understood(recipients[i]) : FAILED]));
    }
  }

  /*
   * Pills.
   */

  const pills = () => [...document.querySelectorAll("ul.recipient-input > li.recipient")];

  /* Elastic's pill holds "Name" and " <a@b>,", or "a@b" and ",". */
  function addressOf(pill) {
    const email = /<([^<>]+)>,?\s*$/.exec(pill.querySelector(".email")?.textContent ?? "");
    return (email ? email[1] : pill.querySelector(".name")?.textContent ?? "").trim();
  }

  function sentences(status) {
    const said = [label("says_" + status.why)];
    if (status.lost) said.push(label("lost", {date: status.lost}));
    if (status.guaranteed) said.push(label("guaranteed"));
    else if (status.state === "tls" || status.state === "dane") said.push(label("notguaranteed"));
    if (sealing() && status.seal) said.push(label("says_" + status.seal));
    return said;
  }

  const labelOf = (state) => state === "asking" ? "…" : label("label_" + (state === "failed" ? "unknown" : state));

  const worn = new WeakMap(); /* pill -> of what its symbol was made */

  function dress(pill) {
    const address = addressOf(pill);
    if (!address) return;
    if (!known.has(address)) {
      known.set(address, {state: "asking", why: "asking", times: 0});
      ask([address]);
    }
    const status = known.get(address), seals = sealing(), before = worn.get(pill);
    if (before?.status === status && before.seals === seals && pill.dataset.postseal) return;
    worn.set(pill, {status, seals});
    const state = seals && status.seal?.endsWith("mailbox") ? "person" : status.state;
    pill.dataset.postseal = state;
    pill.dataset.postsealLabel = labelOf(state);
    pill.setAttribute("aria-label", `${address}: ${labelOf(state)}. ${sentences(status).join(" ")}`);
    pill.tabIndex = 0;
    pill.removeAttribute("title");
  }

  /*
   * Details, in one panel, of the pill under the mouse or with the focus.
   */

  const panel = element("div", "postseal-details");
  let of = null, closing = 0;

  function facts(status) {
    const servers = (status.servers ?? []).slice(0, SERVERS_SHOWN).map(({host, tls, dane, version: v}) =>
      element("span", "", host, ` (${[tls ? v : label("label_plain"), dane ? "DANE" : ""].filter(Boolean).join(", ")})`));
    return [["version", status.version], ["cipher", status.cipher], ["first", status.first],
      ["last", status.last], ["servers", ...servers], ["why", translated(status.reason ?? "")]]
      .filter(([, ...values]) => values.some(Boolean));
  }

  function fill(pill) {
    const address = addressOf(pill), status = known.get(address);
    if (!status) return;
    const list = element("dl");
    for (const [name, ...values] of facts(status)) {
      list.append(element("dt", "", label(name)), ...values.map((value) => element("dd", "", value)));
    }
    panel.dataset.state = pill.dataset.postseal;
    panel.replaceChildren(element("p", "postseal-who", address),
      ...sentences(status).map((sentence) => element("p", "", sentence)), list);
    panel.hidden = false;
    of = pill;
    place(pill);
  }

  function open(pill) {
    clearTimeout(closing);
    fill(pill);
  }

  function place(pill) {
    const box = pill.getBoundingClientRect();
    const left = Math.min(box.left, innerWidth - panel.offsetWidth - 8);
    const below = box.bottom + 4;
    panel.style.left = `${Math.max(8, left)}px`;
    panel.style.top = below + panel.offsetHeight <= innerHeight ? `${below}px`
      : `${Math.max(8, box.top - panel.offsetHeight - 4)}px`;
  }

  function close() {
    clearTimeout(closing);
    panel.hidden = true;
    of = null;
  }

  function closeSoon() {
    clearTimeout(closing);
    closing = setTimeout(close, 250);
  }

  const pillOf = (target) => target instanceof Element ? target.closest("li.recipient[data-postseal]") : null;

  function watchDetails() {
    let still = "";
    panel.id = "postseal-details";
    panel.hidden = true;
    panel.setAttribute("role", "tooltip");
    document.body.append(panel);
    panel.addEventListener("mouseenter", () => clearTimeout(closing));
    panel.addEventListener("mouseleave", closeSoon);
    /* A pill that comes to stand under a resting mouse must not cover what is being written. */
    document.addEventListener("mousemove", (event) => {
      const where = `${event.screenX},${event.screenY}`, pill = pillOf(event.target);
      const moved = where !== still;
      still = where;
      if (pill && moved && pill !== of) open(pill);
      else if (!pill && of && !panel.contains(event.target) && of !== document.activeElement) closeSoon();
    });
    document.addEventListener("focusin", (event) => {
      const pill = pillOf(event.target);
      if (pill === event.target && pill) open(pill);
      else if (!panel.hidden) close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !panel.hidden) {
        close();
        event.stopPropagation();
      }
      const pill = pillOf(event.target);
      if (!pill || pill !== event.target) return;
      if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        pill.querySelector("a.remove")?.click();
        close();
      }
    }, true);
    addEventListener("scroll", close, true);
    addEventListener("resize", close);
  }

  /*
   * The compose window.
   */

  let seal = null; /* what the server says of sealing; null: it is not set up */
  const field = (id) => document.getElementById("postseal-" + id);
  const sealing = () => field("seal")?.checked === true;

  function watchPills() {
    let due = false;
    changed = () => {
      if (due) return;
      due = true;
      /* However many pills are pasted, they are dressed once, before the next picture. */
      requestAnimationFrame(() => {
        due = false;
        pills().forEach(dress);
        if (of && !of.isConnected) close();
        else if (of) fill(of);
      });
    };
    const observer = new MutationObserver(changed);
    for (const list of document.querySelectorAll("ul.recipient-input")) {
      if (list.closest("#compose_replyto, #compose_followupto")) continue;
      observer.observe(list, {childList: true, subtree: true, characterData: true});
    }
    changed();
  }

  let agreed = ""; /* recipients whom the user has agreed to write to in the clear */

  function plainOnes() {
    return pills().filter((pill) => !pill.closest("#compose_replyto, #compose_followupto"))
      .map(addressOf).filter((address) => known.get(address)?.state === "plain");
  }

  /* Of a mail with "no SSL" recipients it is asked first; what is not known yet is waited for by nobody. */
  function beforeSend() {
    const plain = plainOnes();
    /* Elastic takes notice of what was typed only when the field is left. */
    if (sealing()) setPin(field("pin").value);
    tellSeal();
    if (!rcmail.env.postseal_ask_plain || sealing() || plain.length === 0 || agreed === plain.join()) return undefined;
    const list = element("ul", "", ...plain.map((address) => element("li", "", address)));
    const send = (how) => () => {
      how();
      dialog.dialog("close");
      rcmail.command("send", "", null);
    };
    const buttons = [{text: label("sendanyway"), class: "send btn-danger", click: send(() => { agreed = plain.join(); })}];
    if (seal) {
      buttons.unshift({text: label("sealinstead"), class: "mainaction postseal-seal-it", click: () => {
        dialog.dialog("close");
        switchSeal(true);
        UI?.show_sidebar?.();
        field("pin").focus();
      }});
    }
    buttons.push({text: rcmail.get_label("cancel"), class: "cancel", click: () => dialog.dialog("close")});
    const dialog = rcmail.show_popup_dialog($("<div>").append(element("p", "", label("askplain")), list),
      label("asktitle"), buttons, {dialogClass: "warning postseal-ask"});
    /* What Enter does is not to send it in the clear. */
    dialog.parent().find(seal ? "button.postseal-seal-it" : "button.cancel").trigger("focus");
    return false;
  }

  function setPin(pin) {
    field("pin").value = pin;
    $(field("pin")).trigger("change"); /* Elastic keeps a copy of it in the form */
  }

  /* Elastic sends its own copy, and hears of "change" alone. */
  const tellSeal = () => $(field("seal")).trigger("change");

  function switchSeal(on) {
    if (field("seal").checked !== on) {
      field("seal").checked = on;
      tellSeal();
    }
    for (const part of ["pin-row", "pin-hint"]) field(part).classList.toggle("hidden", !on || seal.pin === "off");
    if (on && seal.pin !== "off" && field("pin").value === "") setPin(text(seal.pin_proposal));
    if (!on) setPin("");
    changed();
  }

  async function copyPin() {
    const input = field("pin");
    try {
      await navigator.clipboard.writeText(input.value);
    } catch (error) { /* not over https, or not allowed */
      input.select();
      document.execCommand("copy");
    }
    rcmail.display_message(label("pincopied"), "confirmation");
  }

  const askAbout = () => rcmail.http_post("plugin.postseal.about", {});

  /* It comes with a PIN that is strong enough: another each time. */
  function about({seal: told}) {
    const first = seal === null;
    seal = told && typeof told.domain === "string" ? told : seal;
    if (!seal || !field("options")) return;
    if (!first) {
      if (sealing() && told) setPin(text(told.pin_proposal));
      return;
    }
    field("options").classList.remove("hidden");
    if (sealing()) switchSeal(true);
    field("seal").addEventListener("change", () => switchSeal(field("seal").checked));
    field("pin-new").addEventListener("click", askAbout);
    field("pin-copy").addEventListener("click", copyPin);
  }

  /*
   * When a session ends, Roundcube keeps in the browser what was written, but nothing of what
   * Elastic copies. What was to be sealed must be so when it is taken up again. Never the PIN.
   */
  function keepSeal() {
    const {save_compose_form_local: keep, restore_compose_form: restore} = rcmail;
    rcmail.save_compose_form_local = (...words) => {
      keep.apply(rcmail, words);
      const name = "compose." + rcmail.env.compose_id, kept = rcmail.local_storage_get_item(name);
      if (kept?.changed) rcmail.local_storage_set_item(name, {...kept, _postseal_seal: sealing() ? "1" : ""});
    };
    rcmail.restore_compose_form = (...words) => {
      restore.apply(rcmail, words);
      if (seal) switchSeal(sealing());
      else if (sealing()) field("options").classList.remove("hidden");
      tellSeal();
    };
  }

  function initCompose() {
    watchDetails();
    if (field("options")) keepSeal();
    /* So that it can be switched off while the server cannot be asked. */
    if (sealing()) field("options").classList.remove("hidden");
    rcmail.addEventListener("plugin.postseal_recipients", answered);
    rcmail.addEventListener("plugin.postseal_about", about);
    rcmail.addEventListener("beforesend", beforeSend);
    watchPills();
    askAbout();
  }

  /*
   * A sealed mail in Sent.
   */

  /* What may be done of a mail in each state. */
  const ACTS = {waiting: ["resend", "revoke"], unread: ["resend", "revoke"], read: ["resend"],
    locked: ["unlock", "revoke"], retired: [], none: []};

  function stateOf(mail) {
    if (mail.state === "opened") return mail.read === true ? "read" : "unread";
    return Object.hasOwn(ACTS, mail.state) ? mail.state : "none";
  }

  /* Before a mailbox is opened, the link to it is known to its recipient alone. */
  const acts = (mail) => ACTS[stateOf(mail)].filter((what) => what !== "resend" || mail.opened);

  function act(recipient, what) {
    const run = () => rcmail.http_post("plugin.postseal.act", {_recipient: recipient, _act: what},
      rcmail.set_busy(true, "loading"));
    /* An element: text would be taken for HTML there, and an address can hold some. */
    if (what === "revoke") rcmail.confirm_dialog(element("p", "", label("revokesure", {who: recipient})), "postseal.act_revoke", run);
    else run();
  }

  function sealedMail(mail) {
    const line = element("p", "", `${text(mail.recipient)}: ${label("state_" + stateOf(mail))}`);
    for (const what of acts(mail)) {
      const button = element("button", "btn btn-secondary btn-sm", label("act_" + what));
      button.type = "button";
      button.addEventListener("click", () => act(text(mail.recipient), what));
      line.append(" ", button);
    }
    return line;
  }

  function sealedShown({pins, known: told, mails}) {
    const lines = Object.entries(pins ?? {}).map(([who, pin]) =>
      element("p", "postseal-pin-line", label("pinof", {who: text(who), pin: text(pin)})));
    if (lines.length === 0) lines.push(element("p", "", label("nopin")));
    if (!told) lines.push(element("p", "hint", label("nostate")));
    document.getElementById("postseal-sealed-list")
      .replaceChildren(...lines, ...(Array.isArray(mails) ? mails : []).map(sealedMail));
  }

  function initSealed() {
    const {uid, mbox} = rcmail.env.postseal_sealed;
    const check = () => rcmail.http_post("plugin.postseal.sealed", {_uid: uid, _mbox: mbox});
    rcmail.addEventListener("plugin.postseal_sealed", sealedShown);
    rcmail.addEventListener("plugin.postseal_acted", check);
    document.getElementById("postseal-check").addEventListener("click", check);
  }

  rcmail.addEventListener("init", () => {
    if (rcmail.env.action === "compose") initCompose();
    else if (rcmail.env.postseal_sealed) initSealed();
  });
})();
