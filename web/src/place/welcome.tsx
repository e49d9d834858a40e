// What a room offers its administrators above its first message: to take people in, or the first steps of a new server.

import type { Place } from "fireside-chat";
import { useMemo } from "preact/hooks";

import { pane } from "../app/overlay.js";
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
  const room = summary?.room;
  if (!room) return null;
  if (me?.role !== "admin" || room.slug !== FIRST_ROOM) return <AddPeople services={services} roomId={room.id} />;
  return (
    <ServicesContext.Provider value={services}>
      <FirstSteps />
    </ServicesContext.Provider>
  );
}

/** Only admins of the room take people in; where everybody may join, it is how they come to know of it. */
function AddPeople({ services: { store }, roomId }: { services: Services; roomId: string }) {
  const me = useReadable(store.me);
  const { members } = useReadable(store.members(roomId));
  if (!members.some(({ userId, role }) => userId === me?.id && role === "admin")) return null;
  return (
    <button type="button" class="button beginning-button" onClick={() => (pane.value = { kind: "people" })}>
      Add people
    </button>
  );
}
