// Keeps a long, changing list still under the reader's eyes, with a bounded number of rows on the page.
//
// Every change runs anchor, mutate, correct within one frame: the first row that crosses the top edge is where it was
// afterwards, whatever came, went or grew around it. At the end of the list the end is held instead.

import { around, clamp, follow, grow, ROWS_MAX, type Room, type Span, STEP_ROWS, widen, withLines } from "./span.js";
import type { Item, Surface } from "./surface.js";

/** At most this far from the end one is at the end, and stays there when messages come. */
export const END_PX = 100;

/** A list opens with rows for so many screens. */
const OPEN_SCREENS = 2.5;

/** Where to put a row on the screen: this part of the viewport above it. */
export type Placement = { readonly above: number };

/** Where somebody was in a list, to come back to it. */
export interface Spot {
  readonly key: string;
  /** From the top edge of the screen to the top of the row. */
  readonly offsetPx: number;
}

/** What the timeline asks of its owner. */
export interface TimelineOwner {
  /** Less than two screens are left in this direction and the list has no more. Called as long as that is so. */
  wantsMore(direction: "older" | "newer"): void;
  /** What one sees may have changed. */
  viewChanged(): void;
}

/** Runs something in the next frame. */
export type NextFrame = (run: () => void) => void;

export class Timeline<I extends Item> {
  readonly #surface: Surface<I>;
  readonly #owner: TimelineOwner;
  readonly #nextFrame: NextFrame;
  #items: readonly I[] = [];
  #places = new Map<string, number>();
  #span: Span = { start: 0, end: 0 };
  #waiting: (() => readonly I[]) | null = null;
  #hasNewer = false;
  #isFollowing = true;
  #isScheduled = false;
  /** What is held, and how far from the beginning of the content it was when last looked at. */
  #anchor: { readonly key: string; readonly edge: "top" | "bottom"; px: number } | null = null;
  /** A row that was put on the screen on purpose: it is what is held until the reader scrolls. */
  #opened: string | null = null;
  /** Where this class has scrolled to: a scroll event that says the same is not the reader's. */
  #ownTop: number | null = null;
  #lastOwnScrollMs = Number.NEGATIVE_INFINITY;

  constructor(
    surface: Surface<I>,
    owner: TimelineOwner,
    nextFrame: NextFrame = (run) => void requestAnimationFrame(run),
  ) {
    this.#surface = surface;
    this.#owner = owner;
    this.#nextFrame = nextFrame;
  }

  /** Whether one is at the end, and stays there. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** When the rows were last moved by something else than the reader, on the clock of `performance.now()`. */
  get lastOwnScrollMs(): number {
    return this.#lastOwnScrollMs;
  }

  /** Shows a list from its end. */
  openAtEnd(items: readonly I[]): void {
    this.#isFollowing = true;
    this.#open(items, items.length);
    this.#toEnd();
    this.#settle();
  }

  /** Shows a list where a row of it is at a place of the screen. Falls back to the end when there is no such row. */
  openAt(items: readonly I[], key: string, place: Placement | Spot): void {
    const at = items.findIndex((item) => item.key === key);
    if (at < 0) return this.openAtEnd(items);
    this.#isFollowing = false;
    this.#open(items, at);
    const offsetPx = "above" in place ? place.above * this.#surface.viewportPx : place.offsetPx;
    this.#scrollTo(this.#surface.top(key) - offsetPx);
    this.#isFollowing = this.#isAtEnd();
    this.#opened = key;
    this.#settle();
  }

  /**
   * The list has changed. It is asked for in the next frame, once for however many changes. `hasNewer`: its end is not
   * the present.
   */
  update(items: () => readonly I[], hasNewer: boolean): void {
    this.#waiting = items;
    this.#hasNewer = hasNewer;
    if (hasNewer) this.#isFollowing = false;
    this.#schedule();
  }

  /** Goes to the end, and stays there. */
  toEnd(): void {
    this.#adopt();
    this.#isFollowing = true;
    if (this.#span.end < this.#items.length) this.#open(this.#items, this.#items.length);
    this.#toEnd();
    this.#settle();
  }

  /** Brings a row onto the screen with as little movement as possible. Answers whether there is such a row. */
  reveal(key: string): boolean {
    this.#adopt();
    const at = this.#places.get(key);
    if (at === undefined) return false;
    if (at < this.#span.start || at >= this.#span.end) {
      this.openAt(this.#items, key, { above: 1 / 3 });
      return true;
    }
    const surface = this.#surface;
    const [top, bottom] = [surface.top(key), surface.bottom(key)];
    if (top < surface.scrollTop) this.#scrollTo(top);
    else if (bottom > surface.scrollTop + surface.viewportPx)
      this.#scrollTo(Math.min(top, bottom - surface.viewportPx));
    this.#isFollowing = this.#isAtEnd();
    this.#settle();
    return true;
  }

  /** Where one is now, to come back to; null at the end. */
  spot(): Spot | null {
    if (this.#isFollowing) return null;
    const key = this.#holdAtEdge();
    return key === null ? null : { key, offsetPx: this.#surface.top(key) - this.#surface.scrollTop };
  }

  /** Keys of the rows of which at least half is on the screen, or that fill half of it. */
  seen(): string[] {
    const surface = this.#surface;
    const [from, to] = [surface.scrollTop, surface.scrollTop + surface.viewportPx];
    const seen: string[] = [];
    for (const key of surface.keys().slice(this.#firstOnScreen())) {
      const [top, bottom] = [surface.top(key), surface.bottom(key)];
      if (top >= to) break;
      const visiblePx = Math.min(bottom, to) - Math.max(top, from);
      if (visiblePx >= Math.min(bottom - top, surface.viewportPx) / 2) seen.push(key);
    }
    return seen;
  }

  /** The reader, or this class, has scrolled. */
  scrolled(): void {
    const isOwn = this.#ownTop !== null && Math.abs(this.#surface.scrollTop - this.#ownTop) <= 1;
    if (!isOwn) {
      this.#ownTop = null;
      this.#opened = null;
      this.#isFollowing = this.#isAtEnd();
    }
    this.#holdStill();
    this.#schedule();
  }

  /** Rows or the screen have another size. To be called before that is painted. */
  resized(): void {
    this.#correct();
    this.#schedule();
  }

  #open(items: readonly I[], at: number): void {
    this.#waiting = null;
    this.#opened = null;
    this.#take(items);
    this.#span = around(at, items.length);
    this.#show();
    // As many rows as it takes to put the wanted one anywhere on the screen; the others come frame by frame.
    while (this.#surface.contentPx < this.#surface.viewportPx * OPEN_SCREENS) {
      const wider = widen(this.#span, items.length);
      if (!wider) break;
      this.#span = wider;
      this.#show();
    }
  }

  #take(items: readonly I[]): void {
    this.#items = items;
    this.#places = new Map(items.map((item, at) => [item.key, at]));
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#nextFrame(() => {
      this.#isScheduled = false;
      this.#step();
    });
  }

  /** One frame: anchor, mutate, correct. */
  #step(): void {
    const hasChanged = this.#adopt();
    const grown = grow(this.#span, this.#items.length, this.#room(), this.#limit());
    if (grown) this.#change(grown);
    if (hasChanged || grown) this.#settle();
    else this.#look();
  }

  /** Takes a changed list, with the rows on the page as they were in it. Answers whether there was one. */
  #adopt(): boolean {
    const items = this.#waiting?.();
    if (!items) return false;
    this.#waiting = null;
    const keys = this.#items.slice(this.#span.start, this.#span.end).filter((item) => item.isHold);
    const places = new Map(items.map((item, at) => [item.key, at]));
    this.#holdStill(places);
    const moved = follow(
      keys.map((item) => item.key),
      places,
    );
    const kept = moved && this.#withEdges(withLines(moved, items), items.length);
    this.#items = items;
    this.#places = places;
    const held = this.#anchor ? places.get(this.#anchor.key) : undefined;
    const middle = this.#isFollowing ? items.length : (held ?? kept?.start ?? items.length);
    this.#span = kept
      ? clamp(kept, middle, this.#limit())
      : clamp({ start: 0, end: items.length }, items.length, STEP_ROWS * 2);
    this.#show();
    this.#correct();
    return true;
  }

  /**
   * Where the list ended before, and on the screen perhaps, there is more now: the first step of it comes at once. What
   * stood at the edge has gone, and there would be too little around the anchor to put it back where it was.
   */
  #withEdges({ start, end }: Span, length: number): Span {
    const wasAtStart = this.#span.start === 0;
    const wasAtEnd = this.#span.end === this.#items.length && !this.#isFollowing;
    return {
      start: wasAtStart ? Math.max(0, start - STEP_ROWS) : start,
      end: wasAtEnd ? Math.min(length, end + STEP_ROWS) : end,
    };
  }

  #change(span: Span): void {
    this.#holdStill(this.#places);
    this.#span = span;
    this.#show();
    this.#correct();
  }

  #show(): void {
    const { start, end } = this.#span;
    const outside = this.#pinnedOutside();
    const before = outside.filter((at) => at < start);
    const after = outside.filter((at) => at >= end);
    const pick = (places: number[]) => places.flatMap((at) => this.#items[at] ?? []);
    this.#surface.show([...pick(before), ...this.#items.slice(start, end), ...pick(after)]);
  }

  /** Places of rows that must stay although they are far from what is on the screen. */
  #pinnedOutside(): number[] {
    const { start, end } = this.#span;
    const places = [...this.#surface.pinned()].flatMap((key) => this.#places.get(key) ?? []);
    return places.filter((at) => at < start || at >= end).sort((a, b) => a - b);
  }

  #limit(): number {
    return ROWS_MAX - this.#surface.pinned().size;
  }

  #room(): Room {
    const { scrollTop, viewportPx } = this.#surface;
    const first = this.#items[this.#span.start];
    const last = this.#items[this.#span.end - 1];
    if (!first || !last) return { abovePx: 0, belowPx: 0, viewportPx };
    return {
      abovePx: scrollTop - this.#surface.top(first.key),
      belowPx: this.#surface.bottom(last.key) - scrollTop - viewportPx,
      viewportPx,
    };
  }

  /** Notes what is held: the row that was opened, or the first that crosses the top edge and will be there in `places`. */
  #holdStill(places: ReadonlyMap<string, number> = this.#places): void {
    const key = this.#opened !== null && places.has(this.#opened) ? this.#opened : this.#holdAtEdge(places);
    if (key === null) {
      this.#anchor = null;
      return;
    }
    // Of a row that changes itself, say because it loses the name above its words, what is below it is to stay.
    const isEndOnScreen = this.#surface.bottom(key) <= this.#surface.scrollTop + this.#surface.viewportPx;
    const edge = isEndOnScreen ? "bottom" : "top";
    this.#anchor = { key, edge, px: this.#surface[edge](key) };
  }

  #holdAtEdge(places: ReadonlyMap<string, number> = this.#places): string | null {
    const keys = this.#surface.keys();
    const holds = (key: string) => places.has(key) && (this.#items[this.#places.get(key) ?? -1]?.isHold ?? false);
    for (let at = this.#firstOnScreen(); at < keys.length; at += 1) {
      const key = keys[at];
      if (key !== undefined && holds(key)) return key;
    }
    return keys.findLast(holds) ?? null;
  }

  /** The place among the rows of the first that reaches below the top edge. */
  #firstOnScreen(): number {
    const keys = this.#surface.keys();
    const { scrollTop } = this.#surface;
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#surface.bottom(keys[middle] ?? "") > scrollTop) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Puts what is held back to where it was on the screen. */
  #correct(): void {
    if (this.#isFollowing) return this.#toEnd();
    if (!this.#anchor) return;
    const px = this.#surface[this.#anchor.edge](this.#anchor.key);
    const movedPx = px - this.#anchor.px;
    this.#anchor.px = px;
    if (Math.abs(movedPx) >= 0.5) this.#scrollTo(this.#surface.scrollTop + movedPx);
  }

  #toEnd(): void {
    const end = this.#surface.contentPx - this.#surface.viewportPx;
    if (Math.abs(end - this.#surface.scrollTop) >= 1) this.#scrollTo(end);
  }

  #scrollTo(top: number): void {
    this.#surface.scrollTo(top);
    this.#ownTop = this.#surface.scrollTop;
    this.#lastOwnScrollMs = performance.now();
  }

  #isAtEnd(): boolean {
    const isWhole = this.#span.end === this.#items.length && !this.#hasNewer;
    return isWhole && this.#surface.contentPx - this.#surface.scrollTop - this.#surface.viewportPx <= END_PX;
  }

  /** After a change: notes what is held now, and goes on in the next frame until nothing is left to do. */
  #settle(): void {
    this.#holdStill();
    this.#schedule();
    this.#look();
  }

  #look(): void {
    const { abovePx, belowPx, viewportPx } = this.#room();
    if (this.#span.start === 0 && abovePx < viewportPx * 2) this.#owner.wantsMore("older");
    if (this.#span.end === this.#items.length && belowPx < viewportPx * 2) this.#owner.wantsMore("newer");
    this.#owner.viewChanged();
  }
}
