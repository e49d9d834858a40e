// The timeline over a surface of numbers: what stays where, how many rows there are, and how many come at a time.

import { beforeEach, describe, expect, test } from "vitest";

import { ROWS_MAX, STEP_ROWS } from "./span.js";
import type { Item, Surface } from "./surface.js";
import { Timeline } from "./timeline.js";

const VIEWPORT_PX = 600;

/** A surface whose rows have the heights that a test says, all below one another. */
class Numbers implements Surface<Item> {
  viewportPx = VIEWPORT_PX;
  heights = new Map<string, number>();
  pins = new Set<string>();
  mostRows = 0;
  mostNew = 0;
  #top = 0;
  #rows: string[] = [];
  #tops = new Map<string, number>();
  #heightPx = 0;

  get contentPx(): number {
    return Math.max(this.viewportPx, this.#heightPx);
  }

  get scrollTop(): number {
    this.scrollTo(this.#top);
    return this.#top;
  }

  scrollTo(top: number): void {
    this.#top = Math.max(0, Math.min(top, this.contentPx - this.viewportPx));
  }

  show(items: readonly Item[]): void {
    const known = new Set(this.#rows);
    this.#rows = items.map((item) => item.key);
    this.mostRows = Math.max(this.mostRows, this.#rows.length);
    this.mostNew = Math.max(this.mostNew, this.#rows.filter((key) => !known.has(key)).length);
    this.layOut();
  }

  layOut(): void {
    this.#tops.clear();
    let top = 0;
    for (const key of this.#rows) {
      this.#tops.set(key, top);
      top += this.#height(key);
    }
    this.#heightPx = top;
  }

  keys(): readonly string[] {
    return this.#rows;
  }

  top(key: string): number {
    return this.#tops.get(key) ?? 0;
  }

  bottom(key: string): number {
    return this.top(key) + this.#height(key);
  }

  pinned(): ReadonlySet<string> {
    return this.pins;
  }

  /** Where a row is on the screen. */
  onScreen(key: string): number {
    return this.top(key) - this.scrollTop;
  }

  #height(key: string): number {
    return this.heights.get(key) ?? 20 + (Number(key.replace(/\D/gu, "")) % 5) * 17;
  }
}

const message = (at: number): Item => ({ key: `m${at}`, isHold: true });
const messages = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => message(from + at));

let surface: Numbers;
let timeline: Timeline<Item>;
let frames: (() => void)[];
let wants: string[];

beforeEach(() => {
  surface = new Numbers();
  frames = [];
  wants = [];
  const owner = { wantsMore: (direction: string) => wants.push(direction), viewChanged: () => {} };
  timeline = new Timeline(surface, owner, (run) => frames.push(run));
});

/** Runs one frame. */
function frame(): void {
  for (const run of frames.splice(0)) run();
}

/** Runs frames until there is nothing left to do. */
function settle(): void {
  for (let count = 0; frames.length > 0; count += 1) {
    expect(count, "frames without end").toBeLessThan(200);
    frame();
  }
}

function scrollBy(px: number): void {
  surface.scrollTo(surface.scrollTop + px);
  timeline.scrolled();
}

const lastKey = () => surface.keys().at(-1);
const distanceToEnd = () => surface.contentPx - surface.scrollTop - surface.viewportPx;

describe("at the end", () => {
  test("a list opens at its end", () => {
    timeline.openAtEnd(messages(0, 1000));
    expect(lastKey()).toBe("m999");
    expect(distanceToEnd()).toBe(0);
    settle();
    expect(distanceToEnd()).toBe(0);
  });

  test("what comes is followed", () => {
    timeline.openAtEnd(messages(0, 30));
    timeline.update(() => messages(0, 31), false);
    settle();
    expect(lastKey()).toBe("m30");
    expect(distanceToEnd()).toBe(0);
  });

  test("a burst comes in steps, and the end is reached", () => {
    timeline.openAtEnd(messages(0, 500));
    settle();
    surface.mostNew = 0;
    timeline.update(() => messages(0, 900), false);
    settle();
    expect(lastKey()).toBe("m899");
    expect(distanceToEnd()).toBe(0);
    expect(surface.mostNew).toBeLessThanOrEqual(STEP_ROWS);
    expect(surface.mostRows).toBeLessThanOrEqual(ROWS_MAX);
  });

  test("a little above the end still counts as the end", () => {
    timeline.openAtEnd(messages(0, 100));
    settle();
    scrollBy(-90);
    expect(timeline.isFollowing).toBe(true);
    scrollBy(-30);
    expect(timeline.isFollowing).toBe(false);
    scrollBy(60);
    expect(timeline.isFollowing).toBe(true);
  });

  test("a smaller screen keeps the end on it", () => {
    timeline.openAtEnd(messages(0, 100));
    settle();
    surface.viewportPx = 300;
    timeline.resized();
    expect(distanceToEnd()).toBe(0);
  });

  test("the end of a part of the list is not the present", () => {
    timeline.openAtEnd(messages(0, 100));
    timeline.update(() => messages(0, 100), true);
    settle();
    expect(timeline.isFollowing).toBe(false);
    expect(wants).toContain("newer");
    timeline.update(() => messages(0, 150), true);
    settle();
    expect(distanceToEnd()).toBeGreaterThan(0);
  });
});

describe("away from the end", () => {
  const open = () => {
    timeline.openAt(messages(0, 1000), "m500", { above: 1 / 3 });
    settle();
  };

  test("a row opens where it is wanted", () => {
    timeline.openAt(messages(0, 1000), "m500", { above: 1 / 3 });
    expect(surface.onScreen("m500")).toBe(200);
    settle();
    expect(surface.onScreen("m500")).toBe(200);
  });

  test("what is not there opens at the end", () => {
    timeline.openAt(messages(0, 1000), "gone", { above: 0 });
    expect(timeline.isFollowing).toBe(true);
    expect(lastKey()).toBe("m999");
  });

  test.each<[string, Item[]]>([
    ["messages come at the end", messages(0, 1050)],
    ["older ones come", messages(-50, 1000)],
    ["the beginning goes", messages(450, 1000)],
    ["the end goes", messages(0, 560)],
    ["one comes late, above", [...messages(0, 490), { key: "m7777", isHold: true }, ...messages(490, 1000)]],
    ["one is deleted, above", messages(0, 1000).filter((item) => item.key !== "m495")],
    ["a day begins above", [...messages(0, 495), { key: "day9", isHold: false }, ...messages(495, 1000)]],
  ])("nothing moves when %s", (_, items) => {
    open();
    const top = surface.onScreen("m500");
    timeline.update(() => items, false);
    settle();
    expect(surface.onScreen("m500")).toBe(top);
    expect(timeline.isFollowing).toBe(false);
  });

  test("the row at the edge itself goes, and the next one stays", () => {
    open();
    const edge = surface.keys().find((key) => surface.bottom(key) > surface.scrollTop);
    const next = `m${Number(edge?.slice(1)) + 1}`;
    const top = surface.onScreen(next);
    timeline.update(() => messages(0, 1000).filter((item) => item.key !== edge), false);
    settle();
    expect(surface.onScreen(next)).toBe(top);
  });

  test("a row above grows, and nothing moves", () => {
    open();
    const top = surface.onScreen("m500");
    surface.heights.set("m480", 900);
    surface.layOut();
    timeline.resized();
    expect(surface.onScreen("m500")).toBe(top);
  });

  test("the row at the edge itself shrinks, and what is below it stays", () => {
    open();
    const edge = surface.keys().find((key) => surface.bottom(key) > surface.scrollTop) ?? "";
    const top = surface.onScreen("m500");
    surface.heights.set(edge, 10);
    surface.layOut();
    timeline.resized();
    expect(surface.onScreen("m500")).toBe(top);
  });

  test("a row higher than the screen grows at its end, and its beginning stays", () => {
    surface.heights.set("m500", 2000);
    timeline.openAt(messages(0, 1000), "m500", { above: 0 });
    settle();
    surface.heights.set("m500", 3000);
    surface.layOut();
    timeline.resized();
    expect(surface.onScreen("m500")).toBe(0);
  });

  test("a day line above the first message does not bring in a whole page at once", () => {
    const day = { key: "day1", isHold: false };
    timeline.openAt([day, ...messages(0, 1000)], "m0", { above: 1 / 3 });
    settle();
    surface.mostNew = 0;
    timeline.update(() => [day, ...messages(-200, 1000)], false);
    settle();
    expect(surface.mostNew).toBeLessThanOrEqual(STEP_ROWS);
  });

  test("one comes back to where one was", () => {
    open();
    scrollBy(-333);
    settle();
    const spot = timeline.spot();
    expect(spot).not.toBeNull();
    if (!spot) return;
    timeline.openAtEnd(messages(0, 1000));
    settle();
    expect(timeline.spot()).toBeNull();
    timeline.openAt(messages(0, 1100), spot.key, spot);
    settle();
    expect(surface.onScreen(spot.key)).toBe(spot.offsetPx);
  });

  test("the way to the end is one step", () => {
    open();
    timeline.toEnd();
    expect(lastKey()).toBe("m999");
    expect(distanceToEnd()).toBe(0);
    expect(timeline.isFollowing).toBe(true);
  });

  test("a row on the screen is revealed without moving anything, one beside it by as much as it takes", () => {
    open();
    const before = surface.scrollTop;
    timeline.reveal("m501");
    expect(surface.scrollTop).toBe(before);
    const above =
      surface
        .keys()
        .filter((key) => surface.bottom(key) <= surface.scrollTop)
        .at(-1) ?? "";
    timeline.reveal(above);
    expect(surface.onScreen(above)).toBe(0);
    timeline.reveal("m10");
    expect(surface.onScreen("m10")).toBeGreaterThanOrEqual(0);
    expect(surface.onScreen("m10")).toBeLessThan(VIEWPORT_PX);
    expect(timeline.reveal("gone")).toBe(false);
  });
});

describe("a long way back", () => {
  test("20,000 messages in pages of 50: nothing jumps, the rows stay few", () => {
    let from = 19_950;
    const newest = 20_000;
    const all = messages(0, newest);
    timeline.openAtEnd(all.slice(from));
    settle();
    surface.mostNew = 0;
    for (let count = 0; from > 0; count += 1) {
      expect(count).toBeLessThan(60_000);
      const key = surface.keys().find((one) => surface.top(one) >= surface.scrollTop) ?? "";
      const top = surface.onScreen(key);
      const before = surface.scrollTop;
      scrollBy(-500);
      const movedPx = before - surface.scrollTop;
      wants = [];
      frame();
      expect(Math.abs(surface.onScreen(key) - top - movedPx)).toBeLessThanOrEqual(1);
      if (wants.includes("older")) {
        from = Math.max(0, from - 50);
        // As the store does: at most 1,000 messages, those far away are forgotten.
        timeline.update(() => all.slice(from, from + 1000), from + 1000 < newest);
      }
    }
    expect(surface.mostRows).toBeLessThanOrEqual(ROWS_MAX);
    expect(surface.mostNew).toBeLessThanOrEqual(STEP_ROWS);
  });

  test("a pinned row stays, however far one goes", () => {
    timeline.openAtEnd(messages(0, 1000));
    settle();
    surface.pins.add("m998");
    for (let count = 0; count < 200; count += 1) {
      scrollBy(-300);
      frame();
    }
    expect(surface.keys()).toContain("m998");
    expect(surface.keys()).not.toContain("m997");
    expect(surface.keys().length).toBeLessThanOrEqual(ROWS_MAX);
    for (let count = 0; count < 400; count += 1) {
      scrollBy(300);
      frame();
    }
    expect(lastKey()).toBe("m999");
    expect(surface.keys().indexOf("m998")).toBe(surface.keys().length - 2);
  });

  test("rows of which half is on the screen are seen", () => {
    timeline.openAtEnd(messages(0, 100));
    settle();
    const seen = timeline.seen();
    expect(seen.at(-1)).toBe("m99");
    for (const key of seen) expect(surface.onScreen(key)).toBeGreaterThanOrEqual(-60);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.length).toBeLessThan(20);
  });
});
