// What the server says, checked before anything else sees it: a value of a wrong shape becomes null.

const TEXT_MAX = 10_000;
const NAME_MAX = 200;

const isText = (value) => typeof value === 'string';
const isSeq = (value) => Number.isSafeInteger(value) && value >= 0;
const name = (value) => (isText(value) && value !== '' ? value.slice(0, NAME_MAX) : null);

function time(value) {
  const ms = isText(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** A user, or the sender of a message. */
export function readPerson(raw) {
  if (!isText(raw?.id) || !name(raw.username)) return null;
  return {
    id: raw.id,
    username: name(raw.username),
    displayName: name(raw.displayName),
    isOnline: raw.isOnline === true,
    isAdmin: raw.role === 'admin',
  };
}

/** A room. */
export function readRoom(raw) {
  if (!isText(raw?.id) || !name(raw.slug) || !name(raw.name) || !isSeq(raw.seq)) return null;
  return {
    id: raw.id,
    slug: name(raw.slug),
    name: name(raw.name),
    description: isText(raw.description) ? raw.description.slice(0, TEXT_MAX) : '',
    isPrivate: raw.isPrivate === true,
    memberCount: isSeq(raw.memberCount) ? raw.memberCount : 0,
    epoch: isText(raw.epoch) ? raw.epoch : '',
    seq: raw.seq,
  };
}

/**
 * A message of a room or a conversation. `place` is its own position in the log, `seq` the position of the
 * event that told of it, and of two versions the one with the higher `rev` is newer.
 */
export function readMessage(raw) {
  const sender = readPerson(raw?.sender);
  const createdMs = time(raw?.createdAt);
  const ok = isText(raw?.id) && isText(raw.roomId) && isText(raw.content) && isSeq(raw.seq);
  if (!ok || !sender || createdMs === null) return null;
  return {
    id: raw.id,
    roomId: raw.roomId,
    senderId: sender.id,
    receiverId: isText(raw.receiverId) ? raw.receiverId : null,
    content: raw.content.slice(0, TEXT_MAX),
    isSystem: raw.type === 'system',
    createdMs,
    isEdited: time(raw.editedAt) !== null,
    isDeleted: time(raw.deletedAt) !== null,
    isRead: time(raw.readAt) !== null,
    place: isSeq(raw.messageSeq) ? raw.messageSeq : raw.seq,
    seq: raw.seq,
    rev: isSeq(raw.rev) ? raw.rev : raw.seq,
    epoch: isText(raw.epoch) ? raw.epoch : null,
    clientId: isText(raw.clientId) ? raw.clientId : null,
    sender,
  };
}

/** What is left of a deleted message. */
export function readDeletion(raw) {
  if (!isText(raw?.messageId) || !isText(raw.roomId) || !isSeq(raw.seq)) return null;
  return { id: raw.messageId, roomId: raw.roomId, seq: raw.seq, epoch: isText(raw.epoch) ? raw.epoch : null };
}

/** Who joined or left which room. */
export function readMembership(raw) {
  if (!isText(raw?.roomId) || !isText(raw.userId)) return null;
  return { roomId: raw.roomId, userId: raw.userId, seq: isSeq(raw.seq) ? raw.seq : null };
}

/** How far someone has read. */
export function readPosition(raw) {
  if (!isText(raw?.roomId) || !isText(raw.userId) || !isSeq(raw.seq)) return null;
  return { roomId: raw.roomId, userId: raw.userId, seq: raw.seq };
}

/** Whether someone is here. */
export function readPresence(raw) {
  if (!isText(raw?.userId)) return null;
  return { userId: raw.userId, isOnline: raw.status === 'online' };
}

/** Who is writing where. */
export function readTyping(raw) {
  if (!isText(raw?.roomId) || !isText(raw.userId)) return null;
  return { roomId: raw.roomId, userId: raw.userId, isTyping: raw.isTyping === true };
}

/** Every readable entry of a list; the others are left out. */
export const readMany = (raw, read) => (Array.isArray(raw) ? raw.map(read).filter(Boolean) : []);
