// Reads a place's messages into its window: one page at a time, and events that come meanwhile after it.

import type { AnyMessage } from "../contract.js";
import type { MessagePage, MessageRef, Messages, PageOptions } from "../conversations.js";
import { ChatError } from "../errors.js";
import { seqOf } from "../resources/messages.js";
import { DIGEST_TAIL, digestOf } from "./digest.js";
import type { MessageWindow } from "./model.js";
import type { Burial, Window } from "./window.js";

const PAGE = 50;
const PAGE_MAX = 200;

/** What a history tells its owner. */
export interface HistoryOptions {
  messages: Messages;
  window: Window;
  /** Messages were read. */
  read: (messages: readonly AnyMessage[]) => void;
  changed: () => void;
}

/** Fills one window. */
export class History {
  status: MessageWindow["status"] = "empty";
  error: ChatError | null = null;
  readonly #options: HistoryOptions;
  /** What was to be opened, should it have failed. */
  #wanted: MessageRef | undefined;
  /** Whether something was missed that could not be read yet. */
  #isBehind = false;
  #turn: Promise<void> = Promise.resolve();
  /** Events of the time of a request, whose answer may be from before them; null where none is on its way. */
  #held: (() => void)[] | null = null;

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /** A new or changed message. */
  take(message: AnyMessage): void {
    const { window, changed } = this.#options;
    if (this.#held) this.#held.push(() => void window.take(message));
    else if (this.status === "ready" && window.take(message)) changed();
  }

  /** A message was deleted. */
  bury(deletion: Burial): void {
    const { window, changed } = this.#options;
    if (this.#held) this.#held.push(() => void window.bury(deletion));
    else if (this.status === "ready" && window.bury(deletion)) changed();
  }

  /** The newest page came before anybody asked for it. */
  begin(page: { items: AnyMessage[]; next?: unknown }): void {
    if (this.status !== "empty") return;
    this.#fill(page.items, page.next, null);
    this.#options.read(page.items);
    this.#options.changed();
  }

  /** Reads the newest page, or the one around a message, unless that is there. */
  open(around?: MessageRef): Promise<void> {
    this.#wanted = around;
    return this.#inTurn(async () => {
      if (this.status === "ready" && (around === undefined || this.#has(around))) return;
      await (around === undefined ? this.#readLatest() : this.#readAround(around));
    });
  }

  latest(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.status !== "ready" || !this.#options.window.isLive) await this.#readLatest();
    });
  }

  older(): Promise<void> {
    return this.#inTurn(async () => {
      const { window } = this.#options;
      const oldest = window.oldestSeq;
      if (this.status !== "ready" || window.older === "end" || oldest === null) return;
      await this.#readEdge("older", { before: oldest, limit: PAGE });
    });
  }

  newer(): Promise<void> {
    return this.#inTurn(async () => {
      const { window } = this.#options;
      if (this.status !== "ready" || window.isLive) return;
      await this.#readEdge("newer", { after: window.newestSeq ?? 0, limit: PAGE });
    });
  }

  /** Something may have been missed: reads all that is in the window once more, and what came after it. */
  again(): Promise<void> {
    this.#isBehind = true;
    return this.#inTurn(async () => {
      const { window } = this.#options;
      const from = window.oldestSeq;
      const to = window.newestSeq;
      if (this.status !== "ready" || from === null || to === null) {
        this.#isBehind = false;
        return this.status === "ready" ? this.#readLatest() : undefined;
      }
      // One whose end could not be read last time was live before that.
      const wasLive = window.isLive || window.newer === "failed";
      let next: PageOptions | null = { after: from - 1, limit: PAGE_MAX };
      // What lies beyond is read when somebody gets there; a window without its end is not live.
      while (next && (wasLive || Number(next.after) < to)) {
        const page: MessagePage | null = await this.#readEdge("newer", next);
        if (!page) return;
        next = page.next;
        if (next && Number(next.after) > to + PAGE_MAX) break;
      }
      this.#isBehind = false;
    });
  }

  /** The server has summed up the newest messages: what differs from them here is read anew. */
  compare(digest: string): Promise<void> {
    const { window } = this.#options;
    if (this.status !== "ready") return Promise.resolve();
    const newest = window.newest(DIGEST_TAIL);
    const isCovered = window.isLive && (window.older === "end" || newest.length === DIGEST_TAIL);
    const isSame = isCovered && digestOf(newest) === digest;
    return isSame ? Promise.resolve() : this.heal();
  }

  /** Compares all that is in the window with the server, and reads anew the parts of it that differ. */
  heal(): Promise<void> {
    return this.#inTurn(async () => {
      const { window, messages } = this.#options;
      if (this.status !== "ready") return;
      const from = window.older === "end" ? 1 : window.oldestSeq;
      const to = window.isLive ? null : window.newestSeq;
      if (from === null || (to === null && !window.isLive)) return;
      try {
        const digest = await messages.digest(from, to);
        if (!digest) return;
        const parts = digest.parts.length > 0 ? digest.parts : [digest];
        const wrong = parts.filter((part) => digestOf(window.between(part.from, part.to)) !== part.digest);
        for (const part of wrong) await this.#readPart(part.from, part.to);
      } catch {
        // The next comparison finds it.
      }
    });
  }

  /** There is a connection again: reads what could not be read without one. */
  recover(): void {
    if (this.status === "failed") void this.open(this.#wanted);
    else if (this.#isBehind) void this.again();
  }

  /** Forgets everything, and reads the newest page where something had been read. */
  restart(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.status === "empty") return;
      this.#options.window.clear();
      await this.#readLatest();
    });
  }

  /** Forgets everything: it can be read again. */
  drop(): void {
    this.status = "empty";
    this.error = null;
    this.#options.window.clear();
    this.#options.changed();
  }

  #readLatest(): Promise<void> {
    return this.#readFirst({ limit: PAGE }, (page) => [page.next, null]);
  }

  #readAround(around: MessageRef): Promise<void> {
    return this.#readFirst({ around, limit: PAGE }, (page) => [page.next, page.prev]);
  }

  /** A page that takes the place of whatever was there. */
  async #readFirst(
    query: PageOptions,
    beyond: (page: MessagePage) => [older: PageOptions | null, newer: PageOptions | null],
  ): Promise<void> {
    const { messages } = this.#options;
    const hadRows = this.status === "ready";
    if (!hadRows) this.status = "loading";
    this.error = null;
    try {
      await this.#read(messages.page(query), (page) => {
        const [older, newer] = beyond(page);
        this.#fill(page.items, older, newer);
      });
    } catch (error) {
      if (!hadRows) this.status = "failed";
      this.#failed(error);
    }
  }

  /** Puts a page in the place of whatever was there, with whether there is more on either side. */
  #fill(items: readonly AnyMessage[], older: unknown, newer: unknown): void {
    const { window } = this.#options;
    window.clear();
    window.addPage(items, "newer");
    window.older = older ? "more" : "end";
    window.newer = newer ? "more" : "end";
    this.status = "ready";
  }

  /** A page that goes on where the window ends. */
  async #readEdge(side: "older" | "newer", query: PageOptions): Promise<MessagePage | null> {
    const { window, messages } = this.#options;
    window[side] = "loading";
    this.error = null;
    try {
      return await this.#read(messages.page(query), (page) => {
        window[side] = page.next ? "more" : "end";
        window.addPage(page.items, side);
      });
    } catch (error) {
      window[side] = "failed";
      this.#failed(error);
      return null;
    }
  }

  /** All from one place to another, in the place of what is there. */
  async #readPart(from: number, to: number): Promise<void> {
    const { window, messages } = this.#options;
    const all = async () => {
      const items: AnyMessage[] = [];
      let next: PageOptions | null = { after: from - 1, limit: Math.min(to - from + 1, PAGE_MAX) };
      while (next) {
        const page: MessagePage = await messages.page(next);
        items.push(...page.items);
        next = items.some((message) => seqOf(message) >= to) ? null : page.next;
      }
      return { items, next: null, prev: null, head: null };
    };
    await this.#read(all(), ({ items }) => window.replace(from, to, items));
  }

  /** Waits for a page, puts it in, and after it what was heard meanwhile. */
  async #read(asked: Promise<MessagePage>, put: (page: MessagePage) => void): Promise<MessagePage> {
    this.#held = [];
    this.#options.changed();
    try {
      const page = await asked;
      put(page);
      this.#options.read(page.items);
      return page;
    } finally {
      const held = this.#held ?? [];
      this.#held = null;
      for (const apply of held) apply();
      this.#options.changed();
    }
  }

  #failed(error: unknown): void {
    this.error =
      error instanceof ChatError
        ? error
        : new ChatError({ reason: "internal", message: "The messages could not be read", cause: error });
    this.#options.changed();
  }

  #has(around: MessageRef): boolean {
    const { window } = this.#options;
    if (typeof around === "string") return window.find(around) !== undefined;
    return window.rows.some(({ message }) => seqOf(message) === around);
  }

  /** One reading at a time. */
  #inTurn(read: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(read).finally(() => this.#options.changed());
    this.#turn = turn.catch(() => {});
    return turn;
  }
}
