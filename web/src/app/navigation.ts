// Where one is: the address bar as a signal, and going elsewhere without loading the page again.

import { computed, signal } from "@preact/signals";

import { parseRoute, type Route } from "./route.js";

/** So long the focus waits for a place to write in. */
const PATIENCE_MS = 2000;

const address = signal(here());
/** Whether one came here by keyboard: then the heading of the new screen gets the focus. */
export const cameByKeyboard = signal(false);

/** What the address asks for. */
export const route = computed<Route>(() => {
  const { pathname, hash } = new URL(address.value, location.origin);
  return parseRoute(pathname, hash);
});

/** Goes to an address of this client. `replace` leaves no step in the history. */
export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, "", path);
  else if (path !== here()) history.pushState(null, "", path);
  address.value = path;
}

/** Puts the focus to where one writes, else to the heading. Answers whether one can write. */
export function focusMain(): boolean {
  // One after the other: of both at once the first on the page would be found.
  const find = (selector: string) => document.querySelector<HTMLElement>(selector);
  const field = find(".composer textarea");
  (field ?? find("main h1"))?.focus();
  return field !== null;
}

/** Goes to a place to write there: what is typed at once belongs into it, as soon as it is on the screen. */
export function goAndWrite(path: string): void {
  cameByKeyboard.value = false;
  go(path);
  const untilMs = performance.now() + PATIENCE_MS;
  const look = () => {
    // A room that was just made is known only a moment later. Whoever is somewhere else by then stays there.
    const isElsewhere = document.activeElement?.matches("body, h1") === false;
    if (!isElsewhere && !focusMain() && performance.now() < untilMs) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Follows links within the client and the browser's own back and forward. Answers what ends that. */
export function startNavigation(): () => void {
  const ending = new AbortController();
  const { signal: until } = ending;
  addEventListener("popstate", () => (address.value = here()), { signal: until });
  // The setup link may be opened in the tab that shows this page: then only the fragment changes.
  addEventListener("hashchange", () => (address.value = here()), { signal: until });
  addEventListener("click", followLink, { signal: until });
  return () => ending.abort();
}

function followLink(event: MouseEvent): void {
  const wantsElsewhere = event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.defaultPrevented || wantsElsewhere || link.target || link.origin !== location.origin) return;
  // Of an address that is none of the client's, the server may know more.
  if (link.hasAttribute("download") || parseRoute(link.pathname).name === "unknown") return;
  // A fragment of the page one is on is the browser's own matter.
  if (link.hash && link.pathname === location.pathname) return;
  event.preventDefault();
  // Enter on a link is a click without a pointer.
  cameByKeyboard.value = event.detail === 0;
  go(link.pathname + link.search + link.hash);
}

function here(): string {
  return location.pathname + location.search + location.hash;
}
