// What the author of a write holds in hand: how far it has come, and its end.

import type { AnyMessage } from "../contract.js";
import { ChatError } from "../errors.js";
import type { Place } from "../place.js";
import { Cell } from "../readable.js";
import type { Outbox, OutboxEntry, Sending, SendState } from "./entry.js";

type End = { message: AnyMessage | undefined } | { error: ChatError };

/** One write, seen by its author. */
export class AuthorsView implements Sending {
  readonly clientId: string;
  readonly place: Place;
  readonly status: Cell<SendState>;
  readonly #outbox: Outbox;
  #end: End | null = null;
  #waiting: ((end: End) => void)[] = [];

  constructor(outbox: Outbox, entry: OutboxEntry) {
    this.#outbox = outbox;
    this.clientId = entry.clientId;
    this.place = entry.place;
    this.status = new Cell(entry.state);
  }

  async delivered(): Promise<AnyMessage | undefined> {
    const end = this.#end ?? (await new Promise<End>((done) => this.#waiting.push(done)));
    if ("error" in end) throw end.error;
    return end.message;
  }

  retry(): void {
    this.#outbox.retry(this.clientId);
  }

  discard(): void {
    this.#outbox.discard(this.clientId);
  }

  /** The entry changed. */
  follow(entry: OutboxEntry, message: AnyMessage | undefined): void {
    // A retry after a failure is a new chance to be delivered.
    this.#end = null;
    if (entry.state === "sent") this.#finish({ message });
    else if (entry.state === "failed") this.#finish({ error: entry.error ?? discarded() });
    this.status.set(entry.state);
  }

  /** The entry is gone, unsent. */
  drop(): void {
    this.#finish({ error: discarded() });
  }

  /** Nobody looks after the entry here any more: what becomes of it is not known. */
  leave(): void {
    if (this.status.get() !== "failed") this.#finish({ error: aborted("The client let go of the message") });
  }

  #finish(end: End): void {
    this.#end = end;
    for (const done of this.#waiting.splice(0)) done(end);
  }
}

function discarded(): ChatError {
  return aborted("The message was discarded");
}

function aborted(message: string): ChatError {
  return new ChatError({ reason: "aborted", message });
}
