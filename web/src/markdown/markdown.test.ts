// The dialect by example, and what hostile messages cost.

import { describe, expect, test } from "vitest";

import { fastestMs } from "../../tests/fastest.js";
import { isDisguised } from "./addresses.js";
import { parseMarkdown } from "./index.js";
import vectors from "./markdown-vectors.json" with { type: "json" };
import type { Block, Inline } from "./nodes.js";

type Short = string | number | Short[];

const SHORT_NAMES: Record<string, string> = {
  emphasis: "em",
  code: "c",
  mention: "@",
  room: "#",
  emoji: ":",
  link: "a",
  break: "br",
};

function shortInline(node: Inline): Short {
  if (node.type === "text") return node.text;
  const name = SHORT_NAMES[node.type] ?? node.type;
  if (node.type === "break") return [name];
  if (node.type === "code") return [name, node.text];
  if (node.type === "mention" || node.type === "emoji") return [name, node.name];
  if (node.type === "room") return [name, node.slug];
  const children = node.children.map(shortInline);
  return node.type === "link" ? [name, node.href, ...children] : [name, ...children];
}

function shortBlock(block: Block): Short {
  switch (block.type) {
    case "paragraph":
      return ["p", ...block.children.map(shortInline)];
    case "heading":
      return ["h", block.level, ...block.children.map(shortInline)];
    case "code":
      return ["code", block.language, block.text];
    case "quote":
      return ["quote", ...block.children.map(shortBlock)];
    case "list": {
      const items = block.items.map((item) => item.map(shortBlock));
      return block.start === null ? ["ul", ...items] : ["ol", block.start, ...items];
    }
  }
}

describe("the dialect", () => {
  for (const { name, text, tree } of vectors) {
    test(name, () => {
      const short = parseMarkdown(text).map(shortBlock);
      if (tree === "any") expect(depthOf(short)).toBeLessThanOrEqual(16);
      else expect(short).toEqual(tree);
    });
  }

  test("half a character is a character", () => {
    expect(parseMarkdown("\ud800**a**\udc00").map(shortBlock)).toEqual([["p", "\ud800", ["strong", "a"], "\udc00"]]);
  });
});

function depthOf(short: Short): number {
  return Array.isArray(short) ? 1 + Math.max(0, ...short.map(depthOf)) : 0;
}

const HOSTILE: Record<string, string> = {
  "emphasis opened again and again": "_a*",
  "stars with letters": "*a ",
  "stars without end": "*",
  "stars that close and open": "a**b*",
  "three stars and a blank": "***a ",
  "open brackets": "[",
  "open brackets with openers": "[*a ",
  "closed brackets": "]",
  "links that never end": "[a](",
  "links without an address": "](",
  "links in links": "[a](https://e.example)[",
  "nested openings of addresses": "](((",
  "addresses with parentheses": "https://e.example/((((",
  "addresses with marks": "https://e.example/*_~|)",
  "addresses at once": "https://a.b ",
  "marks of code of growing length": "`a``b```c",
  escapes: "\\`",
  quotes: ">",
  "quotes on lines": "> > > a\n",
  "lists in a line": "- ",
  "lists on lines": "- a\n  - b\n\n",
  "blank lines in a list": "- a\n\n\n\n\n\n\n\n",
  fences: "```\n",
  waves: "~~~ ",
  headings: "### # ",
  names: "@a@@a",
  emoji: ":a:a::",
  spoilers: "||a ",
  mixed: "*_~~||`[@#:https://",
  lines: "\n",
  numbers: "1. 2) ",
  "marks that turn text": "\u202e*\u202d_",
};

const repeat = (text: string, length: number) =>
  text === "" ? "" : text.repeat(Math.ceil(length / text.length)).slice(0, length);

describe("hostile messages", () => {
  for (const [name, text] of Object.entries(HOSTILE)) {
    test(`${name}: twice the text takes twice the steps`, () => {
      const steps = (length: number) => {
        const meter = { steps: 0 };
        parseMarkdown(repeat(text, length), meter);
        return meter.steps;
      };
      const once = steps(10_000);
      expect(once).toBeLessThan(10_000 * 20);
      expect(steps(20_000)).toBeLessThan(once * 2.2 + 100);
    });
  }

  test("none of 20,000 characters takes 50 ms", () => {
    const texts = [...Object.values(HOSTILE).map((text) => repeat(text, 20_000)), ...closedLater()];
    for (const text of texts) {
      // Quadratic parsers need seconds.
      expect(fastestMs(() => parseMarkdown(text)), text.slice(0, 24)).toBeLessThan(50);
    }
  });

  test("no nesting is deep enough to exhaust whoever shows it", () => {
    for (const text of closedLater()) expect(JSON.stringify(parseMarkdown(text)).length).toBeGreaterThan(0);
  });

  test("every word of a message is kept, whatever is around it", () => {
    for (const text of Object.values(HOSTILE)) {
      const words = `${repeat(text, 500)} kept`;
      expect(JSON.stringify(parseMarkdown(words))).toContain("kept");
    }
  });
});

/** Marks that open many times and close many times. */
function closedLater(): string[] {
  const pairs = [
    ["*", "*"],
    ["**a _b", "_ **"],
    ["||~~", "~~||"],
    ["[", "](https://e.example)"],
    ["> ", ""],
    ["`", "`"],
  ];
  return pairs
    .map(([open = "", close = ""]) => repeat(open, 10_000) + repeat(close, 10_000))
    .concat(
      `${"~".repeat(19_000)}\``,
      Array.from({ length: 190 }, (_, at) => "`".repeat(at + 1)).join("a"),
      `[${"a.".repeat(9_000)}](https://e.example)`,
    );
}

describe("links that claim to lead elsewhere", () => {
  test.each([
    ["https://bank.example", "https://evil.example/", true],
    ["bank.example/login", "https://evil.example/", true],
    ["www.bank.example", "https://bank.example/login", false],
    ["Bank.example", "https://bank.example", false],
    ["the bank", "https://evil.example", false],
    ["v1.2", "https://example.org", false],
    ["read mail.example", "mailto:a@example.org", false],
  ])("%s to %s", (words, href, expected) => {
    expect(isDisguised(words, href)).toBe(expected);
  });
});
