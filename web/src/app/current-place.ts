// The place that an address shows.

import type { Place } from "fireside-chat";
import type { ChatStore } from "fireside-chat/store";

import { useReadable } from "../conversation/use-readable.js";
import { route } from "./navigation.js";
import type { Route } from "./route.js";
import { useServices } from "./services.js";

/** Null where the address shows no place, or a room one is not in. */
export function currentPlace(store: ChatStore, route: Route): Place | null {
  if (route.name === "direct") return { kind: "direct", userId: route.userId };
  return route.name === "room" ? store.find(route.room) : null;
}

/** The place on the screen; looked for again when one joins or leaves a room. */
export function useCurrentPlace(): Place | null {
  const { store } = useServices();
  useReadable(store.rooms);
  return currentPlace(store, route.value);
}
