// What the events of the server are about: which belong to a room's log, and where in it they stand.

import type { ChatEvents } from "../chat.js";
import type { Head } from "../contract.js";

/** Events that have a place in a room's log. */
export const DURABLE: ReadonlySet<string> = new Set<keyof ChatEvents>([
  "message:new",
  "message:edited",
  "message:deleted",
  "dm:new",
  "dm:edited",
  "dm:deleted",
  "room:user-joined",
  "room:user-left",
  "member:updated",
  "room:created",
  "room:updated",
  "room:deleted",
]);

/** The room of an event; of events that carry the room itself, its id. */
export function roomOf(name: string, payload: unknown): string | null {
  const { roomId, id } = payload as { roomId?: unknown; id?: unknown };
  const isRoom = name === "room:created" || name === "room:updated";
  const room = isRoom ? id : roomId;
  return typeof room === "string" ? room : null;
}

/** Where an event stands in its log; null where it says nothing of it. */
export function positionOf(payload: unknown): Head | null {
  const { epoch, seq } = payload as Partial<Head>;
  return typeof epoch === "string" && Number.isSafeInteger(seq) ? { epoch, seq: seq as number } : null;
}
