// The conversation of a room or with one person: what was said, and where one writes.

export { Conversation } from "./conversation.js";
export type { Addresses, ConversationProps, Preferences } from "./seam.js";
