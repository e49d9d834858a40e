// Keeps what is heard complete: events of a room come each once and in order, and what was missed is asked for.

import { backoffMs } from "../backoff.js";
import type { Clock } from "../clock.js";
import type { Given } from "../connection/connection.js";
import type { Bootstrap, Head, Resumed, ResumedRoom, RoomDigest, UserChanged } from "../contract.js";
import type { ChatError } from "../errors.js";
import { Cursors } from "./cursors.js";
import { OwnLog } from "./own_log.js";
import { DURABLE, positionOf, roomOf } from "./wire.js";

/** Rooms in one question (the server's own limit). */
const ROOMS_MAX = 200;
const ANSWER_MS = 20_000;
/** Events kept of a room while its past is asked for; more, and the room is asked for once again. */
const HELD_MAX = 1000;

/** What sync needs of the client, and whom it tells. */
export interface SyncOptions {
  clock: Clock;
  /** A call whose answer comes in order with events. */
  ask: (
    event: string,
    payload: object,
    timeoutMs: number,
    give: (error: ChatError | null, answer: Given) => void,
  ) => void;
  /** Which rooms and conversations there are, and where their logs and one's own stand. */
  bootstrap: () => Promise<Bootstrap>;
  emit: (name: string, payload: unknown) => void;
  /** Whose rooms these are. */
  userId: () => string | null;
}

/** One event that waits until what came before it is known. */
interface Held {
  name: string;
  payload: unknown;
}

/** Follows the logs of rooms and of the user. */
export class Sync {
  readonly #options: SyncOptions;
  readonly #cursors = new Cursors();
  /** Rooms whose past is being asked for, with what was heard of them meanwhile. */
  readonly #held = new Map<string, Held[]>();
  readonly #own: OwnLog;
  #isReady = false;
  /** How often one came into a room or out of one: a list that was asked for before does not know of it. */
  #moves = 0;
  /** Counts connections: answers and pauses of an older one change nothing. */
  #turn = 0;
  #cancelPauses = new Set<() => void>();

  constructor(options: SyncOptions) {
    this.#options = options;
    this.#own = new OwnLog({
      changed: (change) => this.#ownChanged(change),
      lost: () => void this.#read(1),
      resume: () => this.#ask([], true, 1),
    });
  }

  /** Whether the lists were read once. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Forgets everything: another person, or nobody. */
  clear(): void {
    this.offline();
    this.#cursors.clear();
    this.#own.clear();
    this.#isReady = false;
  }

  /** Follows a room from there on, unless it is followed already. */
  track(roomId: string, position: Head): void {
    this.#cursors.begin(roomId, position);
  }

  /** How far a room's events were told; undefined where that is not known, or more of them are asked for just now. */
  position(roomId: string): Head | undefined {
    return this.#held.has(roomId) ? undefined : this.#cursors.get(roomId);
  }

  /** There is a connection: asks for what was missed, or, the first time, where everything stands. */
  online(): void {
    this.offline();
    const isKnown = this.#isReady && this.#own.isFollowed;
    this.#resume(this.#cursors.all(), isKnown);
    if (!isKnown) void this.#read(1);
  }

  /** Begins with what was read while there was no connection: the next one asks for what came after it. */
  begin(lists: Bootstrap): void {
    this.#own.begin(lists.position);
    for (const room of lists.rooms) this.#cursors.begin(room.id, room);
    for (const { roomId, epoch, headSeq } of lists.unread) this.#cursors.begin(roomId, { epoch, seq: headSeq });
    const isFirst = !this.#isReady;
    this.#isReady = true;
    this.#options.emit("sync:ready", { isFirst, ...lists });
  }

  /** There is no connection: what was asked will not be answered. */
  offline(): void {
    this.#turn += 1;
    this.#held.clear();
    this.#own.offline();
    for (const cancel of this.#cancelPauses) cancel();
    this.#cancelPauses.clear();
  }

  /** An event of the server. */
  hear(name: string, payload: unknown): void {
    if (name === "user:changed") return this.#own.hear(payload as UserChanged);
    if (name === "room:resync") {
      const roomId = roomOf(name, payload);
      if (roomId !== null) this.#resume([roomId]);
    }
    if (name === "room:digested") {
      // Of another moment it says nothing.
      const [roomId, seq] = payload as RoomDigest;
      if (this.position(roomId)?.seq !== seq) return;
    }
    const roomId = DURABLE.has(name) ? roomOf(name, payload) : null;
    const position = roomId === null ? null : positionOf(payload);
    if (roomId === null || position === null) return this.#options.emit(name, payload);
    this.#hearRoom(roomId, position, { name, payload });
  }

  #hearRoom(roomId: string, position: Head, event: Held): void {
    const held = this.#held.get(roomId);
    if (held) {
      // The newest one is kept in any case: it shows that there is a hole before it.
      if (held.length < HELD_MAX) held.push(event);
      else held[HELD_MAX - 1] = event;
      return;
    }
    const verdict = this.#cursors.judge(roomId, position);
    if (verdict === "next" || verdict === "early") this.#deliver(roomId, event);
    else if (verdict === "epoch") {
      this.#cursors.set(roomId, position);
      this.#options.emit("room:reset", { roomId, reason: "epoch" });
      this.#deliver(roomId, event);
    } else if (verdict === "hole") {
      this.#resume([roomId]);
      this.#held.get(roomId)?.push(event);
    }
  }

  #deliver(roomId: string, { name, payload }: Held): void {
    const isOwn = (payload as { userId?: string }).userId === this.#options.userId();
    const isMove = name === "room:created" || (isOwn && (name === "room:user-joined" || name === "room:user-left"));
    if (isMove || name === "room:deleted") this.#moves += 1;
    this.#options.emit(name, payload);
    if ((isOwn && name === "room:user-left") || name === "room:deleted") this.#cursors.forget(roomId);
  }

  #ownChanged(change: UserChanged): void {
    const { room } = change;
    if (room?.kind === "room" && room.member !== (this.#cursors.get(room.roomId) !== undefined)) this.#moves += 1;
    if (room && !room.member) this.#cursors.forget(room.roomId);
    this.#options.emit("user:changed", change);
  }

  /** Learns which rooms there are and where they stand. */
  async #read(tries: number): Promise<void> {
    const turn = this.#turn;
    const moves = this.#moves;
    try {
      const lists = await this.#options.bootstrap();
      if (turn !== this.#turn) return;
      if (moves === this.#moves) this.begin(lists);
      else void this.#read(tries);
    } catch {
      if (turn === this.#turn) this.#again(tries, () => void this.#read(tries + 1));
    }
  }

  /** Asks for the past of rooms, of those that are not being asked for already, and of one's own log. */
  #resume(roomIds: string[], withOwn = false): void {
    const followed = roomIds.filter((roomId) => this.#cursors.get(roomId) && !this.#held.has(roomId));
    for (const roomId of followed) this.#held.set(roomId, []);
    if (withOwn && followed.length === 0) this.#ask([], true, 1);
    for (let from = 0; from < followed.length; from += ROOMS_MAX)
      this.#ask(followed.slice(from, from + ROOMS_MAX), withOwn && from === 0, 1);
  }

  /** One question: rooms, and with them one's own log. */
  #ask(roomIds: string[], withOwn: boolean, tries: number): void {
    const turn = this.#turn;
    const rooms = roomIds.flatMap((roomId) => {
      const cursor = this.#cursors.get(roomId);
      return cursor ? [{ roomId, epoch: cursor.epoch, seq: cursor.seq }] : [];
    });
    const payload = withOwn ? { rooms, user: this.#own.ask() } : { rooms };
    this.#options.ask("resume", payload, ANSWER_MS, (error, answer) => {
      if (turn !== this.#turn) return;
      if (error?.retryable) {
        if (error.reason !== "offline") this.#again(tries, () => this.#ask(roomIds, withOwn, tries + 1), error);
        return;
      }
      const resumed: Resumed = error ? { rooms: [] } : (answer as Given & Resumed);
      const answers = new Map(resumed.rooms.map((room) => [room.roomId, room]));
      // Where the server cannot say what was missed, everything is read anew.
      const unknown = { recovered: false, reason: "unavailable" } as const;
      for (const roomId of roomIds) this.#fill(answers.get(roomId) ?? { roomId, ...unknown });
      if (withOwn) this.#own.recover(resumed.user);
    });
  }

  #fill(room: ResumedRoom): void {
    const { roomId } = room;
    const held = this.#held.get(roomId) ?? [];
    this.#held.delete(roomId);
    if ("events" in room) {
      this.#cursors.set(roomId, room);
      for (const event of room.events) this.#deliver(roomId, { name: event.name, payload: event.data });
    } else {
      if (room.epoch !== undefined && room.seq !== undefined)
        this.#cursors.set(roomId, { epoch: room.epoch, seq: room.seq });
      else this.#cursors.forget(roomId);
      this.#options.emit("room:reset", { roomId, reason: room.reason });
    }
    for (const event of held) {
      const position = positionOf(event.payload);
      if (position) this.#hearRoom(roomId, position, event);
    }
  }

  #again(tries: number, run: () => void, error?: ChatError): void {
    const { clock } = this.#options;
    const cancel = clock.after(Math.max(backoffMs(tries, clock.random()), error?.retryAfterMs ?? 0), () => {
      this.#cancelPauses.delete(cancel);
      run();
    });
    this.#cancelPauses.add(cancel);
  }
}
