// One conversation's messages: each once, in the order of the log, in its newest version.

export class Timeline {
  #byId = new Map();
  #ordered = null;

  /** Whether the newest page has been read. */
  isLoaded = false;
  /** Path of the next older page; null at the beginning of the conversation. */
  older = null;
  /** Where the messages begin that were new when the place was opened. */
  newFrom = null;

  /** The messages to show, oldest first. */
  get messages() {
    this.#ordered ??= [...this.#byId.values()]
      .filter((message) => !message.isDeleted)
      .sort((a, b) => a.place - b.place);
    return this.#ordered;
  }

  /** A message that is known. */
  find(id) {
    return this.#byId.get(id) ?? null;
  }

  /** Takes a message in whatever order it comes. Says whether it was `new`, a `change`, or `known`. */
  take(message) {
    const known = this.#byId.get(message.id);
    if (known && (known.isDeleted || known.rev >= message.rev)) return 'known';
    this.#byId.set(message.id, message);
    this.#ordered = null;
    return known ? 'change' : 'new';
  }

  /** Forgets what a message said; that it was there stays known, so that an older copy cannot bring it back. */
  remove(id, rev) {
    const known = this.#byId.get(id);
    this.#byId.set(id, { ...(known ?? { id, place: rev }), content: '', isDeleted: true, rev });
    this.#ordered = null;
  }

  /** Position before the last `count` messages: where reading them again would start. */
  placeBefore(count) {
    const { messages } = this;
    return messages.length === 0 ? 0 : messages[Math.max(0, messages.length - count)].place - 1;
  }

  /** Keeps the newest `count` messages. The page before them is at `path`. */
  trim(count, path) {
    const gone = this.messages.slice(0, -count);
    if (gone.length === 0) return;
    for (const message of gone) this.#byId.delete(message.id);
    this.#ordered = null;
    this.older = path(this.messages[0].place);
  }
}
