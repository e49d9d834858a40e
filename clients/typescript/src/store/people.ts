// People and their presence, as far as anything has told of them.

import type { Chat } from "../chat.js";
import type { Presence, User } from "../contract.js";
import type { Readable } from "../readable.js";
import type { Person } from "./model.js";
import { type Batch, Computed } from "./reactive.js";

/** Everyone who was heard of. */
export class People {
  readonly #chat: Chat;
  readonly #batch: Batch;
  readonly #people = new Map<string, Person>();
  readonly #presence = new Map<string, Presence>();
  readonly #personViews = new Map<string, Computed<Person | null>>();
  readonly #presenceViews = new Map<string, Computed<Presence | null>>();
  /** People who were asked for; nobody is asked for twice. */
  readonly #asked = new Set<string>();
  /** The next snapshot is the first one of a connection: who is not in it is offline. */
  #isStale = false;
  readonly #changed: (userId: string) => void;

  /** `changed` hears whose name or presence is another now. */
  constructor(chat: Chat, batch: Batch, changed: (userId: string) => void) {
    this.#chat = chat;
    this.#batch = batch;
    this.#changed = changed;
  }

  find(userId: string): Person | null {
    return this.#people.get(userId) ?? null;
  }

  isOnline(userId: string): boolean {
    return this.#presence.get(userId)?.status === "online";
  }

  person(userId: string): Readable<Person | null> {
    let view = this.#personViews.get(userId);
    if (!view) {
      view = new Computed(this.#batch, () => this.find(userId));
      this.#personViews.set(userId, view);
    }
    this.ask(userId);
    return view;
  }

  presence(userId: string): Readable<Presence | null> {
    let view = this.#presenceViews.get(userId);
    if (!view) {
      view = new Computed(this.#batch, () => this.#presence.get(userId) ?? null);
      this.#presenceViews.set(userId, view);
    }
    return view;
  }

  /** Asks the server who that is, once, where nobody knows. */
  ask(userId: string): void {
    if (!userId || this.#people.has(userId) || this.#asked.has(userId)) return;
    this.#asked.add(userId);
    this.#chat.users.get(userId).then(
      (user) => this.learnUsers([user]),
      // Another chance comes with the next one who wants to know.
      () => this.#asked.delete(userId),
    );
  }

  /** Remembers a name; what a profile has told stays. */
  learn(person: Person): void {
    const before = this.#people.get(person.id);
    const { username, displayName, avatar } = person;
    if (before && isSame(before, person)) return;
    this.#people.set(person.id, { ...before, ...person, username, displayName, avatar });
    this.#personViews.get(person.id)?.invalidate();
    this.#changed(person.id);
  }

  /** Remembers profiles, and their presence where nothing newer is known. */
  learnUsers(users: readonly User[]): void {
    for (const { id, username, displayName, avatar, kind, role, isOnline, lastSeenAt } of users) {
      this.learn({ id, username, displayName, avatar, kind, role });
      if (!this.#presence.has(id)) this.see({ userId: id, status: isOnline ? "online" : "offline", lastSeenAt });
    }
  }

  /** A change of presence. */
  see(presence: Presence): void {
    const before = this.#presence.get(presence.userId);
    if (before?.status === presence.status && before.lastSeenAt === presence.lastSeenAt) return;
    this.#presence.set(presence.userId, presence);
    this.#presenceViews.get(presence.userId)?.invalidate();
    if (before?.status !== presence.status) this.#changed(presence.userId);
  }

  /** A snapshot of presence: rows to merge, but the first one of a connection is everybody, oneself excepted. */
  seeAll(rows: readonly Presence[]): void {
    if (this.#isStale) {
      this.#isStale = false;
      const here = new Set([this.#chat.auth.user.get()?.id, ...rows.map((row) => row.userId)]);
      for (const [userId, presence] of this.#presence)
        if (presence.status === "online" && !here.has(userId)) this.see({ ...presence, status: "offline" });
    }
    for (const row of rows) this.see(row);
  }

  /** There is a new connection: that shows oneself to be there, and nobody else may say so. */
  online(): void {
    this.#isStale = true;
    const userId = this.#chat.auth.user.get()?.id;
    if (userId !== undefined) this.see({ userId, status: "online", lastSeenAt: null });
  }

  clear(): void {
    this.#people.clear();
    this.#presence.clear();
    this.#asked.clear();
    for (const view of [...this.#personViews.values(), ...this.#presenceViews.values()]) view.invalidate();
  }
}

function isSame(before: Person, person: Person): boolean {
  return (
    before.username === person.username &&
    before.displayName === person.displayName &&
    before.avatar === person.avatar &&
    (person.role === undefined || before.role === person.role) &&
    (person.kind === undefined || before.kind === person.kind)
  );
}
