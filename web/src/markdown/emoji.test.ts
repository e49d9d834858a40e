// Emoji by name, and messages that are nothing else.

import { expect, test } from "vitest";

import { isOnlyEmoji } from "./emoji.js";
import { emojiOf, emojiStarting } from "./emoji-names.js";

test.each([
  ["🎉", true],
  ["🎉 🚢 ❤️", true],
  ["👨‍👩‍👧‍👦", true],
  ["🇸🇪", true],
  ["1️⃣", true],
  ["🎉🎉🎉🎉", false],
  ["🎉 yes", false],
  ["", false],
  ["1", false],
  ["x", false],
  ["\u200d", false],
  ["#", false],
])("%s is one to three emoji: %s", (text, expected) => {
  expect(isOnlyEmoji(text)).toBe(expected);
});

test("names lead to emoji, and nothing else", () => {
  expect(emojiOf("tada")).toBe("🎉");
  expect(emojiOf("constructor")).toBeNull();
  expect(emojiStarting("ta").map(({ name }) => name)).toEqual(["tada"]);
});
