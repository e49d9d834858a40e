// What the conversation needs from the screen around it.

import type { Place } from "fireside-chat";
import type { ChatStore } from "fireside-chat/store";
import type { ComponentChildren } from "preact";

import type { Announcer } from "../announcer.js";

/** How somebody likes their conversations. */
export interface Preferences {
  /** Whether Enter sends (Shift+Enter is a new line), or is a new line (Ctrl+Enter sends). */
  readonly enterSends: boolean;
  /** Which messages of others are read out to screen readers. */
  readonly readOut: "all" | "mentions" | "off";
  /** Whether keys of one character act on the selected message. */
  readonly singleKeys: boolean;
}

/** Where things are in the address bar. */
export interface Addresses {
  /** The address of a place. */
  place(place: Place): string;
  /** The address of one message. */
  message(place: Place, messageId: string): string;
}

/** What the screen gives to the conversation it shows. */
export interface ConversationProps {
  store: ChatStore;
  /** The room or direct conversation on the screen. */
  place: Place;
  /** A message to go to, by id: of an address with one. */
  jumpTo: string | null;
  preferences: Preferences;
  addresses: Addresses;
  announcer: Announcer;
  /** What stands above the first message, after what the place says of itself. */
  welcome?: () => ComponentChildren;
  /** Shows who somebody is; without it names are no buttons. */
  onPerson?: (userId: string) => void;
}
