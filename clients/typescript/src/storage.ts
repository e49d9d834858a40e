// Where a client keeps what must survive a reload: tokens and unsent messages.

import { BrowserStorage } from "./browser_storage.js";

/** A place to keep values (plain data, as `structuredClone` takes it) under keys. */
export interface ChatStorage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Entries whose key begins with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
}

/** Keeps values for as long as the program runs. */
export class MemoryStorage implements ChatStorage {
  readonly #values = new Map<string, unknown>();

  async get(key: string): Promise<unknown> {
    return structuredClone(this.#values.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    this.#values.set(key, structuredClone(value));
  }

  async delete(key: string): Promise<void> {
    this.#values.delete(key);
  }

  async list(prefix: string): Promise<[string, unknown][]> {
    const found = [...this.#values].filter(([key]) => key.startsWith(prefix));
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    return structuredClone(found);
  }
}

/** Falls back to memory where the first storage cannot be used at all. */
class FallbackStorage implements ChatStorage {
  readonly #chosen: Promise<ChatStorage>;

  constructor(first: ChatStorage) {
    this.#chosen = first.get("").then(
      () => first,
      () => new MemoryStorage(),
    );
  }

  async get(key: string): Promise<unknown> {
    return (await this.#chosen).get(key);
  }

  async set(key: string, value: unknown): Promise<void> {
    return (await this.#chosen).set(key, value);
  }

  async delete(key: string): Promise<void> {
    return (await this.#chosen).delete(key);
  }

  async list(prefix: string): Promise<[string, unknown][]> {
    return (await this.#chosen).list(prefix);
  }
}

/** The storage of this environment: IndexedDB where there is one that works, else memory. */
export function defaultStorage(): ChatStorage {
  if (typeof indexedDB === "undefined") return new MemoryStorage();
  return new FallbackStorage(new BrowserStorage(indexedDB));
}
