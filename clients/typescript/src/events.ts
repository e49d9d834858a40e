// Named events and who listens to them.

import { addListener, guarded, type ListenOptions, type Off } from "./readable.js";

/** Tells typed events to their listeners. `Map` gives each event's payload. */
export class Events<Map extends object> {
  readonly #listeners = new globalThis.Map<keyof Map, Set<(payload: never) => void>>();

  on<E extends keyof Map>(event: E, listener: (payload: Map[E]) => void, options?: ListenOptions): Off {
    let listeners = this.#listeners.get(event);
    if (!listeners) this.#listeners.set(event, (listeners = new Set()));
    // A wrapper, so that one function may listen twice.
    return addListener(listeners, (payload: never) => listener(payload), options);
  }

  emit<E extends keyof Map>(event: E, payload: Map[E]): void {
    const listeners = this.#listeners.get(event);
    if (listeners) for (const listener of [...listeners]) guarded(() => listener(payload as never));
  }
}
