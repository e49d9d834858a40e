// What the Enter key means.

const FENCE = /^ {0,3}(```|~~~)/u;

/** The part of a key event that matters here. */
export type EnterEvent = Pick<
  KeyboardEvent,
  "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "keyCode"
>;

/** Whether a press of a key sends. `enterSends`: somebody's choice, and never on a touch keyboard or inside of code. */
export function isSubmit(event: EnterEvent, enterSends: boolean): boolean {
  // The second is what browsers say of the Enter that ends the composition of a word.
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return enterSends && !event.shiftKey && !event.altKey;
}

/** Whether a place in a text is inside of a block of code that is not closed before it. */
export function isInFence(text: string, at: number): boolean {
  let open: string | null = null;
  for (const line of text.slice(0, at).split("\n")) {
    const mark = FENCE.exec(line)?.[1];
    if (mark === undefined) continue;
    if (open === null) open = mark;
    else if (open === mark) open = null;
  }
  return open !== null;
}
