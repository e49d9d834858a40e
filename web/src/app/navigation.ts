// Where one is: the address bar as a signal, and going elsewhere without loading the page again.

import { computed, signal } from "@preact/signals";

import { parseRoute, type Route } from "./route.js";

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
