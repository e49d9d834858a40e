// Which part of a long list is on the page: pure arithmetic over places in the list.

/**
 * Rows on the page at any time, pinned ones included. A message that begins a group of one's own has twelve elements:
 * with 200 of them the page stays below 2,500 whoever talks to whom.
 */
export const ROWS_MAX = 200;
/** Rows that come in one frame: more of them would make the frame late. */
export const STEP_ROWS = 20;

/** Items from `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What there is outside of the screen, in pixels and in items. */
export interface Room {
  readonly abovePx: number;
  readonly belowPx: number;
  readonly viewportPx: number;
}

/** Where the rows on the page are in a changed list; null where none of them is in it any more. */
export function follow(keys: readonly string[], places: ReadonlyMap<string, number>): Span | null {
  let start: number | undefined;
  let end: number | undefined;
  for (const key of keys) {
    const at = places.get(key);
    if (at === undefined) continue;
    start = Math.min(start ?? at, at);
    end = Math.max(end ?? at, at);
  }
  return start === undefined || end === undefined ? null : { start, end: end + 1 };
}

/** The span with the lines directly around it that are no messages. */
export function withLines(span: Span, items: readonly { readonly isHold: boolean }[]): Span {
  let { start, end } = span;
  while (start > 0 && items[start - 1]?.isHold === false) start -= 1;
  while (end < items.length && items[end]?.isHold === false) end += 1;
  return { start, end };
}

/** At most `limit` items of a span, with a place of the list in their middle as far as that is possible. */
export function clamp(span: Span, at: number, limit: number): Span {
  if (span.end - span.start <= limit) return span;
  const start = Math.min(Math.max(span.start, at - (limit >> 1)), span.end - limit);
  return { start, end: start + limit };
}

/**
 * The span after one step: towards whichever side has less than two screens left, the end first. Null where nothing
 * is to be done. `limit` is how many rows there may be; the side one is not looking at pays for what comes.
 */
export function grow(span: Span, length: number, room: Room, limit: number): Span | null {
  const wanted = room.viewportPx * 2;
  const isFull = span.end - span.start >= limit;
  // A full page only moves when that leaves it better balanced: else both sides would ask for ever.
  const may = (side: number, other: number) => side < wanted && (!isFull || side + room.viewportPx < other);
  if (span.end < length && may(room.belowPx, room.abovePx)) {
    const end = Math.min(length, span.end + STEP_ROWS);
    return { start: Math.max(span.start, end - limit), end };
  }
  if (span.start > 0 && may(room.abovePx, room.belowPx)) {
    const start = Math.max(0, span.start - STEP_ROWS);
    return { start, end: Math.min(span.end, start + limit) };
  }
  return null;
}

/** A span of at most one step's rows on either side of a place. */
export function around(at: number, length: number): Span {
  return { start: Math.max(0, at - STEP_ROWS), end: Math.min(length, at + STEP_ROWS) };
}

/** A span with one step's rows more on either side; null where it has everything or is full. */
export function widen(span: Span, length: number): Span | null {
  const wider = { start: Math.max(0, span.start - STEP_ROWS), end: Math.min(length, span.end + STEP_ROWS) };
  const isSame = wider.start === span.start && wider.end === span.end;
  return isSame || wider.end - wider.start > ROWS_MAX ? null : wider;
}
