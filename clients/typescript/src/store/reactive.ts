// Values that are computed when somebody looks, and told of once a microtask, however often they change.

import { addListener, guarded, type ListenOptions, type Off, type Readable } from "../readable.js";

/** Collects what changed, and tells it at the end of the present turn. */
export class Batch {
  readonly #changed = new Set<Computed<unknown>>();

  add(value: Computed<unknown>): void {
    if (this.#changed.size === 0) queueMicrotask(() => this.#tell());
    this.#changed.add(value);
  }

  #tell(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const value of changed) value.tell();
  }
}

/** A value made of others. Whoever changes those says so with `invalidate()`. */
export class Computed<T> implements Readable<T> {
  readonly #batch: Batch;
  readonly #compute: (before: T | undefined) => T;
  readonly #listeners = new Set<(value: T) => void>();
  #value: T | undefined;
  #told: T | undefined;
  #isStale = true;

  /** `compute` gets the value of before, and may give it back to say that nothing changed. */
  constructor(batch: Batch, compute: (before: T | undefined) => T) {
    this.#batch = batch;
    this.#compute = compute;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  get(): T {
    if (this.#isStale) {
      this.#value = this.#compute(this.#value);
      this.#isStale = false;
    }
    return this.#value as T;
  }

  subscribe(listener: (value: T) => void, options?: ListenOptions): Off {
    if (!this.isWatched) this.#told = this.get();
    return addListener(this.#listeners, (value: T) => listener(value), options);
  }

  invalidate(): void {
    this.#isStale = true;
    if (this.isWatched) this.#batch.add(this as Computed<unknown>);
  }

  /** Tells the listeners, where there is something to tell. */
  tell(): void {
    if (!this.isWatched) return;
    const value = this.get();
    if (Object.is(value, this.#told)) return;
    this.#told = value;
    for (const listener of [...this.#listeners]) guarded(() => listener(value));
  }
}
