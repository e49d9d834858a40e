// What a room says to its administrator above its first message: in the first room, what is left to do.

import type { Place } from "fireside-chat";
import { useMemo } from "preact/hooks";

import { type Services, ServicesContext } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { FirstSteps } from "../later/lazy.js";

/** The slug of the room that every server begins with, if its administrator keeps it. */
export const FIRST_ROOM = "general";

interface Props {
  /** Given, because the list of messages has a root of its own. */
  services: Services;
  place: Place;
}

export function Welcome({ services, place }: Props) {
  const { store } = services;
  const me = useReadable(store.me);
  const summary = useReadable(useMemo(() => store.place(place).summary, [store, place]));
  if (me?.role !== "admin" || summary?.room?.slug !== FIRST_ROOM) return null;
  return (
    <ServicesContext.Provider value={services}>
      <FirstSteps />
    </ServicesContext.Provider>
  );
}
