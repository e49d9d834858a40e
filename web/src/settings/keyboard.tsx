// What the keys do, and which of them do anything.

import { prefer, preferences } from "../app/preferences.js";
import { KeyList } from "../overlays/keys-sheet.js";
import { Choice } from "./choice.js";

export function Keyboard() {
  const { enterSends, singleKeys } = preferences.value;
  return (
    <div class="settings-part">
      <Choice
        legend="Enter"
        name="enter"
        value={enterSends ? "send" : "line"}
        options={[
          ["send", "sends the message"],
          ["line", "begins a new line (Ctrl+Enter sends)"],
        ]}
        onChoose={(chosen) => prefer({ enterSends: chosen === "send" })}
      />
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys}
          onChange={(event) => prefer({ singleKeys: event.currentTarget.checked })}
        />
        Keys of one character act on the selected message
      </label>
      <KeyList heading="h2" />
    </div>
  );
}
