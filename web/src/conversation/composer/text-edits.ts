// Changes of a text in a field: marks around words, links, blocks of code. Pure functions, and the one that applies them.

/** A text and what is selected in it. */
export interface Selected {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** A part of a text replaced, and what is selected then. */
export interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
  readonly selectFrom: number;
  readonly selectTo: number;
}

/** Puts a mark on both sides of what is selected, or takes it away. */
export function toggleMark({ text, start, end }: Selected, mark: string): TextEdit {
  const inside = text.slice(start, end);
  const { length } = mark;
  if (text.slice(start - length, start) === mark && text.slice(end, end + length) === mark) {
    return {
      from: start - length,
      to: end + length,
      insert: inside,
      selectFrom: start - length,
      selectTo: end - length,
    };
  }
  if (inside.length >= length * 2 && inside.startsWith(mark) && inside.endsWith(mark)) {
    return {
      from: start,
      to: end,
      insert: inside.slice(length, -length),
      selectFrom: start,
      selectTo: end - length * 2,
    };
  }
  // A mark beside a blank would be text.
  const lead = inside.length - inside.trimStart().length;
  const words = inside.trim();
  const from = start + (words === "" ? 0 : lead);
  const to = words === "" ? end : from + words.length;
  return { from, to, insert: mark + text.slice(from, to) + mark, selectFrom: from + length, selectTo: to + length };
}

/** Makes a block of code of what is selected. */
export function codeBlock({ text, start, end }: Selected): TextEdit {
  const before = start > 0 && text[start - 1] !== "\n" ? "\n" : "";
  const after = end < text.length && text[end] !== "\n" ? "\n" : "";
  const opening = `${before}\`\`\`\n`;
  const inside = text.slice(start, end);
  const selectFrom = start + opening.length;
  return {
    from: start,
    to: end,
    insert: `${opening}${inside}\n\`\`\`${after}`,
    selectFrom,
    selectTo: selectFrom + inside.length,
  };
}

/** Makes what is selected the words of a link. Without an address, that is what comes next. */
export function link({ text, start, end }: Selected, address = ""): TextEdit {
  const words = text.slice(start, end).replace(/[[\]]/gu, "\\$&");
  const insert = `[${words}](${address})`;
  const at = start + insert.length - (address === "" ? 1 : 0);
  return { from: start, to: end, insert, selectFrom: at, selectTo: at };
}

/** Puts somebody's words as a quote before what is written already. */
export function quote({ text, start, end }: Selected, words: string): TextEdit {
  const lines = words.split("\n").map((line) => (line === "" ? ">" : `> ${line}`));
  const insert = `${lines.join("\n")}\n\n`;
  // The cursor stays where it was in one's own words; before them all, it follows the quote.
  const at = text === "" ? insert.length : Math.max(start, end) + insert.length;
  return { from: 0, to: 0, insert, selectFrom: at, selectTo: at };
}

/** What a field holds and what is selected in it. */
export function selectedIn(field: HTMLTextAreaElement): Selected {
  return { text: field.value, start: field.selectionStart, end: field.selectionEnd };
}

/** Makes a change in a field in such a way that the browser can undo it. */
export function apply(field: HTMLTextAreaElement, edit: TextEdit): void {
  field.focus();
  field.setSelectionRange(edit.from, edit.to);
  // Deprecated, and without a successor: nothing else keeps the undo history of a field.
  const isDone = document.execCommand(edit.insert === "" ? "delete" : "insertText", false, edit.insert);
  if (!isDone) {
    field.setRangeText(edit.insert, edit.from, edit.to, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
  field.setSelectionRange(edit.selectFrom, edit.selectTo);
}

/** Puts somebody's words into a field, above what is in it. */
export function quoteInto(field: HTMLTextAreaElement, words: string): void {
  apply(field, quote(selectedIn(field), words));
}
