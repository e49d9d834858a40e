// Keys and pasted addresses that style what one writes.

import { allowedAddress } from "../../markdown/index.js";
import { apply, codeBlock, link, selectedIn, toggleMark } from "./text-edits.js";

/** Keys that put a mark around what is selected, with Ctrl or Command. */
const MARKS: Readonly<Record<string, string>> = { b: "**", i: "*", e: "`" };
const MARKS_WITH_SHIFT: Readonly<Record<string, string>> = { x: "~~" };

/** Does what a key of a style does. Answers whether it was one. */
export function style(event: KeyboardEvent, area: HTMLTextAreaElement): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return false;
  const key = event.key.toLowerCase();
  const selected = selectedIn(area);
  const mark = (event.shiftKey ? MARKS_WITH_SHIFT : MARKS)[key];
  if (mark !== undefined) apply(area, toggleMark(selected, mark));
  else if (event.shiftKey && key === "c") apply(area, codeBlock(selected));
  // Without a selection this key is the way to other places.
  else if (!event.shiftKey && key === "k" && selected.start !== selected.end) apply(area, link(selected));
  else return false;
  return true;
}

/** An address pasted over words makes them a link to it. */
export function pasteLink(event: ClipboardEvent): void {
  const area = event.currentTarget as HTMLTextAreaElement;
  const address = allowedAddress(event.clipboardData?.getData("text/plain").trim() ?? "");
  const selected = selectedIn(area);
  const words = selected.text.slice(selected.start, selected.end);
  if (address === null || words.trim() === "" || words.includes("\n") || allowedAddress(words.trim()) !== null) return;
  event.preventDefault();
  apply(area, link(selected, address));
}
