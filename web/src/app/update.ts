// Whether the server has another version of this client than the page that is open.

import { signal } from "@preact/signals";
import type { ChatStore } from "fireside-chat/store";

/** Whether there is. */
export const isUpdateReady = signal(false);

/** The version of this page: the server adds it to the address of every file. */
const VERSION = new URL(import.meta.url).searchParams.get("v");

/** Looks after every connection but one that comes at once: a server that has another version was away in between. */
export function startUpdates(store: ChatStore): void {
  if (VERSION === null) return;
  let mayBeOther = false;
  store.connection.subscribe(({ status, failures }) => {
    if (status === "online" && mayBeOther) void look(VERSION);
    if (status === "online" || failures > 0) mayBeOther = true;
  });
}

async function look(version: string): Promise<void> {
  try {
    const response = await fetch("/", { cache: "no-cache" });
    if (response.ok) isUpdateReady.value = !(await response.text()).includes(`?v=${version}`);
  } catch {
    // Gone again: the next connection looks once more.
  }
}
