// Code in colours: every character is kept, words get their kind, and nothing takes long.

import { expect, test } from "vitest";

import { highlight } from "./highlight.js";

const kinds = (code: string, language: string) =>
  highlight(code, language)?.flatMap(({ kind, text }) => (kind === null ? [] : [`${kind}:${text}`]));

test.each([
  ["rust", 'let a: &\'static str = "x"; // why', ["keyword:let", "keyword:static", 'string:"x"', "comment:// why"]],
  ["rust", "match 'a' { _ => 0x1f }", ["keyword:match", "string:'a'", "number:0x1f"]],
  ["ts", "const a = `b\n${c}`", ["keyword:const", "string:`b\n${c}`"]],
  ["python", 'def f(): # no\n  """doc"""', ["keyword:def", "comment:# no", 'string:"""doc"""']],
  ["sh", 'echo "$A" a#b # c', ["keyword:echo", 'string:"$A"', "comment:# c"]],
  ["SQL", "SELECT 1 -- one", ["keyword:SELECT", "number:1", "comment:-- one"]],
  ["yaml", "on: true # yes", ["keyword:on", "keyword:true", "comment:# yes"]],
  ["html", '<a href="b"><!-- c -->', ['string:"b"', "comment:<!-- c -->"]],
  ["js", "/* never closed", ["comment:/* never closed"]],
])("%s: %s", (language, code, expected) => expect(kinds(code, language)).toEqual(expected));

test("a language nobody has heard of stays plain", () => expect(highlight("let a", "klingon")).toBeNull());

test("more pieces than a page can bear stay plain", () => expect(highlight("let ".repeat(2000), "js")).toBeNull());

const HOSTILE = ['"', "'", "/*", "/* *", "`\\", '"""', "<!--", "a.1", "\\'", "#", "--", "0.".repeat(3), "_a$"];

test.each(["js", "rust", "go", "python", "sh", "toml", "json", "sql", "html", "css"])(
  "%s: no character is lost, and hostile code takes at most 50 ms",
  (language) => {
    for (const piece of HOSTILE) {
      const code = piece.repeat(Math.ceil(20_000 / piece.length));
      const start = performance.now();
      const tokens = highlight(code, language);
      expect(performance.now() - start, `${piece} in ${language}`).toBeLessThan(50);
      expect(tokens?.map(({ text }) => text).join("") ?? code).toBe(code);
    }
  },
);
