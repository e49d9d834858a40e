// How the client looks, on this device.

import { prefer, preferences, SIDEBAR_PX, TEXT_SIZES_PX } from "../app/preferences.js";
import { Choice } from "./choice.js";

/** What its edge does by dragging, as a choice. */
const WIDTHS = [
  ["narrow", SIDEBAR_PX.min, "Narrow"],
  ["normal", SIDEBAR_PX.normal, "Normal"],
  ["wide", SIDEBAR_PX.max, "Wide"],
] as const;

export function Appearance() {
  const { theme, density, textSizePx, sidebarPx } = preferences.value;
  return (
    <div class="settings-part">
      <Choice
        legend="Theme"
        name="theme"
        value={theme}
        options={[
          ["system", "As the device"],
          ["light", "Light"],
          ["dark", "Dark"],
        ]}
        onChoose={(chosen) => prefer({ theme: chosen })}
      />
      <Choice
        legend="Density"
        name="density"
        value={density}
        options={[
          ["comfortable", "Comfortable"],
          ["compact", "Compact"],
        ]}
        onChoose={(chosen) => prefer({ density: chosen })}
      />
      <Choice
        legend="Size of text"
        name="text-size"
        value={textSizePx}
        options={TEXT_SIZES_PX.map((size) => [size, String(size)] as const)}
        onChoose={(chosen) => prefer({ textSizePx: chosen })}
      />
      <div class="only-wide">
        <Choice
          legend="List of rooms"
          name="sidebar"
          value={WIDTHS.find(([, widthPx]) => widthPx >= sidebarPx)?.[0] ?? "wide"}
          options={WIDTHS.map(([name, , label]) => [name, label] as const)}
          onChoose={(chosen) => prefer({ sidebarPx: WIDTHS.find(([name]) => name === chosen)?.[1] ?? SIDEBAR_PX.normal })}
        />
      </div>
      <p class="hint">These settings hold on this device.</p>
    </div>
  );
}
