// A room or a conversation on the screen: its head, what is said in it, and what stands beside it.

import { type Place, placeKey } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";
import { useEffect, useLayoutEffect, useMemo } from "preact/hooks";

import { heading } from "../app/heading.js";
import { go } from "../app/navigation.js";
import { pane } from "../app/overlay.js";
import { preferences } from "../app/preferences.js";
import { remember } from "../app/recents.js";
import { directPath, messagePath, roomPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Conversation } from "../conversation/index.js";
import { nameOf } from "../conversation/names.js";
import { useReadable } from "../conversation/use-readable.js";
import { PlacePane } from "../later/lazy.js";
import { PlaceHead } from "./place-head.js";
import { Welcome } from "./welcome.js";

interface Props {
  place: Place;
  /** A message to go to. */
  jumpTo: string | null;
}

export function PlaceScreen({ place: wanted, jumpTo }: Props) {
  const services = useServices();
  const { store, announcer } = services;
  const key = placeKey(wanted);
  // One object for one place: another one is another conversation.
  const place = useMemo(() => wanted, [key]);
  const summary = useReadable(useMemo(() => store.place(place).summary, [store, place]));
  const person = useReadable(useMemo(() => store.person(place.kind === "direct" ? place.userId : ""), [store, place]));
  const me = useReadable(store.me);
  const title = titleOf(summary) ?? (person ? nameOf(person) : "");

  useEffect(() => {
    if (me) remember(me.id, key);
  }, [me?.id, key]);
  // A conversation of two has no list of people and nothing to set.
  useLayoutEffect(() => {
    if (place.kind === "direct" && pane.peek()?.kind !== "person") pane.value = null;
  }, [place]);
  useEffect(() => {
    heading.value = title;
  }, [title]);

  // Who comes by the id of a room goes on under its name.
  const slug = summary?.room?.slug;
  useEffect(() => {
    const { pathname } = location;
    if (wanted.kind === "room" && slug && pathname.startsWith(roomPath(wanted.roomId)))
      go(pathname.replace(roomPath(wanted.roomId), roomPath(slug)), { replace: true });
  }, [key, slug]);

  const addresses = useMemo(() => {
    const pathOf = (of: Place) =>
      of.kind === "direct" ? directPath(of.userId) : roomPath(store.place(of).summary.get()?.room?.slug ?? of.roomId);
    return { place: pathOf, message: (of: Place, id: string) => messagePath(pathOf(of), id) };
  }, [store]);

  return (
    <>
      <main class="place" aria-labelledby="place-title">
        <PlaceHead place={place} summary={summary} title={title} />
        <Conversation
          store={store}
          place={place}
          jumpTo={jumpTo}
          preferences={preferences.value}
          addresses={addresses}
          announcer={announcer}
          welcome={() => <Welcome services={services} place={place} />}
          onPerson={(userId) => {
            pane.value = { kind: "person", userId };
          }}
        />
      </main>
      {pane.value && <PlacePane pane={pane.value} place={place} summary={summary} />}
    </>
  );
}

function titleOf(summary: PlaceSummary | null): string | null {
  if (!summary) return null;
  return summary.room ? `#${summary.room.slug}` : summary.title;
}
