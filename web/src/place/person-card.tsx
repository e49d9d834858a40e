// Who somebody is.

import { useMemo } from "preact/hooks";

import { pane } from "../app/overlay.js";
import { directPath } from "../app/route.js";
import { useServices } from "../app/services.js";
import { nameOf } from "../conversation/names.js";
import { Tile } from "../conversation/tile.js";
import { useReadable } from "../conversation/use-readable.js";
import { Presence } from "../ui/presence.js";

export function PersonCard({ userId }: { userId: string }) {
  const { store } = useServices();
  const person = useReadable(useMemo(() => store.person(userId), [store, userId]));
  const presence = useReadable(useMemo(() => store.presence(userId), [store, userId]));
  const me = useReadable(store.me);
  if (!person) return <p class="quiet">Nothing is known of this person.</p>;
  const isOnline = presence?.status === "online";
  return (
    <div class="person-card">
      <Tile person={person} />
      <h3>
        <bdi>{nameOf(person)}</bdi>
      </h3>
      <p class="quiet">@{person.username}</p>
      <p class="person-note">
        <Presence isOnline={isOnline} /> {isOnline ? "Online" : lastSeen(presence?.lastSeenAt ?? null)}
      </p>
      {person.id !== me?.id && (
        <a class="button" href={directPath(person.id)} onClick={() => (pane.value = null)}>
          Message
        </a>
      )}
    </div>
  );
}

function lastSeen(at: string | null): string {
  if (at === null) return "Offline";
  const words = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
  return `Last seen ${words}`;
}
