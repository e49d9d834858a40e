// How somebody likes this client, kept on this device.

import { effect, signal } from "@preact/signals";

import type { Preferences as ConversationPreferences } from "../conversation/index.js";

/** Everything that can be set on this device. */
export interface Preferences extends ConversationPreferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "comfortable" | "compact";
  /** Size of text, in pixels of an unzoomed page. */
  readonly textSizePx: number;
  /** Whether mentions and direct messages are told on the desktop. */
  readonly notify: boolean;
}

export const TEXT_SIZES_PX = [13, 14, 15, 16, 18, 20] as const;

const KEY = "fireside.preferences";
const DEFAULT: Preferences = {
  theme: "system",
  density: "comfortable",
  textSizePx: 15,
  notify: false,
  enterSends: true,
  readOut: "all",
  singleKeys: true,
};

export const preferences = signal<Preferences>(read());

/** Changes some of them. */
export function prefer(changed: Partial<Preferences>): void {
  preferences.value = { ...preferences.value, ...changed };
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences.value));
  } catch {
    // A browser without storage: they hold until the page is left.
  }
}

/** Puts them on the page, now and whenever they change, here or in another tab. */
export function applyPreferences(): void {
  effect(() => {
    const { theme, density, textSizePx } = preferences.value;
    const root = document.documentElement;
    root.dataset["theme"] = theme;
    root.dataset["density"] = density;
    // The tokens are made for 15 px; everything is in rem, so that the browser's own size counts too.
    root.style.fontSize = textSizePx === DEFAULT.textSizePx ? "" : `${(textSizePx / DEFAULT.textSizePx) * 100}%`;
  });
  addEventListener("storage", ({ key }) => {
    if (key === KEY) preferences.value = read();
  });
}

/** What was kept, as far as it still means something. */
function read(): Preferences {
  let kept: Record<string, unknown> = {};
  try {
    kept = Object(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    // Not ours, or no storage at all.
  }
  const oneOf = <T>(value: unknown, allowed: readonly T[], otherwise: T) =>
    allowed.includes(value as T) ? (value as T) : otherwise;
  return {
    theme: oneOf(kept["theme"], ["system", "light", "dark"], DEFAULT.theme),
    density: oneOf(kept["density"], ["comfortable", "compact"], DEFAULT.density),
    textSizePx: oneOf<number>(kept["textSizePx"], TEXT_SIZES_PX, DEFAULT.textSizePx),
    notify: oneOf(kept["notify"], [true, false], DEFAULT.notify),
    enterSends: oneOf(kept["enterSends"], [true, false], DEFAULT.enterSends),
    readOut: oneOf(kept["readOut"], ["all", "mentions", "off"], DEFAULT.readOut),
    singleKeys: oneOf(kept["singleKeys"], [true, false], DEFAULT.singleKeys),
  };
}
