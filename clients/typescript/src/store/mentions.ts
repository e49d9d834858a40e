// Whom a text names: `@username`, read as the server reads it (crates/protocol/src/mentions.rs), so that counts agree.

/** The server counts no more in one message. */
const MENTIONS_MAX = 50;
const NAME = /^[a-z0-9._-]{2,32}$/u;
/** What before an `@` makes it a part of something else: of an address, a path, a longer word. */
const GLUE = /[\p{Alphabetic}\p{N}\p{M}+/@-]/u;
/** What behind a name makes it a longer word, or an address. */
const GOES_ON = /[\p{Alphabetic}\p{N}\p{M}@]/u;

/** The names that a text mentions, folded, each once. What stands in code is quoted, not said. */
export function mentioned(text: string): string[] {
  const names = new Set<string>();
  if (text.includes("@"))
    for (const paragraph of outsideFences(text)) for (const said of outsideSpans(paragraph)) addNames(said, names);
  return [...names].slice(0, MENTIONS_MAX);
}

/** A test for whether a text names that user. */
export function mentionOf(username: string): (text: string) => boolean {
  const name = fold(username);
  return (text) => mentioned(text).includes(name);
}

/** Paragraphs without fenced blocks (CommonMark 0.31 §4.5). A span of code does not reach from one into another. */
function outsideFences(text: string): string[] {
  const paragraphs: string[] = [];
  let lines: string[] = [];
  let fence: { mark: string; length: number } | null = null;
  for (const line of text.split("\n")) {
    const [, marks = "", rest = ""] = /^ {0,3}(`{3,}|~{3,})(.*)$/u.exec(line) ?? [];
    const isMark = marks !== "";
    if (fence) {
      if (isMark && marks[0] === fence.mark && marks.length >= fence.length && rest.trim() === "") fence = null;
      continue;
    }
    if (isMark && (marks[0] === "~" || !rest.includes("`"))) fence = { mark: marks[0] ?? "", length: marks.length };
    if (!fence && line.trim() !== "") lines.push(line);
    else if (lines.length > 0) {
      paragraphs.push(lines.join("\n"));
      lines = [];
    }
  }
  if (lines.length > 0) paragraphs.push(lines.join("\n"));
  return paragraphs;
}

/** The parts of a paragraph outside spans of code (§6.1): one ends at the next run of exactly as many backticks. */
function outsideSpans(paragraph: string): string[] {
  const runs = [...paragraph.matchAll(/`+/gu)].map(({ index, 0: run }) => ({ index, length: run.length }));
  const said: string[] = [];
  let from = 0;
  for (let next = 0; next < runs.length; next += 1) {
    const start = runs[next];
    let end = next + 1;
    while (end < runs.length && runs[end]?.length !== start?.length) end += 1;
    const last = runs[end];
    if (!start || !last) continue;
    said.push(paragraph.slice(from, start.index));
    from = last.index + last.length;
    next = end;
  }
  said.push(paragraph.slice(from));
  return said;
}

function addNames(said: string, names: Set<string>): void {
  for (let at = said.indexOf("@"); at !== -1 && names.size < MENTIONS_MAX; at = said.indexOf("@", at + 1)) {
    const word = wordFrom(said, at + 1);
    const next = said.codePointAt(at + 1 + word.length);
    if (GLUE.test(charBefore(said, at)) || (next !== undefined && GOES_ON.test(String.fromCodePoint(next)))) continue;
    // `@ann.` may end a sentence, or be somebody of that name.
    for (const form of [word, word.replace(/[._-]+$/u, "")]) {
      const name = fold(form);
      if (NAME.test(name)) names.add(name);
    }
  }
}

/** The character before a place; underscores may be emphasis around a name, and do not count. */
function charBefore(said: string, at: number): string {
  let end = at;
  while (said[end - 1] === "_") end -= 1;
  const isPair = end >= 2 && /[\uDC00-\uDFFF]/.test(said[end - 1] ?? "");
  return said.slice(isPair ? end - 2 : Math.max(end - 1, 0), end);
}

function wordFrom(said: string, from: number): string {
  let end = from;
  for (const char of said.slice(from, from + 200)) {
    if (!/^[a-z0-9._-]+$/u.test(fold(char))) break;
    end += char.length;
  }
  return said.slice(from, end);
}

function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
