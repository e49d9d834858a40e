// Loaded before the client itself, which is ten times as large: asks the server meanwhile for what will be seen first.

import { bootstrapEarly } from "fireside-chat/early";

import { recents } from "./app/recents.js";
import { parseRoute } from "./app/route.js";

/** What the client begins with; null where nobody is signed in, or there is no answer. */
export const beginning = bootstrapEarly({ url: location.origin, open });

/** The place that this address will show, unless it shows one message of it. */
function open(userId: string): { roomId?: string; userId?: string } {
  const route = parseRoute(location.pathname);
  if (route.name === "room" && route.message === null) return { roomId: route.room };
  if (route.name === "direct" && route.message === null) return { userId: route.userId };
  const [kind, id] = (route.name === "home" ? (recents(userId)[0] ?? "") : "").split(":");
  if (id === undefined) return {};
  return kind === "room" ? { roomId: id } : { userId: id };
}
