// Several tabs, one person: locks that only one of them holds, and words from one to the others.

const queues = new Map<string, Promise<unknown>>();

/**
 * Runs while holding the lock of that name, which one tab holds at a time. Where the browser has no locks (pages that
 * came over plain HTTP), the lock holds within this page only: every write has a name the server knows it by, so that
 * two tabs then do double work, and no double writes.
 */
export function withLock<T>(name: string, run: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | undefined;
  if (!locks) return withinPage(name, run);
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return run();
  };
  return (locks.request(name, begin) as Promise<T>).catch((error: unknown) => {
    // A page that may have no locks (an opaque origin) hears of it only when it asks for one.
    if (hasBegun) throw error;
    return withinPage(name, run);
  });
}

function withinPage<T>(name: string, run: () => Promise<T>): Promise<T> {
  const turn = (queues.get(name) ?? Promise.resolve()).then(run, run);
  const settled = turn.then(
    () => {},
    () => {},
  );
  queues.set(name, settled);
  void settled.then(() => {
    if (queues.get(name) === settled) queues.delete(name);
  });
  return turn;
}

/** Words between the tabs of one server. */
export class Tabs<Word> {
  #channel: BroadcastChannel | null;

  constructor(name: string, hear: (word: Word) => void) {
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
    if (!this.#channel) return;
    this.#channel.onmessage = (event: MessageEvent<Word>) => hear(event.data);
    // In Node a channel keeps the program running; it shall not.
    (this.#channel as { unref?: () => void }).unref?.();
  }

  /** Tells all other tabs. */
  tell(word: Word): void {
    this.#channel?.postMessage(word);
  }

  close(): void {
    this.#channel?.close();
    // What still has to be said is said to nobody: a closed channel would throw.
    this.#channel = null;
  }
}
