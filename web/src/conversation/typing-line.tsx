// Who writes just now, on a line of its own that is always there: nothing moves when somebody begins.

import type { Person, PlaceStore } from "fireside-chat/store";

import { nameOf } from "./names.js";
import { useReadable } from "./use-readable.js";

const NAMES_MAX = 3;
const LIST = new Intl.ListFormat(undefined, { type: "conjunction" });

export function TypingLine({ place }: { place: PlaceStore }) {
  const people = useReadable(place.typing);
  return <p class="typing-line">{people.length > 0 && <Names people={people} />}</p>;
}

function Names({ people }: { people: readonly Person[] }) {
  if (people.length > NAMES_MAX) return <>Several people are typing…</>;
  const parts = LIST.formatToParts(people.map(nameOf));
  return (
    <>
      {parts.map(({ type, value }) => (type === "element" ? <bdi>{value}</bdi> : value))}
      {people.length === 1 ? " is typing…" : " are typing…"}
    </>
  );
}
