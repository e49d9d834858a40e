// Who writes just now, or since when nobody can be heard: on a line that is always there, so that nothing moves.

import type { ChatStore, Person, PlaceStore } from "fireside-chat/store";
import { useEffect, useState } from "preact/hooks";

import { nameOf } from "./names.js";
import { clockTime } from "./times.js";
import { useReadable } from "./use-readable.js";

const NAMES_MAX = 3;
const LIST = new Intl.ListFormat(undefined, { type: "conjunction" });

/** A connection that is away for less is not worth a word here. */
const OFFLINE_MS = 10_000;

export function TypingLine({ store, place }: { store: ChatStore; place: PlaceStore }) {
  const people = useReadable(place.typing);
  const offlineSinceMs = useOfflineSince(store);
  return (
    <p class="typing-line">
      {offlineSinceMs !== null
        ? `offline since ${clockTime(offlineSinceMs)}`
        : people.length > 0 && <Names people={people} />}
    </p>
  );
}

function useOfflineSince({ connection }: ChatStore): number | null {
  const isOnline = useReadable(connection).status === "online";
  const [sinceMs, setSince] = useState<number | null>(null);
  useEffect(() => {
    if (isOnline) return setSince(null);
    // The first moment: every attempt in between begins anew.
    const beganMs = connection.get().since;
    const timer = setTimeout(() => setSince(beganMs), Math.max(0, beganMs + OFFLINE_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [isOnline]);
  return sinceMs;
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
