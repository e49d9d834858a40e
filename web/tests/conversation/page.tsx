// A page with nothing but a conversation on it, for the tests: who looks at what is in its address.

import "../../src/styles/app.css";
import "./page.css";

import { type Chat, createClient, type Place } from "fireside-chat";
import { type ChatStore, createStore } from "fireside-chat/store";
import { render } from "preact";

import { Announcer } from "../../src/announcer.js";
import { parts } from "../../src/later/lazy.js";
import { Conversation } from "../../src/conversation/index.js";

declare global {
  // What the tests reach for.
  var page: {
    chat: Chat;
    store: ChatStore;
    open(place: Place, jumpTo?: string): void;
    place(slug: string): Place | null;
    /** Whether everything is loaded, also what comes later. */
    isWhole(): boolean;
  };
}

const query = new URLSearchParams(location.search);
const parameter = (name: string): string => query.get(name) ?? "";
const chat = createClient({ url: location.origin, token: parameter("token") });
const store = createStore(chat);
const announcer = new Announcer();
announcer.moveTo(document.body);
const preferences = { enterSends: true, readOut: "all", singleKeys: true } as const;
const addressOf = (place: Place) => (place.kind === "room" ? `/r/${place.roomId}` : `/d/${place.userId}`);
const addresses = { place: addressOf, message: (place: Place, id: string) => `${addressOf(place)}/m/${id}` };

function open(place: Place, jumpTo: string | null = null): void {
  const root = document.querySelector("#conversation");
  const shown = (
    <>
      <h1 class="visually-hidden">Conversation</h1>
      <Conversation
        store={store}
        place={place}
        jumpTo={jumpTo}
        preferences={preferences}
        addresses={addresses}
        announcer={announcer}
        onPerson={() => {}}
      />
    </>
  );
  if (root) render(shown, root);
}

function begin(): void {
  const place: Place | null = query.has("with")
    ? { kind: "direct", userId: parameter("with") }
    : store.find(parameter("room"));
  if (store.status.get().status === "ready" && place && document.querySelector(".conversation") === null)
    open(place, query.get("message"));
}

globalThis.page = { chat, store, open, place: (slug) => store.find(slug), isWhole: () => parts.loaded.peek() !== null };
for (const readable of [store.status, store.rooms]) readable.subscribe(begin);
parts.load();
void chat.connect();
