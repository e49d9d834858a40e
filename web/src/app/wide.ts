// Whether the list of rooms stands beside the room, or is a screen of its own.

import { signal } from "@preact/signals";

/** The same width as in the style sheet. */
const query = matchMedia("(min-width: 45rem)");

export const isWide = signal(query.matches);

query.addEventListener("change", () => (isWide.value = query.matches));
