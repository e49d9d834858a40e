// The order of things on the timeline: days, the line where the new begins, and messages in blocks by author.

const BLOCK_MS = 5 * 60_000;

/**
 * What to show, from top to bottom. `messages` are delivered and in order, `waiting` are one's own on their way,
 * `newFrom` is the place of the first message that is new, or null.
 */
export function layOut({ messages, waiting, newFrom, me }) {
  const delivered = new Set(messages.map((message) => message.clientId).filter(Boolean));
  const onTheirWay = waiting.filter((entry) => !delivered.has(entry.clientId)).map((entry) => pending(entry, me));
  const rows = [];
  const days = new Set();
  let last = null;
  let isNewShown = false;
  for (const message of [...messages, ...onTheirWay]) {
    const date = new Date(message.createdMs).toDateString();
    const startsDay = !days.has(date);
    const startsNew = !isNewShown && newFrom !== null && message.place >= newFrom && !message.entry;
    days.add(date);
    if (startsDay) rows.push({ kind: 'day', key: `day:${date}`, ms: message.createdMs });
    if (startsNew) rows.push({ kind: 'new', key: 'new' });
    isNewShown ||= startsNew;
    const isStart = startsDay || startsNew || !continues(last, message);
    rows.push({ kind: 'message', key: keyOf(message, me), message, isStart });
    last = message;
  }
  return rows;
}

/** A message on its way in the form of a delivered one. */
function pending(entry, me) {
  const { clientId, content, createdMs } = entry;
  return { id: null, clientId, senderId: me.id, sender: me, content, createdMs, place: Infinity, rev: 0, entry };
}

/** One's own message keeps its row when it is delivered. */
function keyOf(message, me) {
  return message.clientId && message.senderId === me.id ? `sent:${message.clientId}` : `message:${message.id}`;
}

function continues(before, message) {
  const isSameAuthor = before?.senderId === message.senderId && Boolean(before.isSystem) === Boolean(message.isSystem);
  return isSameAuthor && message.createdMs - before.createdMs < BLOCK_MS;
}
