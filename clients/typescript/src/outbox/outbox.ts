// Sends what people write: in order in each place, until the server has it or refuses it, across reloads and tabs.

import { backoffMs } from "../backoff.js";
import { type Clock, pause } from "../clock.js";
import { ChatError } from "../errors.js";
import { type Place, type PlaceKey, placeKey } from "../place.js";
import { Cell } from "../readable.js";
import { withLock } from "../tabs.js";
import type { Intent, Outbox, OutboxCounts, OutboxEntry, Sending, WriteResult } from "./entry.js";
import { requestOf, resultOf } from "./request.js";
import { AuthorsView } from "./sending.js";
import type { OutboxStorage } from "./storage.js";

/** So long another tab may take to say what became of an entry; one that was closed says nothing. */
const WORD_MS = 5000;
const GIVE_UP_MS = 24 * 60 * 60 * 1000;

/** What an outbox needs of the client, and whom it tells. */
export interface OutboxOptions {
  /** Prefix of its locks. */
  scope: string;
  clock: Clock;
  newId: () => string;
  isOnline: () => boolean;
  request: (event: string, payload: object) => Promise<object>;
  /** The server did not answer: the connection may be dead. */
  suspect: () => void;
  /** An entry came, changed or went. */
  changed: (change: { entry: OutboxEntry; discarded: boolean } & WriteResult) => void;
  /** Tells the other tabs. */
  tell: (word: OutboxWord) => void;
}

/** What one tab tells the others. */
export interface OutboxWord {
  userId: string;
  clientId: string;
  /** The entry is gone, and where it was sent, what the server answered. */
  gone: ({ sent: boolean } & WriteResult) | null;
}

/** Writes of one place, sent one after the other. */
interface Lane {
  key: PlaceKey;
  isRunning: boolean;
  /** Ends the pause before the next attempt. */
  hurry: AbortController;
}

/** The outbox of whoever is signed in. */
export class PersistentOutbox implements Outbox {
  readonly counts = new Cell<OutboxCounts>({ waiting: 0, failed: 0 });
  readonly #options: OutboxOptions;
  readonly #lanes = new Map<PlaceKey, Lane>();
  readonly #entries = new Map<string, OutboxEntry>();
  readonly #views = new Map<string, AuthorsView>();
  /** Entries that the storage does not have as they are: not yet, or because it is full. */
  readonly #unsaved = new Set<string>();
  /** Entries that another tab has taken out of the storage, and has not said yet what became of them. */
  readonly #elsewhere = new Map<string, { entry: OutboxEntry; cancel: () => void }>();
  #storage: OutboxStorage | null = null;
  #userId = "";

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what was left unsent by this person. */
  async open(userId: string, storage: OutboxStorage): Promise<void> {
    this.close();
    this.#userId = userId;
    this.#storage = storage;
    await this.#reload();
    this.flush();
  }

  /** Lets go of everything; what is kept stays kept. */
  close(): void {
    this.#storage = null;
    for (const lane of this.#lanes.values()) lane.hurry.abort();
    for (const { cancel } of this.#elsewhere.values()) cancel();
    for (const view of this.#views.values()) view.leave();
    this.#lanes.clear();
    this.#entries.clear();
    this.#views.clear();
    this.#elsewhere.clear();
    this.#unsaved.clear();
    this.#count();
  }

  entries(place?: Place): readonly OutboxEntry[] {
    const key = place && placeKey(place);
    const all = [...this.#entries.values()].filter((entry) => !key || placeKey(entry.place) === key);
    return all.sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  }

  /** Takes a write in, and sends it as soon as it can. */
  add(place: Place, intent: Intent): Sending {
    if (!this.#storage) throw new ChatError({ reason: "unauthenticated", message: "Nobody is signed in" });
    const { clock, newId } = this.#options;
    const entry: OutboxEntry = {
      clientId: newId(),
      place,
      intent,
      createdAt: clock.now(),
      state: "queued",
      attempts: 0,
      nextTryAt: null,
      error: null,
    };
    const view = new AuthorsView(this, entry);
    this.#views.set(entry.clientId, view);
    this.#put(entry);
    void this.#save(entry);
    this.#run(place);
    return view;
  }

  retry(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (!entry) return;
    if (entry.state === "failed") {
      const again = {
        ...entry,
        state: "queued",
        attempts: 0,
        createdAt: this.#options.clock.now(),
        error: null,
      } as const;
      this.#put(again);
      void this.#save(again);
    }
    this.#hurry(placeKey(entry.place));
    this.#run(entry.place);
  }

  discard(clientId: string): void {
    const entry = this.#entries.get(clientId);
    if (entry) this.#remove(entry, true);
  }

  /** There is a connection: goes on in every place, without waiting for the end of a pause. */
  flush(): void {
    for (const key of this.#lanes.keys()) this.#hurry(key);
    for (const entry of this.#entries.values()) this.#run(entry.place);
  }

  /** A word of another tab. */
  async hear({ userId, clientId, gone }: OutboxWord): Promise<void> {
    if (userId !== this.#userId || !this.#storage) return;
    if (gone) return this.#goneElsewhere(clientId, gone);
    await this.#reload();
    this.flush();
  }

  #goneElsewhere(clientId: string, gone: { sent: boolean } & WriteResult): void {
    const entry = this.#entries.get(clientId) ?? this.#elsewhere.get(clientId)?.entry;
    if (!entry) return;
    this.#forget(entry);
    if (gone.sent) this.#told({ ...entry, state: "sent", nextTryAt: null, error: null }, false, gone);
    else this.#told(entry, true);
  }

  #run(place: Place): void {
    const key = placeKey(place);
    let lane = this.#lanes.get(key);
    if (!lane) this.#lanes.set(key, (lane = { key, isRunning: false, hurry: new AbortController() }));
    if (lane.isRunning || !this.#options.isOnline()) return;
    lane.isRunning = true;
    const held = lane;
    const lock = `${this.#options.scope}/outbox/${this.#userId}/${key}`;
    void withLock(lock, () => this.#sendAll(held)).finally(() => {
      held.isRunning = false;
      // What came while the lock was being let go.
      if (this.#lanes.get(key) === held && this.#next(held)) this.#run(place);
    });
  }

  async #sendAll(lane: Lane): Promise<void> {
    await this.#reload();
    for (let entry = this.#next(lane); entry && this.#options.isOnline(); entry = this.#next(lane)) {
      await this.#send(lane, entry);
    }
  }

  #next(lane: Lane): OutboxEntry | undefined {
    if (this.#lanes.get(lane.key) !== lane) return undefined;
    const mine = [...this.#entries.values()].filter(
      (one) => placeKey(one.place) === lane.key && one.state !== "failed",
    );
    return mine.reduce<OutboxEntry | undefined>((a, b) => (a && a.clientId < b.clientId ? a : b), undefined);
  }

  async #send(lane: Lane, waiting: OutboxEntry): Promise<void> {
    if (this.#isOver(waiting)) return this.#giveUp(waiting, tooOld());
    const attempts = waiting.attempts + 1;
    const state = attempts > 1 ? "retrying" : "sending";
    const entry: OutboxEntry = { ...waiting, attempts, state, nextTryAt: null };
    this.#put(entry);
    try {
      const answer = await this.#options.request(...requestOf(entry));
      this.#remove({ ...entry, state: "sent", error: null }, false, resultOf(entry, answer));
    } catch (cause) {
      const error =
        cause instanceof ChatError ? cause : new ChatError({ reason: "internal", message: String(cause), cause });
      if (error.reason === "timeout") this.#options.suspect();
      await this.#failed(lane, entry, error);
    }
  }

  async #failed(lane: Lane, entry: OutboxEntry, error: ChatError): Promise<void> {
    // It was discarded while it was on its way, or somebody else is signed in now.
    if (!this.#entries.has(entry.clientId)) return;
    const { clock, isOnline } = this.#options;
    if (this.#isOver(entry) || !(error.retryable || isAboutToken(error))) return this.#giveUp(entry, error);
    if (error.reason === "offline" || !isOnline()) {
      this.#put({ ...entry, state: "queued", error: null });
      return;
    }
    const pauseMs = Math.max(backoffMs(entry.attempts, clock.random()), error.retryAfterMs ?? 0);
    this.#put({ ...entry, state: "retrying", nextTryAt: clock.now() + pauseMs, error });
    await pause(clock, pauseMs, lane.hurry.signal);
  }

  #isOver(entry: OutboxEntry): boolean {
    return this.#options.clock.now() - entry.createdAt > GIVE_UP_MS;
  }

  async #giveUp(entry: OutboxEntry, error: ChatError): Promise<void> {
    const failed = { ...entry, state: "failed", nextTryAt: null, error } as const;
    this.#put(failed);
    await this.#save(failed);
  }

  #hurry(key: PlaceKey): void {
    const lane = this.#lanes.get(key);
    lane?.hurry.abort();
    if (lane) lane.hurry = new AbortController();
  }

  /** Takes over what other tabs have added, and drops what they have sent. */
  async #reload(): Promise<void> {
    const storage = this.#storage;
    const stored = await storage?.all().catch(() => null);
    if (!stored || storage !== this.#storage) return;
    const names = new Set(stored.map((entry) => entry.clientId));
    for (const entry of this.#entries.values()) {
      const { clientId, state } = entry;
      if (names.has(clientId) || this.#unsaved.has(clientId) || state !== "queued") continue;
      // To send it again would be harmless, were it not for one that was discarded there.
      this.#entries.delete(clientId);
      const cancel = this.#options.clock.after(WORD_MS, () => this.#goneElsewhere(clientId, { sent: true }));
      this.#elsewhere.set(clientId, { entry, cancel });
    }
    for (const entry of stored) if (this.#isNews(entry)) this.#put(entry);
  }

  /** Whether another tab has added an entry, given it up, or wants it tried again. */
  #isNews({ clientId, state }: OutboxEntry): boolean {
    const mine = this.#entries.get(clientId);
    if (!mine) return true;
    const isResting = mine.state === "queued" || mine.state === "failed";
    return isResting && mine.state !== state && !this.#unsaved.has(clientId);
  }

  async #save(entry: OutboxEntry): Promise<void> {
    this.#unsaved.add(entry.clientId);
    try {
      await this.#storage?.put(entry);
    } catch {
      // A storage that is full costs the memory of a reload, not the message.
      return;
    }
    this.#unsaved.delete(entry.clientId);
    this.#options.tell({ userId: this.#userId, clientId: entry.clientId, gone: null });
  }

  #put(entry: OutboxEntry): void {
    this.#entries.set(entry.clientId, entry);
    this.#told(entry, false);
  }

  #remove(entry: OutboxEntry, discarded: boolean, result: WriteResult = {}): void {
    if (!this.#entries.has(entry.clientId)) return;
    this.#forget(entry);
    const { clientId } = entry;
    const gone = { sent: !discarded, ...result };
    void this.#storage
      ?.remove(clientId)
      .catch(() => {})
      .then(() => this.#options.tell({ userId: this.#userId, clientId, gone }));
    this.#told(entry, discarded, result);
  }

  #forget(entry: OutboxEntry): void {
    this.#elsewhere.get(entry.clientId)?.cancel();
    for (const names of [this.#entries, this.#unsaved, this.#elsewhere]) names.delete(entry.clientId);
  }

  #told(entry: OutboxEntry, discarded: boolean, { message, deletion }: WriteResult = {}): void {
    this.#count();
    const view = this.#views.get(entry.clientId);
    if (discarded) view?.drop();
    else view?.follow(entry, message);
    if (discarded || entry.state === "sent") this.#views.delete(entry.clientId);
    this.#options.changed({ entry, discarded, ...(message ? { message } : {}), ...(deletion ? { deletion } : {}) });
  }

  #count(): void {
    const all = [...this.#entries.values()];
    const failed = all.filter((entry) => entry.state === "failed").length;
    const waiting = all.length - failed;
    const before = this.counts.get();
    if (before.failed !== failed || before.waiting !== waiting) this.counts.set({ waiting, failed });
  }
}

/** The socket's token ran out: the connection comes back with another one. */
function isAboutToken(error: ChatError): boolean {
  return error.reason === "unauthenticated" || error.reason === "unauthorized";
}

function tooOld(): ChatError {
  return new ChatError({ reason: "timeout", message: "It could not be sent for a day" });
}
