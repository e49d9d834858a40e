// What a room is called, what it is about, and who may join: asked when it is made and when it is changed.

import type { Room } from "fireside-chat";

import type { Fields } from "./task-form.js";

/** `room` is what it is so far; null for a new one. */
export function RoomFields({ room }: { room: Room | null }) {
  return (
    <>
      <label class="field">
        <span>Name</span>
        <input name="name" required maxLength={80} autoComplete="off" dir="auto" value={room?.name ?? ""} />
      </label>
      <label class="field">
        <span>
          Topic <span class="quiet">(optional)</span>
        </span>
        <textarea name="description" rows={2} maxLength={500} dir="auto" value={room?.description ?? ""} />
      </label>
      <label class="check">
        <input type="checkbox" name="isPrivate" checked={room?.isPrivate ?? false} />
        Private: only people who are added
      </label>
    </>
  );
}

/** What was answered. */
export function roomOf(fields: Fields): { name: string; description: string | null; isPrivate: boolean } {
  return {
    name: fields.text("name"),
    description: fields.text("description") || null,
    isPrivate: fields.isChecked("isPrivate"),
  };
}
