// Which message one means: the one under the pointer, or the one selected by keyboard; and what keys do with it.

import { type Action, actionsFor } from "./actions.js";
import type { MessageEntry } from "./layout.js";
import type { MessageLog } from "./message-log.js";

/** A finger that rests so long asks what one may do. */
const LONG_PRESS_MS = 500;
const FINGER_PX = 10;
/** Where keys belong to what is written. */
const WRITING = "textarea, input, select, [contenteditable]";

/** What the selection leads to. */
export interface SelectionOwner {
  run(action: Action, entry: Pick<MessageEntry, "row" | "key">): void;
  isModerator(): boolean;
  /** Keys of one character act on the selected message. */
  singleKeys(): boolean;
  /** Shows on a touch screen what one may do. */
  openSheet(entry: MessageEntry): void;
  write(): void;
  dismiss(): void;
  toEnd(): void;
}

export class Selection {
  readonly #scroller: HTMLElement;
  readonly #log: () => MessageLog;
  readonly #owner: SelectionOwner;
  #hovered: string | null = null;
  /** The row with the focus, or that had it last. */
  #selected: string | null = null;
  #isFocused = false;
  /** Whether keys brought the focus to where it is: then single characters act, else they are written. */
  #isByKeys = false;
  /** Whether a finger was put on a message last, not a pointer. */
  #isTouched = false;
  #press: { timer: ReturnType<typeof setTimeout>; x: number; y: number } | null = null;

  constructor(scroller: HTMLElement, log: () => MessageLog, owner: SelectionOwner, signal: AbortSignal) {
    this.#scroller = scroller;
    this.#log = log;
    this.#owner = owner;
    const on = <E extends keyof HTMLElementEventMap>(name: E, run: (event: HTMLElementEventMap[E]) => void) =>
      scroller.addEventListener(name, run, { signal });
    on("pointerover", (event) => event.pointerType === "mouse" && this.#hover(this.#keyOf(event.target)));
    on("pointerleave", () => this.#hover(null));
    on("pointerdown", (event) => this.#pressed(event));
    on("pointermove", (event) => this.#moved(event));
    for (const name of ["pointerup", "pointercancel", "scroll"] as const) on(name, () => this.#released());
    // What the browser offers for a long press would lie over what the sheet offers.
    on("contextmenu", (event) => this.#isTouched && event.preventDefault());
    on("focusin", (event) => this.#focused(event.target));
    on("focusout", () => this.#blurred());
    on("keydown", (event) => this.#key(event));
  }

  /** Whether keys were used to select what has the focus. */
  get isByKeys(): boolean {
    return this.#isFocused && this.#isByKeys;
  }

  isSelected(key: string): boolean {
    return this.#selected === key;
  }

  /** What one may do with a message just now. */
  actionsOf(entry: MessageEntry): readonly Action[] {
    const isMeant = entry.key === this.#hovered || (this.#isFocused && entry.key === this.#selected);
    return isMeant ? actionsFor(entry.row, this.#owner.isModerator()) : [];
  }

  /** Puts the focus on a message. */
  focus(key: string): void {
    this.#select(key);
    if (!this.#log().reveal(key)) return;
    this.#article(key)?.focus({ preventScroll: true });
  }

  /** Puts the focus back to where it was in the list. */
  focusAgain(): void {
    if (this.#selected === null) this.#scroller.focus({ preventScroll: true });
    else this.focus(this.#selected);
  }

  #keyOf(target: EventTarget | null): string | null {
    return target instanceof Node ? this.#log().surface.keyOf(target) : null;
  }

  #article(key: string): HTMLElement | null {
    return this.#log().surface.element(key)?.querySelector<HTMLElement>("article") ?? null;
  }

  #hover(key: string | null): void {
    if (key === this.#hovered) return;
    const before = this.#hovered;
    this.#hovered = key;
    this.#repaint(before, key);
  }

  #select(key: string | null): void {
    const before = this.#selected;
    this.#selected = key;
    // The list is one stop of the Tab key: the list itself, or the message selected in it.
    this.#scroller.tabIndex = key === null ? 0 : -1;
    this.#repaint(before, key);
  }

  #repaint(...keys: (string | null)[]): void {
    for (const key of new Set(keys)) if (key !== null) this.#log().surface.repaint(key);
  }

  #focused(target: EventTarget | null): void {
    this.#isFocused = true;
    const key = this.#keyOf(target);
    if (key !== null && this.#log().find(key)) this.#select(key);
  }

  #blurred(): void {
    this.#isFocused = false;
    const key = this.#selected;
    // A focus that goes on within the list comes right after this.
    queueMicrotask(() => !this.#isFocused && this.#repaint(key));
  }

  #pressed(event: PointerEvent): void {
    this.#isByKeys = false;
    const key = this.#keyOf(event.target);
    const entry = key === null ? null : this.#log().find(key);
    this.#isTouched = event.pointerType === "touch" && entry !== null && !isWriting(event.target);
    if (!this.#isTouched || !entry || actionsFor(entry.row, this.#owner.isModerator()).length === 0) return;
    const timer = setTimeout(() => {
      this.#press = null;
      this.#owner.openSheet(entry);
    }, LONG_PRESS_MS);
    this.#press = { timer, x: event.clientX, y: event.clientY };
  }

  #moved(event: PointerEvent): void {
    if (this.#press && Math.hypot(event.clientX - this.#press.x, event.clientY - this.#press.y) > FINGER_PX)
      this.#released();
  }

  #released(): void {
    if (this.#press) clearTimeout(this.#press.timer);
    this.#press = null;
  }

  #key(event: KeyboardEvent): void {
    if (isWriting(event.target) || event.isComposing) return;
    const isInTools = event.target instanceof Element && event.target.closest(".message-tools") !== null;
    const isDone = isInTools ? this.#keyInTools(event) : this.#keyInList(event);
    if (!isDone) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #keyInTools(event: KeyboardEvent): boolean {
    const buttons = [...this.#scroller.querySelectorAll<HTMLElement>(".message-tools:focus-within button")];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const isRightToLeft = getComputedStyle(this.#scroller).direction === "rtl";
    const forwards = isRightToLeft ? "ArrowLeft" : "ArrowRight";
    const backwards = isRightToLeft ? "ArrowRight" : "ArrowLeft";
    if (event.key === forwards) buttons[(at + 1) % buttons.length]?.focus();
    else if (event.key === backwards) buttons.at(at - 1)?.focus();
    else if (event.key === "Escape" && this.#selected !== null) this.focus(this.#selected);
    else return false;
    return true;
  }

  #keyInList(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (this.#move(event.key)) {
      this.#isByKeys = true;
      return true;
    }
    if (event.key === "Escape" && !event.shiftKey) {
      this.#owner.dismiss();
      this.#owner.write();
      return true;
    }
    const entry = this.#selected === null ? null : this.#log().find(this.#selected);
    return entry !== null && this.#isOnRow(event.target) && this.#act(event.key, entry);
  }

  /** What a key does with the selected message. */
  #act(key: string, entry: MessageEntry): boolean {
    if (key === "Enter") {
      this.#scroller.querySelector<HTMLElement>("article:focus .message-tools button")?.focus();
      return true;
    }
    const isSingle = key.length === 1;
    if (isSingle && !(this.#isByKeys && this.#owner.singleKeys())) return false;
    if (key === "/") this.#owner.write();
    const action = actionsFor(entry.row, this.#owner.isModerator()).find((one) => one.key === key);
    if (action) this.#owner.run(action, entry);
    return action !== undefined || key === "/";
  }

  #isOnRow(target: EventTarget | null): boolean {
    return target instanceof Element && target.matches("article");
  }

  #move(key: string): boolean {
    const keys = this.#log().messages.map((entry) => entry.key);
    const seen = this.#log()
      .seen()
      .map((entry) => entry.key);
    const at = this.#selected === null ? -1 : keys.indexOf(this.#selected);
    const page = Math.max(1, seen.length - 1);
    const letters = this.#owner.singleKeys();
    if (key === "ArrowDown" || (letters && key === "j"))
      return this.#go(at < 0 ? seen[0] : keys[Math.min(keys.length - 1, at + 1)]);
    if (key === "ArrowUp" || (letters && key === "k"))
      return this.#go(at < 0 ? seen.at(-1) : keys[Math.max(0, at - 1)]);
    if (key === "PageDown")
      return this.#go(keys[Math.min(keys.length - 1, (at < 0 ? keys.indexOf(seen[0] ?? "") : at) + page)]);
    if (key === "PageUp") return this.#go(keys[Math.max(0, (at < 0 ? keys.indexOf(seen.at(-1) ?? "") : at) - page)]);
    if (key === "Home") return this.#go(keys[0]);
    if (key !== "End") return false;
    this.#owner.toEnd();
    return this.#go(keys.at(-1));
  }

  #go(key: string | undefined): boolean {
    if (key !== undefined) this.focus(key);
    return true;
  }
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(WRITING) !== null;
}
