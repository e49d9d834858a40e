// Wire types of operations that the generated contract does not have yet.

import type { Role, Time } from "./contract.js";

/** Where a log stands: positions of another epoch mean nothing. */
export interface Position {
  epoch: string;
  seq: number;
}

/** How many messages of a room or conversation are unread, and why. */
export interface Unread {
  roomId: string;
  kind: "room" | "direct";
  /** The other person of a direct conversation. */
  userId?: string;
  readSeq: number;
  headSeq: number;
  /** At most 1,000. */
  unreadCount: number;
  /** At most 1,000. */
  mentionCount: number;
  muted: boolean;
  firstUnreadSeq: number | null;
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
