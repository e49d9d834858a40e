// How the client looks, on this device.

import { prefer, preferences, TEXT_SIZES_PX } from "../app/preferences.js";
import { Choice } from "./choice.js";

export function Appearance() {
  const { theme, density, textSizePx } = preferences.value;
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
      <p class="hint">These settings hold on this device.</p>
    </div>
  );
}
