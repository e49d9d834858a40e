// The first address: on a wide screen the room one was in last, on a phone the list of rooms. A new account begins in its
// first room on either.

import { useEffect } from "preact/hooks";

import { useReadable } from "../conversation/use-readable.js";
import { pathOf } from "../sidebar/place-link.js";
import { Problem } from "../ui/problem.js";
import { sentenceOf } from "../ui/use-task.js";
import { heading } from "./heading.js";
import { go, route } from "./navigation.js";
import { overlay } from "./overlay.js";
import { recents } from "./recents.js";
import { useServices } from "./services.js";
import { isWide } from "./wide.js";

export function Home() {
  const { store } = useServices();
  const rooms = useReadable(store.rooms);
  const directs = useReadable(store.directs);
  const { status, error } = useReadable(store.status);
  const me = useReadable(store.me);
  const wide = isWide.value;
  const begins = route.value.name === "home" && route.value.begins;
  useEffect(() => {
    heading.value = "";
    if (status !== "ready" || !(wide || begins)) return;
    const places = [...rooms, ...directs];
    const last = recents(me?.id ?? "").map((key) => places.find((place) => place.key === key));
    const place = last.find((found) => found !== undefined) ?? places[0];
    // On a phone the way back from there leads to the list.
    if (begins) go("/", { replace: true });
    if (place) go(pathOf(place), { replace: wide });
  }, [status, rooms, directs, me?.id, wide, begins]);
  if (status === "loading") return <Blank />;
  if (status === "failed") {
    return (
      <main class="notice">
        <h1>Your rooms could not be read</h1>
        <Problem text={error ? sentenceOf(error) : ""} />
        <button type="button" class="button" onClick={() => void store.refresh()}>
          Retry
        </button>
      </main>
    );
  }
  if (rooms.length + directs.length > 0) return <Blank />;
  return (
    <main class="notice">
      <h1>No rooms yet</h1>
      <p class="quiet">Join one that is there, or make the first.</p>
      <p class="choices">
        <a class="button is-primary" href="/browse">
          Browse rooms
        </a>
        <button type="button" class="button" onClick={() => (overlay.value = "create-room")}>
          Create a room
        </button>
      </p>
    </main>
  );
}

/** Beside the list there is nothing to see yet; on a phone the list is all there is. */
function Blank() {
  return (
    <main>
      <h1 class="visually-hidden">Rooms</h1>
    </main>
  );
}
