import { expect, test } from "vitest";

import { sentence } from "./sentence.js";

test("what is said of a field has the field's name", () => {
  expect(sentence("at least 8 characters", "password")).toBe("Password: at least 8 characters.");
  expect(sentence("must be 2 to 32 of a-z 0-9 . _ -", "username")).toBe("Username must be 2 to 32 of a-z 0-9 . _ -.");
  expect(sentence("at most 64 characters", "displayName")).toBe("Name: at most 64 characters.");
  expect(sentence("at least 8 characters", "newPassword")).toBe("New password: at least 8 characters.");
});

test("a sentence stays as it is, and becomes one where it is none", () => {
  expect(sentence("This username is taken", "username")).toBe("This username is taken.");
  expect(sentence("Really?")).toBe("Really?");
  expect(sentence("at most 10000 characters")).toBe("At most 10000 characters.");
  expect(sentence("")).toBe("");
});
