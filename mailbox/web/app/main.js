// SPDX-License-Identifier: BSD-2-Clause
// Where to begin, and which view follows which.

import { call, Refused, Unreachable } from "./api.js";
import { possible } from "./argon2.js";
import { readLocation } from "./link.js";
import { lookUpLink, Mailbox, ticketFor } from "./mailbox.js";
import { setSite, show } from "./page.js";
import { watchIdle } from "./session.js";
import { chooseLanguage, t } from "./text.js";
import * as letterViews from "./views/letter.js";
import { letters } from "./views/letters.js";
import { password, pin, taken } from "./views/opening.js";
import { done, Reply, writing } from "./views/reply.js";
import * as start from "./views/start.js";

let site = null;
let mailbox = null;
let stopWatching = () => {};
let reply = null;     // that is being written
let turn = 0;         // of the latest change of place: what an overtaken one finds is not shown
let rescued = null;   // what could not be kept before the session ended: {address, draft}

const nav = (at) => ({ at, logOut });

/** The address of the page without a secret; the history keeps none either. */
function goTo(place) {
  history.replaceState(null, "", `/#${place}`);
  return route();
}

// Shows a view, unless the reader has gone elsewhere meanwhile.
function present(mine, view, details, acts) {
  if (mine === turn) show(() => view(details, acts));
}

// As mail is delivered: to one mailbox, however the address is spelt. Domains come folded.
const known = (address) => address.normalize("NFC")
  .replace(/[A-Z]/g, (letter) => letter.toLowerCase()).normalize("NFC");
const sameAddress = (a, b) => known(a) === known(b);

function enter(opened) {
  stopWatching();
  mailbox = opened;
  const ended = () => leave("ended");
  mailbox.onended = ended;
  stopWatching = watchIdle(mailbox, ended);
}

function leaveReply() {
  reply?.save();
  reply?.stop();
  reply = null;
}

function leave(why) {
  if (!mailbox) return;
  stopWatching();
  rescued = why === "ended" && reply ? { address: mailbox.address, draft: reply.rescue() } : null;
  reply?.stop();
  reply = null;
  const { address } = mailbox;
  const place = location.hash.startsWith("#/") ? location.hash.slice(1) : "/inbox";
  mailbox.forget();
  mailbox = null;
  turn++;
  if (why === "left") {
    history.replaceState(null, "", "/");
    show(start.left);
    return;
  }
  show(() => start.login({ address, note: t("ended.text") },
    { entered: (opened) => { enter(opened); return goTo(place); } }));
  document.title = t("ended.title");
}

async function logOut() {
  const leaving = mailbox;
  await reply?.save();
  leave("left");
  await leaving?.logOut();
}

// ---------- Links

const useCode = async (secret) => openLink(++turn, secret);

async function openLink(mine, secret, note = null) {
  const link = await lookUpLink(secret);
  if (!link) return present(mine, start.gone);
  if (link.locked) return present(mine, start.locked, link);
  if (mailbox && !sameAddress(mailbox.address, link.address)) await forgetMailbox();
  if (link.state === "open") return mailbox ? adopt(mine, link) : askPassword(mine, link);
  return present(mine, pin, { link, note }, { tried: (digits) => trade(mine, link, digits) });
}

async function forgetMailbox() {
  stopWatching();
  const old = mailbox;
  mailbox = null;
  await old.logOut();
}

const askPassword = (mine, link) => present(mine, start.login, { link }, {
  entered: (opened) => { enter(opened); return adopt(turn, link); },
});

async function trade(mine, link, digits) {
  const ticket = await ticketFor(link, digits).catch((error) => {
    if (!(error instanceof Refused)) throw error;
    if (isLocked(error)) present(mine, start.locked, link);
    else if (error.error === "gone") present(mine, start.gone);
    else if (error.error === "open") askPassword(mine, { ...link, state: "open" });
    else throw error;
    return null;
  });
  if (!ticket) return;
  const again = (note) => openLink(++turn, link.secret, note).catch(failed);
  present(mine, password, { link, ticket, least: site.password_min }, {
    entered: (opened) => { enter(opened); return firstLetter(); },
    late: () => again("password.late"),
    taken: () => present(turn, taken, { link }, { logIn: () => again(null) }),
  });
}

// From here on the link is not needed: the letters have opened with the mailbox's key.
async function firstLetter() {
  const page = await mailbox.letters("inbox");
  const readable = page.letters.filter(({ about }) => about);
  return goTo(readable.length === 1 && page.letters.length === 1
    ? `/letter/${readable[0].id}` : "/inbox");
}

// Somebody who is logged in follows a link from before, or one of a new sender.
async function adopt(mine, link) {
  if (link.pin) {
    return present(mine, pin, { link }, { tried: async (digits) => {
      await lockedOr(mailbox.adopt(link, digits), link);
      await goTo("/inbox");
    } });
  }
  if (link.letters > 0) await mailbox.adopt(link);
  return firstLetter();
}

// The last wrong PIN locks, as does any after it.
const isLocked = ({ error }) => error === "locked";

async function lockedOr(trying, { sender }) {
  try {
    return await trying;
  } catch (error) {
    if (!(error instanceof Refused && isLocked(error))) throw error;
    show(() => ({ ...start.locked({ sender }), nav: nav("inbox") }));
    return null;
  }
}

// ---------- Places inside the mailbox

async function showLetters(mine, box) {
  const [state, drafts] = await Promise.all([
    mailbox.letters(box), box === "inbox" ? mailbox.drafts() : []]);
  const discard = async (id) => {
    await mailbox.removeDraft(id).catch(failed);
    return route();
  };
  present(mine, letters, { box, state, drafts, mailbox, nav: nav(box) }, { discard });
}

async function showLetter(mine, id) {
  const letter = await mailbox.letter(id);
  const at = nav(letter.box);
  if (letter.locked && letter.access !== "open") {
    return present(mine, () => ({ ...start.locked(letter), nav: at }));
  }
  if (letter.access === "pin") {
    return present(mine, letterViews.withheld, { letter, nav: at }, { entered: async (digits) => {
      await lockedOr(mailbox.release(letter, digits), letter);
      return route();
    } });
  }
  if (letter.access === "link") {
    return present(mine, letterViews.other, { letter, nav: at },
      { use: (secret) => useForLetter(letter, secret) });
  }
  if (!letter.about) return present(mine, letterViews.damaged, { letter, nav: at });
  return readLetter(mine, letter, at);
}

async function readLetter(mine, letter, at) {
  present(mine, letterViews.loading, { letter, nav: at });
  let mail = null;
  try {
    mail = await letterViews.fetchMail(mailbox, letter, (have, all) => {
      const bar = document.getElementById("progress");
      if (mine === turn && bar) Object.assign(bar, { max: all, value: have });
    });
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    console.info(String(error));
    return present(mine, letterViews.damaged, { letter, nav: at });
  }
  present(mine, letterViews.reading, { letter, mail, mailbox, nav: at }, {
    remove: () => mailbox.remove(letter).then(() => goTo(`/${letter.box}`)).catch(failed),
  });
  if (!letter.read && letter.box === "inbox") await mailbox.markRead(letter).catch(() => {});
}

// Is this code one of those that open the letter?
async function useForLetter(letter, secret) {
  const link = await lookUpLink(secret);
  if (!link || !letter.links.some((one) => one.link === link.link)) return false;
  await adopt(turn, link);
  return true;
}

async function writeReply(mine, id) {
  const [letter, drafts] = await Promise.all([mailbox.letter(id), mailbox.drafts()]);
  if (!letter.about || letter.box !== "inbox") return goTo(`/letter/${id}`);
  const kept = rescued?.address === mailbox.address && rescued.draft.letter === id
    ? rescued.draft : drafts.find((draft) => draft.letter === id) ?? null;
  rescued = null;
  const made = new Reply(mailbox, letter, kept, site.reply_size);
  const lost = await made.forgetLost();
  if (mine !== turn) return;
  reply = made;
  present(mine, writing, { reply, lost, nav: nav("inbox") }, {
    sent: () => {
      reply = null;
      show(() => done({ letter, nav: nav("inbox") }));
    },
    discard: async () => {
      made.stop();
      reply = null;
      await made.saving;
      for (const one of made.value.attachments) made.detach(one);
      made.stop();
      await mailbox.removeDraft(made.draft).catch(failed);
      return goTo(`/letter/${id}`);
    },
  });
}

async function showPlace(mine, place) {
  const [, name, id] = /^\/(\w+)(?:\/([\w-]{22}))?$/.exec(place) ?? [];
  try {
    if (name === "letter" && id) await showLetter(mine, id);
    else if (name === "reply" && id) await writeReply(mine, id);
    else await showLetters(mine, name === "sent" ? "sent" : "inbox");
  } catch (error) {
    if (!(error instanceof Refused && error.status === 404)) throw error;
    present(mine, letterViews.missing, { nav: nav("inbox") });
  }
}

// ---------- Finding the way

async function route() {
  const mine = ++turn;
  leaveReply();
  try {
    await showWhere(mine, readLocation(location));
  } catch (error) {
    // The session's end has been shown already.
    if (!(error instanceof Refused && error.error === "session")) failed(error);
  }
}

function failed(error) {
  if (error instanceof Refused && error.error === "session") return;
  show(() => ({ ...start.failed({ error }, { again: route }), nav: mailbox && nav("") }));
}

async function showWhere(mine, where) {
  if (where.kind === "link") {
    if (where.secret) return openLink(mine, where.secret);
    return present(mine, start.damaged, null, { use: useCode });
  }
  if (where.kind === "place" && where.place === "/code") {
    return present(mine, start.code, null, { use: useCode });
  }
  const place = where.kind === "place" ? where.place : "/inbox";
  if (mailbox && where.address && !sameAddress(where.address, mailbox.address)) {
    await forgetMailbox();
  }
  if (mailbox) return showPlace(mine, place);
  return present(mine, start.login, { address: where.address ?? null }, {
    entered: (opened) => { enter(opened); return goTo(place); },
  });
}

async function begin() {
  chooseLanguage(navigator.languages, "en");
  if (!globalThis.crypto?.subtle) return show(start.noCrypto);
  if (!possible()) return show(start.noWasm);
  try {
    site = (await call("GET", "/site")).said;
    setSite(site);
    chooseLanguage(navigator.languages, site.language);
    const resumed = await Mailbox.resume();
    if (resumed) enter(resumed);
  } catch (error) {
    return show(() => start.failed({ error }, { again: begin }));
  }
  await route();
}

window.addEventListener("hashchange", () => { if (site) route(); });
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && reply?.dirty) reply.save();
});
begin();
