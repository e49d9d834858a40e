// What stands above the first message.

import type { PlaceStore } from "fireside-chat/store";

import { Tile } from "./tile.js";
import { useReadable } from "./use-readable.js";

export function Beginning({ place }: { place: PlaceStore }) {
  const summary = useReadable(place.summary);
  const isEmpty = useReadable(place.window).rows.length === 0;
  if (!summary) return null;
  if (summary.person) {
    return (
      <>
        <Tile person={summary.person} />
        <p class="beginning-title">
          This is the start of your conversation with <bdi>{summary.title}</bdi>
        </p>
        {isEmpty && <p class="beginning-note">Nobody else can read it.</p>}
      </>
    );
  }
  return (
    <>
      <p class="beginning-title">
        This is the start of <bdi>#{summary.room?.slug ?? summary.title}</bdi>
      </p>
      {summary.room?.description && (
        <p class="beginning-note" dir="auto">
          {summary.room.description}
        </p>
      )}
      {isEmpty && <p class="beginning-note">Nothing has been said here yet. Say hello.</p>}
    </>
  );
}
