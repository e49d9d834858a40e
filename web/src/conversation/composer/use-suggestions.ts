// What the field offers while one writes a name, a room or an emoji.

import type { Member } from "fireside-chat";
import type { ChatStore, PlaceStore } from "fireside-chat/store";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Announcer } from "../../announcer.js";
import { emojiStarting } from "../../markdown/emoji.js";
import { nameOf } from "../names.js";
import { type Candidate, rank, type Suggestion, type Trigger, triggerAt } from "./suggestions.js";
import { apply } from "./text-edits.js";

const LABELS = { person: "People", room: "Rooms", emoji: "Emoji" } as const;

/** What is offered now. */
interface Offer {
  readonly trigger: Trigger;
  readonly suggestions: readonly Suggestion[];
  readonly active: number;
  /** Whether arrow keys were used: only then a screen reader is told which one is active. */
  readonly isExplored: boolean;
}

/** The suggestions of a field. */
export interface Suggestions {
  readonly offer: Offer | null;
  readonly label: string;
  /** To be called when the text or the cursor has changed. */
  update(field: HTMLTextAreaElement): void;
  /** Says whether a key was meant for the list. */
  pressed(event: KeyboardEvent, field: HTMLTextAreaElement): boolean;
  pick(suggestion: Suggestion, field: HTMLTextAreaElement): void;
  close(): void;
}

export function useSuggestions(
  store: ChatStore,
  place: PlaceStore,
  field: RefObject<HTMLTextAreaElement | null>,
  announcer: Announcer,
): Suggestions {
  const [offer, setOffer] = useState<Offer | null>(null);
  const dismissed = useRef<number | null>(null);
  const suggestions = useMemo(() => {
    const close = () => setOffer(null);
    const pick = (suggestion: Suggestion, field: HTMLTextAreaElement) => {
      const trigger = triggerAt(field.value, field.selectionStart);
      if (!trigger) return close();
      const insert = `${suggestion.insert} `;
      const at = trigger.start + insert.length;
      apply(field, { from: trigger.start, to: field.selectionStart, insert, selectFrom: at, selectTo: at });
      close();
    };
    const update = (field: HTMLTextAreaElement) => {
      const trigger = field.selectionStart === field.selectionEnd ? triggerAt(field.value, field.selectionStart) : null;
      if (trigger === null || trigger.start !== dismissed.current) dismissed.current = null;
      const suggestions = trigger && dismissed.current === null ? find(store, place, trigger) : [];
      if (!trigger || suggestions.length === 0) return close();
      if (offer?.suggestions.length !== suggestions.length)
        announcer.say(`${suggestions.length} ${suggestions.length === 1 ? "suggestion" : "suggestions"}`);
      setOffer({ trigger, suggestions, active: 0, isExplored: false });
    };
    const pressed = (event: KeyboardEvent, field: HTMLTextAreaElement): boolean => {
      if (!offer || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
      const { suggestions, active, trigger } = offer;
      const move = (by: number) =>
        setOffer({ ...offer, active: (active + by + suggestions.length) % suggestions.length, isExplored: true });
      const chosen = suggestions[active];
      if (event.key === "ArrowDown") move(1);
      else if (event.key === "ArrowUp") move(-1);
      else if (event.key === "Enter" && chosen && isWritten(chosen, trigger)) {
        close();
        return false;
      } else if ((event.key === "Tab" || event.key === "Enter") && !event.shiftKey && chosen) pick(chosen, field);
      else if (event.key === "Escape") {
        dismissed.current = trigger.start;
        close();
      } else return false;
      return true;
    };
    return { offer, label: offer ? LABELS[offer.trigger.kind] : "", update, pressed, pick, close };
  }, [offer, store, place, announcer]);
  useMembersThatCome(store, place, () => {
    if (offer === null && field.current && field.current === document.activeElement) suggestions.update(field.current);
  });
  return suggestions;
}

/** The members of a room are asked for when it opens; should they come while one waits for them, they are offered. */
function useMembersThatCome(store: ChatStore, { place }: PlaceStore, arrived: () => void): void {
  const latest = useRef(arrived);
  latest.current = arrived;
  useEffect(
    () => (place.kind === "room" ? store.members(place.roomId).subscribe(() => latest.current()) : undefined),
    [store, place],
  );
}

/** Whether a suggestion is there already, letter for letter: then Enter is not about it. */
function isWritten({ insert }: Suggestion, { query }: Trigger): boolean {
  return insert.slice(1).toLowerCase() === query.toLowerCase();
}

function find(store: ChatStore, place: PlaceStore, { kind, query }: Trigger): Suggestion[] {
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
