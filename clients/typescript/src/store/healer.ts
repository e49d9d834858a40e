// When windows are held against the server's digests: some seconds after each connection, and whenever it tells one.

import type { Clock } from "../clock.js";
import type { RoomDigest } from "../contract.js";
import type { LiveStore } from "./live_store.js";

/** Time after a connection for what was missed to come. */
const QUIET_MS = 3000;

/** Mends the windows of a store. */
export class Healer {
  readonly #store: LiveStore;
  readonly #after: Clock["after"];
  #cancel = () => {};

  constructor(store: LiveStore, after: Clock["after"]) {
    this.#store = store;
    this.#after = after;
  }

  /** There is a connection. */
  online(): void {
    // Of a server that knows no digests nothing is heard, and nothing is lost by that.
    this.#store.chat.raw.emit("digest:watch", { watch: true });
    this.clear();
    this.#cancel = this.#after(QUIET_MS, () => {
      for (const { history } of this.#store.livePlaces) void history.heal();
    });
  }

  /** The server has told the digest of a room's newest messages. */
  told([roomId, , digest]: RoomDigest): void {
    void this.#store.liveOf(roomId)?.history.compare(digest);
  }

  clear(): void {
    this.#cancel();
  }
}
