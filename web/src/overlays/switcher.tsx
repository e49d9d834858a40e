// Jumping to a room or person by a few letters, from what is known here: no waiting.

import type { PlaceSummary } from "fireside-chat/store";
import { useId, useState } from "preact/hooks";
import { goAndWrite } from "../app/navigation.js";
import { typedAhead } from "../app/overlay.js";
import { recents } from "../app/recents.js";
import { settingsPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { badgeOf, pathOf } from "../sidebar/place-link.js";
import { Dialog } from "../ui/dialog.js";
import { Icon, type IconName } from "../ui/icon.js";
import { type Candidate, ranked } from "./ranking.js";

const SHOWN = 12;

interface Target extends Candidate {
  readonly kind: "room" | "person" | "command";
  readonly path: string;
  readonly summary: PlaceSummary | null;
  readonly icon: IconName;
}

const COMMANDS: readonly Target[] = [
  command("Browse rooms", "/browse", "browse"),
  command("Settings: profile", settingsPath("profile"), "person"),
  command("Settings: appearance", settingsPath("appearance"), "gear"),
  command("Settings: notifications", settingsPath("notifications"), "bell"),
  command("Settings: sessions", settingsPath("sessions"), "gear"),
];

const KINDS: Record<string, Target["kind"]> = { "#": "room", "@": "person", ">": "command" };

export function Switcher({ onClose }: { onClose: () => void }) {
  const { store } = useServices();
  const [query, setQuery] = useState(() => {
    const { text } = typedAhead;
    typedAhead.text = "";
    return text;
  });
  const [chosen, setChosen] = useState(0);
  const id = useId();
  const places = [...useReadable(store.rooms), ...useReadable(store.directs)].map(targetOf);
  const kind = KINDS[query[0] ?? ""];
  const wanted = kind ? query.slice(1) : query;
  const among = [...places, ...(query ? COMMANDS : [])].filter((target) => !kind || target.kind === kind);
  const targets = ranked(among, wanted, recents(store.me.get()?.id ?? "")).slice(0, SHOWN);
  const take = (target: Target | undefined) => {
    if (!target) return;
    onClose();
    goAndWrite(target.path);
  };
  const pressed = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && targets.length > 0) setChosen((chosen + step + targets.length) % targets.length);
    else if (event.key === "Enter" && !event.isComposing) take(targets[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Jump to" hasHead={false} class="switcher" onClose={onClose}>
      <input
        role="combobox"
        aria-label="Jump to a room or person"
        placeholder="Jump to a room or person"
        autoComplete="off"
        spellcheck={false}
        dir="auto"
        value={query}
        aria-autocomplete="list"
        aria-expanded={targets.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={targets.length > 0 ? `${id}-${chosen}` : undefined}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setChosen(0);
        }}
        onKeyDown={pressed}
      />
      <div class="found" role="listbox" id={`${id}-list`} aria-label="Places">
        {targets.map((target, index) => (
          <div
            key={target.key}
            id={`${id}-${index}`}
            role="option"
            class="found-place"
            aria-selected={index === chosen}
            onClick={() => take(target)}
          >
            <TargetView target={target} />
          </div>
        ))}
      </div>
      {targets.length === 0 && (
        <p class="hint" role="status">
          Nothing of yours is called that.
        </p>
      )}
      <p class="hint switcher-hint">
        <kbd>#</kbd> rooms <kbd>@</kbd> people <kbd>&gt;</kbd> commands
      </p>
    </Dialog>
  );
}

function TargetView({ target }: { target: Target }) {
  const { summary } = target;
  const badge = summary ? badgeOf(summary) : 0;
  return (
    <>
      {summary?.person ? <Tile person={summary.person} /> : <Icon name={target.icon} />}
      <bdi class={summary && summary.unreadCount > 0 ? "found-name is-unread" : "found-name"}>{target.label}</bdi>
      {target.detail && (
        <span class="found-detail" dir="auto">
          {target.detail}
        </span>
      )}
      {badge > 0 && <span class="badge">{badge}</span>}
    </>
  );
}

function targetOf(summary: PlaceSummary): Target {
  const { key, title, room, person } = summary;
  const detail = room ? (room.description ?? "") : person ? `@${person.username}` : "";
  const icon = room?.isPrivate ? "lock" : "rooms";
  return { key, label: title, detail, kind: room ? "room" : "person", path: pathOf(summary), summary, icon };
}

function command(label: string, path: string, icon: IconName): Target {
  return { key: path, label, detail: "", kind: "command", path, summary: null, icon };
}
