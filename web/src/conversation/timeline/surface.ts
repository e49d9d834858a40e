// What the timeline moves: rows in the normal flow of a scrolling element. Here is the real one; tests have one of numbers.

/** Something that has a row: a message, a day's line. */
export interface Item {
  readonly key: string;
  /** Whether the reader's eyes may be on it. A day's line moves when messages come before its first one: no hold. */
  readonly isHold: boolean;
}

/** A scrolling element with rows. All lengths are CSS pixels; tops are measured from the beginning of the content. */
export interface Surface<I extends Item> {
  readonly viewportPx: number;
  readonly contentPx: number;
  readonly scrollTop: number;
  scrollTo(top: number): void;
  /** Makes `items` the rows, in this order, and keeps the elements of those that are rows already. */
  show(items: readonly I[]): void;
  /** Keys of the rows, from top to bottom. */
  keys(): readonly string[];
  top(key: string): number;
  bottom(key: string): number;
  /** Keys of rows that must stay whatever happens: with the focus, or an end of the selection. */
  pinned(): ReadonlySet<string>;
}

/** Fills rows. */
export interface RowPainter<I> {
  /** Brings the element of an item up to date; the first time it is empty. */
  paint(element: HTMLElement, item: I): void;
  /** The element goes away for good. */
  clear(element: HTMLElement): void;
}

/** Calls of the browser that the timeline reacts to. */
export interface SurfaceEvents {
  scrolled(): void;
  /** The element or a row has another size. Called before the change is painted. */
  resized(): void;
}

interface Row<I> {
  readonly element: HTMLElement;
  item: I;
}

/** The real surface. */
export class ElementSurface<I extends Item> implements Surface<I> {
  readonly #scroller: HTMLElement;
  readonly #content: HTMLElement;
  readonly #painter: RowPainter<I>;
  readonly #rows = new Map<string, Row<I>>();
  #keys: string[] = [];
  #sizes: ResizeObserver | null = null;

  constructor(scroller: HTMLElement, content: HTMLElement, painter: RowPainter<I>) {
    this.#scroller = scroller;
    this.#content = content;
    this.#painter = painter;
  }

  /** Tells `events` until the answer is called; then the rows are gone too. */
  connect(events: SurfaceEvents): () => void {
    const scrolled = () => events.scrolled();
    this.#scroller.addEventListener("scroll", scrolled, { passive: true });
    this.#sizes = new ResizeObserver(() => events.resized());
    this.#sizes.observe(this.#scroller);
    return () => {
      this.#scroller.removeEventListener("scroll", scrolled);
      this.#sizes?.disconnect();
      this.show([]);
    };
  }

  get viewportPx(): number {
    return this.#scroller.clientHeight;
  }

  get contentPx(): number {
    return this.#scroller.scrollHeight;
  }

  get scrollTop(): number {
    return this.#scroller.scrollTop;
  }

  scrollTo(top: number): void {
    this.#scroller.scrollTo({ top, behavior: "instant" });
  }

  show(items: readonly I[]): void {
    const wanted = new Set(items.map((item) => item.key));
    for (const [key, row] of this.#rows) if (!wanted.has(key)) this.#remove(key, row);
    let next = this.#content.firstElementChild;
    for (const item of items) {
      const { element } = this.#row(item);
      // Moving an element loses its focus and whatever plays in it: those in their place stay.
      if (element === next) next = next.nextElementSibling;
      else this.#content.insertBefore(element, next);
    }
    this.#keys = items.map((item) => item.key);
  }

  /** Paints a row again, where there is one: what it shows does not only depend on its item. */
  repaint(key: string): void {
    const row = this.#rows.get(key);
    if (row) this.#painter.paint(row.element, row.item);
  }

  /** The element of a row. */
  element(key: string): HTMLElement | null {
    return this.#rows.get(key)?.element ?? null;
  }

  keys(): readonly string[] {
    return this.#keys;
  }

  top(key: string): number {
    return this.#edge(key, "top");
  }

  bottom(key: string): number {
    return this.#edge(key, "bottom");
  }

  pinned(): ReadonlySet<string> {
    const selection = document.getSelection();
    const ends = selection?.isCollapsed === false ? [selection.anchorNode, selection.focusNode] : [];
    const keys = [document.activeElement, ...ends].map((node) => this.keyOf(node ?? null));
    return new Set(keys.filter((key) => key !== null));
  }

  /** The key of the row in which something is. */
  keyOf(node: Node | null): string | null {
    if (!node || node === this.#content || !this.#content.contains(node)) return null;
    let at: Node = node;
    while (at.parentNode !== this.#content && at.parentNode) at = at.parentNode;
    return at instanceof HTMLElement ? (at.dataset.key ?? null) : null;
  }

  #edge(key: string, side: "top" | "bottom"): number {
    const box = this.#rows.get(key)?.element.getBoundingClientRect();
    return box ? box[side] - this.#content.getBoundingClientRect().top : 0;
  }

  #row(item: I): Row<I> {
    const known = this.#rows.get(item.key);
    if (known) {
      if (known.item !== item) {
        known.item = item;
        this.#painter.paint(known.element, item);
      }
      return known;
    }
    const element = document.createElement("div");
    element.className = "row-slot";
    element.dataset.key = item.key;
    this.#painter.paint(element, item);
    this.#sizes?.observe(element);
    const row = { element, item };
    this.#rows.set(item.key, row);
    return row;
  }

  #remove(key: string, row: Row<I>): void {
    this.#rows.delete(key);
    this.#sizes?.unobserve(row.element);
    this.#painter.clear(row.element);
    row.element.remove();
  }
}
