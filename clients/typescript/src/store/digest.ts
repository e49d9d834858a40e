// Sums over messages, as the server makes them: SplitMix64's finalizer over each place and revision, joined by XOR.
// The first 48 bits of them are written.

import type { Stored } from "./window.js";

/** Messages in a digest that the server tells of its own accord: the newest ones (`digest:watch`). */
export const DIGEST_TAIL = 64;

const word = (value: bigint) => BigInt.asUintN(64, value);

/** The sum over those rows that are no tombstones, as it is written. */
export function digestOf(rows: readonly Stored[]): string {
  let sum = 0n;
  for (const { seq, message } of rows) {
    if (message.deletedAt !== null) continue;
    let mixed = word(BigInt(seq) * 0x9e3779b97f4a7c15n + BigInt(message.rev));
    mixed = word((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n);
    mixed = word((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn);
    sum ^= mixed ^ (mixed >> 31n);
  }
  return (sum >> 16n).toString(16).padStart(12, "0");
}
