// SPDX-License-Identifier: BSD-2-Clause
import { readFileSync } from "node:fs";
import * as bytes from "../../mailbox/web/app/bytes.js";
import * as hpke from "../../mailbox/web/app/hpke.js";
import * as link from "../../mailbox/web/app/link.js";
import * as sealed from "../../mailbox/web/app/sealed.js";
import { runFormat } from "./format.js";
import { runVectors } from "./vectors.js";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
console.log(await runVectors(hpke, bytes, read("rfc9180.json")));
console.log(await runFormat({ bytes, hpke, sealed, link }, read("../mailbox/vectors.json")));
