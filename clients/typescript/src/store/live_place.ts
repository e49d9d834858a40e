// One room or conversation: its window, who writes in it, and what one does there.

import type { Chat } from "../chat.js";
import type { Clock } from "../clock.js";
import type { AnyMessage, User } from "../contract.js";
import type { MessageRef, ReadTarget, SendOptions } from "../conversations.js";
import type { OutboxEntry, Sending } from "../outbox/entry.js";
import { type Place, type PlaceKey, placeKey } from "../place.js";
import { seqOf } from "../resources/messages.js";
import { History } from "./history.js";
import type { MessageWindow, Person, PlaceStore, PlaceSummary } from "./model.js";
import { type Batch, Computed } from "./reactive.js";
import type { Counted } from "./reading.js";
import { type PartnerRead, Rows } from "./rows.js";
import { Typists } from "./typists.js";
import { Window } from "./window.js";

const WINDOW_MAX = 1000;

/** What a place needs of its store. */
export interface PlaceContext {
  chat: Chat;
  batch: Batch;
  after: Clock["after"];
  me: () => User | null;
  find: (userId: string) => Person | null;
  summary: (key: PlaceKey) => PlaceSummary | null;
  /** Messages were read from the server. */
  read: (place: LivePlace, messages: readonly AnyMessage[]) => void;
  /** Somebody looks at this place now. */
  used: (place: LivePlace) => void;
  markRead: (place: LivePlace, seq: number) => void;
  markUnread: (place: LivePlace, target: ReadTarget) => Promise<void>;
  mute: (place: LivePlace, muted: boolean) => Promise<void>;
}

/** A place of the store. */
export class LivePlace implements PlaceStore {
  readonly place: Place;
  readonly key: PlaceKey;
  readonly summary: Computed<PlaceSummary | null>;
  readonly window: Computed<MessageWindow>;
  readonly typing: Computed<readonly Person[]>;
  readonly history: History;
  readonly typists: Typists;
  readonly #context: PlaceContext;
  readonly #window = new Window(WINDOW_MAX);
  #rows: Rows | null = null;
  #partnerRead: PartnerRead | null = null;
  readonly #since = new Map<string, { state: OutboxEntry["state"]; at: number }>();

  constructor(context: PlaceContext, place: Place) {
    const { batch, chat } = context;
    this.#context = context;
    this.place = place;
    this.key = placeKey(place);
    this.summary = new Computed(batch, () => context.summary(this.key));
    this.window = new Computed(batch, (before) => this.#show(before));
    this.typing = new Computed<readonly Person[]>(batch, () => this.#writers());
    this.history = new History({
      messages: chat.conversation(place).messages,
      window: this.#window,
      read: (messages) => context.read(this, messages),
      changed: () => this.window.invalidate(),
    });
    this.typists = new Typists(context.after, () => this.typing.invalidate());
  }

  /** Whether nothing was read, or all that was read is dropped. */
  get isEmpty(): boolean {
    return this.history.status === "empty";
  }

  open({ around }: { around?: MessageRef } = {}): Promise<void> {
    this.#context.used(this);
    return this.history.open(around);
  }

  loadOlder(): Promise<void> {
    return this.history.older();
  }

  loadNewer(): Promise<void> {
    return this.history.newer();
  }

  loadLatest(): Promise<void> {
    this.#context.used(this);
    return this.history.latest();
  }

  send(content: string, options?: SendOptions): Sending {
    return this.#context.chat.conversation(this.place).send(content, options);
  }

  edit(messageId: string, content: string): Sending {
    return this.#context.chat.conversation(this.place).messages.edit(messageId, content);
  }

  delete(messageId: string): Sending {
    return this.#context.chat.conversation(this.place).messages.delete(messageId);
  }

  retry(clientId: string): void {
    this.#context.chat.outbox.retry(clientId);
  }

  discard(clientId: string): void {
    this.#context.chat.outbox.discard(clientId);
  }

  startTyping(): void {
    this.#context.chat.conversation(this.place).typing();
  }

  stopTyping(): void {
    this.#context.chat.conversation(this.place).stopTyping();
  }

  markRead(seq: number): void {
    this.#context.markRead(this, seq);
  }

  markUnread(target: ReadTarget): Promise<void> {
    return this.#context.markUnread(this, target);
  }

  mute(muted: boolean): Promise<void> {
    return this.#context.mute(this, muted);
  }

  /** An entry of the outbox for this place came, changed or went. */
  follow({ clientId, state }: OutboxEntry, isGone: boolean, now: number): void {
    if (isGone) this.#since.delete(clientId);
    else if (this.#since.get(clientId)?.state !== state) this.#since.set(clientId, { state, at: now });
    this.window.invalidate();
  }

  /** The other person of a conversation has read up to there, or has marked what follows as unread. */
  partnerRead(seq: number, at: number): void {
    this.#partnerRead = { seq, at };
    this.window.invalidate();
  }

  /** Another person is signed in, or nobody: forgets everything. */
  clear(): void {
    this.#rows = null;
    this.#partnerRead = null;
    this.#since.clear();
    this.typists.clear();
    this.history.drop();
  }

  /** Messages after a place in the log, as far as they count; null where the window does not hold them all. */
  after(seq: number): Counted[] | null {
    const isWhole = this.history.status === "ready" && this.#window.isLive;
    const reachesBack = this.#window.older === "end" || (this.#window.oldestSeq ?? Infinity) <= seq + 1;
    if (!isWhole || !reachesBack) return null;
    const stored = this.#window.rows.filter((row) => row.seq > seq);
    return stored.map(({ seq: own, message }) => this.count(message, own));
  }

  /** A message as far as it counts. */
  count(message: AnyMessage, seq = seqOf(message)): Counted {
    const isOwn = message.senderId === this.#context.me()?.id;
    const isMention = this.#rowsOfMe()?.namesMe(message.content) ?? false;
    return { seq, isOwn, isDeleted: message.deletedAt !== null, isMention: isMention && !isOwn };
  }

  #show(before: MessageWindow | undefined): MessageWindow {
    const { status, error } = this.history;
    const { older, newer } = this.#window;
    const made =
      this.#rowsOfMe()?.make({
        stored: this.#window.rows,
        entries: this.#context.chat.outbox.entries(this.place),
        since: (clientId) => this.#since.get(clientId)?.at ?? 0,
        partnerRead: this.#partnerRead,
      }) ?? [];
    const rows = before && isSame(before.rows, made) ? before.rows : made;
    const isKept =
      before?.rows === rows &&
      before.status === status &&
      before.error === error &&
      before.older === older &&
      before.newer === newer;
    return isKept ? before : { status, rows, older, newer, error };
  }

  #rowsOfMe(): Rows | null {
    const me = this.#context.me();
    if (me && !this.#rows) this.#rows = new Rows(me);
    return this.#rows;
  }

  #writers(): Person[] {
    const mine = this.#context.me()?.id;
    const ids = this.typists.ids.filter((id) => id !== mine);
    return ids.flatMap((id) => this.#context.find(id) ?? []);
  }
}

function isSame<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
