// Where a server is, from what somebody gave as its address.

import { ChatError } from "./errors.js";

/**
 * The origin of a server. It is always at the root of its host: with anything else every request would fail, and a
 * client would try for ever.
 */
export function originOf(url: string): string {
  const origin = /^(https?:\/\/[^\s/?#]+)\/*$/iu.exec(url)?.[1];
  if (origin) return origin;
  throw new ChatError({ reason: "validation", field: "url", message: "The url is like https://chat.example.org" });
}
