// What is told, and how.

import { useState } from "preact/hooks";

import { allowNotifications, canNotify } from "../app/notifications.js";
import { prefer, preferences } from "../app/preferences.js";
import { Choice } from "./choice.js";

export function Notifications() {
  const { notify, readOut } = preferences.value;
  const [isRefused, setRefused] = useState(canNotify() && Notification.permission === "denied");
  const change = async (wanted: boolean) => {
    if (!wanted) prefer({ notify: false });
    else setRefused(!(await allowNotifications()));
  };
  return (
    <div class="settings-part">
      <label class="check">
        <input
          type="checkbox"
          checked={notify}
          disabled={!canNotify()}
          onChange={(event) => void change(event.currentTarget.checked)}
        />
        Tell me of mentions and direct messages on the desktop
      </label>
      <p class="hint" role="status">
        {!canNotify()
          ? "This browser cannot show notifications here."
          : isRefused
            ? "The browser does not allow it. It can be allowed in the settings of this page."
            : "Only while this page is open somewhere, and not while you look at it."}
      </p>
      <Choice
        legend="Read out by screen readers"
        name="read-out"
        value={readOut}
        options={[
          ["all", "Every new message"],
          ["mentions", "Mentions only"],
          ["off", "Nothing"],
        ]}
        onChoose={(chosen) => prefer({ readOut: chosen })}
      />
    </div>
  );
}
