// Folds the flat list of what a line consists of into a tree, however deeply somebody nested it.

import type { Inline, Meter } from "./nodes.js";

type Styled = Extract<Inline, { children: Inline[] }>;

/** A piece of a line, in the order of the text. */
export type Token =
  | { type: "text"; text: string }
  | { type: "leaf"; node: Inline; source: string }
  | {
      type: "marks";
      /** Marks that opened nothing: text. */
      text: string;
      /** What opens here, the innermost first, and the marks it was written with. */
      opens: { mark: string; node: Styled }[];
      /** The marks that close here, the innermost first. */
      closes: string[];
    };

/** Nobody reads text in more styles at once; marks beyond that stay text. It bounds the recursion of whoever shows the tree. */
const DEPTH_MAX = 12;

/** The tree of a list of tokens whose opening and closing marks are paired and do not cross. */
export function toTree(tokens: Token[], meter: Meter): Inline[] {
  const root: Inline[] = [];
  const open: Styled[] = [];
  let tooDeep = 0;
  let links = 0;
  const add = (node: Inline): void => {
    const siblings = open.at(-1)?.children ?? root;
    const last = siblings.at(-1);
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else siblings.push(node);
  };
  const text = (words: string): void => {
    if (words !== "") add({ type: "text", text: words });
  };
  for (const token of tokens) {
    meter.steps += 1;
    if (token.type === "text") {
      text(token.text);
      continue;
    }
    if (token.type === "leaf") {
      if (links > 0 && leadsSomewhere(token.node)) text(token.source);
      else add(token.node);
      continue;
    }
    for (const mark of token.closes) {
      if (tooDeep > 0) {
        tooDeep -= 1;
        text(mark);
      } else if (open.pop()?.type === "link") links -= 1;
    }
    text(token.text);
    for (const { mark, node } of token.opens.reverse()) {
      if (open.length >= DEPTH_MAX) {
        tooDeep += 1;
        text(mark);
        continue;
      }
      add(node);
      open.push(node);
      if (node.type === "link") links += 1;
    }
  }
  return root;
}

function leadsSomewhere(node: Inline): boolean {
  return node.type === "link" || node.type === "mention" || node.type === "room";
}
