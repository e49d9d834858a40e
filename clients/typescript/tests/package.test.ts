// The package as others get it: small, complete, and no more than it should be.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bytes of a browser bundle, minified and compressed, socket.io-client included. */
async function bundleBytes(...entries: string[]): Promise<number> {
  const contents = entries.map((entry, index) => `export * as part${index} from "./src/${entry}";`).join("\n");
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

test("the client and socket.io-client are at most 25 KB, compressed", async () => {
  const bytes = await bundleBytes("index.ts");
  expect(bytes).toBeLessThanOrEqual(25 * 1024);
  expect(bytes, "a bundle this small is missing something").toBeGreaterThan(12 * 1024);
});

test("with the store they are at most 33 KB", async () => {
  expect(await bundleBytes("index.ts", "store/index.ts")).toBeLessThanOrEqual(33 * 1024);
});

test("the package has its sources, types, examples and words, and nothing else", () => {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--dry-run", "--json"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  );
  const paths = (packed.files as { path: string }[]).map(({ path }) => path);
  for (const path of [
    "package.json",
    "README.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/store/index.js",
    "dist/store/index.d.ts",
    "src/index.ts",
    "examples/echo-bot.mjs",
  ])
    expect(paths).toContain(path);
  const strange = paths.filter((path) => !/^(?:dist\/|src\/|examples\/|package\.json$|README\.md$|LICENSE-)/u.test(path));
  expect(strange).toEqual([]);
});

test("the only thing it needs at run time is socket.io-client", () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { dependencies: object };
  expect(Object.keys(dependencies)).toEqual(["socket.io-client"]);
});

test("the wire types are those of the server", () => {
  const [copy, original] = ["src/contract.ts", "../../contract/types.ts"].map((path) => readFileSync(`${root}${path}`, "utf8"));
  expect(copy === original, "src/contract.ts is stale: run `cargo xtask contract`").toBe(true);
});

test("the lock file names no place to download from", () => {
  expect(readFileSync(`${root}package-lock.json`, "utf8")).not.toMatch(/"resolved"|https?:\/\/[^"]*\.tgz/u);
});
