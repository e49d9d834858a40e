// How the client is built: few files under names that never change, the same bytes in whatever folder.

import { defaultClientConditions } from "vite";
import { defineConfig } from "vitest/config";

/** The server to talk to while developing. */
const SERVER = process.env["FIRESIDE_URL"] ?? "http://127.0.0.1:3000";

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/assets/" : "/",
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
    // It would be an inline script, for browsers that are older than the target.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        entryFileNames: "app.js",
        chunkFileNames: "[name].js",
        assetFileNames: ({ names }) => (names.some((name) => name.endsWith(".css")) ? "app.css" : "[name][extname]"),
      },
    },
  },
  server: {
    proxy: { "/chat": SERVER, "/auth": SERVER, "/socket.io": { target: SERVER, ws: true } },
  },
  test: { testTimeout: 60_000, hookTimeout: 60_000, fileParallelism: false },
}));
