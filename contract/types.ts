// Generated from the server's own types by `fireside types`; not to be edited.
// Unknown fields of what the server says are to be ignored.

/** The one argument of every acknowledgement. */
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: ApiError };

/** A list in an acknowledgement. */
export interface Items<T> {
  items: T[];
}

/** No fields at all. */
export type Nothing = Record<string, never>;

/** Joins the room of an invite with the account that one has. Whoever is a member already uses nothing up. */
export interface AcceptInvite {
  /** The code of the link. */
  code: string;
}

/** A message of either kind. */
export type AnyMessage = DirectMessage | Message;

/** The error object of an ack (`{ok: false, error}`), and the extra members of a problem document. */
export interface ApiError {
  /** The tutorial's code where it had one for the operation (`SEND_FAILED`), else the reason in capitals. */
  code: string;
  /** Why, from the closed list. */
  reason: ErrorReason;
  /** For people; may change. */
  message: string;
  /** Whether the same request may succeed later without a change. */
  retryable: boolean;
  /** Milliseconds to wait before a retry, when known. */
  retryAfterMs?: number;
  /** The field at fault, when there is one. */
  field?: string;
}

/** `authenticate`. Without a token, the one of the handshake counts. */
export interface Authenticate {
  /** A bearer token. */
  token?: string;
}

/** `authenticated`. */
export interface Authenticated {
  /** The socket's id. */
  id: string;
  time: Time;
}

/**
 * What a client begins with. The position was taken first, and pages of messages were read last: resuming one's own
 * stream from `position` and each room or conversation from where the lists say it stands misses nothing.
 */
export interface Bootstrap {
  /** Whose all this is. */
  me: User;
  /** Where one's own stream stands, as `user_changes.position` tells it. */
  position: UserPosition;
  /** As `rooms.list`. */
  rooms: Room[];
  /** As `reads.list`. */
  unread: Unread[];
  /** As `direct_messages.conversations`. */
  conversations: User[];
  /** The newest messages of `roomId`; absent where it is not asked for, or not one's own to read. */
  messages?: PageOfMessage;
  /** The newest messages exchanged with `userId`; absent where they are not asked for, or nobody is that. */
  directMessages?: PageOfDirectMessage;
}

/** Changes one's password; every other session ends. */
export interface ChangePassword {
  /** The one so far. */
  currentPassword: TypedPassword;
  /** The one from now on. */
  newPassword: string;
}

/** Asks what an invite leads to: whoever has its code may know. */
export interface CheckInvite {
  /** The code of the link. */
  code?: string | null;
}

/** Asks, with the token that claims a new server, what there is to decide about it. */
export interface CheckSetup {
  /** The token of the setup link. */
  token?: string | null;
}

/** Claims a server that has no administrator yet, with the one-use token it printed at its start. */
export interface Claim {
  /** The token of the printed link. */
  token: string;
  /** Unique name. */
  username: string;
  /** At least 8 characters. */
  password: string;
  /** Name as shown. */
  displayName?: string | null;
  /** Who may make an account from now on; not where the server was started with an answer. */
  signup?: Signup | null;
  /** Whether there are some more rooms to begin with than the first two. */
  sampleRooms?: boolean;
}

/** Makes an invite to the server. */
export interface CreateInvite {
  /** How many may use it; 1 where not given. */
  uses?: number | null;
  /** Hours until it ends; 168 where not given. */
  hours?: number | null;
  /** Room that whoever uses it is a member of from the start: a public one, or one whose admin makes the invite. */
  roomId?: string | null;
}

/** Makes a room; its maker is its first member and admin. */
export interface CreateRoom {
  /** Its name. */
  name: string;
  /** What it is about. */
  description?: string | null;
  /** Invisible to whoever is not a member. Public where not given. */
  isPrivate?: boolean;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
}

/** Deletes one's own message, or as an admin of the room anyone's. */
export interface DeleteMessage {
  /** The message. */
  messageId: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Deletes a room for everyone; for its admins. */
export interface DeleteRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
}

/** A deletion. Deleting twice is one deletion: the answer is the same. */
export interface Deleted {
  /** The deleted message. */
  messageId: string;
  /** Its room. */
  roomId: string;
  /** Place of the deletion in the log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** When. */
  deletedAt: Time;
}

/** The digest of a stretch of a room's messages, at most 1,000 of them: the newest ones. */
export interface Digest {
  /** The room or conversation. */
  roomId: string;
  /** Its epoch. */
  epoch: string;
  /** The head of its log that this is true of: compare when you are exactly there. */
  seq: number;
  /** From this place on. */
  from: number;
  /** Up to this place. */
  to: number;
  /** How many messages are in it, deleted ones left out. */
  count: number;
  /**
   * The sum over their places and revisions: each pair mixed by SplitMix64's finalizer over
   * `seq * 0x9E3779B97F4A7C15 + rev` (64 bits, wrapping), all joined by exclusive or; the first 48 bits of it, 12
   * hexadecimal digits.
   */
  digest: string;
  /** The same in up to 16 parts, to find where it differs. */
  parts: DigestPart[];
}

/** A stretch of a room's messages, and the sum over those in it. */
export interface DigestPart {
  /** From this place on. */
  from: number;
  /** Up to this place. */
  to: number;
  /** How many messages are in it, deleted ones left out. */
  count: number;
  /**
   * The sum over their places and revisions: each pair mixed by SplitMix64's finalizer over
   * `seq * 0x9E3779B97F4A7C15 + rev` (64 bits, wrapping), all joined by exclusive or; the first 48 bits of it, 12
   * hexadecimal digits.
   */
  digest: string;
}

/** A message between two people. */
export interface DirectMessage {
  /** The message. */
  id: string;
  /** When it was accepted. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Who wrote it. */
  senderId: string;
  /** To whom. */
  receiverId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When the receiver had read it. */
  readAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /** When its content last changed. */
  editedAt: Time | null;
  /** The conversation, usable wherever a room's id is. */
  roomId: string;
  /** Its place in the conversation's log; in `dm:edited` the place of the edit. */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
}

/** A direct message as an event carries it. */
export interface DirectMessageEvent {
  /** The message. */
  id: string;
  /** When it was accepted. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Who wrote it. */
  senderId: string;
  /** To whom. */
  receiverId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When the receiver had read it. */
  readAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /** When its content last changed. */
  editedAt: Time | null;
  /** The conversation, usable wherever a room's id is. */
  roomId: string;
  /** Its place in the conversation's log; in `dm:edited` the place of the edit. */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
  /** The conversation's epoch. */
  epoch: string;
}

/** Shuts a user out or lets them in again; their sessions end at once. */
export interface DisableUser {
  /** By id or username. */
  userId: string;
  /** True shuts out. */
  disabled: boolean;
}

/** Lists public rooms. */
export interface DiscoverRooms {
  /** Part of the name; nothing lists all. */
  query?: string;
  /** Rows wanted. */
  limit?: number;
  /** Only rooms after this one (its slug) in the order of slugs. */
  after?: string | null;
}

/** Puts the first steps away, for every administrator and for good. */
export type DismissFirstSteps = Nothing;

/** An answer with nothing in it: `{ok: true}`, or 204 without a body. */
export type Done = Record<never, never>;

/** `server:draining`. */
export interface Draining {
  /** Milliseconds to wait before connecting again; each client is told its own. */
  reconnectAfterMs: number;
}

/** Changes the text of one's own message. */
export interface EditMessage {
  /** The message. */
  messageId: string;
  /** What it says from now on. */
  content: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Signs one device out. */
export interface EndSession {
  /** The device's session. */
  sessionId: string;
}

/** Why a request failed. Closed list; clients may switch on it. */
export type ErrorReason = "malformed" | "validation" | "unknown_field" | "too_long" | "unauthenticated" | "unauthorized" | "forbidden" | "not_found" | "method_not_allowed" | "conflict" | "gone" | "payload_too_large" | "unsupported_media_type" | "limit" | "rate_limited" | "internal" | "overloaded" | "draining" | "indeterminate" | "timeout";

/** `error`. */
export interface EventError {
  /** As in the error of an ack. */
  code: string;
  /** For people; may change. */
  message: string;
}

/** Explains what is unread in a room: of its newest messages, which count and why. */
export interface ExplainUnread {
  /** The room or conversation, by id or slug. */
  roomId: string;
}

/** What is left to do for a new server. */
export interface FirstSteps {
  /** Null once an administrator does not want to see them any more. */
  steps: Steps | null;
}

/** Reads everything that a client shows first. */
export interface GetBootstrap {
  /** The room it opens, by id or slug: its newest messages come along. */
  roomId?: string | null;
  /** The person whose conversation it opens, by id or username: its newest messages come along. */
  userId?: string | null;
}

/** Asks for the digest of a stretch of a room's messages. */
export interface GetDigest {
  /** The room or conversation, by id or slug. */
  roomId: string;
  /** From this place on; without, the newest 64 messages up to `to`. */
  from?: number | null;
  /** Up to this place; without, up to the head. */
  to?: number | null;
}

/** Asks what is left to do for a new server. */
export type GetFirstSteps = Nothing;

/** Reads one's own profile. */
export type GetMe = Nothing;

/**
 * Asks where one's own stream stands. Take the position first, then fetch: what changes in between is then
 * told, not missed.
 */
export type GetPosition = Nothing;

/** Asks for the presence of some people; whoever shares no room with one is absent from the answer. */
export interface GetPresence {
  /** At most 200. */
  userIds: string[];
}

/** Reads one room: a member's, or any public one. */
export interface GetRoom {
  /** The room, by id or slug. */
  roomId: string;
}

/** Reads one user's profile. */
export interface GetUser {
  /** By id or username; `me` is oneself. */
  userId: string;
}

/** Where a room's log stands. */
export interface Head {
  /** Changes only when history was restored or cut; positions of another epoch mean nothing. */
  epoch: string;
  /** Position of the newest event. */
  seq: number;
}

/** Why a room does not go on where the client was. */
export type Hindrance = "epoch" | "ahead" | "too_many" | "unavailable" | "not_found";

/** An invite; its code is shown once. */
export interface Invite {
  /** To be given to `POST /auth/register`. */
  code: string;
  /** When it ends. */
  expiresAt: Time;
  /** How many may use it. */
  usesLeft: number;
  /** Where they begin. */
  roomId: string | null;
}

/** What became of accepting an invite. */
export interface InviteAccepted {
  /** The room one is a member of now; none if the invite leads to no room, or to one that is gone. */
  roomId: string | null;
}

/** What an invite leads to. */
export interface InvitePreview {
  /** Name of who invites, as shown. */
  host: string | null;
  /** Where one begins. */
  room: InvitedRoom | null;
  /** When it ends. */
  expiresAt: Time;
  /** How many may use it. */
  usesLeft: number;
}

/** The room of an invite. */
export interface InvitedRoom {
  /** Its id. */
  id: string;
  /** Its name. */
  name: string;
  /** How many are members of it. */
  memberCount: number;
}

/** Joins a public room; joining twice is one membership. */
export interface JoinRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Leaves a room. Leaving one that one is not in changes nothing. */
export interface LeaveRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** A membership that has ended. */
export interface Left {
  /** The room. */
  roomId: string;
  /** Who is out. */
  userId: string;
}

/** Lists the people one has exchanged direct messages with, the latest first. */
export type ListConversations = Nothing;

/** Reads a conversation, newest first. At most one of `before`, `after` and `around`. */
export interface ListDirectMessages {
  /** The other person, by id or username. */
  userId: string;
  /** Rows wanted. */
  limit?: number;
  /** Only messages before this one; tombstones are left out. */
  before?: string | number | null;
  /** Only messages after this one; tombstones included. */
  after?: string | number | null;
  /** Messages on both sides of this one; tombstones included. */
  around?: string | number | null;
}

/** Lists a room's members with their profiles. */
export interface ListMembers {
  /** The room, by id or slug. */
  roomId: string;
}

/** Reads a room's history, newest first. At most one of `before`, `after` and `around`. */
export interface ListMessages {
  /** The room, by id or slug. */
  roomId: string;
  /** Rows wanted. */
  limit?: number;
  /** Only messages before this one; tombstones are left out. */
  before?: string | number | null;
  /** Only messages after this one, the nearest first in time; tombstones included. */
  after?: string | number | null;
  /** Messages on both sides of this one; tombstones included. */
  around?: string | number | null;
}

/** Lists the members of a room who are online. */
export interface ListOnline {
  /** The room, by id or slug. */
  roomId: string;
}

/** Lists the rooms one is a member of. */
export type ListRooms = Nothing;

/** Lists one's devices. */
export type ListSessions = Nothing;

/** Lists what is unread in each of one's rooms and direct conversations. */
export type ListUnread = Nothing;

/** Signs in with a password. */
export interface Login {
  /** As typed; need not keep the rules of new names, it only fails then. */
  username: string;
  /** As typed. */
  password: TypedPassword;
}

/** Ends this session: its tokens and its live sockets. */
export type Logout = Nothing;

/**
 * Marks a room as unread from a message on: the only way back. Nothing from before one's joining becomes
 * unread.
 */
export interface MarkUnread {
  /** The room, by id or slug. */
  roomId: string;
  /** Unread from this position on … */
  seq?: number | null;
  /** … or from this message on. */
  messageId?: string | null;
}

/** A person's membership of a room. */
export interface Member {
  /** The membership. */
  id: string;
  /** When it was made. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** The room. */
  roomId: string;
  /** The person. */
  userId: string;
  /** As what. */
  role: Role;
  /** Since when. */
  joinedAt: Time;
  /** When they last read here. */
  lastReadAt: Time | null;
  /** Their profile, in lists. */
  user?: User;
}

/** `room:user-joined`, `room:user-left` and `member:updated`. */
export interface MemberEvent {
  /** The room. */
  roomId: string;
  /** Whom it is about. */
  userId: string;
  /** Their role, where they are a member. */
  role?: Role;
  /** Who did it, if not they themselves. */
  by?: string;
  /** Place in the room's log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
}

/** A message of a room. */
export interface Message {
  /** The message. */
  id: string;
  /** When it was accepted; never earlier than the message before it. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Its room. */
  roomId: string;
  /** Who wrote it. */
  senderId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another; `system` from the server itself. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When its content last changed. */
  editedAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /**
   * Its place in the room's log. In `message:edited` the place of the edit; `messageSeq` then has the
   * message's own.
   */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it; a higher one is newer. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
}

/** `message:deleted`: what is left of a message. */
export interface MessageDeleted {
  /** The deleted message. */
  messageId: string;
  /** Its room. */
  roomId: string;
  /** When. */
  deletedAt: Time;
  /** By whom: its sender or an admin of the room. */
  deletedBy: string;
  /** The message's own place in the log. */
  messageSeq: number;
  /** Place of the deletion. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
}

/** A message as an event carries it. */
export interface MessageEvent {
  /** The message. */
  id: string;
  /** When it was accepted; never earlier than the message before it. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Its room. */
  roomId: string;
  /** Who wrote it. */
  senderId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another; `system` from the server itself. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When its content last changed. */
  editedAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /**
   * Its place in the room's log. In `message:edited` the place of the edit; `messageSeq` then has the
   * message's own.
   */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it; a higher one is newer. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
  /** The room's epoch. */
  epoch: string;
}

/** Whether a message counts as unread. */
export interface MessageExplained {
  /** The message. */
  messageId: string;
  /** Its place. */
  seq: number;
  /** Whether it is among `unreadCount`. */
  counts: boolean;
  /** Why it counts, or the first reason why not. */
  reason: UnreadReason;
  /** Whether it mentions one. */
  mention: boolean;
}

/** An event that was missed. */
export interface MissedEvent {
  /** Its name, as on a socket. */
  name: string;
  /** Its payload, as on a socket. */
  data: Record<string, unknown>;
}

/** Mutes a room or conversation for oneself: what is said there does not count as unread; mentions do. */
export interface MuteRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** Whether it is to be muted. */
  muted: boolean;
}

/** Whether one has muted a room. */
export interface Muted {
  /** The room or conversation. */
  roomId: string;
  /** Whether it is muted. */
  muted: boolean;
}

/** A room that does not go on where the client was. */
export interface NotRecovered {
  /** The room. */
  roomId: string;
  /** `false`. */
  recovered: boolean;
  /** Why not. */
  reason: Hindrance;
  /** The room's epoch now, where it may be seen. */
  epoch?: string;
  /** The head of its log now, where it may be seen. */
  seq?: number;
}

/** A stream that does not go on where the client was. */
export interface NotRecoveredUser {
  /** `false`. */
  recovered: boolean;
  /** Why not. */
  reason: UserHindrance;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceDeleted {
  /** The deleted message. */
  messageId: string;
  /** Its room. */
  roomId: string;
  /** Place of the deletion in the log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** When. */
  deletedAt: Time;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceDone {
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceEdited {
  /** Place of the edit in the log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** The message as it is now. */
  message: AnyMessage;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceJoined {
  /** The room. */
  roomId: string;
  /** The member. */
  userId: string;
  /** Head of the room's log after joining. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** The room itself. */
  room: Room;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceLeft {
  /** The room. */
  roomId: string;
  /** Who is out. */
  userId: string;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceMember {
  /** The membership. */
  id: string;
  /** When it was made. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** The room. */
  roomId: string;
  /** The person. */
  userId: string;
  /** As what. */
  role: Role;
  /** Since when. */
  joinedAt: Time;
  /** When they last read here. */
  lastReadAt: Time | null;
  /** Their profile, in lists. */
  user?: User;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/**
 * The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
 * told by the header `idempotent-replayed: true`.
 */
export interface OnceRoom {
  /** The room. */
  id: string;
  /** When it was made. */
  createdAt: Time;
  /** When its name, description or privacy last changed. */
  modifiedAt: Time;
  /** Its name. */
  name: string;
  /** What it is about. */
  description: string | null;
  /** Private rooms are invisible to whoever is not a member. */
  isPrivate: boolean;
  /** Who made it. */
  createdBy: string;
  /** Unique name for use in requests and links. */
  slug: string;
  /** How many members it has. */
  memberCount: number;
  /** The room's epoch. */
  epoch: string;
  /** Position of its newest event. */
  seq: number;
  /** True if it had been done before, under the same name; else left out. */
  duplicate?: boolean;
}

/** One page of a list. Over REST the items are the body, the rest goes into headers. */
export interface PageOfDirectMessage {
  /** The rows. */
  items: DirectMessage[];
  /** Query of the page that goes on in the same direction (`before=12`); absent at the end. */
  next?: string;
  /** Query of the page in the other direction, where there is one. */
  prev?: string;
  /** Rows this page could hold. */
  limit: number;
  /** Head of the room's log when the page was read. */
  head?: Head;
}

/** One page of a list. Over REST the items are the body, the rest goes into headers. */
export interface PageOfMessage {
  /** The rows. */
  items: Message[];
  /** Query of the page that goes on in the same direction (`before=12`); absent at the end. */
  next?: string;
  /** Query of the page in the other direction, where there is one. */
  prev?: string;
  /** Rows this page could hold. */
  limit: number;
  /** Head of the room's log when the page was read. */
  head?: Head;
}

/** One page of a list. Over REST the items are the body, the rest goes into headers. */
export interface PageOfRoom {
  /** The rows. */
  items: Room[];
  /** Query of the page that goes on in the same direction (`before=12`); absent at the end. */
  next?: string;
  /** Query of the page in the other direction, where there is one. */
  prev?: string;
  /** Rows this page could hold. */
  limit: number;
  /** Head of the room's log when the page was read. */
  head?: Head;
}

/** `ping`. */
export interface Ping {
  time: Time;
}

/** One person's presence: the signal `presence:changed`, and a row of a snapshot. */
export interface Presence {
  /** Who. */
  userId: string;
  /** Now. */
  status: Status;
  /** When they were last connected; the present moment for someone online. */
  lastSeenAt: Time | null;
}

/**
 * Several people's presence: the answer to `presence:get`, and the signal `presence:snapshot`, sent once
 * after connecting and in place of many single changes. Rows to merge into what one knows, not a whole list.
 */
export interface PresenceSnapshot {
  /** One row a person. */
  users: Presence[];
}

/** An RFC 9457 problem document, as every REST error is answered (`application/problem+json`). */
export interface Problem {
  /** URI of the kind of problem: `/docs/errors#<reason>`. */
  type: string;
  /** Short and the same for every problem of this kind. */
  title: string;
  /** HTTP status. */
  status: number;
  /** What happened this time. */
  detail: string;
  /** HTTP status again, under the tutorial's name. */
  statusCode: number;
  /** Id of the request, also in the server's log. */
  requestId: string;
  /** The tutorial's code where it had one for the operation (`SEND_FAILED`), else the reason in capitals. */
  code: string;
  /** Why, from the closed list. */
  reason: ErrorReason;
  /** For people; may change. */
  message: string;
  /** Whether the same request may succeed later without a change. */
  retryable: boolean;
  /** Milliseconds to wait before a retry, when known. */
  retryAfterMs?: number;
  /** The field at fault, when there is one. */
  field?: string;
}

/** Marks a conversation as read up to a message. */
export interface ReadDirectMessages {
  /** The other person, by id or username. */
  userId: string;
  /** Read up to this position … */
  seq?: number | null;
  /** … or up to this message. */
  messageId?: string | null;
}

/** How far someone has read: the answer to marking, and the signal `read:updated`. */
export interface ReadPosition {
  /** The room or conversation. */
  roomId: string;
  /** Who has read. */
  userId: string;
  /** Everything up to here. */
  seq: number;
  /** When the position last moved. */
  lastReadAt: Time | null;
}

/** Marks a room as read up to a message. This moves a position only forward. */
export interface ReadRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** Read up to this position … */
  seq?: number | null;
  /** … or up to this message. */
  messageId?: string | null;
}

/** A room that goes on where the client was. */
export interface Recovered {
  /** The room. */
  roomId: string;
  /** `true`. */
  recovered: boolean;
  /** The room's epoch. */
  epoch: string;
  /** The client is here once it has applied the events. */
  seq: number;
  /**
   * What happened, in the order of the log. What was changed several times comes once, as it is now; what
   * was sent and deleted comes as `message:deleted`.
   */
  events: MissedEvent[];
}

/** A stream that goes on where the client was. */
export interface RecoveredUser {
  /** `true`. */
  recovered: boolean;
  /** The stream's epoch. */
  epoch: string;
  /** The client is here once it has applied the changes. */
  seq: number;
  /** How everything stands that has changed, in the order of the stream, each thing once. */
  changes: UserChange[];
}

/** Exchanges a refresh token for new tokens. Each refresh token works once; using one again ends its session. */
export interface Refresh {
  /** From the last answer. */
  refreshToken: string;
}

/** Makes an account and signs in. 403 where sign-up is closed or needs an invite. */
export interface Register {
  /** Unique name. */
  username: string;
  /** At least 8 characters. */
  password: string;
  /** Name as shown. */
  displayName?: string | null;
  /** Code of an invite, where one is needed. */
  invite?: string | null;
}

/** Removes someone from a room; for admins of the room, or with one's own id to leave. */
export interface RemoveMember {
  /** The room, by id or slug. */
  roomId: string;
  /** The person, by id or username. */
  userId: string;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
}

/** Asks for everything that happened in rooms, and to the user, after the positions that a client has reached. */
export interface Resume {
  /** The rooms, the most wanted first; each at most once, at most 200. */
  rooms?: RoomPosition[];
  /** Where the client is in its user's own stream, if it wants to go on there, too. */
  user?: UserPosition | null;
}

/** What was missed, a room each in the order they were asked for. */
export interface Resumed {
  /** The rooms. */
  rooms: ResumedRoom[];
  /** The user's own stream, where it was asked for. What comes live meanwhile may be part of it. */
  user?: ResumedUser;
}

/** What became of one room: everything, or honestly nothing. */
export type ResumedRoom = Recovered | NotRecovered;

/** What became of one's own stream since a position: everything, or honestly nothing. */
export type ResumedUser = RecoveredUser | NotRecoveredUser;

/** `room:resync`. */
export interface Resync {
  /** The room to fetch again. */
  roomId: string;
}

/** What a member may do in a room. */
export type Role = "admin" | "member";

/** A room. */
export interface Room {
  /** The room. */
  id: string;
  /** When it was made. */
  createdAt: Time;
  /** When its name, description or privacy last changed. */
  modifiedAt: Time;
  /** Its name. */
  name: string;
  /** What it is about. */
  description: string | null;
  /** Private rooms are invisible to whoever is not a member. */
  isPrivate: boolean;
  /** Who made it. */
  createdBy: string;
  /** Unique name for use in requests and links. */
  slug: string;
  /** How many members it has. */
  memberCount: number;
  /** The room's epoch. */
  epoch: string;
  /** Position of its newest event. */
  seq: number;
}

/** `room:deleted`. */
export interface RoomDeleted {
  /** The room that is gone. */
  roomId: string;
  /** Place in its log; the last one. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
}

/**
 * `room:digested`: `[roomId, seq, digest]`, the sum over a room's newest 64 messages (all of them where there are
 * fewer), as in the answer to `room:digest`. Told now and then to sockets that asked for it by `digest:watch`.
 * Compare when you are exactly at `seq`; else wait for the next one.
 *
 * At most 100 bytes, so it has no names for its fields.
 */
export type RoomDigest = [string, number, string];

/** `room:created` and `room:updated`: the room as it is from that position on. */
export interface RoomEvent {
  /** The room. */
  id: string;
  /** When it was made. */
  createdAt: Time;
  /** When its name, description or privacy last changed. */
  modifiedAt: Time;
  /** Its name. */
  name: string;
  /** What it is about. */
  description: string | null;
  /** Private rooms are invisible to whoever is not a member. */
  isPrivate: boolean;
  /** Who made it. */
  createdBy: string;
  /** Unique name for use in requests and links. */
  slug: string;
  /** How many members it has. */
  memberCount: number;
  /** The room's epoch. */
  epoch: string;
  /** Position of its newest event. */
  seq: number;
}

/** What a room is. */
export type RoomKind = "room" | "direct";

/** `join` and `leave`. */
export interface RoomNames {
  /** `room:<id>`, each a room of yours. */
  rooms: string[];
}

/** How far a client has come in a room. */
export interface RoomPosition {
  /** The room or direct conversation, by id. */
  roomId: string;
  /** The room's epoch as the client knows it. */
  epoch: string;
  /** Place of the last event that the client has applied; 0 for none. */
  seq: number;
}

/** How one stands in a room or conversation. */
export interface RoomStanding {
  /** The room or conversation. */
  roomId: string;
  /** Which of the two it is. */
  kind: RoomKind;
  /** The other person of a conversation. */
  userId?: string;
  /** Whether one is a member. Without membership nothing but `kind` and `userId` means anything. */
  member: boolean;
  /** As what. */
  role?: Role;
  /** Since when. */
  joinedAt?: Time;
  /** Everything up to here is read. */
  readSeq: number;
  /** When one last read. */
  lastReadAt: Time | null;
  /** Whether one has muted it. */
  muted: boolean;
}

/** Finds users by the beginning of their username or display name. */
export interface SearchUsers {
  /** What their name begins with; nothing lists everyone. */
  query?: string;
  /** Rows wanted. */
  limit?: number;
}

/** Sends a message to one person. */
export interface SendDirectMessage {
  /** The receiver, by id or username. */
  receiverId: string;
  /** What to say. */
  content: string;
  /** `text` where none is given. */
  type?: string | null;
  /** Stored beside it. */
  metadata?: Record<string, unknown> | null;
  /** A unique name for this message: sending it again is then the same message. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Sends a message to a room one is a member of. */
export interface SendMessage {
  /** The room, by id or slug. */
  roomId: string;
  /** What to say. */
  content: string;
  /** `text` where none is given. */
  type?: string | null;
  /** Stored beside it. */
  metadata?: Record<string, unknown> | null;
  /** A unique name for this message: sending it again is then the same message. */
  clientId?: string | null;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Who wrote a message, as shown beside it. */
export interface Sender {
  /** The user. */
  id: string;
  /** Unique name. */
  username: string;
  /** Name as shown. */
  displayName: string | null;
  /** URL of a picture. */
  avatar: string | null;
}

/** What was stored for a send. Over REST the body is the message with `epoch` and `duplicate`. */
export interface SentDirectMessage {
  /** The message. */
  id: string;
  /** Its room. */
  roomId: string;
  /** Its place in the room's log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** When it was accepted. */
  createdAt: Time;
  /** True if it had been sent before under the same `clientId`; this is then the first answer. */
  duplicate: boolean;
  /** The whole message. */
  message: DirectMessage;
}

/** What was stored for a send. Over REST the body is the message with `epoch` and `duplicate`. */
export interface SentMessage {
  /** The message. */
  id: string;
  /** Its room. */
  roomId: string;
  /** Its place in the room's log. */
  seq: number;
  /** The room's epoch. */
  epoch: string;
  /** When it was accepted. */
  createdAt: Time;
  /** True if it had been sent before under the same `clientId`; this is then the first answer. */
  duplicate: boolean;
  /** The whole message. */
  message: Message;
}

/** One signed-in device. */
export interface Session {
  /** The session. */
  id: string;
  /** `login`, or `service` for a token made by the command line. */
  kind: string;
  /** Name of a service token. */
  name: string | null;
  /** When it began. */
  createdAt: Time;
  /** When it was last used, to the minute. */
  lastUsedAt: Time;
  /** What the device called itself. */
  userAgent: string | null;
  /** Where it signed in from. */
  address: string | null;
  /** Whether it is the one that asks. */
  current: boolean;
}

/** `session:ended`. */
export interface SessionEnded {
  /** `logout`, `revoked`, `expired` or `disabled`. */
  reason: string;
}

/** `session:expiring`. */
export interface SessionExpiring {
  /** Milliseconds until the connection is closed. */
  inMs: number;
}

/** A device or service token that one is signed in with. */
export interface SessionStanding {
  /** The session. */
  id: string;
  /** Whether it was ended before its time. */
  ended: boolean;
  /** When it is over by itself, which is told no more. */
  expiresAt: Time;
}

/**
 * Adds someone to a room or changes their role; for admins of the room. With one's own id in a public
 * room and role `member` it is joining.
 */
export interface SetMember {
  /** The room, by id or slug. */
  roomId: string;
  /** The person, by id or username. */
  userId: string;
  /** As what; `member` where none is given. */
  role?: Role | null;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
}

/** Who signed in, and the tokens to act with. */
export interface SignedIn {
  /** Oneself. */
  user: User;
  /** A JWT for `Authorization: Bearer` and the sockets. */
  accessToken: string;
  /** For `POST /auth/refresh`, once. */
  refreshToken: string;
  /** Seconds until the access token ends. */
  expiresIn: number;
}

/** Who may make an account. */
export type Signup = "open" | "invite" | "closed";

/** Who may make an account here, and who says so. */
export interface SignupRule {
  /** What holds. */
  signup: Signup;
  /** Whether the server was started with it: then it cannot be chosen when the server is claimed. */
  isFixed: boolean;
}

/** Tells a room's members that one is writing. It ends by itself 3 s after the last one. */
export interface StartTyping {
  /** The room, by id or slug. */
  roomId: string;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** Whether someone has a live connection. */
export type Status = "online" | "offline";

/** Which of the first steps were taken. */
export interface Steps {
  /** Others are here, or an invite waits for them. */
  hasInvited: boolean;
  /** A bot or a back end has a token. */
  hasService: boolean;
}

/** Tells a room's members that one has stopped writing. */
export interface StopTyping {
  /** The room, by id or slug. */
  roomId: string;
  /**
   * @deprecated
   * Ignored.
   */
  userId?: unknown;
}

/** The REST body of a send. */
export interface StoredDirectMessage {
  /** The message. */
  id: string;
  /** When it was accepted. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Who wrote it. */
  senderId: string;
  /** To whom. */
  receiverId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When the receiver had read it. */
  readAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /** When its content last changed. */
  editedAt: Time | null;
  /** The conversation, usable wherever a room's id is. */
  roomId: string;
  /** Its place in the conversation's log; in `dm:edited` the place of the edit. */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
  epoch: string;
  duplicate: boolean;
}

/** The REST body of a send. */
export interface StoredMessage {
  /** The message. */
  id: string;
  /** When it was accepted; never earlier than the message before it. */
  createdAt: Time;
  /** When it last changed. */
  modifiedAt: Time;
  /** Its room. */
  roomId: string;
  /** Who wrote it. */
  senderId: string;
  /** What it says; empty once deleted. */
  content: string;
  /** `text` unless the client chose another; `system` from the server itself. */
  type: string;
  /** What a client stored beside it. */
  metadata: Record<string, unknown> | null;
  /** When its content last changed. */
  editedAt: Time | null;
  /** When it was deleted; then this is a tombstone. */
  deletedAt: Time | null;
  /** Who deleted it. */
  deletedBy?: string;
  /**
   * Its place in the room's log. In `message:edited` the place of the edit; `messageSeq` then has the
   * message's own.
   */
  seq: number;
  /** The message's own place, where `seq` is the place of a later event. */
  messageSeq?: number;
  /** Place of the last event that changed it; a higher one is newer. */
  rev: number;
  /** The name its sender's client gave it. */
  clientId?: string;
  /** Who wrote it, as shown. */
  sender: Sender;
  epoch: string;
  duplicate: boolean;
}

/** RFC 3339, UTC, with milliseconds */
export type Time = string;

/** A password as typed at sign-in; never shown by `Debug`. */
export type TypedPassword = string;

/** `typing:update`. */
export interface TypingUpdate {
  /** The room. */
  roomId: string;
  /** Who. */
  userId: string;
  /** Whether they are writing now. */
  isTyping: boolean;
}

/** `unauthenticated`. */
export interface Unauthenticated {
  /** For people; may change. */
  message: string;
  time: Time;
}

/** What is unread in a room or conversation. Counted from positions when asked for, never added up. */
export interface Unread {
  /** The room or conversation. */
  roomId: string;
  /** Which of the two it is. */
  kind: RoomKind;
  /** The other person of a conversation. */
  userId?: string;
  /** Everything up to here is read. */
  readSeq: number;
  /** The log's epoch. */
  epoch: string;
  /** The head of the log; with `epoch` it is a position to resume from. */
  headSeq: number;
  /**
   * Messages of others behind `readSeq` that are not deleted; 0 where the room is muted. 1,000 means 1,000
   * or more.
   */
  unreadCount: number;
  /** Those messages of others behind `readSeq` that mention one, muted or not. 1,000 means 1,000 or more. */
  mentionCount: number;
  /** Whether one has muted it. */
  muted: boolean;
  /** Place of the first message of others behind `readSeq` that is not deleted, muted or not. */
  firstUnreadSeq: number | null;
}

/** What is unread in a room, message by message. */
export interface UnreadExplained {
  /** The room or conversation. */
  roomId: string;
  /** Everything up to here is read. */
  readSeq: number;
  /** The head of the log. */
  headSeq: number;
  /** As in the list of what is unread. */
  unreadCount: number;
  /** As in the list of what is unread. */
  mentionCount: number;
  /** Whether one has muted it. */
  muted: boolean;
  /** The newest 200 messages, the newest first, tombstones included. */
  messages: MessageExplained[];
}

/** Why a message counts as unread, or does not. */
export type UnreadReason = "before_joining" | "deleted" | "own" | "read" | "muted" | "unread";

/** Changes one's own profile; absent fields stay. */
export interface UpdateMe {
  /** Name as shown. */
  displayName?: string | null;
}

/** Changes a room; for its admins. Absent fields stay; `description: null` clears it. */
export interface UpdateRoom {
  /** The room, by id or slug. */
  roomId: string;
  /** Its new name. The slug stays. */
  name?: string | null;
  /** What it is about. */
  description?: string | null;
  /** Private from now on, or public. */
  isPrivate?: boolean | null;
  /** A unique name for this change: asked for again under it, it is not done again. */
  clientId?: string | null;
}

/** A user as others see them. */
export interface User {
  /** The user. */
  id: string;
  /** When the account was made. */
  createdAt: Time;
  /** When the profile last changed. */
  modifiedAt: Time;
  /** Unique name. */
  username: string;
  /** Name as shown. */
  displayName: string | null;
  /** URL of a picture. */
  avatar: string | null;
  /** Whether a device of theirs is connected; always false where one may not know. */
  isOnline: boolean;
  /** When they were last connected. */
  lastSeenAt: Time | null;
  /** `person`, `service` or `system`. */
  kind: string;
  /** `admin` of the server, or `member`. */
  role: string;
}

/** How something of one's own stands, at its place in one's own stream. */
export interface UserChange {
  /** Place in one's own stream. */
  seq: number;
  /** A room or conversation. */
  room?: RoomStanding;
  /** A device or service token. */
  session?: SessionStanding;
}

/**
 * Something of one's own is different now, at `seq` of one's own stream: `user:changed`, to all of one's
 * sockets. Exactly one of `room` and `session` is there. It tells how things stand, not what was done: apply
 * it if its `seq` is above the one last applied. Where several changes came close together, positions in
 * between may be left out, never what they led to.
 */
export interface UserChanged {
  /** The stream's epoch. */
  epoch: string;
  /** Place in one's own stream. */
  seq: number;
  /** A room or conversation. */
  room?: RoomStanding;
  /** A device or service token. */
  session?: SessionStanding;
}

/** Why one's own stream does not go on where the client was. */
export type UserHindrance = "epoch" | "ahead";

/** A position in one's own stream. */
export interface UserPosition {
  /** The stream's epoch; positions of another one mean nothing. */
  epoch: string;
  /** Everything up to here is known. */
  seq: number;
}

/** `digest:watch`. */
export interface WatchDigests {
  /** Begin, or end. */
  watch: boolean;
}

/** Events a client sends: the second type parameter of socket.io-client's `Socket`. */
export interface ClientToServerEvents {
  /** Members of a room who are online */
  "room:online": (payload: ListOnline, ack: (reply: Ack<Items<Presence>>) => void) => void;
  /** Presence of some people */
  "presence:get": (payload: GetPresence, ack: (reply: Ack<PresenceSnapshot>) => void) => void;
  /** Your own profile */
  "user:me": (payload: GetMe, ack: (reply: Ack<User>) => void) => void;
  /** Find users by name */
  "user:search": (payload: SearchUsers, ack: (reply: Ack<Items<User>>) => void) => void;
  /** A user's profile */
  "user:get": (payload: GetUser, ack: (reply: Ack<User>) => void) => void;
  /** Change your profile */
  "user:update": (payload: UpdateMe, ack: (reply: Ack<User>) => void) => void;
  /** Shut a user out, or let them in again */
  "user:disable": (payload: DisableUser, ack: (reply: Ack<User>) => void) => void;
  /** Rooms you are a member of */
  "room:list": (payload: ListRooms, ack: (reply: Ack<Items<Room>>) => void) => void;
  /** Public rooms */
  "room:discover": (payload: DiscoverRooms, ack: (reply: Ack<PageOfRoom>) => void) => void;
  /** Make a room */
  "room:create": (payload: CreateRoom, ack: (reply: Ack<OnceRoom>) => void) => void;
  /** A room */
  "room:get": (payload: GetRoom, ack: (reply: Ack<Room>) => void) => void;
  /** Change a room */
  "room:update": (payload: UpdateRoom, ack: (reply: Ack<OnceRoom>) => void) => void;
  /** Delete a room */
  "room:delete": (payload: DeleteRoom, ack: (reply: Ack<OnceDone>) => void) => void;
  /** Get what you missed since the positions you had reached */
  "resume": (payload: Resume, ack: (reply: Ack<Resumed>) => void) => void;
  /** Join a room */
  "room:join": (payload: JoinRoom, ack: (reply: Ack<OnceJoined>) => void) => void;
  /** Leave a room */
  "room:leave": (payload: LeaveRoom, ack: (reply: Ack<OnceLeft>) => void) => void;
  /** A room's members */
  "member:list": (payload: ListMembers, ack: (reply: Ack<Items<Member>>) => void) => void;
  /** Add someone to a room, or change their role */
  "member:set": (payload: SetMember, ack: (reply: Ack<OnceMember>) => void) => void;
  /** Remove someone from a room, or leave */
  "member:remove": (payload: RemoveMember, ack: (reply: Ack<OnceLeft>) => void) => void;
  /** Send a message to a room */
  "message:send": (payload: SendMessage, ack: (reply: Ack<SentMessage>) => void) => void;
  /** Change the text of your message */
  "message:edit": (payload: EditMessage, ack: (reply: Ack<OnceEdited>) => void) => void;
  /** Delete a message */
  "message:delete": (payload: DeleteMessage, ack: (reply: Ack<OnceDeleted>) => void) => void;
  /** Read a room's history, newest first */
  "message:list": (payload: ListMessages, ack: (reply: Ack<PageOfMessage>) => void) => void;
  /** Check whether the messages you have are those that are stored */
  "room:digest": (payload: GetDigest, ack: (reply: Ack<Digest>) => void) => void;
  /** Send a message to one person */
  "dm:send": (payload: SendDirectMessage, ack: (reply: Ack<SentDirectMessage>) => void) => void;
  /** Read a conversation, newest first */
  "dm:list": (payload: ListDirectMessages, ack: (reply: Ack<PageOfDirectMessage>) => void) => void;
  /** People you have direct messages with */
  "conversation:list": (payload: ListConversations, ack: (reply: Ack<Items<User>>) => void) => void;
  /** Mark a conversation as read */
  "dm:read": (payload: ReadDirectMessages, ack: (reply: Ack<ReadPosition>) => void) => void;
  /** Mark a room as read */
  "room:read": (payload: ReadRoom, ack: (reply: Ack<ReadPosition>) => void) => void;
  /** Mark a room as unread from a message on */
  "room:unread": (payload: MarkUnread, ack: (reply: Ack<ReadPosition>) => void) => void;
  /** Mute a room for yourself, or no longer */
  "room:mute": (payload: MuteRoom, ack: (reply: Ack<Muted>) => void) => void;
  /** What is unread in your rooms and conversations */
  "unread:list": (payload: ListUnread, ack: (reply: Ack<Items<Unread>>) => void) => void;
  /** Which messages of a room count as unread, and why */
  "unread:explain": (payload: ExplainUnread, ack: (reply: Ack<UnreadExplained>) => void) => void;
  /** Where your own stream stands */
  "user:position": (payload: GetPosition, ack: (reply: Ack<UserPosition>) => void) => void;
  /** What a client needs to begin, at once */
  "bootstrap:get": (payload: GetBootstrap, ack: (reply: Ack<Bootstrap>) => void) => void;
  /** Say that you are writing */
  "typing:start": (payload: StartTyping, ack?: (reply: Ack<Done>) => void) => void;
  /** Say that you have stopped writing */
  "typing:stop": (payload: StopTyping, ack?: (reply: Ack<Done>) => void) => void;
  /** Say who you are, or continue with a new token before the old one ends */
  "authenticate": (payload: Authenticate, ack?: (reply: Ack<Done>) => void) => void;
  /** Hear rooms that you are a member of on this connection again */
  "join": (payload: RoomNames, ack?: (reply: Ack<Done>) => void) => void;
  /** Stop hearing rooms on this connection; you stay a member */
  "leave": (payload: RoomNames, ack?: (reply: Ack<Done>) => void) => void;
  /** Be told digests of the rooms you hear, every 30 s where something happened */
  "digest:watch": (payload: WatchDigests, ack?: (reply: Ack<Done>) => void) => void;
}

/** Events the server sends: the first type parameter of socket.io-client's `Socket`. */
export interface ServerToClientEvents {
  "message:new": (payload: MessageEvent) => void;
  "message:edited": (payload: MessageEvent) => void;
  "message:deleted": (payload: MessageDeleted) => void;
  "dm:new": (payload: DirectMessageEvent) => void;
  "dm:edited": (payload: DirectMessageEvent) => void;
  "dm:deleted": (payload: MessageDeleted) => void;
  "room:user-joined": (payload: MemberEvent) => void;
  "room:user-left": (payload: MemberEvent) => void;
  "member:updated": (payload: MemberEvent) => void;
  "room:created": (payload: RoomEvent) => void;
  "room:updated": (payload: RoomEvent) => void;
  "room:deleted": (payload: RoomDeleted) => void;
  "user:changed": (payload: UserChanged) => void;
  "typing:update": (payload: TypingUpdate) => void;
  "presence:changed": (payload: Presence) => void;
  "presence:snapshot": (payload: PresenceSnapshot) => void;
  "read:updated": (payload: ReadPosition) => void;
  "room:resync": (payload: Resync) => void;
  "room:digested": (payload: RoomDigest) => void;
  "server:draining": (payload: Draining) => void;
  "session:ended": (payload: SessionEnded) => void;
  "session:expiring": (payload: SessionExpiring) => void;
  /** You are known now; events follow */
  "authenticated": (payload: Authenticated) => void;
  /** You are not; the connection is closed next */
  "unauthenticated": (payload: Unauthenticated) => void;
  /** Every 30 s after authentication */
  "ping": (payload: Ping) => void;
  /** An event that asked for no ack has failed */
  "error": (payload: EventError) => void;
}

/** REST routes by method and path: fields of the path, of the query, of the body, and the answer's body. */
export interface RestRoutes {
  /** Members of a room who are online */
  "GET /chat/rooms/{roomId}/online": { path: Pick<ListOnline, "roomId">; query: Nothing; body: Nothing; response: Presence[] };
  /** Make an account and sign in */
  "POST /auth/register": { path: Nothing; query: Nothing; body: Register; response: SignedIn };
  /** Become the first administrator of a new server */
  "POST /auth/setup": { path: Nothing; query: Nothing; body: Claim; response: SignedIn };
  /** Sign in with a password */
  "POST /auth/login": { path: Nothing; query: Nothing; body: Login; response: SignedIn };
  /** Exchange a refresh token for new tokens */
  "POST /auth/refresh": { path: Nothing; query: Nothing; body: Refresh; response: SignedIn };
  /** End this session */
  "POST /auth/logout": { path: Nothing; query: Nothing; body: Nothing; response: void };
  /** Your own profile */
  "GET /auth/me": { path: Nothing; query: Nothing; body: Nothing; response: User };
  /** Your signed-in devices */
  "GET /auth/sessions": { path: Nothing; query: Nothing; body: Nothing; response: Session[] };
  /** Sign one device out */
  "DELETE /auth/sessions/{sessionId}": { path: Pick<EndSession, "sessionId">; query: Nothing; body: Nothing; response: void };
  /** Change your password */
  "PUT /auth/password": { path: Nothing; query: Nothing; body: ChangePassword; response: void };
  /** Make an invite */
  "POST /auth/invites": { path: Nothing; query: Nothing; body: CreateInvite; response: Invite };
  /** What an invite leads to */
  "POST /auth/invites/check": { path: Nothing; query: Nothing; body: CheckInvite; response: InvitePreview };
  /** Join the room of an invite */
  "POST /auth/invites/accept": { path: Nothing; query: Nothing; body: AcceptInvite; response: InviteAccepted };
  /** What there is to decide about a new server */
  "POST /auth/setup/check": { path: Nothing; query: Nothing; body: CheckSetup; response: SignupRule };
  /** What is left to do for a new server */
  "GET /auth/first-steps": { path: Nothing; query: Nothing; body: Nothing; response: FirstSteps };
  /** Put the first steps away for good */
  "DELETE /auth/first-steps": { path: Nothing; query: Nothing; body: Nothing; response: void };
  /** Find users by name */
  "GET /chat/users": { path: Nothing; query: SearchUsers; body: Nothing; response: User[] };
  /** A user's profile */
  "GET /chat/users/{userId}": { path: Pick<GetUser, "userId">; query: Nothing; body: Nothing; response: User };
  /** Change your profile */
  "PATCH /chat/users/me": { path: Nothing; query: Nothing; body: UpdateMe; response: User };
  /** Shut a user out, or let them in again */
  "PUT /chat/users/{userId}/disabled": { path: Pick<DisableUser, "userId">; query: Nothing; body: Omit<DisableUser, "userId">; response: User };
  /** Rooms you are a member of */
  "GET /chat/rooms": { path: Nothing; query: Nothing; body: Nothing; response: Room[] };
  /** Public rooms */
  "GET /chat/rooms/discover": { path: Nothing; query: DiscoverRooms; body: Nothing; response: Room[] };
  /** Make a room */
  "POST /chat/rooms": { path: Nothing; query: Nothing; body: CreateRoom; response: Room };
  /** A room */
  "GET /chat/rooms/{roomId}": { path: Pick<GetRoom, "roomId">; query: Nothing; body: Nothing; response: Room };
  /** Change a room */
  "PATCH /chat/rooms/{roomId}": { path: Pick<UpdateRoom, "roomId">; query: Nothing; body: Omit<UpdateRoom, "roomId">; response: Room };
  /** Delete a room */
  "DELETE /chat/rooms/{roomId}": { path: Pick<DeleteRoom, "roomId">; query: Omit<DeleteRoom, "roomId">; body: Nothing; response: void };
  /** Get what you missed since the positions you had reached */
  "POST /chat/resume": { path: Nothing; query: Nothing; body: Resume; response: Resumed };
  /** Join a room */
  "POST /chat/rooms/{roomId}/join": { path: Pick<JoinRoom, "roomId">; query: Nothing; body: Omit<JoinRoom, "roomId">; response: Room };
  /** Leave a room */
  "POST /chat/rooms/{roomId}/leave": { path: Pick<LeaveRoom, "roomId">; query: Nothing; body: Omit<LeaveRoom, "roomId">; response: Left };
  /** A room's members */
  "GET /chat/rooms/{roomId}/members": { path: Pick<ListMembers, "roomId">; query: Nothing; body: Nothing; response: Member[] };
  /** Add someone to a room, or change their role */
  "PUT /chat/rooms/{roomId}/members/{userId}": { path: Pick<SetMember, "roomId" | "userId">; query: Nothing; body: Omit<SetMember, "roomId" | "userId">; response: Member };
  /** Remove someone from a room, or leave */
  "DELETE /chat/rooms/{roomId}/members/{userId}": { path: Pick<RemoveMember, "roomId" | "userId">; query: Omit<RemoveMember, "roomId" | "userId">; body: Nothing; response: Left };
  /** Send a message to a room */
  "POST /chat/rooms/{roomId}/messages": { path: Pick<SendMessage, "roomId">; query: Nothing; body: Omit<SendMessage, "roomId">; response: StoredMessage };
  /** Change the text of your message */
  "PATCH /chat/messages/{messageId}": { path: Pick<EditMessage, "messageId">; query: Nothing; body: Omit<EditMessage, "messageId">; response: AnyMessage };
  /** Delete a message */
  "DELETE /chat/messages/{messageId}": { path: Pick<DeleteMessage, "messageId">; query: Omit<DeleteMessage, "messageId">; body: Nothing; response: Deleted };
  /** Read a room's history, newest first */
  "GET /chat/rooms/{roomId}/messages": { path: Pick<ListMessages, "roomId">; query: Omit<ListMessages, "roomId">; body: Nothing; response: Message[] };
  /** Check whether the messages you have are those that are stored */
  "GET /chat/rooms/{roomId}/digest": { path: Pick<GetDigest, "roomId">; query: Omit<GetDigest, "roomId">; body: Nothing; response: Digest };
  /** Send a message to one person */
  "POST /chat/dm/{receiverId}": { path: Pick<SendDirectMessage, "receiverId">; query: Nothing; body: Omit<SendDirectMessage, "receiverId">; response: StoredDirectMessage };
  /** Read a conversation, newest first */
  "GET /chat/dm/{userId}": { path: Pick<ListDirectMessages, "userId">; query: Omit<ListDirectMessages, "userId">; body: Nothing; response: DirectMessage[] };
  /** People you have direct messages with */
  "GET /chat/conversations": { path: Nothing; query: Nothing; body: Nothing; response: User[] };
  /** Mark a conversation as read */
  "PUT /chat/dm/{userId}/read": { path: Pick<ReadDirectMessages, "userId">; query: Nothing; body: Omit<ReadDirectMessages, "userId">; response: ReadPosition };
  /** Mark a room as read */
  "PUT /chat/rooms/{roomId}/read": { path: Pick<ReadRoom, "roomId">; query: Nothing; body: Omit<ReadRoom, "roomId">; response: ReadPosition };
  /** Mark a room as unread from a message on */
  "PUT /chat/rooms/{roomId}/unread": { path: Pick<MarkUnread, "roomId">; query: Nothing; body: Omit<MarkUnread, "roomId">; response: ReadPosition };
  /** Mute a room for yourself, or no longer */
  "PUT /chat/rooms/{roomId}/mute": { path: Pick<MuteRoom, "roomId">; query: Nothing; body: Omit<MuteRoom, "roomId">; response: Muted };
  /** What is unread in your rooms and conversations */
  "GET /chat/unread": { path: Nothing; query: Nothing; body: Nothing; response: Unread[] };
  /** Which messages of a room count as unread, and why */
  "GET /chat/rooms/{roomId}/unread": { path: Pick<ExplainUnread, "roomId">; query: Nothing; body: Nothing; response: UnreadExplained };
  /** Where your own stream stands */
  "GET /chat/position": { path: Nothing; query: Nothing; body: Nothing; response: UserPosition };
  /** What a client needs to begin, at once */
  "GET /chat/bootstrap": { path: Nothing; query: GetBootstrap; body: Nothing; response: Bootstrap };
}
