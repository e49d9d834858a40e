// What stands above the first message.

import type { ChatStore, PlaceStore } from "fireside-chat/store";

import { nameOf } from "./names.js";
import { Tile } from "./tile.js";
import { useReadable } from "./use-readable.js";

interface Props {
  store: ChatStore;
  place: PlaceStore;
}

export function Beginning({ store, place }: Props) {
  const isEmpty = useReadable(place.window).rows.length === 0;
  const { place: target } = place;
  if (target.kind === "direct") return <WithPerson store={store} userId={target.userId} isEmpty={isEmpty} />;
  return <OfRoom place={place} isEmpty={isEmpty} />;
}

function WithPerson({ store, userId, isEmpty }: { store: ChatStore; userId: string; isEmpty: boolean }) {
  const person = useReadable(store.person(userId));
  if (!person) return null;
  return (
    <>
      <Tile person={person} />
      <p class="beginning-title">
        This is the start of your conversation with <bdi>{nameOf(person)}</bdi>
      </p>
      {isEmpty && <p class="beginning-note">Only the two of you can read it.</p>}
    </>
  );
}

function OfRoom({ place, isEmpty }: { place: PlaceStore; isEmpty: boolean }) {
  const room = useReadable(place.summary)?.room;
  if (!room) return null;
  return (
    <>
      <p class="beginning-title">
        This is the start of <bdi>#{room.slug}</bdi>
      </p>
      {room.description && (
        <p class="beginning-note" dir="auto">
          {room.description}
        </p>
      )}
      {isEmpty && <p class="beginning-note">Nothing has been said here yet. Say hello.</p>}
    </>
  );
}
