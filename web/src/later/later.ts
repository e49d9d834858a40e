// A file of the client that is loaded when it is wanted first, or when the page has nothing else to do.

import { type ReadonlySignal, signal } from "@preact/signals";

/** Such a file. */
export interface Later<M> {
  /** What is in it; null until it is there. */
  readonly loaded: ReadonlySignal<M | null>;
  /** Only where the server has gone, or has another version than the page by now. */
  readonly hasFailed: ReadonlySignal<boolean>;
  /** Loads it, unless it is there or on its way. */
  load(): void;
}

export function later<M>(load: () => Promise<M>): Later<M> {
  const loaded = signal<M | null>(null);
  const hasFailed = signal(false);
  let isLoading = false;
  return {
    loaded,
    hasFailed,
    load() {
      if (isLoading || loaded.peek()) return;
      isLoading = true;
      hasFailed.value = false;
      load()
        .then(
          (module) => (loaded.value = module),
          () => (hasFailed.value = true),
        )
        .finally(() => (isLoading = false));
    },
  };
}

/** Calls `run` when the page has nothing else to do. */
export function whenIdle(run: () => void): void {
  // Safari has no idle callbacks; by then the first sight is over there, too.
  if ("requestIdleCallback" in window) requestIdleCallback(run, { timeout: 5000 });
  else setTimeout(run, 2000);
}
