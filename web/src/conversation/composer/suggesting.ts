// What there is to offer while one writes a name, a room or an emoji.

import type { Member } from "fireside-chat";
import type { ChatStore, PlaceStore } from "fireside-chat/store";

import { emojiStarting } from "../../markdown/emoji-names.js";
import { nameOf } from "../names.js";
import { type Candidate, rank, type Suggestion, type Trigger } from "./suggestions.js";

export { triggerAt } from "./suggestions.js";
export { apply } from "./text-edits.js";

/** Whether a suggestion is there already, letter for letter: then Enter is not about it. */
export function isWritten({ insert }: Suggestion, { query }: Trigger): boolean {
  return insert.slice(1).toLowerCase() === query.toLowerCase();
}

/** What fits, the likeliest first. */
export function find(store: ChatStore, place: PlaceStore, { kind, query }: Trigger): Suggestion[] {
  switch (kind) {
    case "person":
      return rank(people(store, place), query);
    case "room":
      return rank(rooms(store), query);
    case "emoji":
      return emojiStarting(query)
        .slice(0, 8)
        .map(({ name, emoji }) => ({ id: name, insert: emoji, title: emoji, detail: `:${name}:` }));
  }
}

/** Members of the room or the person of the conversation; those who spoke last come first. */
function people(store: ChatStore, place: PlaceStore): Candidate[] {
  const spoke = new Map(place.window.get().rows.map((row, at) => [row.sender.id, at + 1]));
  const me = store.me.get()?.id;
  const candidate = (id: string, username: string, name: string): Candidate => ({
    id,
    insert: `@${username}`,
    title: name,
    detail: `@${username}`,
    names: [username, name],
    recency: spoke.get(id) ?? 0,
  });
  if (place.place.kind === "direct") {
    const person = place.summary.get()?.person;
    return person ? [candidate(person.id, person.username, nameOf(person))] : [];
  }
  const { members } = store.members(place.place.roomId).get();
  return members.flatMap((member: Member) =>
    member.user && member.userId !== me ? [candidate(member.userId, member.user.username, nameOf(member.user))] : [],
  );
}

function rooms(store: ChatStore): Candidate[] {
  return store.rooms.get().flatMap(({ room, title, headSeq, lastMessageAt }) =>
    room
      ? [
          {
            id: room.id,
            insert: `#${room.slug}`,
            title,
            detail: `#${room.slug}`,
            names: [room.slug, title],
            recency: lastMessageAt ?? headSeq,
          },
        ]
      : [],
  );
}
