// People as they are shown: a name that can be read, initials, and a colour of their own.

import type { Person } from "fireside-chat/store";

/** Controls, and what turns the reading order of the text around it. */
const TURNING = /[\p{Cc}\p{Bidi_Control}]/gu;
/** Anything to be seen at all. */
const VISIBLE = /[^\s\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** The name to show: the chosen one where it can be seen, else the username. */
export function nameOf(person: Person): string {
  const chosen = person.displayName?.replace(TURNING, "").trim() ?? "";
  return VISIBLE.test(chosen) ? chosen : person.username || "Unknown";
}

/** One or two letters for the tile beside a name. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const [first = name, last] = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  const letters = last === undefined ? graphemes(first).slice(0, 2) : [graphemes(first)[0], graphemes(last)[0]];
  return letters.join("").toLocaleUpperCase();
}

/** The hue of somebody's tile in degrees, always the same for the same id. */
export function hueOf(id: string): number {
  let hash = 2_166_136_261;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  return (hash >>> 0) % 360;
}

function graphemes(text: string): string[] {
  return [...new Intl.Segmenter().segment(text.slice(0, 40))].map(({ segment }) => segment);
}
