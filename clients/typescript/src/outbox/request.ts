// What an entry of the outbox asks of the server, and what the answer means.

import type { AnyMessage, Deleted } from "../contract.js";
import type { OutboxEntry, WriteResult } from "./entry.js";

/** The event of an entry, and its payload. */
export function requestOf({ clientId, place, intent }: OutboxEntry): [event: string, payload: object] {
  if (intent.kind === "edit")
    return ["message:edit", { messageId: intent.messageId, content: intent.content, clientId }];
  if (intent.kind === "delete") return ["message:delete", { messageId: intent.messageId, clientId }];
  const { content, type, metadata } = intent;
  const message = { content, clientId, ...(type === undefined ? {} : { type }), ...(metadata ? { metadata } : {}) };
  if (place.kind === "room") return ["message:send", { roomId: place.roomId, ...message }];
  return ["dm:send", { receiverId: place.userId, ...message }];
}

/** What the answer to an entry's request says. */
export function resultOf({ intent }: OutboxEntry, answer: object): WriteResult {
  if (intent.kind === "delete") return { deletion: answer as Deleted };
  const { message } = answer as { message?: AnyMessage };
  return message ? { message } : {};
}
