// The head of a room or conversation: what it is, what it is about, and who is there.

import type { Place } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";

import { overlay, pane, togglePane } from "../app/overlay.js";
import { useServices } from "../app/services.js";
import { useReadable } from "../conversation/use-readable.js";
import { useFocusHeading } from "../ui/focus-heading.js";
import { Icon } from "../ui/icon.js";
import { Presence } from "../ui/presence.js";
import { useOnlineCount } from "./use-online-count.js";

interface Props {
  place: Place;
  summary: PlaceSummary | null;
  title: string;
}

export function PlaceHead({ place, summary, title }: Props) {
  const { store } = useServices();
  const ref = useFocusHeading(title);
  const room = summary?.room ?? null;
  return (
    <header class="place-head">
      <a class="icon-button only-narrow" href="/" aria-label="Back to the list of rooms">
        <Icon name="back" />
      </a>
      <h1 id="place-title" ref={ref} tabIndex={-1}>
        {place.kind === "direct" && <Presence isOnline={summary?.isOnline ?? false} />}
        {room?.isPrivate && <Icon name="lock" />}
        <bdi>{title || "…"}</bdi>
      </h1>
      <p class="topic" dir="auto">
        {room?.description}
      </p>
      {place.kind === "room" && summary && <OnlineButton roomId={place.roomId} />}
      {place.kind === "room" && summary && (
        <button
          type="button"
          class="icon-button"
          aria-label="About this room"
          title="About this room"
          aria-expanded={pane.value?.kind === "room-settings"}
          onClick={() => togglePane("room-settings")}
        >
          <Icon name="gear" />
        </button>
      )}
      {place.kind === "direct" && (
        <button
          type="button"
          class="icon-button"
          aria-label={summary?.muted ? "Turn notifications on" : "Mute this conversation"}
          title={summary?.muted ? "Turn notifications on" : "Mute this conversation"}
          onClick={() => void store.place(place).mute(!summary?.muted)}
        >
          <Icon name={summary?.muted ? "muted" : "bell"} />
        </button>
      )}
      <button
        type="button"
        class="icon-button only-narrow"
        aria-label="Jump to another room"
        onClick={() => (overlay.value = "switcher")}
      >
        <Icon name="rooms" />
      </button>
    </header>
  );
}

function OnlineButton({ roomId }: { roomId: string }) {
  const { store } = useServices();
  const { members } = useReadable(store.members(roomId));
  const online = useOnlineCount(roomId);
  const isOpen = pane.value?.kind === "people" || pane.value?.kind === "person";
  return (
    <button
      type="button"
      class="here-button"
      aria-expanded={isOpen}
      aria-label={`People: ${online} here of ${members.length}`}
      onClick={() => togglePane("people")}
    >
      <Icon name="people" /> {online} <span class="here-word">here</span>
    </button>
  );
}
