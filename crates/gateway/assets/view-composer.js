// The box one writes in: Enter sends, Shift+Enter is a new line, and what is not sent yet is kept for each place.

import { keyOf } from './store.js';
import { fit, isPlainEnter } from './view-editor.js';

const MAX = 10_000;
const TYPING_EVERY_MS = 2000;

export class Composer {
  #parts;
  #actions;
  #place = null;
  #drafts = new Map();
  #toldMs = 0;

  /** `parts` are `composer`, `text` and `composerLabel`; `actions` are `send`, `typing` and `editLast`. */
  constructor(parts, actions) {
    this.#parts = parts;
    this.#actions = actions;
    parts.text.maxLength = MAX;
    parts.composer.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
    });
    parts.text.addEventListener('input', () => this.#changed());
    parts.text.addEventListener('keydown', (event) => this.#key(event));
    parts.text.addEventListener('blur', () => this.#stopTyping());
  }

  /** Writes to another place from now on, with what was begun there. */
  show(place, label) {
    this.#stopTyping();
    const { text, composerLabel } = this.#parts;
    if (this.#place) this.#drafts.set(keyOf(this.#place), text.value);
    this.#place = place;
    text.value = this.#drafts.get(keyOf(place)) ?? '';
    text.placeholder = label;
    composerLabel.textContent = label;
    fit(text);
  }

  focus() {
    this.#parts.text.focus();
  }

  #send() {
    const { text } = this.#parts;
    const content = text.value.trim();
    if (content === '' || !this.#place) return;
    // The message ends the typing by itself.
    this.#toldMs = 0;
    text.value = '';
    fit(text);
    this.#actions.send(this.#place, content);
    text.focus();
  }

  #key(event) {
    const { text } = this.#parts;
    if (isPlainEnter(event)) this.#send();
    else if (event.key === 'ArrowUp' && text.value === '') this.#actions.editLast();
    else if (event.key === 'Escape') this.#actions.escape();
    else return;
    event.preventDefault();
  }

  #changed() {
    fit(this.#parts.text);
    if (this.#parts.text.value === '') return this.#stopTyping();
    if (performance.now() - this.#toldMs < TYPING_EVERY_MS && this.#toldMs > 0) return;
    this.#toldMs = performance.now();
    this.#actions.typing(this.#place, true);
  }

  #stopTyping() {
    if (this.#toldMs === 0) return;
    this.#toldMs = 0;
    this.#actions.typing(this.#place, false);
  }
}
