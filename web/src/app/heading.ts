// What is on the screen, in words: the heading of the page and of its tab.

import { signal } from "@preact/signals";

/** `#harbour`, the name of a person, `Settings`. */
export const heading = signal("");
