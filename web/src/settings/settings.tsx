// What can be set, one part at a time.

import { useEffect, useRef } from "preact/hooks";

import { heading } from "../app/heading.js";
import { SETTINGS, type SettingsPart, settingsPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { useFocusHeading } from "../ui/focus-heading.js";
import { Icon } from "../ui/icon.js";
import { useTask } from "../ui/use-task.js";
import { Appearance } from "./appearance.js";
import { Keyboard } from "./keyboard.js";
import { Notifications } from "./notifications.js";
import { Profile } from "./profile.js";
import { Sessions } from "./sessions.js";

const TITLES: Record<SettingsPart, string> = {
  profile: "Profile",
  appearance: "Appearance",
  notifications: "Notifications",
  keyboard: "Keyboard",
  sessions: "Sessions",
};
const PARTS = {
  profile: Profile,
  appearance: Appearance,
  notifications: Notifications,
  keyboard: Keyboard,
  sessions: Sessions,
} as const;

export function Settings({ part }: { part: SettingsPart }) {
  const { chat } = useServices();
  const task = useTask();
  const ref = useFocusHeading(part);
  const nav = useRef<HTMLElement>(null);
  const Part = PARTS[part];
  useEffect(() => {
    heading.value = `${TITLES[part]} settings`;
    // On a phone there is not room for all of them.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [part]);
  return (
    <main class="screen settings">
      <header class="screen-head">
        <h1 ref={ref} tabIndex={-1}>
          {TITLES[part]}
        </h1>
        <button
          type="button"
          class="button"
          disabled={task.isBusy}
          onClick={() => void task.run(() => chat.auth.logout())}
        >
          <Icon name="leave" /> Sign out
        </button>
      </header>
      <nav class="settings-nav" aria-label="Settings" ref={nav}>
        {SETTINGS.map((name) => (
          <a key={name} href={settingsPath(name)} aria-current={name === part ? "page" : undefined}>
            {TITLES[name]}
          </a>
        ))}
      </nav>
      <Part />
    </main>
  );
}
