// Where one has read to in a place, and how many messages that leaves unread. Pure.

import type { Unread } from "../contract.js";

/** How many are counted at most (the server's own limit). */
const COUNT_MAX = 1000;

/** One's reading of a place. */
export interface Reading {
  readonly readSeq: number;
  readonly headSeq: number;
  readonly unreadCount: number;
  readonly mentionCount: number;
  readonly muted: boolean;
  readonly firstUnreadSeq: number | null;
}

/** Of a place of which nothing is known yet. */
export const UNKNOWN: Reading = {
  readSeq: 0,
  headSeq: 0,
  unreadCount: 0,
  mentionCount: 0,
  muted: false,
  firstUnreadSeq: null,
};

/** A message as far as it counts. */
export interface Counted {
  readonly seq: number;
  readonly isOwn: boolean;
  readonly isDeleted: boolean;
  readonly isMention: boolean;
}

/** The server has counted. */
export function counted(unread: Unread): Reading {
  const { readSeq, headSeq, unreadCount, mentionCount, muted, firstUnreadSeq } = unread;
  return { readSeq, headSeq, unreadCount, mentionCount, muted, firstUnreadSeq };
}

/** A new message has come. */
export function arrived(reading: Reading, { seq, isOwn, isMention }: Counted): Reading {
  const headSeq = Math.max(reading.headSeq, seq);
  // One who writes has read what is above.
  if (isOwn) return readTo({ ...reading, headSeq }, Math.max(seq, reading.readSeq), null) ?? { ...reading, headSeq };
  if (seq <= reading.headSeq || seq <= reading.readSeq) return { ...reading, headSeq };
  return {
    ...reading,
    headSeq,
    unreadCount: reading.muted ? 0 : Math.min(reading.unreadCount + 1, COUNT_MAX),
    mentionCount: Math.min(reading.mentionCount + (isMention ? 1 : 0), COUNT_MAX),
    firstUnreadSeq: reading.firstUnreadSeq ?? seq,
  };
}

/**
 * One has read up to there. `messages` are all that follow, oldest first, or null where they are not all known: then
 * the counts may have to be asked for, which null as an answer says.
 */
export function readTo(reading: Reading, seq: number, messages: readonly Counted[] | null): Reading | null {
  const readSeq = seq;
  if (readSeq >= reading.headSeq) {
    return { ...reading, readSeq, unreadCount: 0, mentionCount: 0, firstUnreadSeq: null };
  }
  if (!messages) return null;
  const left = messages.filter((message) => message.seq > readSeq && !message.isOwn && !message.isDeleted);
  return {
    ...reading,
    readSeq,
    unreadCount: reading.muted ? 0 : Math.min(left.length, COUNT_MAX),
    mentionCount: Math.min(left.filter((message) => message.isMention).length, COUNT_MAX),
    firstUnreadSeq: left[0]?.seq ?? null,
  };
}
