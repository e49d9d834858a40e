// A value that changes and can be watched: the one shape of everything that a program may observe here.

/** Ends what it was returned for: a subscription, a listener. Calling it twice is fine. */
export type Off = () => void;

/** How a listener may be ended besides calling what was returned for it. */
export interface ListenOptions {
  /** The listener ends when this aborts. */
  signal?: AbortSignal;
}

/** A value that changes. What `get()` returns is never changed in place: a new value is a new object. */
export interface Readable<T> {
  /** The value now. */
  get(): T;
  /** Calls `listener` after every change, not at once. Changes in one turn of the event loop may come as one. */
  subscribe(listener: (value: T) => void, options?: ListenOptions): Off;
}

/** A value that its owner sets. Listeners are called at once. */
export class Cell<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) guarded(() => listener(value));
  }

  subscribe(listener: (value: T) => void, options?: ListenOptions): Off {
    return addListener(this.#listeners, listener, options);
  }
}

/** Adds a listener to a set until it is taken off or its signal aborts. */
export function addListener<T>(listeners: Set<T>, listener: T, { signal }: ListenOptions = {}): Off {
  if (signal?.aborted) return () => {};
  listeners.add(listener);
  const off = () => {
    listeners.delete(listener);
    signal?.removeEventListener("abort", off);
  };
  signal?.addEventListener("abort", off);
  return off;
}

/** Runs a listener of somebody else's: what it throws is reported as uncaught, and stops nothing here. */
export function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
