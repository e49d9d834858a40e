// What is read out, and how often.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Announcer } from "./announcer.js";

interface FakeRegion {
  role: string;
  textContent: string;
}

let regions: FakeRegion[];
let nowMs: number;
let later: { run: () => void; delayMs: number }[];
let announcer: Announcer;

beforeEach(() => {
  regions = [];
  later = [];
  nowMs = 1000;
  vi.stubGlobal("document", {
    createElement: () => {
      const region = {
        role: "",
        textContent: "",
        className: "",
        setAttribute: (name: string, value: string) => name === "role" && Object.assign(region, { role: value }),
      };
      regions.push(region);
      return region;
    },
  });
  announcer = new Announcer({ now: () => nowMs, later: (run, delayMs) => later.push({ run, delayMs }) });
});
afterEach(() => vi.unstubAllGlobals());

const spoken = (role: string) => regions.find((region) => region.role === role)?.textContent;

test("the first message is read out at once, with who said it", () => {
  announcer.message("Ada", "Good\n\nmorning");
  expect(spoken("status")).toBe("Ada: Good morning");
});

test("of a burst after it the number is", () => {
  announcer.message("Ada", "one");
  announcer.message("Bob", "two");
  announcer.message("Bob", "three");
  expect(spoken("status")).toBe("Ada: one");
  expect(later.map(({ delayMs }) => delayMs)).toEqual([1000]);
  nowMs += 1000;
  later[0]?.run();
  expect(spoken("status")).toBe("2 new messages");
});

test("a long text is cut, and never within a character", () => {
  announcer.message("Ada", "🚢".repeat(200));
  expect(spoken("status")).toBe(`Ada: ${"🚢".repeat(140)}…`);
});

test("the same words twice are a change", () => {
  announcer.say("Link copied");
  announcer.say("Link copied");
  expect(spoken("status")).not.toBe("Link copied");
  expect(spoken("status")?.trim()).toBe("Link copied");
});

test("what cannot wait has a region of its own", () => {
  announcer.alarm("Message not sent");
  expect(spoken("alert")).toBe("Message not sent");
  expect(spoken("status")).toBe("");
});
