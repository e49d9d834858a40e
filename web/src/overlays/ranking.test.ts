// What one types finds the right place first.

import { expect, test } from "vitest";

import { ranked } from "./ranking.js";

const place = (label: string, detail = "") => ({ key: label, label, detail });
const all = [place("harbour"), place("all-hands"), place("Björn Lind", "bjorn"), place("deploys", "harbour crane")];
const labels = (query: string, recents: string[] = []) => ranked(all, query, recents).map(({ label }) => label);

test("labels before details", () => expect(labels("harb")).toEqual(["harbour", "deploys"]));
test("beginnings of words before parts of words", () =>
  expect(labels("ha")).toEqual(["harbour", "all-hands", "deploys"]));
test("marks on letters do not matter", () => expect(labels("bjö")).toEqual(labels("bjo")));
test("nothing typed: where one was last", () =>
  expect(labels("", ["deploys", "all-hands"]).slice(0, 2)).toEqual(["deploys", "all-hands"]));
test("nothing fits", () => expect(labels("zzz")).toEqual([]));
