// The first question to the server, for pages that ask it while the client itself is still being loaded.

import type { ChatOptions } from "./chat.js";
import { systemClock } from "./clock.js";
import type { Bootstrap, GetBootstrap } from "./contract.js";
import { originOf } from "./origin.js";
import { RestClient } from "./rest.js";
import { Session, scopeOf } from "./session.js";
import { defaultStorage } from "./storage.js";

/** What to ask, and whom: as given to `createClient`. */
export interface EarlyOptions extends Pick<ChatOptions, "url" | "storage" | "fetch"> {
  /** The place that the page will open, told who signed in here before; its newest messages then come along. */
  open?: (userId: string) => GetBootstrap;
}

/**
 * Asks for everything a client begins with, as whoever signed in here before. The answer is for the `bootstrap` of
 * `createClient`. Null where nobody is signed in, or the answer cannot be had: the client then asks by itself.
 */
export async function bootstrapEarly(options: EarlyOptions): Promise<Bootstrap | null> {
  const url = originOf(options.url);
  const { storage = defaultStorage(), open = () => ({}) } = options;
  const rest: RestClient = new RestClient(url, options.fetch ?? ((...args) => fetch(...args)), {
    token: () => session.token(),
    renew: (refused) => session.renew(refused),
  });
  const session = new Session({
    scope: scopeOf(url),
    // That a session is over is for the client to find, which can say so.
    storage: {
      get: (key) => storage.get(key),
      set: (key, value) => storage.set(key, value),
      list: (prefix) => storage.list(prefix),
      delete: async () => {},
    },
    clock: systemClock,
    exchange: (refreshToken) => rest.call("POST /auth/refresh", { body: { refreshToken } }),
    changed: () => {},
  });
  try {
    const user = await session.restore();
    return user && (await rest.call("GET /chat/bootstrap", { query: open(user.id) }));
  } catch {
    return null;
  }
}
