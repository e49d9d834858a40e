// Wire types of operations that the generated contract does not have yet.

import type { Role, Time } from "./contract.js";

/** Where a log stands: positions of another epoch mean nothing. */
export interface Position {
  epoch: string;
  seq: number;
}

/** What one's own membership of a room or conversation is now. */
export interface UserRoomChange {
  roomId: string;
  kind: "room" | "direct";
  userId?: string;
  member: boolean;
  role?: Role;
  joinedAt?: Time;
  readSeq: number;
  lastReadAt: Time | null;
  muted: boolean;
}

/** `user:changed`: one newest record of a room or a session, at its position in the user's own log. */
export interface UserChanged extends Position {
  room?: UserRoomChange;
  session?: { id: string; ended: boolean };
}

/** What was missed in the user's own log. */
export type ResumedUser =
  | ({ recovered: true; changes: UserChanged[] } & Position)
  | { recovered: false; reason: "epoch" | "ahead" };
