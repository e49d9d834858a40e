// The place that an address shows.

import type { Place } from "fireside-chat";
import type { ChatStore } from "fireside-chat/store";

import type { Route } from "./route.js";

/** Null where the address shows no place, or a room one is not in. */
export function currentPlace(store: ChatStore, route: Route): Place | null {
  if (route.name === "direct") return { kind: "direct", userId: route.userId };
  return route.name === "room" ? store.find(route.room) : null;
}
