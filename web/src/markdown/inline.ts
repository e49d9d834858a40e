// Reads the parts of a line: styles, code, links, names. One pass from left to right, each character a constant number of times.

import { allowedAddress, endOfAddress } from "./addresses.js";
import type { Inline, Meter } from "./nodes.js";
import { charBefore, matchParentheses, nextEqualRuns, runLength } from "./pairs.js";
import { type Token, toTree } from "./tree.js";

/** What may open and close: a run of marks, or the bracket of a link's words. */
interface Opener {
  mark: string;
  /** Its token. */
  at: number;
}

const WORD = /[\p{L}\p{N}_]/u;
const BLANK = /\s/u;
const ESCAPABLE = /[!-/:-@[-`{-~]/u;
/** Without the flag `u`, under which `ſ` counts as an `s`. */
const SPECIAL = /[\\`*_~|[\]@#:\n]|https?:\/\//gi;
const MENTION = /@([A-Za-z0-9_](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?)/uy;
const ROOM = /#([a-z0-9][a-z0-9_-]{0,79})/uy;
const EMOJI = /:([a-z0-9_+-]{1,32}):/uy;
/** Marks that count in pairs only; the others may come single or double. */
const PAIRED: ReadonlySet<string> = new Set(["~", "|"]);

type Style = "strong" | "emphasis" | "strike" | "spoiler";

/** Reads text that may hold line breaks but no blocks. */
export function parseInline(text: string, meter: Meter): Inline[] {
  return new Reader(text, meter).read();
}

class Reader {
  #at = 0;
  readonly #tokens: Token[] = [];
  readonly #openers: Opener[] = [];
  /** How many openers of each mark wait, so that a closing mark without one costs nothing. */
  readonly #waiting = new Map<string, number>();
  /** Brackets before this token can be no link: they would contain one. */
  #linkFloor = 0;
  #runs: Map<number, number> | null = null;
  #parentheses: Int32Array | null = null;

  constructor(
    private readonly text: string,
    private readonly meter: Meter,
  ) {}

  read(): Inline[] {
    while (this.#at < this.text.length) {
      this.meter.steps += 1;
      SPECIAL.lastIndex = this.#at;
      const next = SPECIAL.exec(this.text)?.index ?? this.text.length;
      this.#literal(next);
      if (next < this.text.length) this.#special(this.text.charAt(next));
    }
    return toTree(this.#tokens, this.meter);
  }

  /** Everything up to `end` is text as written. */
  #literal(end: number): void {
    if (end === this.#at) return;
    this.meter.steps += end - this.#at;
    this.#tokens.push({ type: "text", text: this.text.slice(this.#at, end) });
    this.#at = end;
  }

  #special(char: string): void {
    switch (char) {
      case "\\":
        this.#escape();
        break;
      case "\n":
        this.#leaf({ type: "break" }, this.#at + 1);
        break;
      case "`":
        this.#code();
        break;
      case "[":
        this.#bracket();
        break;
      case "]":
        this.#link();
        break;
      case "h":
      case "H":
        this.#address();
        break;
      case "@":
        this.#name(MENTION, (name) => ({ type: "mention", name }));
        break;
      case "#":
        this.#name(ROOM, (slug) => ({ type: "room", slug }));
        break;
      case ":":
        this.#name(EMOJI, (name) => ({ type: "emoji", name }));
        break;
      default:
        this.#marks(char);
        break;
    }
  }

  #leaf(node: Inline, end: number): void {
    this.#tokens.push({ type: "leaf", node, source: this.text.slice(this.#at, end) });
    this.#at = end;
  }

  #escape(): void {
    const next = this.text[this.#at + 1];
    if (next === undefined || !ESCAPABLE.test(next)) return this.#literal(this.#at + 1);
    this.#at += 1;
    this.#literal(this.#at + 1);
  }

  #code(): void {
    this.#runs ??= nextEqualRuns(this.text, "`", this.meter);
    const length = runLength(this.text, this.#at);
    const close = this.#runs.get(this.#at);
    if (close === undefined) return this.#literal(this.#at + length);
    let code = this.text.slice(this.#at + length, close).replaceAll("\n", " ");
    this.meter.steps += code.length;
    if (code.startsWith(" ") && code.endsWith(" ") && code.trim() !== "") code = code.slice(1, -1);
    this.#leaf({ type: "code", text: code }, close + length);
  }

  #name(pattern: RegExp, node: (name: string) => Inline): void {
    pattern.lastIndex = this.#at;
    const found = this.#isAfterWord() ? null : pattern.exec(this.text);
    if (!found?.[1]) return this.#literal(this.#at + 1);
    this.meter.steps += found[0].length;
    this.#leaf(node(found[1]), this.#at + found[0].length);
  }

  #address(): void {
    if (this.#isAfterWord()) return this.#literal(this.#at + 1);
    const end = endOfAddress(this.text, this.#at);
    this.meter.steps += end - this.#at;
    const written = this.text.slice(this.#at, end);
    const href = allowedAddress(written);
    if (href === null) return this.#literal(Math.max(end, this.#at + 1));
    this.#leaf({ type: "link", href, children: [{ type: "text", text: written }] }, end);
  }

  #isAfterWord(): boolean {
    return this.#at > 0 && WORD.test(charBefore(this.text, this.#at));
  }

  #bracket(): void {
    this.#open("[", 1);
    this.#at += 1;
  }

  /** A closing bracket: of a link when an address follows, else text. */
  #link(): void {
    const target = this.#target();
    const opener = this.#takeOpener("[");
    const open = opener ? this.#tokens[opener.at] : null;
    if (!target || !opener || open?.type !== "marks" || opener.at < this.#linkFloor) return this.#literal(this.#at + 1);
    open.text = "";
    open.opens.push({ mark: "[", node: { type: "link", href: target.href, children: [] } });
    this.#tokens.push({ type: "marks", text: "", opens: [], closes: [this.text.slice(this.#at, target.end)] });
    this.#at = target.end;
    // A link inside a link's words would be two places to go to for one click.
    this.#linkFloor = this.#tokens.length;
  }

  #target(): { href: string; end: number } | null {
    const start = this.#at + 1;
    if (this.text[start] !== "(") return null;
    this.#parentheses ??= matchParentheses(this.text, this.meter);
    const end = this.#parentheses[start] ?? 0;
    if (end === 0) return null;
    let address = this.text.slice(start + 1, end);
    if (address.startsWith("<") && address.endsWith(">")) address = address.slice(1, -1);
    const href = allowedAddress(address);
    return href === null ? null : { href, end: end + 1 };
  }

  /** A run of style marks. What can close something does; the rest may open. */
  #marks(char: string): void {
    const length = runLength(this.text, this.#at);
    const end = this.#at + length;
    this.meter.steps += length;
    if (PAIRED.has(char) && length !== 2) return this.#literal(end);
    const before = this.#at === 0 ? " " : charBefore(this.text, this.#at);
    const after = end === this.text.length ? " " : String.fromCodePoint(this.text.codePointAt(end) ?? 32);
    const canClose = !BLANK.test(before) && (char !== "_" || !WORD.test(after));
    const canOpen = !BLANK.test(after) && (char !== "_" || !WORD.test(before));
    let rest = length;
    const closes: string[] = [];
    while (canClose && rest > 0) {
      const taken = this.#close(char, rest, closes);
      if (taken === 0) break;
      rest -= taken;
    }
    this.#at = end;
    if (closes.length > 0) this.#tokens.push({ type: "marks", text: "", opens: [], closes });
    if (rest === 0) return;
    if (canOpen) this.#open(char, rest);
    else this.#tokens.push({ type: "text", text: char.repeat(rest) });
  }

  /** Closes the innermost run of this mark. Answers how many characters of the closing run that took. */
  #close(char: string, available: number, closes: string[]): number {
    const opener = this.#takeOpener(char);
    const open = opener ? this.#tokens[opener.at] : null;
    if (opener === null || open?.type !== "marks") return 0;
    const mark = available >= 2 && open.text.length >= 2 ? char.repeat(2) : char;
    open.opens.push({ mark, node: { type: styleOf(mark), children: [] } });
    open.text = open.text.slice(mark.length);
    closes.push(mark);
    if (open.text.length > 0) this.#push(opener);
    return mark.length;
  }

  #open(mark: string, length: number): void {
    this.#push({ mark, at: this.#tokens.length });
    this.#tokens.push({ type: "marks", text: mark.repeat(length), opens: [], closes: [] });
  }

  #push(opener: Opener): void {
    this.#openers.push(opener);
    this.#waiting.set(opener.mark, (this.#waiting.get(opener.mark) ?? 0) + 1);
  }

  /** The innermost opener of a mark; those inside it stay text, since pairs do not cross. */
  #takeOpener(mark: string): Opener | null {
    if ((this.#waiting.get(mark) ?? 0) === 0) return null;
    for (;;) {
      this.meter.steps += 1;
      const opener = this.#openers.pop();
      if (!opener) return null;
      this.#waiting.set(opener.mark, (this.#waiting.get(opener.mark) ?? 1) - 1);
      if (opener.mark === mark) return opener;
    }
  }
}

function styleOf(mark: string): Style {
  if (mark === "~~") return "strike";
  if (mark === "||") return "spoiler";
  return mark.length === 2 ? "strong" : "emphasis";
}
