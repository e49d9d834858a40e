// Markdown of messages: text in, tree out. What the dialect is, `markdown-vectors.json` says by example.

export { allowedAddress, isDisguised } from "./addresses.js";
export { parseMarkdown } from "./blocks.js";
export type { Block, Inline } from "./nodes.js";
