// What the field offers while one writes a name, a room or an emoji.

import type { ChatStore, PlaceStore } from "fireside-chat/store";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import type { Announcer } from "../../announcer.js";
import { parts } from "../../later/lazy.js";
import type { Suggestion, Trigger } from "./suggestions.js";

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

/** The id of the element of one suggestion. */
export const optionId = (listId: string, at: number): string => `${listId}-${at}`;

export function useSuggestions(
  store: ChatStore,
  place: PlaceStore,
  field: RefObject<HTMLTextAreaElement | null>,
  announcer: Announcer,
): Suggestions {
  const [offer, setOffer] = useState<Offer | null>(null);
  const dismissed = useRef<number | null>(null);
  const suggesting = parts.loaded.value?.suggesting ?? null;
  const suggestions = useMemo(() => {
    const close = () => setOffer(null);
    const pick = (suggestion: Suggestion, field: HTMLTextAreaElement) => {
      const trigger = suggesting?.triggerAt(field.value, field.selectionStart);
      if (!suggesting || !trigger) return close();
      const insert = `${suggestion.insert} `;
      const at = trigger.start + insert.length;
      suggesting.apply(field, { from: trigger.start, to: field.selectionStart, insert, selectFrom: at, selectTo: at });
      close();
    };
    const update = (field: HTMLTextAreaElement) => {
      if (!suggesting) return;
      const { selectionStart: caret, selectionEnd, value } = field;
      const trigger = caret === selectionEnd ? suggesting.triggerAt(value, caret) : null;
      if (trigger === null || trigger.start !== dismissed.current) dismissed.current = null;
      const suggestions = trigger && dismissed.current === null ? suggesting.find(store, place, trigger) : [];
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
      else if (event.key === "Enter" && chosen && suggesting?.isWritten(chosen, trigger)) {
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
  }, [offer, store, place, announcer, suggesting]);
  const lookAgain = () => {
    if (offer === null && field.current && field.current === document.activeElement) suggestions.update(field.current);
  };
  useEffect(lookAgain, [suggesting]);
  useMembersThatCome(store, place, lookAgain);
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
