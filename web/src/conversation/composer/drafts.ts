// What somebody has begun to write in each conversation, kept until it is sent.

import { signal } from "@preact/signals";
import type { PlaceKey } from "fireside-chat";

const PREFIX = "fireside.draft";
/** A draft is told to storage so long after the last key. */
const SAVE_MS = 300;

/** The part of `localStorage` that is used. */
export type DraftStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Another number whenever a draft has come or gone, here or in another tab. */
const changes = signal(0);

const keyOf = (userId: string, place: PlaceKey): string => `${PREFIX}:${userId}:${place}`;

/** Whether somebody has begun to write there; whoever draws it draws again when that changes. */
export function hasDraft(userId: string, place: PlaceKey): boolean {
  void changes.value;
  try {
    return localStorage.getItem(keyOf(userId, place)) !== null;
  } catch {
    return false;
  }
}

/** Follows the drafts of other tabs. Answers what ends that. */
export function startDrafts(): () => void {
  const heard = ({ key }: StorageEvent) => {
    if (key === null || key.startsWith(PREFIX)) changes.value += 1;
  };
  addEventListener("storage", heard);
  return () => removeEventListener("storage", heard);
}

/** The draft of one person in one conversation. Never says where something is sent to: that is the place on the screen. */
export class Draft {
  readonly #key: string;
  readonly #storage: DraftStorage;
  #pending: string | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(userId: string, place: PlaceKey, storage: DraftStorage = localStorage) {
    this.#key = keyOf(userId, place);
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
    const isEmpty = text.trim() === "";
    try {
      const wasEmpty = this.#storage.getItem(this.#key) === null;
      if (isEmpty) this.#storage.removeItem(this.#key);
      else this.#storage.setItem(this.#key, text);
      if (isEmpty !== wasEmpty) changes.value += 1;
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
