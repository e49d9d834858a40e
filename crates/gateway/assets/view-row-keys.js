// Moving through the messages by keyboard: the list is one stop, arrows go inside it, letters act on a row.

export class RowKeys {
  #log;
  #list;
  #actions;

  /** `actions` are `find(id)`, `may(message)`, `edit(message)`, `delete(message)` and `write()`. */
  constructor(log, list, actions) {
    this.#log = log;
    this.#list = list;
    this.#actions = actions;
    log.addEventListener('keydown', (event) => this.#key(event));
    log.addEventListener('focusin', (event) => this.#focused(event));
  }

  /** Only the focused row's buttons can be reached with Tab, or a long list would be a long way. */
  #focused(event) {
    for (const tool of this.#list.querySelectorAll('.tools button[tabindex="0"]')) tool.tabIndex = -1;
    for (const tool of event.target.closest('.row')?.querySelectorAll('.tools button') ?? []) tool.tabIndex = 0;
  }

  #key(event) {
    if (event.target.closest('textarea, button, a') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#move(event.key) || this.#act(event.key)) event.preventDefault();
  }

  #move(key) {
    const rows = [...this.#list.querySelectorAll('.row')];
    const at = rows.indexOf(document.activeElement);
    const moves = { ArrowUp: at < 0 ? rows.length - 1 : at - 1, ArrowDown: at + 1, Home: 0, End: rows.length - 1 };
    if (!Object.hasOwn(moves, key)) return false;
    (rows[Math.max(0, moves[key])] ?? this.#log).focus();
    return true;
  }

  #act(key) {
    const { find, may, edit, write } = this.#actions;
    if (key === 'Escape') {
      write();
      return true;
    }
    const message = find(document.activeElement?.dataset.id);
    const acts = { e: ['edit', edit], Delete: ['delete', this.#actions.delete] };
    if (!message || !Object.hasOwn(acts, key)) return false;
    const [what, act] = acts[key];
    if (may(message)[what]) act(message);
    return true;
  }
}
