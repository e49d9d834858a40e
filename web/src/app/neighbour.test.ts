// Which place comes next.

import { expect, test } from "vitest";

import { neighbour } from "./neighbour.js";

const places = ["a", "b", "c"].map((key) => ({ key }));
const any = () => true;

test("the list is a ring", () => {
  expect(neighbour(places, "a", 1, any)?.key).toBe("b");
  expect(neighbour(places, "c", 1, any)?.key).toBe("a");
  expect(neighbour(places, "a", -1, any)?.key).toBe("c");
});

test("from nowhere it begins at an end", () => {
  expect(neighbour(places, null, 1, any)?.key).toBe("a");
  expect(neighbour(places, null, -1, any)?.key).toBe("c");
});

test("only what is wanted, and never where one is", () => {
  expect(neighbour(places, "a", 1, ({ key }) => key === "c")?.key).toBe("c");
  expect(neighbour(places, "a", 1, ({ key }) => key === "a")).toBeUndefined();
  expect(neighbour([], "a", 1, any)).toBeUndefined();
});
