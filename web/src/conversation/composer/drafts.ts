// What somebody has begun to write in each conversation, kept until it is sent.

import type { PlaceKey } from "fireside-chat";

const PREFIX = "fireside.draft";
/** A draft is told to storage so long after the last key. */
const SAVE_MS = 300;

/** The part of `localStorage` that is used. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The draft of one person in one conversation. Never says where something is sent to: that is the place on the screen. */
export class Draft {
  readonly #key: string;
  readonly #storage: DraftStorage;
  #pending: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(userId: string, place: PlaceKey, storage: DraftStorage = localStorage) {
    this.#key = `${PREFIX}:${userId}:${place}`;
    this.#storage = storage;
  }

  /** What was begun; empty where nothing was. */
  load(): string {
    return this.#pending ?? this.#storage.getItem(this.#key) ?? "";
  }

  /** Keeps a text, a little later: no key waits for storage. */
  keep(text: string): void {
    this.#pending = text;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), SAVE_MS);
  }

  /** Keeps at once what is not kept yet. */
  save(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pending === null) return;
    const text = this.#pending;
    this.#pending = null;
    try {
      if (text.trim() === "") this.#storage.removeItem(this.#key);
      else this.#storage.setItem(this.#key, text);
    } catch {
      // Full or forbidden storage: the text is still in the field.
    }
  }

  /** Forgets the text: it was sent. */
  clear(): void {
    this.#pending = "";
    this.save();
  }
}
