// The fields of everything on the wire, exactly: a missing one breaks a client, a surplus one is a promise nobody made.

import assert from 'node:assert/strict';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;

/** The value must have exactly these fields; those of `optional` may be missing. */
export function hasFields(value, fields, optional = '') {
  assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), `no object: ${JSON.stringify(value)}`);
  const wanted = fields.split(' ');
  const allowed = new Set([...wanted, ...optional.split(' ')]);
  const missing = wanted.filter((field) => !Object.hasOwn(value, field));
  const surplus = Object.keys(value).filter((field) => !allowed.has(field));
  assert.deepEqual({ missing, surplus }, { missing: [], surplus: [] }, JSON.stringify(value));
}

/** A time as RFC 3339 in UTC with milliseconds, not far from now. */
export function isTime(value) {
  assert.match(String(value), TIME);
  assert.ok(Math.abs(Date.parse(value) - Date.now()) < 120_000, `${value} is not about now`);
}

export function isSender(value, person) {
  assert.deepEqual(value, { id: person.id, username: person.username, displayName: person.displayName, avatar: null });
}

const LOGGED = 'seq rev sender';

/** A message as it stands in histories and answers. */
export function isMessage(value, { room, sender, content }) {
  hasFields(value, `id createdAt modifiedAt roomId senderId content type metadata editedAt deletedAt ${LOGGED}`, 'clientId deletedBy messageSeq epoch duplicate');
  isTime(value.createdAt);
  isTime(value.modifiedAt);
  assert.equal(value.roomId, room.id);
  assert.equal(value.senderId, sender.id);
  assert.equal(value.content, content);
  assert.ok(Number.isSafeInteger(value.seq) && value.seq > 0, `seq ${value.seq}`);
  isSender(value.sender, sender);
}

/** A direct message as it stands in histories and answers. */
export function isDirectMessage(value, { sender, receiver, content }) {
  hasFields(value, `id createdAt modifiedAt senderId receiverId content type metadata readAt deletedAt editedAt roomId ${LOGGED}`, 'clientId deletedBy messageSeq epoch duplicate');
  isTime(value.createdAt);
  assert.equal(value.senderId, sender.id);
  assert.equal(value.receiverId, receiver.id);
  assert.equal(value.content, content);
  isSender(value.sender, sender);
}

export function isRoom(value) {
  hasFields(value, 'id createdAt modifiedAt name description isPrivate createdBy slug memberCount epoch seq');
  isTime(value.createdAt);
  isTime(value.modifiedAt);
  assert.equal(typeof value.isPrivate, 'boolean');
}

export function isUser(value) {
  hasFields(value, 'id createdAt modifiedAt username displayName avatar isOnline lastSeenAt kind role');
  isTime(value.createdAt);
  assert.equal(typeof value.isOnline, 'boolean');
}

export function isMember(value) {
  hasFields(value, 'id createdAt modifiedAt roomId userId role joinedAt lastReadAt', 'user');
  isTime(value.joinedAt);
  assert.ok(['admin', 'member'].includes(value.role), value.role);
}

/** An error object, of an ack or inside a problem document. */
export function isError(value) {
  for (const field of ['code', 'reason', 'message']) assert.equal(typeof value[field], 'string', `${field} of ${JSON.stringify(value)}`);
  assert.equal(typeof value.retryable, 'boolean');
}

/** A problem document of RFC 9457 with the tutorial's fields. */
export function isProblem(answer, status, reason) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/u);
  hasFields(answer.body, 'type title status detail code reason message retryable statusCode requestId', 'retryAfterMs field');
  assert.equal(answer.body.status, status);
  assert.equal(answer.body.statusCode, status);
  assert.equal(answer.body.reason, reason, answer.text);
  isError(answer.body);
}
