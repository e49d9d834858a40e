// The storage of browsers. In a file of its own: its types are of the DOM, which a program for Node does not know.

import type { ChatStorage } from "./storage.js";

const DATABASE = "fireside";
const TABLE = "values";

/** Keeps values in the browser, shared by all tabs of an origin. */
export class BrowserStorage implements ChatStorage {
  readonly #factory: IDBFactory;
  #database: Promise<IDBDatabase>;

  /** Where there is no database (private windows of some browsers), every call fails. */
  constructor(factory: IDBFactory) {
    this.#factory = factory;
    this.#database = open(factory);
    // Whoever calls hears of it; a client that never does shall not end the program.
    this.#database.catch(() => {});
  }

  get(key: string): Promise<unknown> {
    return this.#run("readonly", (table) => table.get(key));
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#run("readwrite", (table) => table.put(value, key));
  }

  async delete(key: string): Promise<void> {
    await this.#run("readwrite", (table) => table.delete(key));
  }

  async list(prefix: string): Promise<[string, unknown][]> {
    // "\uffff" sorts after every key with the prefix: keys are made of ids and URLs.
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const found: [string, unknown][] = [];
    await this.#run("readonly", (table) => {
      const request = table.openCursor(range);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        found.push([String(cursor.key), cursor.value]);
        cursor.continue();
      };
      return request;
    });
    return found;
  }

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    try {
      return (await this.#database).transaction(TABLE, mode);
    } catch {
      // Browsers close databases of pages that were long in the background.
      this.#database = open(this.#factory);
      return (await this.#database).transaction(TABLE, mode);
    }
  }

  async #run<T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const transaction = await this.#begin(mode);
    const request = ask(transaction.objectStore(TABLE));
    return new Promise((done, fail) => {
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => fail(transaction.error);
    });
  }
}

/** Opens the database; it is made where there is none. */
function open(factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = factory.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
    request.onblocked = () => fail(new Error("The database is held open by an older page"));
  });
}
