// Copies the wire types that the server generates into the package; `--check` only compares.

import { readFileSync, writeFileSync } from "node:fs";

const SOURCE = new URL("../../../contract/types.ts", import.meta.url);
const COPY = new URL("../src/contract.ts", import.meta.url);

const text = readFileSync(SOURCE, "utf8");
if (!process.argv.includes("--check")) writeFileSync(COPY, text);
else if (readFileSync(COPY, "utf8") !== text) {
  console.error("src/contract.ts is stale: run `npm run contract`, look at the change, and commit it.");
  process.exitCode = 1;
}
