// Copying from several messages gives lines of who said what, without the buttons in between.

import type { MessageEntry } from "./layout.js";
import { nameOf } from "./names.js";
import { clockTime } from "./times.js";

/** One message, or the selected part of it, as a line of text. */
export function quoteLine(entry: MessageEntry, text: string): string {
  return `[${clockTime(entry.row.createdAt)}] ${nameOf(entry.row.sender)}: ${text}`;
}

/** The text of a selection over several messages; null where the browser's own copy is right. */
export function copiedText(
  selection: Selection,
  entries: readonly MessageEntry[],
  elementOf: (key: string) => HTMLElement | null,
): string | null {
  if (selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const isIn = (entry: MessageEntry) =>
    elementOf(entry.key) !== null && range.intersectsNode(elementOf(entry.key) as Node);
  const first = entries.findIndex(isIn);
  const last = entries.findLastIndex(isIn);
  if (first < 0 || first === last) return null;
  // Rows between the ends may have left the page; what they say is known nevertheless.
  const lines = entries.slice(first, last + 1).flatMap((entry) => {
    const text = selectedPart(range, elementOf(entry.key)) ?? entry.row.content;
    return entry.row.deletedAt !== null || text.trim() === "" ? [] : [quoteLine(entry, text.trim())];
  });
  return lines.join("\n");
}

/** What is selected of a message's text; null where all of it is. */
function selectedPart(range: Range, element: HTMLElement | null): string | null {
  const text = element?.querySelector(".markdown");
  if (!text) return null;
  const whole = document.createRange();
  whole.selectNodeContents(text);
  const startsInside = range.compareBoundaryPoints(Range.START_TO_START, whole) > 0;
  const endsInside = range.compareBoundaryPoints(Range.END_TO_END, whole) < 0;
  if (!startsInside && !endsInside) return null;
  if (
    range.compareBoundaryPoints(Range.START_TO_END, whole) <= 0 ||
    range.compareBoundaryPoints(Range.END_TO_START, whole) >= 0
  )
    return "";
  if (startsInside) whole.setStart(range.startContainer, range.startOffset);
  if (endsInside) whole.setEnd(range.endContainer, range.endOffset);
  return whole.toString();
}
