// The client: who is signed in gets the chat, everybody else the way in.

import { placeKey } from "fireside-chat";
import { useEffect, useState } from "preact/hooks";

import { useReadable } from "../conversation/use-readable.js";
import { Browse, Enter, Invitation, LoginLink, Overlays, parts, RoomDoor, Settings } from "../later/lazy.js";
import { whenIdle } from "../later/later.js";
import { PlaceLoading } from "../place/place-loading.js";
import { PlaceScreen } from "../place/place-screen.js";
import { Sidebar } from "../sidebar/sidebar.js";
import { Banner } from "./banner.js";
import { currentPlace, useCurrentPlace } from "./current-place.js";
import { startGlobalKeys } from "./global-keys.js";
import { heading } from "./heading.js";
import { Home } from "./home.js";
import { focusMain, go, route } from "./navigation.js";
import { overlay, pane } from "./overlay.js";
import { preferences } from "./preferences.js";
import { useServices } from "./services.js";
import { Tabs } from "./tabs.js";
import { ToastView } from "./toast-view.js";
import { isWide } from "./wide.js";

const NOTICES: Record<string, string> = {
  revoked: "You were signed out from another device.",
  disabled: "This account is shut out.",
  expired: "You have been away for long. Please sign in again.",
};

export function App() {
  const { chat } = useServices();
  const user = useReadable(chat.auth.user);
  const [notice, setNotice] = useState("");
  useEffect(() => chat.on("auth:changed", ({ reason }) => setNotice(NOTICES[reason ?? ""] ?? "")), [chat]);
  const current = route.value;
  const { name } = current;
  // A link that signs somebody else in does so; one's own leads in, and is not spent.
  if (name === "login" && current.token && current.user !== user?.username) return <LoginLink token={current.token} />;
  // The link of a new server leads to it, whoever was signed in at this address before.
  if (!user || name === "setup") return <Entrance notice={notice} />;
  if (name === "join") return <Invitation code={current.code} user={user} />;
  return <Signed key={user.id} />;
}

function Entrance({ notice }: { notice: string }) {
  useEffect(() => {
    heading.value = "";
    overlay.value = null;
    pane.value = null;
  }, []);
  return <Enter notice={notice} />;
}

function Signed() {
  const services = useServices();
  const { chat } = services;
  const { name } = route.value;
  useEffect(() => {
    void chat.connect().catch(() => {
      // Nobody is signed in: the store has told so already.
    });
    // A dialog then opens at once, also without a connection.
    whenIdle(() => parts.load());
    return startGlobalKeys(services, () => {
      const place = currentPlace(services.store, route.peek());
      return place && placeKey(place);
    });
  }, [services]);
  useEffect(() => {
    // Looked at again: whoever has just come in may have gone on by now.
    if (route.peek().name === "login") go("/", { replace: true });
  }, [name]);
  const place = useCurrentPlace();
  const isReady = useReadable(services.store.status).status !== "loading";
  const isFolded = isWide.value && preferences.value.isSidebarFolded;
  // At the door of a room one is not in, there is no head with a way back.
  const hasTabs = screenOf(name) !== "place" || (isReady && place === null);
  return (
    <>
      <button type="button" class="skip" onClick={() => focusMain()}>
        Skip to message box
      </button>
      <Banner />
      <div class="frame" data-screen={screenOf(name)} data-sidebar={isFolded ? "folded" : undefined}>
        <Sidebar current={place && placeKey(place)} isFolded={isFolded} />
        <Screen />
      </div>
      {hasTabs && <Tabs />}
      <ToastView />
      {overlay.value !== null && <Overlays />}
    </>
  );
}

function Screen() {
  const { store } = useServices();
  const current = route.value;
  const place = useCurrentPlace();
  const isReady = useReadable(store.status).status !== "loading";
  switch (current.name) {
    case "room":
    case "direct": {
      // A conversation of two has its address before it is known what is new in it.
      if (place && (isReady || current.name === "room")) return <PlaceScreen place={place} jumpTo={current.message} />;
      return isReady && current.name === "room" ? (
        <RoomDoor room={current.room} />
      ) : (
        <PlaceLoading room={current.name === "room" ? current.room : null} />
      );
    }
    case "browse":
      return <Browse />;
    case "settings":
      return <Settings part={current.part} />;
    case "unknown":
      return (
        <main class="notice">
          <h1>There is nothing here</h1>
          <a class="button" href="/">
            To your rooms
          </a>
        </main>
      );
    default:
      return <Home />;
  }
}

function screenOf(name: string): "list" | "place" | "other" {
  if (name === "room" || name === "direct") return "place";
  return name === "home" ? "list" : "other";
}
