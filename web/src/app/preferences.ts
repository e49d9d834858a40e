// How somebody likes this client, kept on this device.

import { effect, signal } from "@preact/signals";

import type { Preferences as ConversationPreferences } from "../conversation/index.js";

/** Everything that can be set on this device. */
export interface Preferences extends ConversationPreferences {
  readonly theme: "system" | "light" | "dark";
  readonly density: "comfortable" | "compact";
  /** Size of text, in pixels of an unzoomed page. */
  readonly textSizePx: number;
  /** How wide the list of rooms is, where it stands beside a room. */
  readonly sidebarPx: number;
  /** Whether it is folded away there. */
  readonly isSidebarFolded: boolean;
  /** Whether mentions and direct messages are told on the desktop. */
  readonly notify: boolean;
}

export const TEXT_SIZES_PX = [13, 14, 15, 16, 18, 20] as const;

/** How wide the list of rooms may be. */
export const SIDEBAR_PX = { min: 200, normal: 264, max: 420 } as const;

const KEY = "fireside.preferences";
const DEFAULT: Preferences = {
  theme: "system",
  density: "comfortable",
  textSizePx: 15,
  sidebarPx: SIDEBAR_PX.normal,
  isSidebarFolded: false,
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
    const { theme, density, textSizePx, sidebarPx } = preferences.value;
    const root = document.documentElement;
    root.dataset["theme"] = theme;
    root.dataset["density"] = density;
    root.style.setProperty("--sidebar", `${sidebarPx}px`);
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
    sidebarPx: between(kept["sidebarPx"], SIDEBAR_PX),
    isSidebarFolded: oneOf(kept["isSidebarFolded"], [true, false], DEFAULT.isSidebarFolded),
    notify: oneOf(kept["notify"], [true, false], DEFAULT.notify),
    enterSends: oneOf(kept["enterSends"], [true, false], DEFAULT.enterSends),
    readOut: oneOf(kept["readOut"], ["all", "mentions", "off"], DEFAULT.readOut),
    singleKeys: oneOf(kept["singleKeys"], [true, false], DEFAULT.singleKeys),
  };
}

function between(value: unknown, { min, normal, max }: typeof SIDEBAR_PX): number {
  return typeof value === "number" && value >= min && value <= max ? value : normal;
}
