// The field one writes in.

import type { ChatStore } from "fireside-chat/store";
import type { RefObject } from "preact";

import type { Announcer } from "../../announcer.js";
import { parts, SuggestionList } from "../../later/lazy.js";
import { Icon } from "../../ui/icon.js";
import { type Destination, TEXT_MAX_CHARS, useComposing, WARN_CHARS } from "./use-composing.js";
import { optionId, useSuggestions } from "./use-suggestions.js";

const LIST_ID = "composer-suggestions";

interface Props {
  field: RefObject<HTMLTextAreaElement | null>;
  store: ChatStore;
  destination: Destination;
  /** The name of where it goes to: `#harbour`, `Ada`. */
  label: string;
  announcer: Announcer;
}

export function Composer({ field, store, destination, label, announcer }: Props) {
  const suggestions = useSuggestions(store, destination.place, field, announcer);
  const composing = useComposing(field, destination, suggestions);
  const { length } = composing;
  const isTooLong = length > TEXT_MAX_CHARS;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        composing.submit();
      }}
    >
      {suggestions.offer && (
        <SuggestionList
          id={LIST_ID}
          label={suggestions.label}
          suggestions={suggestions.offer.suggestions}
          active={suggestions.offer.active}
          onPick={(one) => field.current && suggestions.pick(one, field.current)}
        />
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
          aria-activedescendant={
            suggestions.offer?.isExplored ? optionId(LIST_ID, suggestions.offer.active) : undefined
          }
          aria-describedby={length > WARN_CHARS ? "composer-length" : undefined}
          enterkeyhint={destination.enterSends ? "send" : "enter"}
          autocomplete="off"
          onInput={composing.changed}
          onSelect={(event) => suggestions.offer && suggestions.update(event.currentTarget)}
          onKeyDown={composing.pressed}
          onPaste={(event) => parts.loaded.peek()?.pasteLink(event)}
          onBlur={composing.left}
        />
        {length > WARN_CHARS && (
          <span id="composer-length" class={isTooLong ? "composer-length is-over" : "composer-length"}>
            {isTooLong ? `${length - TEXT_MAX_CHARS} too many` : `${TEXT_MAX_CHARS - length} left`}
          </span>
        )}
        <button
          type="submit"
          class="composer-send"
          aria-label="Send message"
          title="Send message"
          disabled={length === 0 || isTooLong}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
