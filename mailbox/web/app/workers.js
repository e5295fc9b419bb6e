// SPDX-License-Identifier: BSD-2-Clause
// Workers of this site: one question, one answer.

// The only places of the pages where an address becomes a script (CSP, trusted types).
const NAMES = new Map([["argon2", "/worker/argon2.js"], ["letter", "/worker/letter.js"]]);
const policy = globalThis.trustedTypes?.createPolicy("postseal", {
  createScriptURL: (url) => {
    if (![...NAMES.values()].includes(url)) throw new TypeError("not a worker of these pages");
    return url;
  },
}) ?? { createScriptURL: (url) => url };

/** {ask(question, transfer), end()} */
export function worker(name) {
  const made = new Worker(policy.createScriptURL(NAMES.get(name)), { type: "module" });
  return {
    ask: (question, transfer = []) => new Promise((resolve, reject) => {
      made.onmessage = ({ data }) =>
        data.error === undefined ? resolve(data.answer) : reject(new Error(data.error));
      made.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message || `the worker ${name} does not start`));
      };
      made.postMessage(question, transfer);
    }),
    end: () => made.terminate(),
  };
}
