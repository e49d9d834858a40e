// Says what happens to those who listen: a new message with its words, many at once as a number.

const PAUSE_MS = 1000;
const TEXT_MAX = 140;

export class Announcer {
  #polite;
  #assertive;
  #quietUntil = 0;
  #held = [];

  constructor(polite, assertive) {
    this.#polite = polite;
    this.#assertive = assertive;
  }

  /** A new message of someone else in the open place. A burst is counted, not read out. */
  message(name, text) {
    this.#held.push(`${name}: ${text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text}`);
    const waitMs = this.#quietUntil - performance.now();
    if (waitMs <= 0) this.#release();
    else if (this.#held.length === 1) setTimeout(() => this.#release(), waitMs);
  }

  #release() {
    this.say(this.#held.length === 1 ? this.#held[0] : `${this.#held.length} new messages`);
    this.#held = [];
    this.#quietUntil = performance.now() + PAUSE_MS;
  }

  /** Something that can wait until the current sentence is over. */
  say(text) {
    this.#polite.textContent = text;
  }

  /** Something that cannot. */
  alarm(text) {
    this.#assertive.textContent = text;
  }
}
