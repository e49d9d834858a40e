// Names for writes: UUIDs of version 7 (RFC 9562), which sort by the time they were made.

import type { Clock } from "./clock.js";

const COUNTER_MAX = 0xfff;

/** Makes UUIDs of version 7; two made in one millisecond sort in the order they were made in. */
export function uuidMaker(clock: Clock): () => string {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const now = clock.now();
    if (now > lastMs) {
      lastMs = now;
      counter = 0;
    } else {
      counter += 1;
      // More than the counter holds, or a clock that was set back: the name's time runs ahead a little.
      if (counter > COUNTER_MAX) {
        lastMs += 1;
        counter = 0;
      }
    }
    return format(lastMs, counter, crypto.getRandomValues(new Uint8Array(8)));
  };
}

function format(timeMs: number, counter: number, random: Uint8Array): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
  const time = hex(timeMs, 12);
  const variant = 0x80 | ((random[0] ?? 0) & 0x3f);
  const tail = [...random.subarray(1)].map((byte) => hex(byte, 2)).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(counter, 3)}-${hex(variant, 2)}${tail.slice(0, 2)}-${tail.slice(2)}`;
}
