// Where the client begins.

import "./styles/app.css";

import { effect, untracked } from "@preact/signals";
import { createClient } from "fireside-chat";
import { createStore } from "fireside-chat/store";
import { render } from "preact";

import { Announcer } from "./announcer.js";
import { App } from "./app/app.js";
import { startDropGuard } from "./app/drop-guard.js";
import { startKeyboardInset } from "./app/keyboard-inset.js";
import { startNavigation } from "./app/navigation.js";
import { applyPreferences } from "./app/preferences.js";
import { ServicesContext } from "./app/services.js";
import { startUpdates } from "./app/update.js";
import { startDrafts } from "./conversation/composer/drafts.js";
import { hasLongTimes } from "./conversation/times.js";
import { parts } from "./later/lazy.js";
import { beginning } from "./start.js";

async function start(root: Element): Promise<void> {
  applyPreferences();
  document.documentElement.dataset["clock"] = hasLongTimes() ? "long" : "short";
  startNavigation();
  startDrafts();
  startKeyboardInset();
  startDropGuard();
  const chat = createClient({ url: location.origin, bootstrap: beginning });
  const store = createStore(chat);
  const announcer = new Announcer();
  announcer.moveTo(document.body);
  const services = { chat, store, announcer };
  startUpdates(store);
  effect(() => {
    const loaded = parts.loaded.value;
    if (!loaded) return;
    untracked(() => {
      loaded.startPageBadge(store);
      loaded.startNotifications(services);
    });
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void chat.wake();
  });
  await chat.auth.restore();
  root.replaceChildren();
  render(
    <ServicesContext.Provider value={services}>
      <App />
    </ServicesContext.Provider>,
    root,
  );
}

const root = document.querySelector("#app");
if (root) void start(root);
