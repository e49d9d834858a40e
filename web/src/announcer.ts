// Says what happens to those who listen: a new message with its words, many at once as a number.

const PAUSE_MS = 1000;
const TEXT_MAX_CHARS = 140;

/** When to speak; replaced in tests. */
export interface Pace {
  now(): number;
  later(run: () => void, delayMs: number): void;
}

const REAL_PACE: Pace = {
  now: () => performance.now(),
  later: (run, delayMs) => void setTimeout(run, delayMs),
};

/** The one voice of the page: two hidden regions, outside of whatever lists change. */
export class Announcer {
  readonly #polite = region("status");
  readonly #assertive = region("alert");
  readonly #pace: Pace;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #held: string[] = [];

  constructor(pace: Pace = REAL_PACE) {
    this.#pace = pace;
  }

  /**
   * Lives in `parent` from now on. While a modal dialog is open that has to be the dialog: what is outside of it is
   * hidden from screen readers.
   */
  moveTo(parent: Element): void {
    parent.append(this.#polite, this.#assertive);
  }

  /** A new message of somebody else. The first is read out at once; of a burst after it only the number. */
  message(name: string, text: string): void {
    this.#held.push(`${name}: ${shortened(text)}`);
    if (this.#held.length > 1) return;
    const waitMs = this.#quietUntilMs - this.#pace.now();
    if (waitMs <= 0) this.#release();
    else this.#pace.later(() => this.#release(), waitMs);
  }

  /** Something that can wait until the current sentence is over. */
  say(text: string): void {
    speak(this.#polite, text);
  }

  /** Something that cannot: a message was not sent. */
  alarm(text: string): void {
    speak(this.#assertive, text);
  }

  #release(): void {
    const [first = ""] = this.#held;
    this.say(this.#held.length === 1 ? first : `${this.#held.length} new messages`);
    this.#held = [];
    this.#quietUntilMs = this.#pace.now() + PAUSE_MS;
  }
}

function region(role: "status" | "alert"): HTMLElement {
  const element = document.createElement("div");
  element.className = "visually-hidden";
  element.setAttribute("role", role);
  element.setAttribute("aria-live", role === "alert" ? "assertive" : "polite");
  element.setAttribute("aria-atomic", "true");
  return element;
}

/** The same words twice are read twice only if something changes. */
function speak(element: HTMLElement, text: string): void {
  element.textContent = element.textContent === text ? `${text}\u00a0` : text;
}

function shortened(text: string): string {
  const flat = text.replace(/\s+/gu, " ").trim();
  const chars = [...flat.slice(0, (TEXT_MAX_CHARS + 1) * 2)];
  return chars.length > TEXT_MAX_CHARS ? `${chars.slice(0, TEXT_MAX_CHARS).join("")}…` : flat;
}
