// Marks as read and unread: counts change at once, the server is told, and asked where the counts are not known here.

import type { Chat } from "../chat.js";
import type { Clock } from "../clock.js";
import type { Unread } from "../contract.js";
import type { ReadTarget } from "../conversations.js";
import type { PlaceKey } from "../place.js";
import type { LivePlace } from "./live_place.js";
import { readTo } from "./reading.js";
import type { Records } from "./records.js";

/** Several reasons to count are one question. */
const CALM_MS = 500;

/** What reading needs of its store. */
export interface ReaderOptions {
  chat: Chat;
  records: Records;
  after: Clock["after"];
}

/** One's own reading of all places. */
export class Reader {
  readonly #options: ReaderOptions;
  /** Positions that the server does not have yet. */
  readonly #untold = new Map<PlaceKey, { place: LivePlace; seq: number }>();
  #cancelCount: (() => void) | null = null;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** One has read a place up to there; never moves back. */
  markRead(place: LivePlace, seq: number): void {
    if (seq <= this.#options.records.reading(place.key).readSeq) return;
    this.#move(place, seq);
    this.tellRead(place, seq);
  }

  /** Tells the server what is true here already. */
  tellRead(place: LivePlace, seq: number): void {
    this.#untold.set(place.key, { place, seq });
    void this.#tell(place.key);
  }

  /** Everything from there on is unread. */
  async markUnread(place: LivePlace, target: ReadTarget): Promise<void> {
    this.#untold.delete(place.key);
    await this.#options.chat.conversation(place.place).markUnread(target);
    if ("seq" in target) this.#move(place, target.seq - 1);
    else this.count();
  }

  async mute(place: LivePlace, muted: boolean): Promise<void> {
    await this.#options.chat.conversation(place.place).mute(muted);
    this.muted(place, muted);
  }

  /** The place is muted now, or not any more. */
  muted(place: LivePlace, muted: boolean): void {
    const { records } = this.#options;
    const reading = records.reading(place.key);
    if (reading.muted === muted) return;
    records.setReading(place.key, { ...reading, muted, unreadCount: muted ? 0 : reading.unreadCount });
    if (!muted) this.count();
  }

  /** One has read on another device, or the server has taken one's own mark. */
  moved(place: LivePlace, seq: number): void {
    const untold = this.#untold.get(place.key);
    // What was read here meanwhile is told next.
    if (untold && untold.seq > seq) return;
    if (this.#options.records.reading(place.key).readSeq !== seq) this.#move(place, seq);
  }

  /** There is a connection: tells what could not be told. */
  online(): void {
    for (const key of this.#untold.keys()) void this.#tell(key);
  }

  /** Asks the server to count, soon. */
  count(): void {
    this.#cancelCount ??= this.#options.after(CALM_MS, () => {
      this.#cancelCount = null;
      // A count that cannot be had is left as it is: messages that arrive go on counting.
      this.#options.chat.unread().then(
        (unread) => this.counted(unread),
        () => {},
      );
    });
  }

  /** The server has counted. */
  counted(unread: readonly Unread[]): void {
    // Something came while it did.
    if (this.#options.records.setUnread(unread).length > 0) this.count();
  }

  clear(): void {
    this.#cancelCount?.();
    this.#cancelCount = null;
    this.#untold.clear();
  }

  #move(place: LivePlace, seq: number): void {
    const { records } = this.#options;
    const before = records.reading(place.key);
    const after = readTo(before, seq, place.after(seq));
    records.setReading(place.key, after ?? { ...before, readSeq: seq });
    if (!after) this.count();
  }

  async #tell(key: PlaceKey): Promise<void> {
    const untold = this.#untold.get(key);
    if (!untold) return;
    try {
      await this.#options.chat.conversation(untold.place.place).markRead({ seq: untold.seq });
      if (this.#untold.get(key) === untold) this.#untold.delete(key);
    } catch {
      // Told again with the next connection, or with the next mark.
    }
  }
}
