// What a program may know about its live connection.

import type { ChatError } from "../errors.js";

/**
 * `offline`: there is none, whether wanted or not; `connecting`: it is being made; `online`: events come and sends go;
 * `draining`: the server is about to restart, and the next connection waits until it has.
 */
export type ConnectionStatus = "offline" | "connecting" | "online" | "draining";

/** The live connection. */
export interface ConnectionState {
  readonly status: ConnectionStatus;
  /** Since when, in milliseconds of the clock. */
  readonly since: number;
  /** When the next attempt begins, in milliseconds of the clock; null where none is planned. */
  readonly nextTryAt: number | null;
  /** Attempts that failed since the last connection. */
  readonly failures: number;
  /** Why the last attempt failed, or why there will be no other. */
  readonly error: ChatError | null;
}
