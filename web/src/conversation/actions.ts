// What one may do with a message, and by which key; the toolbar, the sheet of touch screens and the keyboard offer the same.

import type { MessageRow } from "fireside-chat/store";

import type { IconName } from "../ui/icon.js";

/** One thing to do with a message. */
export interface Action {
  readonly name: "edit" | "quote" | "copy" | "link" | "unread" | "delete";
  readonly icon: IconName;
  readonly label: string;
  /** The key that does it while the message is selected. */
  readonly key: string;
}

const EDIT: Action = { name: "edit", icon: "edit", label: "Edit message", key: "e" };
const QUOTE: Action = { name: "quote", icon: "quote", label: "Quote", key: "q" };
const COPY: Action = { name: "copy", icon: "copy", label: "Copy text", key: "y" };
const LINK: Action = { name: "link", icon: "link", label: "Copy link", key: "c" };
const UNREAD: Action = { name: "unread", icon: "unread", label: "Mark unread from here", key: "u" };
const DELETE: Action = { name: "delete", icon: "delete", label: "Delete message", key: "Delete" };

/** What the reader may do with a message. `isModerator`: may delete the messages of others. */
export function actionsFor(row: MessageRow, isModerator: boolean): Action[] {
  const isStored = row.id !== null && row.state === "sent";
  if (!isStored || row.deletedAt !== null || row.type === "system") return [];
  const mayDelete = row.isOwn || isModerator;
  return [...(row.isOwn ? [EDIT] : []), QUOTE, COPY, LINK, UNREAD, ...(mayDelete ? [DELETE] : [])];
}
