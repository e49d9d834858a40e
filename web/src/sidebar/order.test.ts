// The order of a list somebody points at.

import { expect, test } from "vitest";

import { inOrderOf } from "./order.js";

const items = (...keys: string[]) => keys.map((key) => ({ key }));

test("what was shown stays where it was", () =>
  expect(inOrderOf(items("c", "a", "b"), ["a", "b", "c"])).toEqual(items("a", "b", "c")));

test("what is new comes last, what is gone goes", () =>
  expect(inOrderOf(items("d", "c", "a"), ["a", "b", "c"])).toEqual(items("a", "c", "d")));
