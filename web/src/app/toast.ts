// Something that was done and can be taken back, told for a few seconds.

import { signal } from "@preact/signals";

const SHOWN_MS = 6000;

export interface Toast {
  readonly text: string;
  /** Takes back what was done. */
  readonly undo: () => void;
}

export const toast = signal<Toast | null>(null);

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows one; another one that is there still goes. */
export function show(shown: Toast): void {
  toast.value = shown;
  clearTimeout(timer);
  timer = setTimeout(close, SHOWN_MS);
}

export function close(): void {
  clearTimeout(timer);
  toast.value = null;
}
