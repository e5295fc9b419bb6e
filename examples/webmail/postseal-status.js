/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows beside each recipient, while a mail is being written, how it will travel:
 * "DANE ok", "SSL ok", "no SSL" or "SSL ?", and on hover or focus the TLS version,
 * the cipher, and why.
 *
 *   <div class="postseal-recipients" data-endpoint="postseal-status"><input></div>
 *
 * makes such a field of any text input, here and wherever attach() is called. The
 * container has `recipients`, and tells of a change with the event
 * "postseal-change", whose detail is the same list: [{name, address, state,
 * guaranteed}], state null while it is being asked.
 *
 * The endpoint is asked by GET, ?a=ADDRESS, and answers as GET /v1/recipients of
 * postseal-webmail(8) does. What it says comes from strangers' servers, so it is checked
 * for type and length, and only ever becomes text.
 */

/* For translation. `asking` and `failed` are ours, the rest postseal's states. */
export const WORDS = {
  label: {dane: "DANE ok", tls: "SSL ok", plain: "no SSL", unknown: "SSL ?", asking: "…", failed: "SSL ?"},
  sentence: {
    dane: "Travels encrypted, to a server that DANE proves to be the right one.",
    tls: "Travels encrypted.",
    plain: "Travels in the clear: this provider was never seen to offer TLS.",
    unknown: "Nothing is known about this provider yet.",
    asking: "Being looked up.",
    failed: "It could not be found out.",
  },
  guaranteed: "Guaranteed: it cannot leave in the clear, whatever happens.",
  notGuaranteed: "Not guaranteed: it could still leave in the clear.",
  lost: (date) => `TLS is missing since ${date}. Until it is back, mail waits.`,
  lostUnsealed: (date) => `TLS is missing since ${date}.`,
  version: "Version", cipher: "Cipher", first: "TLS since", last: "Last seen", why: "Why",
  servers: "Servers", plainServer: "no TLS", daneServer: "DANE", more: (n) => `and ${n} more`,
  remove: (who) => `Remove ${who}`,
  recipients: "Recipients",
  summary: {
    asking: (n) => n === 1 ? "Looking up 1 recipient." : `Looking up ${n} recipients.`,
    plain: (who) => `In the clear: ${who}`,
    lost: (who) => `Will wait, TLS is missing: ${who}`,
    unknown: (who) => `Not known: ${who}`,
    loose: (who) => `Encrypted, but not guaranteed: ${who}`,
    good: (n) => n === 1 ? "Encrypted, guaranteed." : `All ${n} encrypted, guaranteed.`,
  },
  noAnswer: "The server could not be asked.",
  notUnderstood: "The server's answer cannot be understood.",
};

const STATES = ["dane", "tls", "plain", "unknown"];
const TEXT_MAX = 300;            /* of a word or a sentence of postseal's */
const SERVERS_SHOWN = 4;
const ADDRESS_MAX = 320;
const PAUSE_MS = 600;            /* without a key, before half a field is asked about */
const KEEP_MS = 60000;           /* an answer */
const AGAIN_MS = [2000, 4000, 8000]; /* after "SSL ?": postseal is looking meanwhile */
const AT_ONCE = 4;               /* questions */
const PATIENCE_MS = 15000;       /* for one */
const LINGER_MS = 250;           /* on the way from the symbol to its details */

/*
 * Recipients, as people type and paste them.
 */

/* Ends of recipients: "," ";" and new lines that are not inside "..." <...> or (...). */
function pieces(text) {
  const found = [""];
  let quoted = false, depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "\\" && quoted && i + 1 < text.length) {
      found[found.length - 1] += c + text[++i];
      continue;
    }
    if (c === '"') quoted = !quoted;
    else if (!quoted && (c === "<" || c === "(")) depth++;
    else if (!quoted && (c === ">" || c === ")")) depth = Math.max(0, depth - 1);
    if (c === "\n" || c === "\r") quoted = depth = 0;
    if (!quoted && depth === 0 && /[,;\r\n]/.test(c)) found.push("");
    else found[found.length - 1] += c;
  }
  return found;
}

/* "Jane Doe <jane@example.com>", "jane@example.com (Jane)" or an address. */
function recipient(piece) {
  const angle = /^(.*)<([^<>]*)>\s*$/s.exec(piece);
  const bare = (angle ? angle[2] : piece.replace(/\([^()]*\)\s*$/, "")).trim();
  const name = angle ? angle[1].trim().replace(/^"(.*)"$/s, "$1").replace(/\\(.)/g, "$1") : "";
  return {name, address: bare.replace(/^mailto:/i, "")};
}

/* Lists are also pasted with blanks alone between addresses. */
function split(piece) {
  const words = piece.trim().split(/\s+/);
  const all = !/["<>()]/.test(piece) && words.length > 1 && words.every((w) => w.includes("@"));
  return all ? words : [piece];
}

/* All whole recipients of a text, and what follows the last separator. */
export function parseRecipients(text) {
  const list = pieces(text);
  const rest = list.pop().trimStart();
  return {
    whole: list.flatMap(split).map(recipient).filter((r) => r.address !== ""),
    rest,
  };
}

/* Would it be an address if no more were typed? "me@example.c" would not. */
function looksWhole(address) {
  return address.length <= ADDRESS_MAX &&
    /^.+@([^\s@.[\]]+\.)+[^\s@.[\]]{2,}$|^.+@\[[^\s@]+\]$/u.test(address);
}

/*
 * Answers.
 */

function text(value) {
  return typeof value === "string" ? value.slice(0, TEXT_MAX) : "";
}

function date(value) {
  const when = new Date(text(value));
  return Number.isNaN(when.getTime()) ? "" :
    new Intl.DateTimeFormat(document.documentElement.lang || undefined, {dateStyle: "medium"}).format(when);
}

/* "TLSv1.3", as people write it. */
function version(value) {
  return text(value).replace(/^TLSv/, "TLS ");
}

function server(mx) {
  return {host: text(mx?.host), tls: mx?.tls === true, dane: mx?.dane === true,
          version: version(mx?.tls_version)};
}

/* What postseal says, checked; it is nobody's friend. */
function understood(json) {
  if (!STATES.includes(json?.state)) throw new Error(WORDS.notUnderstood);
  return {
    state: json.state,
    guaranteed: json.guaranteed === true,
    version: version(json.tls_version),
    cipher: text(json.cipher),
    first: date(json.first_tls),
    last: date(json.last_tls),
    lost: date(json.downgrade_since),
    reason: text(json.reason),
    servers: Array.isArray(json.mx) ? json.mx.map(server) : [],
  };
}

function failed(reason) {
  return {...understood({state: "unknown"}), state: "failed", reason};
}

/* Asks an endpoint, a few questions at once, none twice, and keeps answers for a while. */
class Source {
  #endpoint;
  #kept = new Map(); /* address -> {since, answer: Promise} */
  #waiting = [];
  #running = 0;

  constructor(endpoint) {
    this.#endpoint = endpoint;
  }

  /* Never fails: what cannot be told is an answer as well. `anew`: not from what is kept. */
  status(address, anew = false) {
    const kept = this.#kept.get(address);
    if (kept && !anew && (kept.since === null || Date.now() - kept.since < KEEP_MS)) return kept.answer;
    const entry = {since: null, answer: this.#turn().then(() => this.#ask(address))};
    this.#kept.set(address, entry);
    entry.answer.then((status) => {
      entry.since = Date.now();
      this.#done();
      if (status.state === "failed" && this.#kept.get(address) === entry) this.#kept.delete(address);
    });
    return entry.answer;
  }

  #turn() {
    if (this.#running < AT_ONCE) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #done() {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }

  async #ask(address) {
    try {
      const response = await fetch(`${this.#endpoint}?a=${encodeURIComponent(address)}`, {
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const json = await response.json();
      if (!response.ok) return failed(text(json?.text) || WORDS.noAnswer);
      const [status] = Array.isArray(json?.recipients) ? json.recipients : [];
      return status?.error ? failed(text(status.text)) : understood(status);
    } catch (error) {
      return failed(error.message === WORDS.notUnderstood ? error.message : WORDS.noAnswer);
    }
  }
}

/*
 * What is seen.
 */

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/* Shapes differ too, not colours alone: shield, lock, open lock, question mark, ring. */
const SHAPES = {
  dane: ["M8 1.2 2.6 3.1v4.4c0 3.5 2.2 6 5.4 7.3 3.2-1.3 5.4-3.8 5.4-7.3V3.1z", "M5.2 7.8l2.1 2.1 3.6-4"],
  tls: ["M3.3 7.2h9.4v6.6H3.3z", "M5.2 7.2V5a2.8 2.8 0 0 1 5.6 0v2.2"],
  plain: ["M1.3 7.2h9.4v6.6H1.3z", "M8.9 7.2V5a2.8 2.8 0 0 1 5.6 0v1.6"],
  unknown: ["M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", "M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2"],
  asking: ["M8 2a6 6 0 1 1-6 6"],
};
SHAPES.failed = SHAPES.unknown;

function picture(state) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const d of SHAPES[state]) {
    const path = document.createElementNS(svg.namespaceURI, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

const ASKING = {...understood({state: "unknown"}), state: "asking"};

/* The symbol for one address, which asks for itself; only the latest answer counts. */
class Badge {
  #source;
  #onChange;
  #asked = 0;
  status = ASKING;
  node = element("span", {className: "postseal-symbol"});

  constructor(source, onChange) {
    this.#source = source;
    this.#onChange = onChange;
    this.#show(ASKING);
  }

  async ask(address, times = 0) {
    const asked = ++this.#asked;
    if (times === 0) this.#show(ASKING);
    const status = await this.#source.status(address, times > 0);
    if (asked !== this.#asked) return;
    this.#show(status);
    if (status.state !== "unknown" || times >= AGAIN_MS.length) return;
    setTimeout(() => asked === this.#asked && this.ask(address, times + 1), AGAIN_MS[times]);
  }

  /* What is still to come is of no interest any more. */
  forget() {
    this.#asked++;
  }

  #show(status) {
    this.status = status;
    this.node.dataset.state = status.state;
    this.node.replaceChildren(picture(status.state), element("span", {}, WORDS.label[status.state]));
    this.#onChange();
  }
}

/* Sentences about a status, the most important first. */
function sentences(status) {
  const said = [WORDS.sentence[status.state]];
  if (status.lost) said.push(status.guaranteed ? WORDS.lost(status.lost) : WORDS.lostUnsealed(status.lost));
  if (status.guaranteed) said.push(WORDS.guaranteed);
  else if (status.state === "tls" || status.state === "dane") said.push(WORDS.notGuaranteed);
  return said;
}

function describeServer(mx) {
  const what = [mx.tls ? mx.version : WORDS.plainServer, mx.dane ? WORDS.daneServer : ""];
  return element("span", {}, element("bdi", {}, mx.host), ` (${what.filter(Boolean).join(", ")})`);
}

function facts(status) {
  const servers = status.servers.slice(0, SERVERS_SHOWN).map(describeServer);
  const more = status.servers.length - servers.length;
  if (more > 0) servers.push(element("span", {}, WORDS.more(more)));
  return [
    [WORDS.version, status.version], [WORDS.cipher, status.cipher], [WORDS.first, status.first],
    [WORDS.last, status.last], [WORDS.servers, ...servers], [WORDS.why, status.reason],
  ].filter(([, ...values]) => values.some(Boolean));
}

/*
 * Did the mouse go there, or did what is under it change? Browsers tell of both in
 * the same way, and a recipient that comes to stand under a resting mouse must not
 * cover what is being written with its details.
 */
let mouse = {place: "", moved: false};
document.addEventListener("mousemove", ({screenX, screenY}) => {
  const place = `${screenX},${screenY}`;
  mouse = {place, moved: place !== mouse.place};
}, true);

let panels = 0;

/* The panel under a field in which one recipient's details are shown. */
class Details {
  #of = null;
  #closing = 0;
  node = element("div", {className: "postseal-details", id: `postseal-details-${++panels}`, hidden: true});

  constructor() {
    this.node.setAttribute("role", "tooltip");
    this.node.addEventListener("mouseenter", () => clearTimeout(this.#closing));
    this.node.addEventListener("mouseleave", () => this.closeSoon());
  }

  open(chip) {
    clearTimeout(this.#closing);
    if (this.#of === chip) return;
    this.close();
    this.#of = chip;
    this.refresh(chip);
    this.node.hidden = false;
    chip.button.setAttribute("aria-describedby", this.node.id);
    this.#place(chip);
  }

  /* If it is this one's that are shown. */
  refresh(chip) {
    if (this.#of !== chip) return;
    const {status} = chip.badge;
    const list = element("dl");
    for (const [name, ...values] of facts(status))
      list.append(element("dt", {}, name), ...values.map((value) => element("dd", {}, element("bdi", {}, value))));
    this.node.dataset.state = status.state;
    this.node.replaceChildren(
      element("p", {className: "postseal-who"}, element("bdi", {}, chip.recipient.address)),
      ...sentences(status).map((sentence) => element("p", {}, sentence)), list);
  }

  closeSoon() {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.close(), LINGER_MS);
  }

  close(chip = this.#of) {
    if (chip !== this.#of || chip === null) return;
    this.#of = null;
    this.node.hidden = true;
    chip.button.removeAttribute("aria-describedby");
  }

  /* Under the chip, and within the field from its start to its end. */
  #place(chip) {
    const field = this.node.parentElement.getBoundingClientRect(), at = chip.node.getBoundingClientRect();
    const rightToLeft = getComputedStyle(this.node).direction === "rtl";
    const start = rightToLeft ? field.right - at.right : at.left - field.left;
    const room = Math.max(0, field.width - this.node.offsetWidth);
    this.node.style.insetBlockStart = `${at.bottom - field.top + 4}px`;
    this.node.style.insetInlineStart = `${Math.max(0, Math.min(start, room))}px`;
  }
}

/* One recipient: symbol and name, of which both open the details, and a way to remove it. */
class Chip {
  button = element("button", {type: "button", className: "postseal-recipient"});
  node = element("li");

  constructor(field, {name, address}) {
    this.recipient = {name, address};
    this.badge = new Badge(field.source, () => this.#changed(field));
    const remove = element("button", {type: "button", className: "postseal-remove"}, "×");
    remove.setAttribute("aria-label", WORDS.remove(address));
    remove.addEventListener("click", () => field.remove(this));
    this.button.append(this.badge.node, element("bdi", {}, name || address));
    this.button.addEventListener("focus", () => field.details.open(this));
    this.button.addEventListener("blur", () => field.details.close(this));
    this.button.addEventListener("click", () => field.details.open(this));
    this.button.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" || event.key === "Delete") field.remove(this);
      if (event.key === "Escape") field.details.close(this);
    });
    this.node.addEventListener("mousemove", () => mouse.moved && field.details.open(this));
    this.node.addEventListener("mouseleave", () => field.details.closeSoon());
    this.node.append(this.button, remove);
    this.badge.ask(address);
  }

  #changed(field) {
    if (!this.badge) return; /* it is just being made */
    const {status} = this.badge;
    const said = status.state === "asking" ? [] : [`${WORDS.label[status.state]}.`];
    this.button.setAttribute("aria-label",
      `${this.recipient.address}: ${said.concat(sentences(status)).join(" ")}`);
    this.node.dataset.state = status.state;
    field.changed(this);
  }
}

/*
 * A field.
 */

/* What is worst about the recipients: [state, sentence], the worst first. */
function summary(chips) {
  const {length} = chips;
  const who = (wanted) => chips.filter((chip) => wanted(chip.badge.status))
    .map((chip) => chip.recipient.address).join(", ");
  const plain = who((s) => s.state === "plain"), lost = who((s) => s.lost && s.guaranteed);
  const unknown = who((s) => s.state === "unknown" || s.state === "failed");
  const asking = chips.filter((chip) => chip.badge.status.state === "asking").length;
  const loose = who((s) => (s.state === "tls" || s.state === "dane") && !s.guaranteed);
  const {summary: words} = WORDS;
  const said = [];
  if (plain) said.push(["plain", words.plain(plain)]);
  if (lost) said.push(["plain", words.lost(lost)]);
  if (unknown) said.push(["unknown", words.unknown(unknown)]);
  if (asking > 0) said.push(["asking", words.asking(asking)]);
  else if (said.length === 0 && length > 0) said.push(["tls", loose ? words.loose(loose) : words.good(length)]);
  return said;
}

class Field {
  #chips = [];
  #pause = 0;
  #previewed = "";
  details = new Details();

  constructor(container) {
    this.container = container;
    this.source = new Source(container.dataset.endpoint);
    this.input = container.querySelector("input");
    this.preview = new Badge(this.source, () => {});
    this.preview.node.hidden = true;
    this.list = element("ul", {className: "postseal-list"});
    this.list.setAttribute("role", "list");
    this.list.setAttribute("aria-label", WORDS.recipients);
    this.summary = element("p", {className: "postseal-summary"});
    this.summary.setAttribute("role", "status");
    container.prepend(this.list);
    this.input.after(this.preview.node);
    container.append(this.details.node);
    container.after(this.summary);
    this.#listen();
  }

  get recipients() {
    return this.#chips.map(({recipient: {name, address}, badge: {status}}) => ({
      name, address, guaranteed: status.guaranteed,
      state: status.state === "asking" ? null : status.state === "failed" ? "unknown" : status.state,
    }));
  }

  changed(chip) {
    this.details.refresh(chip);
    this.summary.replaceChildren(...summary(this.#chips).map(([state, sentence]) => {
      const span = element("span", {}, sentence);
      span.dataset.state = state;
      return span;
    }));
    this.container.dispatchEvent(new CustomEvent("postseal-change", {bubbles: true, detail: this.recipients}));
  }

  remove(chip) {
    const at = this.#chips.indexOf(chip);
    if (at < 0) return;
    this.details.close(chip);
    chip.badge.forget();
    chip.node.remove();
    this.#chips.splice(at, 1);
    this.changed(chip);
    this.input.focus();
  }

  #add(recipients) {
    for (const recipient of recipients) {
      if (this.#chips.some((chip) => chip.recipient.address === recipient.address)) continue;
      const chip = new Chip(this, recipient);
      this.#chips.push(chip);
      this.list.append(chip.node);
      this.changed(chip);
    }
  }

  #listen() {
    this.container.addEventListener("mousedown", (event) => {
      if (event.target !== this.container && event.target !== this.list) return;
      event.preventDefault();
      this.input.focus();
    });
    this.input.addEventListener("input", (event) => !event.isComposing && this.#typed());
    this.input.addEventListener("blur", () => this.#finish());
    this.input.addEventListener("paste", (event) => this.#pasted(event));
    this.input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && this.input.value.trim() !== "") {
        event.preventDefault();
        this.#finish();
      } else if (event.key === "Backspace" && this.input.value === "") {
        this.#chips.at(-1)?.button.focus();
      }
    });
  }

  /* A new line becomes nothing in an input, so a pasted list is taken apart before. */
  #pasted(event) {
    const pasted = event.clipboardData.getData("text/plain");
    if (!/[\r\n]/.test(pasted.trim())) return;
    event.preventDefault();
    this.#take(`${this.input.value}${pasted}\n`);
  }

  #typed() {
    this.details.close();
    this.#take(this.input.value);
    const {address} = recipient(this.input.value);
    clearTimeout(this.#pause);
    if (address === this.#previewed) return;
    this.#previewed = "";
    this.preview.forget();
    this.preview.node.hidden = true;
    if (looksWhole(address)) this.#pause = setTimeout(() => this.#lookAhead(address), PAUSE_MS);
  }

  #lookAhead(address) {
    this.#previewed = address;
    this.preview.node.hidden = false;
    this.preview.ask(address);
  }

  /* What is whole becomes chips. */
  #take(typed) {
    const {whole, rest} = parseRecipients(typed);
    if (whole.length === 0 && rest === typed) return;
    this.#add(whole);
    this.input.value = rest;
  }

  #finish() {
    clearTimeout(this.#pause);
    this.preview.forget();
    this.preview.node.hidden = true;
    this.#previewed = "";
    this.#take(`${this.input.value}\n`);
  }
}

/* Makes a field of a container that holds an input. */
export function attach(container) {
  const field = new Field(container);
  Object.defineProperty(container, "recipients", {get: () => field.recipients});
}

for (const container of document.querySelectorAll(".postseal-recipients")) attach(container);
