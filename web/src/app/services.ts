// What every screen works with: the client of the server, its store, and the voice of the page.

import type { Chat } from "fireside-chat";
import type { ChatStore } from "fireside-chat/store";
import { createContext } from "preact";
import { useContext } from "preact/hooks";

import type { Announcer } from "../announcer.js";

export interface Services {
  readonly chat: Chat;
  readonly store: ChatStore;
  readonly announcer: Announcer;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("a screen stands outside of the client");
  return services;
}
