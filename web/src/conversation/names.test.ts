// Names that can be read, and their tiles.

import { expect, test } from "vitest";

import { hueOf, initialsOf, nameOf } from "./names.js";

const person = (displayName: string | null, username = "ada") => ({ id: "u1", username, displayName, avatar: null });

test.each<[string, string | null, string]>([
  ["the chosen name", "Ada Lovelace", "Ada Lovelace"],
  ["the username where none was chosen", null, "ada"],
  ["the username where nothing is to be seen", "\u200b\u2060\u3164", "ada"],
  ["a name with joiners that its script needs", "علی\u200cرضا", "علی\u200cرضا"],
  ["no characters that turn the text around", "Ada\u202egnoL", "AdagnoL"],
])("shown is %s", (_, displayName, shown) => {
  expect(nameOf(person(displayName))).toBe(shown);
});

test.each([
  ["Ada Lovelace", "AL"],
  ["Björn", "BJ"],
  ["ada.lovelace", "AL"],
  ["Jean-Luc de Picard", "JP"],
  ["x", "X"],
  ["山田 太郎", "山太"],
  ["!!!", "!!"],
])("the letters of %s are %s", (name, letters) => {
  expect(initialsOf(name)).toBe(letters);
});

test("a colour is always the same, and others have others", () => {
  expect(hueOf("u1")).toBe(hueOf("u1"));
  const hues = new Set(Array.from({ length: 100 }, (_, at) => hueOf(`01a204e7-c8e3-7d51-814d-62a18adfc9${at}`)));
  expect(hues.size).toBeGreaterThan(60);
});
