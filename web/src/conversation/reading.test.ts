// When messages count as read, by a clock of the test's own.

import { beforeEach, describe, expect, test } from "vitest";

import { Reading, SEEN_MS, STILL_MS, TELL_MS, type Timing } from "./reading.js";

/** Time that passes only when a test lets it. */
class Clock implements Timing {
  #now = 10_000;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  later(run: () => void, delayMs: number): () => void {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  pass(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((one) => one.at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

const LONG_AGO = Number.NEGATIVE_INFINITY;
let clock: Clock;
let told: number[];
let reading: Reading;

beforeEach(() => {
  clock = new Clock();
  told = [];
  reading = new Reading(5, (seq) => told.push(seq), clock);
});

describe("what is seen", () => {
  test("for long enough is read, and told once for all", () => {
    reading.sees([4, 5, 6, 7], LONG_AGO);
    clock.pass(SEEN_MS + TELL_MS - 1);
    expect(told).toEqual([]);
    clock.pass(1);
    expect(told).toEqual([7]);
  });

  test("only in passing is not read", () => {
    reading.sees([6, 7], LONG_AGO);
    clock.pass(SEEN_MS - 1);
    reading.sees([7, 8], LONG_AGO);
    clock.pass(1);
    reading.sees([], LONG_AGO);
    clock.pass(5000);
    expect(told).toEqual([7]);
  });

  test("that was read before is not told again", () => {
    reading.sees([3, 4, 5], LONG_AGO);
    clock.pass(10_000);
    expect(told).toEqual([]);
  });

  test("while the list still settles waits until it has", () => {
    reading.sees([6], LONG_AGO);
    clock.pass(SEEN_MS - 10);
    reading.sees([6], clock.now());
    clock.pass(STILL_MS - 1);
    reading.looksAway();
    expect(told).toEqual([]);
    reading.sees([6], LONG_AGO);
    clock.pass(SEEN_MS + TELL_MS);
    expect(told).toEqual([6]);
  });
});

describe("whoever looks away", () => {
  test("has told at once what was read", () => {
    reading.sees([6], LONG_AGO);
    clock.pass(SEEN_MS);
    expect(told).toEqual([]);
    reading.looksAway();
    expect(told).toEqual([6]);
    clock.pass(10_000);
    expect(told).toEqual([6]);
  });

  test("begins again when coming back", () => {
    reading.sees([6], LONG_AGO);
    clock.pass(SEEN_MS - 1);
    reading.looksAway();
    clock.pass(10_000);
    reading.sees([6], LONG_AGO);
    clock.pass(1);
    reading.looksAway();
    expect(told).toEqual([]);
  });
});

test("what was marked as unread on purpose is not read by being seen", () => {
  reading.sees([6, 7], LONG_AGO);
  reading.hold();
  reading.sees([6, 7], LONG_AGO);
  clock.pass(10_000);
  expect(told).toEqual([]);
  reading.release();
  reading.sees([6, 7], LONG_AGO);
  clock.pass(10_000);
  expect(told).toEqual([7]);
});
