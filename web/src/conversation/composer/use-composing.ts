// What one writes, from the first key to being sent.

import type { PlaceStore } from "fireside-chat/store";
import type { RefObject } from "preact";
import { useLayoutEffect, useMemo, useState } from "preact/hooks";

import { parts } from "../../later/lazy.js";
import { growToContent } from "./auto-grow.js";
import { Draft } from "./drafts.js";
import { isInFence, isSubmit } from "./enter.js";
import type { Suggestions } from "./use-suggestions.js";

/** As the server has it. */
export const TEXT_MAX_CHARS = 10_000;
/** From here on the field says how much is left. */
export const WARN_CHARS = TEXT_MAX_CHARS - 500;
/** A keyboard on the screen has no other key for a new line. */
const TOUCH = "(hover: none) and (pointer: coarse)";

type Field = RefObject<HTMLTextAreaElement | null>;

/** Where what one writes goes to, and what keys lead to. */
export interface Destination {
  readonly userId: string;
  readonly place: PlaceStore;
  readonly enterSends: boolean;
  send(content: string): void;
  /** Changes the last message one sent; answers whether there is one. */
  editLast(): boolean;
  dismiss(): void;
}

/** The field's text as far as it has been written. */
export interface Composing {
  /** In characters. */
  readonly length: number;
  changed(): void;
  submit(): void;
  pressed(event: KeyboardEvent): void;
  left(): void;
}

export function useComposing(field: Field, destination: Destination, suggestions: Suggestions): Composing {
  const { userId, place } = destination;
  const draft = useMemo(() => new Draft(userId, place.key), [userId, place.key]);
  const [length, setLength] = useState(0);
  useDraft(draft, field, setLength);

  const changed = () => {
    const area = field.current;
    if (!area) return;
    growToContent(area);
    draft.keep(area.value);
    setLength(lengthOf(area.value));
    suggestions.update(area);
    if (area.value === "") place.stopTyping();
    else place.startTyping();
  };
  const submit = () => {
    const area = field.current;
    const content = area?.value.trim() ?? "";
    if (!area || content === "" || lengthOf(content) > TEXT_MAX_CHARS) return;
    area.value = "";
    draft.clear();
    suggestions.close();
    setLength(0);
    growToContent(area);
    destination.send(content);
    area.focus();
  };
  const pressedInText = (event: KeyboardEvent, area: HTMLTextAreaElement): boolean => {
    const isNewLine = matchMedia(TOUCH).matches || isInFence(area.value, area.selectionStart);
    if (isSubmit(event, destination.enterSends && !isNewLine)) submit();
    else if (event.key === "ArrowUp" && area.value === "" && !hasModifier(event)) return destination.editLast();
    else if (event.key === "Escape" && !event.shiftKey && !event.isComposing) destination.dismiss();
    else return parts.loaded.peek()?.style(event, area) ?? false;
    return true;
  };
  const pressed = (event: KeyboardEvent) => {
    const area = field.current;
    if (!area || (!suggestions.pressed(event, area) && !pressedInText(event, area))) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const left = () => {
    draft.save();
    suggestions.close();
    place.stopTyping();
  };
  return { length, changed, submit, pressed, left };
}

/** The draft is in the field when the conversation opens, and in storage whenever one looks away. */
function useDraft(draft: Draft, field: Field, setLength: (length: number) => void): void {
  // At once: a draft that came later would take the place of what is typed meanwhile.
  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    area.value = draft.load();
    setLength(lengthOf(area.value));
    growToContent(area);
    const save = () => draft.save();
    document.addEventListener("visibilitychange", save);
    window.addEventListener("pagehide", save);
    return () => {
      save();
      document.removeEventListener("visibilitychange", save);
      window.removeEventListener("pagehide", save);
    };
  }, [draft]);
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}

/** Characters as the server counts them. */
function lengthOf(text: string): number {
  // Counting them one by one takes time that no key should cost; it only matters near the limit.
  return text.length < WARN_CHARS ? text.length : [...text].length;
}
