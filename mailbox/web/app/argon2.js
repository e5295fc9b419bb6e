// SPDX-License-Identifier: BSD-2-Clause
// A password becomes S, in a Worker, so that the page goes on answering meanwhile.

import { fromBase64url, utf8 } from "./bytes.js";
import { worker } from "./workers.js";

const KIB_LEAST = 19456, KIB_MOST = 1048576;

/** Is there WebAssembly? Without it, a password cannot be stretched. */
export const possible = () => typeof WebAssembly === "object";

const within = (value, least, most) =>
  Number.isSafeInteger(value) && value >= least && value <= most;

/** Argon2id; `argon2` is {salt, memory, passes, lanes} as the daemon says. */
export async function stretch(password, argon2) {
  const salt = fromBase64url(argon2.salt);
  // A daemon that lies must not get a password that was stretched too little.
  if (salt.length !== 16 || !within(argon2.memory, KIB_LEAST, KIB_MOST) ||
      !within(argon2.passes, 2, 16) || !within(argon2.lanes, 1, 4)) {
    throw new TypeError("these parameters of Argon2 are not acceptable");
  }
  const running = worker("argon2");
  try {
    return await running.ask({
      password: utf8(password.normalize("NFC")), salt,
      memorySize: argon2.memory, iterations: argon2.passes, parallelism: argon2.lanes,
    });
  } finally {
    running.end();
  }
}

/** Its characters, after normalisation: what counts for a password's length. */
export const characters = (password) => Array.from(password.normalize("NFC")).length;
