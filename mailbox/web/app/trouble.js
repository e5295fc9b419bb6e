// SPDX-License-Identifier: BSD-2-Clause
// What went wrong, in words for who reads it.

import { Refused, Unreachable } from "./api.js";
import { Invalid } from "./form.js";
import { clock, t } from "./text.js";

export function trouble(error) {
  if (error instanceof Invalid) return error.message;
  if (error instanceof Unreachable) return t("trouble.network");
  if (!(error instanceof Refused)) {
    console.error(error);
    return t("trouble.other", { what: error?.name ?? "?" });
  }
  const soon = Date.now() / 1000 + (error.retryAfter ?? 60);
  if (error.error === "slow") return t("trouble.slow", { time: clock(Math.ceil(soon / 60) * 60) });
  if (error.error === "quota") return t("reply.quota");
  if (error.error === "refused") return t("reply.refused");
  if (error.error === "full") return t("trouble.full");
  if (error.error === "retired") return t("retired");
  if (error.status === 503 || error.status === 502 || error.status === 504) {
    return t("trouble.later");
  }
  if (error.status === 404) return t("gone.title");
  return t("trouble.other", { what: error.error || error.status });
}
