// What an entry of the outbox asks of the server, and what the answer means.

import type { AnyMessage } from "../contract.js";
import type { OutboxEntry } from "./entry.js";

/** The event of an entry, and its payload. */
export function requestOf({ clientId, place, intent }: OutboxEntry): [event: string, payload: object] {
  if (intent.kind === "edit") return ["message:edit", { messageId: intent.messageId, content: intent.content }];
  if (intent.kind === "delete") return ["message:delete", { messageId: intent.messageId }];
  const { content, type, metadata } = intent;
  const message = { content, clientId, ...(type === undefined ? {} : { type }), ...(metadata ? { metadata } : {}) };
  if (place.kind === "room") return ["message:send", { roomId: place.roomId, ...message }];
  return ["dm:send", { receiverId: place.userId, ...message }];
}

/** The message in an answer, as it is stored now; a deletion has none. */
export function messageOf(answer: { message?: unknown; epoch?: unknown }): AnyMessage | undefined {
  return answer.message as AnyMessage | undefined;
}
