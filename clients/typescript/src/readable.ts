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
