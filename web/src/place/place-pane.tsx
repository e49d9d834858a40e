// What stands beside the conversation: the people of the room, one of them, or the room itself.

import type { Place } from "fireside-chat";
import type { PlaceSummary } from "fireside-chat/store";
import { useEffect, useRef } from "preact/hooks";

import { pane as openPane, type Pane } from "../app/overlay.js";
import { Icon } from "../ui/icon.js";
import { People } from "./people.js";
import { PersonCard } from "./person-card.js";
import { RoomSettings } from "./room-settings.js";

interface Props {
  pane: Pane;
  place: Place;
  summary: PlaceSummary | null;
}

const TITLES: Record<Pane["kind"], string> = {
  people: "People",
  person: "Profile",
  "room-settings": "About this room",
};

export function PlacePane({ pane, place, summary }: Props) {
  const title = TITLES[pane.kind];
  const element = useRef<HTMLElement>(null);
  useEffect(() => {
    const trigger = document.activeElement;
    element.current?.querySelector<HTMLElement>(".pane-close")?.focus();
    // Back to where one came from, unless one is somewhere else by now.
    return () => {
      const isElsewhere = document.activeElement !== document.body && document.activeElement?.isConnected;
      if (!isElsewhere && trigger instanceof HTMLElement) trigger.focus();
    };
  }, [pane.kind]);
  const close = () => {
    openPane.value = null;
  };
  return (
    <aside
      class="pane"
      ref={element}
      aria-label={title}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && close()}
    >
      <header class="pane-head">
        {pane.kind === "person" && place.kind === "room" && (
          <button
            type="button"
            class="icon-button"
            aria-label="Back to all people"
            onClick={() => (openPane.value = { kind: "people" })}
          >
            <Icon name="back" />
          </button>
        )}
        <h2>{title}</h2>
        <button type="button" class="icon-button pane-close" aria-label={`Close: ${title}`} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div class="pane-body">
        {pane.kind === "person" && <PersonCard userId={pane.userId} />}
        {pane.kind === "people" && place.kind === "room" && <People roomId={place.roomId} />}
        {pane.kind === "room-settings" && summary?.room && <RoomSettings summary={summary} room={summary.room} />}
      </div>
    </aside>
  );
}
