// Members of rooms, read when somebody looks and kept up to date from then on.

import type { Chat } from "../chat.js";
import type { Member, User } from "../contract.js";
import { ChatError } from "../errors.js";
import type { Readable } from "../readable.js";
import type { MemberList } from "./model.js";
import { type Batch, Computed } from "./reactive.js";

const LOADING: MemberList = { status: "loading", members: [], error: null };
/** Several people joining at once are one reading. */
const CALM_MS = 300;

interface List {
  value: MemberList;
  readonly view: Computed<MemberList>;
  cancelRead: () => void;
}

/** Member lists by room. */
export class MemberLists {
  readonly #chat: Chat;
  readonly #batch: Batch;
  readonly #after: (delayMs: number, run: () => void) => () => void;
  readonly #learn: (users: User[]) => void;
  readonly #lists = new Map<string, List>();

  constructor(
    chat: Chat,
    batch: Batch,
    after: (delayMs: number, run: () => void) => () => void,
    learn: (users: User[]) => void,
  ) {
    this.#chat = chat;
    this.#batch = batch;
    this.#after = after;
    this.#learn = learn;
  }

  of(roomId: string): Readable<MemberList> {
    let list = this.#lists.get(roomId);
    if (!list) {
      const made: List = { value: LOADING, view: new Computed(this.#batch, () => made.value), cancelRead: () => {} };
      this.#lists.set(roomId, (list = made));
      void this.#read(roomId, made);
    } else if (list.value.status === "failed") void this.#read(roomId, list);
    return list.view;
  }

  /** Something about a room's members changed. */
  changed(roomId: string): void {
    const list = this.#lists.get(roomId);
    if (!list) return;
    list.cancelRead();
    list.cancelRead = this.#after(CALM_MS, () => void this.#read(roomId, list));
  }

  /** Changes may have been missed. */
  changedAll(): void {
    for (const roomId of this.#lists.keys()) this.changed(roomId);
  }

  clear(): void {
    for (const list of this.#lists.values()) {
      list.cancelRead();
      list.value = LOADING;
      list.view.invalidate();
    }
    this.#lists.clear();
  }

  async #read(roomId: string, list: List): Promise<void> {
    try {
      const members = await this.#chat.room(roomId).members();
      this.#learn(members.flatMap((member) => member.user ?? []));
      list.value = { status: "ready", members: members.sort(byRoleAndName), error: null };
    } catch (cause) {
      const error = cause instanceof ChatError ? cause : new ChatError({ reason: "internal", message: String(cause) });
      list.value = { ...list.value, status: list.value.status === "ready" ? "ready" : "failed", error };
    }
    list.view.invalidate();
  }
}

function byRoleAndName(a: Member, b: Member): number {
  if (a.role !== b.role) return a.role === "admin" ? -1 : 1;
  return nameOf(a).localeCompare(nameOf(b), undefined, { sensitivity: "base" });
}

function nameOf({ user, userId }: Member): string {
  return user?.displayName ?? user?.username ?? userId;
}
