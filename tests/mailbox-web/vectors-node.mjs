// SPDX-License-Identifier: BSD-2-Clause
import { readFileSync } from "node:fs";
import * as bytes from "../../mailbox/web/app/bytes.js";
import * as hpke from "../../mailbox/web/app/hpke.js";
import { runVectors } from "./vectors.js";

const file = new URL("rfc9180.json", import.meta.url);
console.log(await runVectors(hpke, bytes, JSON.parse(readFileSync(file, "utf8"))));
