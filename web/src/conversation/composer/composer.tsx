// The field one writes in.

import type { ChatStore, PlaceStore } from 'fireside-chat/store';
import type { RefObject } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';

import type { Announcer } from '../../announcer.js';
import { allowedAddress } from '../../markdown/index.js';
import { Icon } from '../icons.js';
import { growToContent } from './auto-grow.js';
import { Draft } from './drafts.js';
import { isInFence, isSubmit } from './enter.js';
import { optionId, SuggestionList } from './suggestion-list.js';
import { apply, codeBlock, link, selectedIn, toggleMark } from './text-edits.js';
import { useSuggestions } from './use-suggestions.js';

/** As the server has it. */
const TEXT_MAX_CHARS = 10_000;
/** From here on the field says how much is left. */
const WARN_CHARS = TEXT_MAX_CHARS - 500;
const LIST_ID = 'composer-suggestions';
/** Keys that put a mark around what is selected, with Ctrl or Command. */
const MARKS: Readonly<Record<string, string>> = { b: '**', i: '*', e: '`' };
const MARKS_WITH_SHIFT: Readonly<Record<string, string>> = { x: '~~' };
/** A keyboard on the screen has no other key for a new line. */
const TOUCH = '(hover: none) and (pointer: coarse)';

interface Props {
  field: RefObject<HTMLTextAreaElement | null>;
  store: ChatStore;
  place: PlaceStore;
  /** The name of where it goes to: `#harbour`, `Ada`. */
  label: string;
  enterSends: boolean;
  announcer: Announcer;
  onSend: (content: string) => void;
  /** Changes the last message one sent; answers whether there is one. */
  onEditLast: () => boolean;
  onDismiss: () => void;
}

export function Composer({ field, store, place, label, enterSends, announcer, onSend, onEditLast, onDismiss }: Props) {
  const me = store.me.get()?.id ?? '';
  const draft = useMemo(() => new Draft(me, place.key), [me, place.key]);
  const [length, setLength] = useState(0);
  const suggestions = useSuggestions(store, place, field, announcer);
  useDraft(draft, field, setLength);
  const isTooLong = length > TEXT_MAX_CHARS;

  const changed = () => {
    const area = field.current;
    if (!area) return;
    growToContent(area);
    draft.keep(area.value);
    setLength(lengthOf(area.value));
    suggestions.update(area);
    if (area.value === '') place.stopTyping();
    else place.startTyping();
  };
  const submit = () => {
    const area = field.current;
    const content = area?.value.trim() ?? '';
    if (!area || content === '' || lengthOf(content) > TEXT_MAX_CHARS) return;
    area.value = '';
    draft.clear();
    suggestions.close();
    setLength(0);
    growToContent(area);
    onSend(content);
    area.focus();
  };
  const pressed = (event: KeyboardEvent) => {
    const area = field.current;
    if (!area) return;
    if (!suggestions.pressed(event, area) && !pressedInText(event, area)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const pressedInText = (event: KeyboardEvent, area: HTMLTextAreaElement): boolean => {
    const sendsOnEnter = enterSends && !matchMedia(TOUCH).matches && !isInFence(area.value, area.selectionStart);
    if (isSubmit(event, sendsOnEnter)) submit();
    else if (event.key === 'ArrowUp' && area.value === '' && !hasModifier(event)) return onEditLast();
    else if (event.key === 'Escape' && !event.isComposing) onDismiss();
    else return format(event, area);
    return true;
  };

  return (
    <form class="composer" onSubmit={(event) => { event.preventDefault(); submit(); }}>
      {suggestions.offer && (
        <SuggestionList id={LIST_ID} label={suggestions.label} suggestions={suggestions.offer.suggestions} active={suggestions.offer.active}
          onPick={(one) => field.current && suggestions.pick(one, field.current)} />
      )}
      <div class="composer-box">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          placeholder={`Message ${label}`}
          aria-label={`Message ${label}`}
          aria-autocomplete="list"
          aria-controls={suggestions.offer ? LIST_ID : undefined}
          aria-activedescendant={suggestions.offer?.isExplored ? optionId(LIST_ID, suggestions.offer.active) : undefined}
          aria-describedby={length > WARN_CHARS ? 'composer-length' : undefined}
          enterkeyhint={enterSends ? 'send' : 'enter'}
          autocomplete="off"
          onInput={changed}
          onSelect={(event) => suggestions.offer && suggestions.update(event.currentTarget)}
          onKeyDown={pressed}
          onPaste={(event) => pasteLink(event)}
          onBlur={() => { draft.save(); suggestions.close(); place.stopTyping(); }}
        />
        {length > WARN_CHARS && (
          <span id="composer-length" class={isTooLong ? 'composer-length is-over' : 'composer-length'}>
            {isTooLong ? `${length - TEXT_MAX_CHARS} too many` : `${TEXT_MAX_CHARS - length} left`}
          </span>
        )}
        <button type="submit" class="composer-send" aria-label="Send message" title="Send message" disabled={length === 0 || isTooLong}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

/** The draft is in the field when the conversation opens, and in storage whenever one looks away. */
function useDraft(draft: Draft, field: RefObject<HTMLTextAreaElement | null>, setLength: (length: number) => void): void {
  useEffect(() => {
    const area = field.current;
    if (!area) return;
    area.value = draft.load();
    setLength(lengthOf(area.value));
    growToContent(area);
    const save = () => draft.save();
    document.addEventListener('visibilitychange', save);
    window.addEventListener('pagehide', save);
    return () => {
      save();
      document.removeEventListener('visibilitychange', save);
      window.removeEventListener('pagehide', save);
    };
  }, [draft]);
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}

/** The keys of styles. */
function format(event: KeyboardEvent, area: HTMLTextAreaElement): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.isComposing) return false;
  const key = event.key.toLowerCase();
  const selected = selectedIn(area);
  const mark = (event.shiftKey ? MARKS_WITH_SHIFT : MARKS)[key];
  if (mark !== undefined) apply(area, toggleMark(selected, mark));
  else if (event.shiftKey && key === 'c') apply(area, codeBlock(selected));
  // Without a selection this key is the way to other places.
  else if (!event.shiftKey && key === 'k' && selected.start !== selected.end) apply(area, link(selected));
  else return false;
  return true;
}

/** An address pasted over words makes them a link to it. */
function pasteLink(event: ClipboardEvent): void {
  const area = event.currentTarget as HTMLTextAreaElement;
  const address = allowedAddress(event.clipboardData?.getData('text/plain').trim() ?? '');
  const selected = selectedIn(area);
  const words = selected.text.slice(selected.start, selected.end);
  if (address === null || words.trim() === '' || words.includes('\n') || allowedAddress(words.trim()) !== null) return;
  event.preventDefault();
  apply(area, link(selected, address));
}

/** Characters as the server counts them. */
function lengthOf(text: string): number {
  // Counting them one by one takes time that no key should cost; it only matters near the limit.
  return text.length < WARN_CHARS ? text.length : [...text].length;
}
