// Keys that work everywhere.

import type { PlaceKey } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";

import { parts } from "../later/lazy.js";
import { badgeOf, pathOf } from "../sidebar/place-link.js";
import { isUnread, markAllRead } from "./mark-all-read.js";
import { cameByKeyboard, go } from "./navigation.js";
import { neighbour } from "./neighbour.js";
import { overlay, pane, togglePane, typedAhead } from "./overlay.js";
import type { Services } from "./services.js";

/** Where keys are text; radio buttons and check boxes take none. */
const FIELDS = 'input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable]';

const REGIONS = [".sidebar", ".place-head", ".log", ".composer textarea", ".pane"];

/** Listens for them; `current` answers which place is on the screen. Answers what ends that. */
export function startGlobalKeys(services: Services, current: () => PlaceKey | null): () => void {
  const pressed = (event: KeyboardEvent) => {
    const act = event.isComposing || event.defaultPrevented ? null : actionOf(event, services, current);
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", pressed);
  addEventListener("keydown", holdForDialog, true);
  return () => {
    removeEventListener("keydown", pressed);
    removeEventListener("keydown", holdForDialog, true);
  };
}

/** While a dialog is being loaded, what is typed is meant for it: below it, it would be sent as a message. */
function holdForDialog(event: KeyboardEvent): void {
  if (overlay.peek() === null || parts.hasFailed.peek() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (event.key === "Escape") overlay.value = null;
  else if (overlay.peek() === "switcher" && event.key.length === 1 && !event.ctrlKey && !event.metaKey)
    typedAhead.text += event.key;
}

function actionOf(event: KeyboardEvent, services: Services, current: () => PlaceKey | null): (() => void) | null {
  const { store } = services;
  if (document.querySelector("dialog[open]")) return null;
  const isChord = event.ctrlKey || event.metaKey;
  const all = () => [...store.rooms.get(), ...store.directs.get()];
  if (isChord && !event.altKey && !event.shiftKey) {
    // With text selected in the composer it makes a link of it; then the composer has taken the key already.
    if (event.key.toLowerCase() === "k") return () => (overlay.value = "switcher");
    if (event.key === "/") return () => (overlay.value = "keys");
    if (event.key === "." && current()?.startsWith("room:")) return () => togglePane("people");
  }
  if (isChord && event.key === "F6") return () => nextRegion(event.shiftKey ? -1 : 1);
  if (event.altKey && !isChord) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) return () => show(neighbour(all(), current(), step, event.shiftKey ? isUnread : () => true));
    if (event.key.toLowerCase() === "a" && !event.shiftKey)
      return () => show(all().find((place) => badgeOf(place) > 0) ?? all().find(isUnread));
  }
  if (event.key === "?" && !isChord && !isInField(event.target)) return () => (overlay.value = "keys");
  if (event.key === "Escape" && event.shiftKey) return () => markAllRead(services);
  if (event.key === "Escape" && pane.peek() && !isInField(event.target)) return () => (pane.value = null);
  return null;
}

function show(place: PlaceSummary | undefined): void {
  if (!place) return;
  cameByKeyboard.value = true;
  go(pathOf(place));
}

/** From one part of the screen to the next. */
function nextRegion(step: 1 | -1): void {
  const regions = REGIONS.map((selector) => document.querySelector<HTMLElement>(selector)).filter(
    (region) => region?.checkVisibility() === true,
  );
  const at = regions.findIndex((region) => region?.contains(document.activeElement));
  const region = regions.at((at + step + (at < 0 && step < 0 ? 1 : 0)) % regions.length);
  const focusable = region?.matches("[tabindex], textarea")
    ? region
    : region?.querySelector<HTMLElement>('a[tabindex="0"], button, a, [tabindex="0"]');
  focusable?.focus();
}

function isInField(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(FIELDS) !== null;
}
