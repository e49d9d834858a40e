// Codes are what another implementation reads.

import decode from "qr/decode.js";
import { expect, test } from "vitest";

import { squaresOf } from "./squares.js";

/** Pixels to a square. */
const SCALE = 4;

/** The drawing as a camera has it. */
function painted(text: string) {
  const { size, path } = squaresOf(text);
  const width = size * SCALE;
  const data = new Uint8Array(width * width * 4).fill(255);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/gu)) {
    for (let row = Number(y) * SCALE; row < (Number(y) + 1) * SCALE; row++) {
      const from = (row * width + Number(x) * SCALE) * 4;
      for (let at = from; at < from + Number(run) * SCALE * 4; at += 4) data.fill(0, at, at + 3);
    }
  }
  return { width, height: width, data };
}

test.each([
  "http://127.0.0.1:3000/join/7QK3",
  `https://chat.example.org/join/${"Zx9_-".repeat(9)}`,
  "https://bücher.example/join/ä",
  `https://${"a-long-name.".repeat(20)}example.org/join/code`,
])("%s", (text) => expect(decode(painted(text))).toBe(text));

test("the path has nothing but runs of squares", () =>
  expect(squaresOf("x").path).toMatch(/^(?:M\d+ \d+h(\d+)v1h-\1z)+$/u));

test("four quiet squares stand around a code of the smallest size", () => {
  const { size, path } = squaresOf("A");
  expect(size).toBe(21 + 2 * 4);
  // A corner pattern begins with seven dark squares.
  expect(path).toMatch(/^M4 4h7v1h-7z/u);
});
