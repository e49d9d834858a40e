// Has the documents of contract/ judged by validators that are not ours: the OpenAPI and AsyncAPI projects' own
// schemas, a JSON Schema compiler for every schema inside them, and the TypeScript compiler.
// Called by `cargo xtask contract --validate`; takes another folder as argument.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const require = createRequire(import.meta.url);
const folder = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));

/** Errors of the JSON Schema compiler as lines, each place once. */
const lines = (errors) =>
  [...new Set((errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message}`))];

/** Every local reference in a document that leads nowhere. */
function dangling(document) {
  const found = [];
  const target = (reference) =>
    reference
      .slice(2)
      .split("/")
      .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
      .reduce((value, key) => value?.[key], document);
  const walk = (value, path) => {
    if (value === null || typeof value !== "object") return;
    if (typeof value.$ref === "string" && value.$ref.startsWith("#/") && target(value.$ref) === undefined)
      found.push(`${path} refers to ${value.$ref}, which is not there`);
    for (const [key, inner] of Object.entries(value)) walk(inner, `${path}/${key}`);
  };
  walk(document, "");
  return found;
}

/** Compiles every schema under components: a wrong pattern or keyword is found here, not by the first client. */
function uncompilable(document) {
  const found = [];
  for (const name of Object.keys(document.components?.schemas ?? {})) {
    const compiler = addFormats(new Ajv2020({ strict: false, validateSchema: true, allErrors: true }));
    compiler.addFormat("int64", true).addFormat("uint64", true).addFormat("uint32", true);
    try {
      compiler.compile({ $ref: `#/components/schemas/${name}`, components: document.components });
    } catch (error) {
      found.push(`/components/schemas/${name}: ${error.message}`);
    }
  }
  return found;
}

async function openapi() {
  const document = read("openapi.json");
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  const said = valid ? [] : Array.isArray(errors) ? lines(errors) : [String(errors)];
  if (!/^3\.1\./.test(document.openapi)) said.push(`the version is ${document.openapi}, not 3.1`);
  return [...said, ...dangling(document), ...uncompilable(document)];
}

async function asyncapi() {
  const document = read("asyncapi.json");
  const schema = require("@asyncapi/specs/schemas/3.0.0.json");
  // The schema brings JSON Schema's own along, under the name the compiler has for its copy.
  const compiler = addFormats(new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false }));
  const validate = compiler.compile(schema);
  validate(document);
  return [...lines(validate.errors), ...dangling(document), ...uncompilable(document)];
}

async function types() {
  const compiler = join(import.meta.dirname, "node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--lib", "es2022", "--types", ""];
  try {
    execFileSync(process.execPath, [compiler, ...options, join(folder, "types.ts")], { encoding: "utf8" });
    return [];
  } catch (error) {
    return [`${error.stdout ?? ""}${error.stderr ?? ""}`.trim() || error.message];
  }
}

for (const [name, validate] of [["openapi.json", openapi], ["asyncapi.json", asyncapi], ["types.ts", types]]) {
  let said;
  try {
    said = await validate();
  } catch (error) {
    said = [error.message];
  }
  console.log(`${name}: ${said.length === 0 ? "valid" : `${said.length} errors`}`);
  for (const line of said) console.error(`  ${name} ${line}`);
  if (said.length > 0) process.exitCode = 1;
}
