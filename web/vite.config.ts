// How the client is built: few files under names that never change, the same bytes in whatever folder.

import { defaultClientConditions, type Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** The server to talk to while developing. */
const SERVER = process.env["FIRESIDE_URL"] ?? "http://127.0.0.1:3000";

/** Modules that the client can do without, and what stands in their place. */
const WITHOUT: readonly (readonly [id: RegExp, code: string])[] = [
  // One style sheet is on the page and nothing is preloaded: a file has only to be imported.
  [/^\0vite\/preload-helper\.js$/u, "export const __vitePreload = (load) => load();"],
  // No server of ours speaks WebTransport.
  [/\/engine\.io-client\/.*\/webtransport\.js$/u, "export class WT {}"],
];

const lighter: Plugin = {
  name: "lighter",
  apply: "build",
  enforce: "pre",
  load: (id) => WITHOUT.find(([wanted]) => wanted.test(id))?.[1] ?? null,
};

/** Has the page load the start at once, instead of when the client is there and asks for it. */
const startFirst: Plugin = {
  name: "start-first",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: () => [
      { tag: "script", attrs: { type: "module", async: true, src: "/assets/start.js" }, injectTo: "head-prepend" },
    ],
  },
};

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/assets/" : "/",
  plugins: [lighter, startFirst],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // The SDK's own sources: one build, nothing in between that could be stale.
    conditions: ["source", ...defaultClientConditions],
    dedupe: ["socket.io-client"],
  },
  build: {
    // The first browsers with `light-dark()`, and everything newer.
    target: ["chrome123", "edge123", "firefox120", "safari17.5"],
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    // All that is needed first is in two files, and the rest is loaded when it is wanted: nothing is left to preload.
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: "app.js",
        chunkFileNames: "[name].js",
        codeSplitting: { groups: [
            { name: "start", test: /\/web\/src\/start\.ts$/u, tags: ["$initial"], priority: 1 },
            { name: "app", tags: ["$initial"] },
          ] },
        assetFileNames: ({ names }) => (names.some((name) => name.endsWith(".css")) ? "app.css" : "[name][extname]"),
      },
    },
  },
  server: {
    proxy: { "/chat": SERVER, "/auth": SERVER, "/socket.io": { target: SERVER, ws: true } },
  },
  // Two files at a time: each waits for its browser and server far more than it works.
  test: { testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2 },
}));
