// Says what happens to those who listen: new messages one by one, many of them as a number.

const PAUSE_MS = 1000;
const TEXT_MAX = 140;

export class Announcer {
  #polite;
  #assertive;
  #quietUntil = 0;
  #held = 0;

  constructor(polite, assertive) {
    this.#polite = polite;
    this.#assertive = assertive;
  }

  /** A new message of someone else in the open place. The first is read out, a burst after it is counted. */
  message(name, text) {
    const now = performance.now();
    if (now >= this.#quietUntil) {
      this.#quietUntil = now + PAUSE_MS;
      this.say(`${name}: ${text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}…` : text}`);
      return;
    }
    if (this.#held === 0) setTimeout(() => this.#count(), this.#quietUntil - now);
    this.#held += 1;
  }

  #count() {
    this.say(this.#held === 1 ? '1 new message' : `${this.#held} new messages`);
    this.#held = 0;
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
