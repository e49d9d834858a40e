// The tree that a message's text becomes: what it says, free of any notion of how it is shown.

/** A part of a line. Text is as written, never markup. */
export type Inline =
  | { type: "text"; text: string }
  | { type: "break" }
  | { type: "code"; text: string }
  | { type: "strong" | "emphasis" | "strike" | "spoiler"; children: Inline[] }
  | { type: "link"; href: string; children: Inline[] }
  | { type: "mention"; name: string }
  | { type: "room"; slug: string }
  | { type: "emoji"; name: string };

/** A part of a message that stands on lines of its own. */
export type Block =
  | { type: "paragraph"; children: Inline[] }
  | { type: "heading"; level: 1 | 2 | 3; children: Inline[] }
  | { type: "code"; language: string; text: string }
  | { type: "quote"; children: Block[] }
  | { type: "list"; start: number | null; items: Block[][] };

/** Counts the steps of parsing, by which a test shows that they grow no faster than the text. */
export interface Meter {
  steps: number;
}
