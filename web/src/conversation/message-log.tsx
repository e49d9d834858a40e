// The list of messages of one conversation: what the store knows, laid out on the timeline; where it opens, and what was read.

import { type Signal, signal } from "@preact/signals";
import type { MessageRow, MessageWindow, PlaceStore } from "fireside-chat/store";
import { render } from "preact";

import { isAttended, onAttention, rememberedSpot, rememberSpot } from "./attention.js";
import { type EdgeHost, EntryView } from "./entry-view.js";
import { type Entry, firstNew, layOut, type MessageEntry } from "./layout.js";
import type { MessageHost, MessageLook } from "./message.js";
import { Reading } from "./reading.js";
import { ElementSurface } from "./timeline/surface.js";
import { Timeline } from "./timeline/timeline.js";

/** A third of the screen above what is new, or what an address leads to. */
const OPENING = { above: 1 / 3 };
/** New messages further back than this are not on the newest page for sure. */
const NEWEST_PAGE = 40;

/** What the log needs from the conversation around it. */
export interface LogOwner {
  readonly host: MessageHost & EdgeHost;
  look(entry: MessageEntry): MessageLook;
  /** Messages of others have come, in the present. */
  arrived(rows: readonly MessageRow[]): void;
  /** The list was laid out again. */
  changed(): void;
  /** The message that an address leads to is not to be had. */
  missed(): void;
}

/** What the way to the end looks like. */
export interface Pill {
  readonly isShown: boolean;
  /** When the first message on the screen was sent; null where that is today. */
  readonly dateMs: number | null;
}

/** How far the conversation is: nothing there yet, there, or not to be had. */
export type LogStatus = "loading" | "ready" | "failed";

export class MessageLog {
  readonly pill: Signal<Pill> = signal({ isShown: false, dateMs: null });
  readonly status: Signal<LogStatus> = signal("loading");
  readonly surface: ElementSurface<Entry>;
  readonly #place: PlaceStore;
  readonly #owner: LogOwner;
  readonly #timeline: Timeline<Entry>;
  readonly #reading: Reading;
  readonly #ending = new AbortController();
  #entries: Entry[] = [];
  #byKey = new Map<string, Entry>();
  /** How far somebody has read who finds something new; null where nothing is. */
  #unreadAfter: number | null = null;
  /** Whether the window has changed since the entries were laid out. */
  #isStale = false;
  #newFrom: number | null = null;
  #isOpen = false;
  /** Whether what was asked for at the opening has come, or cannot. */
  #isSettled = false;
  /** A message that an address leads to and that is not there yet. */
  #wantedId: string | null;
  /** The newest message that was there at the last look at the present. */
  #newestSeq = 0;

  constructor(
    elements: { scroller: HTMLElement; rows: HTMLElement },
    place: PlaceStore,
    wantedId: string | null,
    owner: LogOwner,
  ) {
    this.#place = place;
    this.#owner = owner;
    this.#wantedId = wantedId;
    const painter = {
      paint: (element: HTMLElement, entry: Entry) => this.#paint(element, entry),
      clear: (element: HTMLElement) => render(null, element),
    };
    this.surface = new ElementSurface(elements.scroller, elements.rows, painter);
    this.#timeline = new Timeline(this.surface, {
      wantsMore: (direction) => this.#wantsMore(direction),
      viewChanged: () => this.#viewChanged(),
    });
    const readSeq = place.summary.get()?.readSeq ?? 0;
    this.#reading = new Reading(readSeq, (seq) => place.markRead(seq));
    const { signal: ended } = this.#ending;
    const disconnect = this.surface.connect(this.#timeline);
    ended.addEventListener("abort", disconnect);
    place.window.subscribe((window) => this.#windowChanged(window), { signal: ended });
    onAttention(() => this.#viewChanged(), ended);
    this.#open();
  }

  /** The list goes away. */
  close(): void {
    if (this.#isOpen) rememberSpot(this.#place.key, this.#timeline.spot());
    this.#reading.looksAway();
    this.#ending.abort();
  }

  /** Messages in the list, oldest first, whether they have a row now or not. */
  get messages(): MessageEntry[] {
    return this.#laidOut().filter((entry) => entry.kind === "message");
  }

  find(key: string): MessageEntry | null {
    this.#laidOut();
    const entry = this.#byKey.get(key);
    return entry?.kind === "message" ? entry : null;
  }

  findById(messageId: string): MessageEntry | null {
    return this.messages.find((entry) => entry.row.id === messageId) ?? null;
  }

  /** Messages of which at least half is on the screen. */
  seen(): MessageEntry[] {
    return this.#timeline.seen().flatMap((key) => this.find(key) ?? []);
  }

  /** Goes to a message, wherever it is. */
  async goTo(messageId: string): Promise<void> {
    this.#wantedId = messageId;
    if (this.#goToWanted()) return;
    await this.#place.open({ around: messageId });
  }

  /** Brings a row onto the screen. */
  reveal(key: string): boolean {
    return this.#timeline.reveal(key);
  }

  /** Goes to the present and stays there. */
  async toEnd(): Promise<void> {
    this.#wantedId = null;
    this.#reading.release();
    if (this.#place.window.get().newer !== "end") await this.#place.loadLatest();
    if (!this.#ending.signal.aborted) this.#timeline.toEnd();
  }

  /** Takes the line away where the new began, and goes to the end: everything counts as read. */
  dismiss(): void {
    this.#newFrom = null;
    const head = this.#place.summary.get()?.headSeq;
    if (head !== undefined) this.#place.markRead(head);
    this.#show();
    void this.toEnd();
  }

  /** The messages from there on are new, and stay so until one comes back. */
  markUnread(seq: number): void {
    this.#reading.hold();
    this.#newFrom = seq;
    this.#show();
  }

  /** Tries again what could not be read. */
  retry(): void {
    void this.#place.open();
  }

  #open(): void {
    const { unreadCount = 0, readSeq = 0, headSeq = 0 } = this.#place.summary.get() ?? {};
    if (unreadCount > 0) this.#unreadAfter = readSeq;
    const isFarBack = unreadCount > 0 && headSeq - readSeq > NEWEST_PAGE;
    const around = this.#wantedId ?? (isFarBack ? readSeq + 1 : null);
    this.#windowChanged(this.#place.window.get());
    void this.#place.open(around === null ? {} : { around }).then(() => this.#settled());
  }

  /** Whatever the window has now is what there is to show. */
  #settled(): void {
    this.#isSettled = true;
    if (!this.#ending.signal.aborted && !this.#isOpen) this.#windowChanged(this.#place.window.get());
  }

  #windowChanged(window: MessageWindow): void {
    if (this.#wantedId !== null && window.error?.retryable === false) {
      this.#wantedId = null;
      this.#owner.missed();
      if (window.status !== "ready") void this.#place.open();
    }
    if (this.#isOpen) this.#laterShow(window);
    else if (window.status === "ready" && this.#showsUnread(window)) this.#firstShow(window);
    this.status.value = this.#isOpen ? "ready" : window.status === "failed" ? "failed" : "loading";
  }

  /** Whether a window has the place where the new messages begin: one from before may end far from it. */
  #showsUnread(window: MessageWindow): boolean {
    if (this.#unreadAfter === null || this.#isSettled) return true;
    const oldest = window.rows.find((row) => row.seq !== null)?.seq ?? 0;
    const reachesBack = window.older === "end" || oldest <= this.#unreadAfter + 1;
    return reachesBack && (window.newer === "end" || newestOf(window) > this.#unreadAfter);
  }

  #firstShow(window: MessageWindow): void {
    this.#isOpen = true;
    this.#newestSeq = newestOf(window);
    if (this.#unreadAfter !== null) this.#newFrom = firstNew(window.rows, this.#unreadAfter)?.seq ?? null;
    this.#isStale = true;
    if (this.#goToWanted()) return;
    const spot = rememberedSpot(this.#place.key);
    const entries = this.#laidOut();
    if (this.#newFrom !== null) this.#timeline.openAt(entries, "new", OPENING);
    else if (spot) this.#timeline.openAt(entries, spot.key, spot);
    else this.#timeline.openAtEnd(entries);
    this.#show();
  }

  #laterShow(window: MessageWindow): void {
    const arrived = this.#arrivals(window);
    if (arrived.length > 0) this.#startNew(arrived);
    this.#show();
    if (arrived.length > 0) this.#owner.arrived(arrived);
    this.#goToWanted();
  }

  /** Lays out anew, once a frame however often it is called. */
  #show(): void {
    this.#isStale = true;
    this.#timeline.update(() => this.#laidOut(), this.#place.window.get().newer !== "end");
    this.#owner.changed();
  }

  #laidOut(): readonly Entry[] {
    if (!this.#isStale) return this.#entries;
    this.#isStale = false;
    this.#entries = layOut(this.#place.window.get(), this.#newFrom, this.#byKey);
    this.#byKey = new Map(this.#entries.map((entry) => [entry.key, entry]));
    return this.#entries;
  }

  /** Messages of others that have come since the last look, in a window that reaches the present. */
  #arrivals(window: MessageWindow): MessageRow[] {
    if (window.newer !== "end") return [];
    const before = this.#newestSeq;
    this.#newestSeq = Math.max(before, newestOf(window));
    return window.rows.filter((row) => row.seq !== null && row.seq > before && !row.isOwn && row.deletedAt === null);
  }

  /** While nobody looks, the line moves to the first message that nobody saw. */
  #startNew(arrived: MessageRow[]): void {
    const readSeq = this.#place.summary.get()?.readSeq ?? 0;
    const isOldLineRead = this.#newFrom === null || this.#newFrom <= readSeq;
    if (!isAttended() && isOldLineRead) this.#newFrom = arrived[0]?.seq ?? this.#newFrom;
  }

  #goToWanted(): boolean {
    const entry = this.#wantedId === null ? null : this.findById(this.#wantedId);
    if (!entry || !this.#isOpen) return false;
    this.#wantedId = null;
    this.#timeline.openAt(this.#laidOut(), entry.key, OPENING);
    this.#show();
    return true;
  }

  #wantsMore(direction: "older" | "newer"): void {
    const window = this.#place.window.get();
    if (window[direction] !== "more") return;
    void (direction === "older" ? this.#place.loadOlder() : this.#place.loadNewer());
  }

  #viewChanged(): void {
    const window = this.#place.window.get();
    const seen = this.seen();
    const isAtEnd = this.#timeline.isFollowing && window.newer === "end";
    const [first] = seen;
    const isToday = first && new Date(first.row.createdAt).toDateString() === new Date().toDateString();
    this.#setPill({ isShown: this.#isOpen && !isAtEnd, dateMs: first && !isToday ? first.row.createdAt : null });
    if (!isAttended()) return this.#reading.looksAway();
    this.#reading.sees(
      seen.flatMap(({ row }) => row.seq ?? []),
      this.#timeline.lastOwnScrollMs,
    );
  }

  #setPill(pill: Pill): void {
    const { isShown, dateMs } = this.pill.peek();
    if (isShown !== pill.isShown || dateMs !== pill.dateMs) this.pill.value = pill;
  }

  #paint(element: HTMLElement, entry: Entry): void {
    const look = entry.kind === "message" ? this.#owner.look(entry) : null;
    render(<EntryView entry={entry} look={look} host={this.#owner.host} />, element);
  }
}

function newestOf(window: MessageWindow): number {
  return window.rows.reduce((newest, row) => Math.max(newest, row.seq ?? 0), 0);
}
