// Reads a message: paragraphs, headings, quotes, lists and code, line by line. A text of any kind takes time in proportion to its length.

import { parseInline } from "./inline.js";
import type { Block, Meter } from "./nodes.js";

const QUOTES_MAX = 3;
const LISTS_MAX = 4;
/** Only one word may follow, its language: more of them would be lost. */
const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~)) *([\w#+.-]{0,32}) *$/u;
const HEADING = /^ {0,3}(#{1,3}) +(\S.*)$/u;
const QUOTE = /^ {0,3}> ?/u;
const ITEM = /^( {0,3})([-*+]|\d{1,3}[.)]) +(?=\S)/u;
const INDENT = /^ */u;

/** How many containers of each kind are around. */
interface Depth {
  quotes: number;
  lists: number;
}

/** Reads a whole message. `meter` counts what that took. */
export function parseMarkdown(text: string, meter: Meter = { steps: 0 }): Block[] {
  const lines = text.replaceAll("\r\n", "\n").replaceAll("\t", "    ").split("\n");
  return new BlockReader(lines, { quotes: 0, lists: 0 }, meter).read();
}

class BlockReader {
  #at = 0;
  readonly #blocks: Block[] = [];
  #paragraph: string[] = [];

  constructor(
    private readonly lines: string[],
    private readonly depth: Depth,
    private readonly meter: Meter,
  ) {}

  read(): Block[] {
    while (this.#at < this.lines.length) {
      const line = this.#line(this.#at);
      this.meter.steps += line.length + 1;
      if (this.#fence(line) || this.#heading(line) || this.#quote(line) || this.#list(line)) continue;
      if (line.trim() === "") this.#endParagraph();
      else this.#paragraph.push(line);
      this.#at += 1;
    }
    this.#endParagraph();
    return this.#blocks;
  }

  #line(at: number): string {
    return this.lines[at] ?? "";
  }

  #add(block: Block): void {
    this.#endParagraph();
    this.#blocks.push(block);
  }

  #endParagraph(): void {
    if (this.#paragraph.length === 0) return;
    const text = this.#paragraph.join("\n").trim();
    this.#paragraph = [];
    this.#blocks.push({ type: "paragraph", children: parseInline(text, this.meter) });
  }

  /** Code up to a line of at least as many marks; without one, all that follows. */
  #fence(line: string): boolean {
    const [, marks, language] = FENCE.exec(line) ?? [];
    if (marks === undefined || language === undefined) return false;
    const code: string[] = [];
    this.#at += 1;
    while (this.#at < this.lines.length) {
      const next = this.#line(this.#at);
      this.#at += 1;
      this.meter.steps += next.length + 1;
      const closing = next.trim();
      if (closing.length >= marks.length && closing === marks.charAt(0).repeat(closing.length)) break;
      code.push(next);
    }
    this.#add({ type: "code", language, text: code.join("\n") });
    return true;
  }

  #heading(line: string): boolean {
    const [, marks, text] = HEADING.exec(line) ?? [];
    if (marks === undefined || text === undefined) return false;
    this.#at += 1;
    this.#add({ type: "heading", level: marks.length as 1 | 2 | 3, children: parseInline(text.trim(), this.meter) });
    return true;
  }

  #quote(line: string): boolean {
    if (this.depth.quotes >= QUOTES_MAX || !QUOTE.test(line)) return false;
    const inside: string[] = [];
    while (this.#at < this.lines.length && QUOTE.test(this.#line(this.#at))) {
      inside.push(this.#line(this.#at).replace(QUOTE, ""));
      this.#at += 1;
    }
    const children = new BlockReader(inside, { ...this.depth, quotes: this.depth.quotes + 1 }, this.meter).read();
    this.#add({ type: "quote", children });
    return true;
  }

  #list(line: string): boolean {
    const first = this.depth.lists < LISTS_MAX ? ITEM.exec(line)?.[2] : undefined;
    if (first === undefined || !this.#mayStart(first)) return false;
    const isOrdered = /\d/u.test(first);
    const items: Block[][] = [];
    for (let item = this.#item(isOrdered); item; item = this.#item(isOrdered)) items.push(item);
    this.#add({ type: "list", start: isOrdered ? Number.parseInt(first, 10) : null, items });
    return true;
  }

  /** Only a list that begins at its beginning interrupts a paragraph: a line may well start with a number. */
  #mayStart(mark: string): boolean {
    return this.#paragraph.length === 0 || !/\d/u.test(mark) || Number.parseInt(mark, 10) === 1;
  }

  /** The next item with the lines that belong to it, or nothing when the list is over. */
  #item(isOrdered: boolean): Block[] | null {
    const line = this.#line(this.#at);
    const [opening, indent, mark] = ITEM.exec(line) ?? [];
    if (opening === undefined || indent === undefined || mark === undefined || /\d/u.test(mark) !== isOrdered)
      return null;
    const inside = [line.slice(opening.length)];
    this.#at += 1;
    const margin = `${indent}  `;
    for (let next = this.#continuation(margin); next !== null; next = this.#continuation(margin)) {
      for (; this.#at < next; this.#at += 1)
        inside.push(this.#line(this.#at).trim() === "" ? "" : this.#outdented(opening.length));
    }
    this.#skipBlanksBefore(isOrdered);
    return new BlockReader(inside, { ...this.depth, lists: this.depth.lists + 1 }, this.meter).read();
  }

  #outdented(width: number): string {
    const line = this.#line(this.#at);
    return line.slice(Math.min(width, INDENT.exec(line)?.[0].length ?? 0));
  }

  /** Where the next lines of the current item end, blank lines before an indented one included. */
  #continuation(margin: string): number | null {
    let at = this.#at;
    while (at < this.lines.length && this.#line(at).trim() === "") at += 1;
    this.meter.steps += at - this.#at + 1;
    return at < this.lines.length && this.#line(at).startsWith(margin) ? at + 1 : null;
  }

  /** Blank lines between two items do not end a list. */
  #skipBlanksBefore(isOrdered: boolean): void {
    let at = this.#at;
    while (at < this.lines.length && this.#line(at).trim() === "") at += 1;
    this.meter.steps += at - this.#at + 1;
    const mark = ITEM.exec(this.#line(at))?.[2];
    if (mark !== undefined && /\d/u.test(mark) === isOrdered) this.#at = at;
  }
}
