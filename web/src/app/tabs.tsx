// The bar at the bottom of a phone's screen.

import { Icon, type IconName } from "../ui/icon.js";
import { route } from "./navigation.js";
import { settingsPath } from "./route.js";

const TABS: readonly { name: string; path: string; label: string; icon: IconName }[] = [
  { name: "home", path: "/", label: "Rooms", icon: "rooms" },
  { name: "browse", path: "/browse", label: "Browse", icon: "browse" },
  { name: "settings", path: settingsPath("profile"), label: "You", icon: "person" },
];

export function Tabs() {
  const { name } = route.value;
  return (
    <nav class="tabs only-narrow" aria-label="Main">
      {TABS.map((tab) => (
        <a key={tab.name} href={tab.path} aria-current={tab.name === name ? "page" : undefined}>
          <Icon name={tab.icon} />
          {tab.label}
        </a>
      ))}
    </nav>
  );
}
