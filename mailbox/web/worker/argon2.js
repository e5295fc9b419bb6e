// SPDX-License-Identifier: BSD-2-Clause
// Argon2id for app/argon2.js. This response alone may compile WebAssembly (see ../policies).

import { argon2id } from "../vendor/hash-wasm-4.13.0/index.esm.js";

self.onmessage = async ({ data }) => {
  try {
    const answer = await argon2id({ ...data, hashLength: 32, outputType: "binary" });
    self.postMessage({ answer }, [answer.buffer]);
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
