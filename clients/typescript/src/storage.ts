// Where a client keeps what must survive a reload: tokens and unsent messages.

/** A place to keep values (plain data, as `structuredClone` takes it) under keys. */
export interface ChatStorage {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  /** Entries whose key begins with `prefix`, in the order of their keys. */
  list(prefix: string): Promise<[key: string, value: unknown][]>;
}
