// The list of suggestions over the field. The field keeps the focus all the time.

import type { Suggestion } from "./suggestions.js";
import { optionId } from "./use-suggestions.js";

interface Props {
  id: string;
  label: string;
  suggestions: readonly Suggestion[];
  active: number;
  onPick: (suggestion: Suggestion) => void;
}

export function SuggestionList({ id, label, suggestions, active, onPick }: Props) {
  return (
    <ul class="suggestions" id={id} role="listbox" aria-label={label}>
      {suggestions.map((suggestion, at) => (
        <li
          key={suggestion.id}
          id={optionId(id, at)}
          role="option"
          aria-selected={at === active}
          // The field would lose the focus to a click.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(suggestion)}
        >
          <bdi class="suggestion-title">{suggestion.title}</bdi>
          <bdi class="suggestion-detail">{suggestion.detail}</bdi>
        </li>
      ))}
    </ul>
  );
}
