// Which address shows what. Addresses are read and written here only.

import type { Place } from "fireside-chat";

/** Parts of the settings, in the order of their menu. */
export const SETTINGS = ["profile", "appearance", "notifications", "keyboard", "sessions"] as const;

export type SettingsPart = (typeof SETTINGS)[number];

/** What an address asks for. */
export type Route =
  /** `begins`: somebody has just got their account, and belongs into a conversation rather than before a list. */
  | { readonly name: "home"; readonly begins: boolean }
  | { readonly name: "setup"; readonly token: string }
  /** A link that signs somebody in has both; they are empty elsewhere. */
  | { readonly name: "login"; readonly user: string; readonly token: string }
  | { readonly name: "join"; readonly code: string }
  | { readonly name: "room"; readonly room: string; readonly message: string | null }
  | { readonly name: "direct"; readonly userId: string; readonly message: string | null }
  | { readonly name: "browse" }
  | { readonly name: "settings"; readonly part: SettingsPart }
  | { readonly name: "unknown" };

const BEGINNING = "#begin";

/** Reads an address; `hash` with its `#`. */
export function parseRoute(pathname: string, hash = ""): Route {
  const [first = "", second, third, fourth, ...rest] = pathname.split("/").slice(1).map(decoded);
  if (rest.length > 0) return { name: "unknown" };
  const depth = [second, third, fourth].filter((part) => part !== undefined).length;
  switch (first) {
    case "":
      return { name: "home", begins: hash === BEGINNING };
    case "browse":
      return depth === 0 ? { name: "browse" } : { name: "unknown" };
    case "login":
      if (depth > 0) return { name: "unknown" };
      return { name: "login", user: told(hash, "user"), token: told(hash, "token") };
    case "setup":
      return { name: "setup", token: told(hash, "token") };
    case "join":
      return second && depth === 1 ? { name: "join", code: second } : { name: "unknown" };
    case "settings":
      return { name: "settings", part: SETTINGS.find((part) => part === second) ?? "profile" };
    case "r":
    case "d":
      return parsePlace(first, second, third, fourth);
    default:
      return { name: "unknown" };
  }
}

function parsePlace(kind: "r" | "d", id?: string, marker?: string, message: string | null = null): Route {
  const isWhole = id && (marker === undefined || (marker === "m" && message));
  if (!isWhole) return { name: "unknown" };
  return kind === "r" ? { name: "room", room: id, message } : { name: "direct", userId: id, message };
}

/** Where a new account begins: in the room that it was invited to, if there is one. */
export const BEGINNING_PATH = `/${BEGINNING}`;

/** The address of a room, by slug or id. */
export const roomPath = (room: string): string => `/r/${encodeURIComponent(room)}`;

/** The address of the conversation with somebody. */
export const directPath = (userId: string): string => `/d/${encodeURIComponent(userId)}`;

/** The address of a place, by id. */
export const placePath = (place: Place): string =>
  place.kind === "room" ? roomPath(place.roomId) : directPath(place.userId);

/** The address of one message in the place of an address. */
export const messagePath = (path: string, messageId: string): string => `${path}/m/${encodeURIComponent(messageId)}`;

export const settingsPath = (part: SettingsPart): string => `/settings/${part}`;

/** A link that lets somebody sign up. */
export const invitePath = (code: string): string => `/join/${encodeURIComponent(code)}`;

/** What a fragment says under a name: browsers do not send it, so that it stands in no log. */
const told = (hash: string, name: string): string => new URLSearchParams(hash.slice(1)).get(name) ?? "";

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
