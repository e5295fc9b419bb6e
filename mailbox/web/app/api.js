// SPDX-License-Identifier: BSD-2-Clause
// Asks the daemon: postseal-mailbox-api(5), HTTP.

const BASE = "/api/v1";

/** The daemon refused: `status` and `error` as the manual lists them, `said` its whole answer. */
export class Refused extends Error {
  constructor(status, said, retryAfter) {
    super(`${status} ${said.error ?? ""}: ${said.text ?? ""}`);
    this.status = status;
    this.error = typeof said.error === "string" ? said.error : "";
    this.said = said;
    this.retryAfter = retryAfter;
  }
}

/** The daemon could not be asked, or its answer cannot be understood. */
export class Unreachable extends Error {}

async function json(response) {
  try {
    return await response.json();
  } catch (cause) {
    throw new Unreachable("the answer is not JSON", { cause });
  }
}

async function refusal(response) {
  const said = await response.json().catch(() => ({}));
  const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Refused(response.status, said, Number.isFinite(seconds) ? seconds : null);
}

async function send(method, path, { token, body, type = "application/json", headers = {} }) {
  try {
    return await fetch(BASE + path, {
      method, body, cache: "no-store", credentials: "omit", redirect: "error",
      referrerPolicy: "no-referrer",
      headers: {
        ...headers,
        ...body === undefined ? {} : { "Content-Type": type },
        ...token ? { Authorization: `Bearer ${token}` } : {},
      },
    });
  } catch (cause) {
    throw new Unreachable(`${method} ${path}`, { cause });
  }
}

/** Asks, and returns {status, said}. `body` is an object, or octets. */
export async function call(method, path, { token, body } = {}) {
  const octets = body instanceof Uint8Array;
  const response = await send(method, path, {
    token, body: octets || body === undefined ? body : JSON.stringify(body),
    ...octets ? { type: "application/octet-stream" } : {},
  });
  if (!response.ok) throw await refusal(response);
  return { status: response.status, said: response.status === 204 ? {} : await json(response) };
}

/** One stretch of a sealed body, from octet `from` on: {octets, total}. */
export async function stretchOfBody(token, letter, from) {
  const response = await send("GET", `/letters/${letter}/body`,
    { token, headers: { Range: `bytes=${from}-` } });
  if (!response.ok) throw await refusal(response);
  const range = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(response.headers.get("Content-Range") ?? "");
  const octets = new Uint8Array(await response.arrayBuffer().catch((cause) => {
    throw new Unreachable("the letter's transfer broke off", { cause });
  }));
  if (response.status !== 206 || !range || Number(range[1]) !== from ||
      octets.length !== Number(range[2]) - from + 1) {
    throw new Unreachable("the answer is not the stretch that was asked for");
  }
  return { octets, total: Number(range[3]) };
}
