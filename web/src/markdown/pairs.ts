// Which marks of a text belong together, found for the whole text in one pass so that no mark has to search.

import type { Meter } from "./nodes.js";

/** How often the character at `start` comes in a row. */
export function runLength(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] === text[start]) end += 1;
  return end - start;
}

/** The character before a place, whole even when it takes two code units. */
export function charBefore(text: string, at: number): string {
  const unit = text.charCodeAt(at - 1);
  const isSecondHalf = unit >= 0xdc00 && unit <= 0xdfff && at >= 2;
  return String.fromCodePoint(text.codePointAt(isSecondHalf ? at - 2 : at - 1) ?? unit);
}

/** For each run of `mark`, by where it starts: where the next run of the same length starts. */
export function nextEqualRuns(text: string, mark: string, meter: Meter): Map<number, number> {
  const runs: { start: number; length: number }[] = [];
  for (let start = text.indexOf(mark); start >= 0; ) {
    const length = runLength(text, start);
    runs.push({ start, length });
    start = text.indexOf(mark, start + length);
  }
  meter.steps += text.length;
  const next = new Map<number, number>();
  const seen = new Map<number, number>();
  for (const { start, length } of runs.reverse()) {
    const later = seen.get(length);
    if (later !== undefined) next.set(start, later);
    seen.set(length, start);
  }
  return next;
}

/** For each opening parenthesis where it is closed, with no blank in between; 0 elsewhere. */
export function matchParentheses(text: string, meter: Meter): Int32Array {
  const closes = new Int32Array(text.length);
  let open: number[] = [];
  meter.steps += text.length;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "(") open.push(at);
    else if (char === ")") {
      const start = open.pop();
      if (start !== undefined) closes[start] = at;
    } else if (char === " " || char === "\n" || char === "\t") open = [];
  }
  return closes;
}
