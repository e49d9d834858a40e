// What the field does with keys, marks, names and drafts, without a field.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { Draft, type DraftStorage } from "./drafts.js";
import { type EnterEvent, isInFence, isSubmit } from "./enter.js";
import { type Candidate, rank, triggerAt } from "./suggestions.js";
import { codeBlock, link, quote, type Selected, type TextEdit, toggleMark } from "./text-edits.js";

const key = (more: Partial<EnterEvent> = {}): EnterEvent => ({
  key: "Enter",
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
  keyCode: 13,
  ...more,
});

describe("Enter", () => {
  test.each<[string, Partial<EnterEvent>, boolean, boolean]>([
    ["sends", {}, true, true],
    ["with Shift is a new line", { shiftKey: true }, true, false],
    ["with Ctrl sends always", { ctrlKey: true }, false, true],
    ["with Command sends always", { metaKey: true }, false, true],
    ["is a new line for whoever wants that", {}, false, false],
    ["ends the composition of a word", { isComposing: true }, true, false],
    ["ends it in browsers that say so by a code", { keyCode: 229 }, true, false],
    ["ends it with Ctrl too", { ctrlKey: true, isComposing: true }, true, false],
  ])("%s", (_, event, enterSends, expected) => {
    expect(isSubmit(key(event), enterSends)).toBe(expected);
  });

  test("other keys do not send", () => expect(isSubmit(key({ key: "a" }), true)).toBe(false));

  test.each([
    ["```\nlet a", true],
    ["```\nlet a\n```\nb", false],
    ["a ``` b", false],
    ["~~~\n```", true],
    ["", false],
  ])("after %j one is inside of code: %s", (text, expected) => {
    expect(isInFence(text, text.length)).toBe(expected);
  });
});

/** `a [b] c` is a text in which `b` is selected; `|` is a cursor. */
function selected(shorthand: string): Selected {
  const start = shorthand.search(/[{|]/u);
  const text = shorthand.replace(/[{}|]/gu, "");
  const end = shorthand.includes("}") ? shorthand.indexOf("}") - 1 : start;
  return { text, start, end };
}

function applied({ text }: Selected, { from, to, insert, selectFrom, selectTo }: TextEdit): string {
  const after = text.slice(0, from) + insert + text.slice(to);
  if (selectFrom === selectTo) return `${after.slice(0, selectFrom)}|${after.slice(selectFrom)}`;
  return `${after.slice(0, selectFrom)}{${after.slice(selectFrom, selectTo)}}${after.slice(selectTo)}`;
}

describe("marks", () => {
  test.each([
    ["a {b} c", "a **{b}** c"],
    ["a **{b}** c", "a {b} c"],
    ["a {**b**} c", "a {b} c"],
    ["a| c", "a**|** c"],
    ["a {b }c", "a **{b}** c"],
  ])("%s becomes %s", (before, after) => {
    expect(applied(selected(before), toggleMark(selected(before), "**"))).toBe(after);
  });

  test("a block of code stands on lines of its own", () => {
    expect(applied(selected("a {b} c"), codeBlock(selected("a {b} c")))).toBe("a \n```\n{b}\n```\n c");
    expect(applied(selected("|"), codeBlock(selected("|")))).toBe("```\n|\n```");
  });

  test("a quote stands before what is written", () => {
    expect(applied(selected("|"), quote(selected("|"), "one\n\ntwo"))).toBe("> one\n>\n> two\n\n|");
    expect(applied(selected("so| it is"), quote(selected("so| it is"), "one"))).toBe("> one\n\nso| it is");
  });

  test("a link asks for its address, or has it", () => {
    expect(applied(selected("a {b} c"), link(selected("a {b} c")))).toBe("a [b](|) c");
    expect(applied(selected("a {b} c"), link(selected("a {b} c"), "https://e.example"))).toBe(
      "a [b](https://e.example)| c",
    );
  });
});

describe("names", () => {
  test.each<[string, ReturnType<typeof triggerAt>]>([
    ["@", { kind: "person", start: 0, query: "" }],
    ["hi @bj", { kind: "person", start: 3, query: "bj" }],
    ["(#har", { kind: "room", start: 1, query: "har" }],
    [":ta", { kind: "emoji", start: 0, query: "ta" }],
    [":t", null],
    ["a@b", null],
    ["12:30", null],
    ["@a b", null],
    ["C#", null],
  ])("in %j %o is looked for", (text, expected) => {
    expect(triggerAt(text, text.length)).toEqual(expected);
  });

  const person = (username: string, name: string, recency = 0): Candidate => ({
    id: username,
    insert: `@${username}`,
    title: name,
    detail: username,
    names: [username, name],
    recency,
  });
  const people = [
    person("bjorn", "Björn Lind"),
    person("linda", "Linda Ek"),
    person("ada", "Ada Lovelace", 9),
    person("carolin", "Carolin Ro", 5),
  ];
  const found = (query: string) => rank(people, query).map(({ id }) => id);

  test("the beginning of any part of a name counts more than its middle", () =>
    expect(found("lin")).toEqual(["bjorn", "linda", "carolin"]));
  test("dots on letters do not matter", () => expect(found("björ")).toEqual(["bjorn"]));
  test("a name as a whole comes first", () => expect(found("linda")[0]).toBe("linda"));
  test("without a letter, whoever spoke last comes first", () =>
    expect(found("").slice(0, 2)).toEqual(["ada", "carolin"]));
  test("nobody is nobody", () => expect(found("zz")).toEqual([]));
});

describe("a draft", () => {
  let stored: Map<string, string>;
  let storage: DraftStorage;
  beforeEach(() => {
    vi.useFakeTimers();
    stored = new Map();
    storage = {
      getItem: (name) => stored.get(name) ?? null,
      setItem: (name, value) => void stored.set(name, value),
      removeItem: (name) => void stored.delete(name),
    };
  });
  afterEach(() => vi.useRealTimers());

  test("is kept a little later, and is there again", () => {
    const draft = new Draft("u1", "room:r1", storage);
    draft.keep("hel");
    draft.keep("hello");
    expect(stored.size).toBe(0);
    expect(draft.load()).toBe("hello");
    vi.advanceTimersByTime(300);
    expect(new Draft("u1", "room:r1", storage).load()).toBe("hello");
  });

  test("belongs to one person and one place", () => {
    const draft = new Draft("u1", "room:r1", storage);
    draft.keep("hello");
    draft.save();
    expect(new Draft("u2", "room:r1", storage).load()).toBe("");
    expect(new Draft("u1", "room:r2", storage).load()).toBe("");
  });

  test("is gone when it was sent", () => {
    const draft = new Draft("u1", "room:r1", storage);
    draft.keep("hello");
    draft.clear();
    vi.advanceTimersByTime(1000);
    expect(stored.size).toBe(0);
  });

  test("that cannot be kept breaks nothing", () => {
    const full = {
      ...storage,
      setItem: () => {
        throw new Error("full");
      },
    };
    const draft = new Draft("u1", "room:r1", full);
    draft.keep("hello");
    expect(() => draft.save()).not.toThrow();
  });
});
