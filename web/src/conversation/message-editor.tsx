// Changing a message where it stands.

import type { MessageRow } from "fireside-chat/store";
import { useLayoutEffect, useRef } from "preact/hooks";

import { growToContent } from "./composer/auto-grow.js";
import { isSubmit } from "./composer/enter.js";

interface Props {
  row: MessageRow;
  onSave: (content: string) => void;
  onCancel: () => void;
}

export function MessageEditor({ row, onSave, onCancel }: Props) {
  const field = useRef<HTMLTextAreaElement>(null);
  // Before the next key: it is meant for the field already.
  useLayoutEffect(() => {
    const area = field.current;
    if (!area) return;
    growToContent(area);
    area.focus({ preventScroll: true });
    area.setSelectionRange(area.value.length, area.value.length);
  }, []);
  const save = () => {
    const content = field.current?.value.trim() ?? "";
    // Nothing left to say is a deletion, and that has a button of its own.
    if (content === "" || content === row.content) onCancel();
    else onSave(content);
  };
  const pressed = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Escape" && !event.isComposing) onCancel();
    else if (isSubmit(event, true)) save();
    else return;
    event.preventDefault();
  };
  return (
    <form
      class="message-editor"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        dir="auto"
        aria-label="Edit message"
        defaultValue={row.content}
        onKeyDown={pressed}
        onInput={(event) => growToContent(event.currentTarget)}
      />
      <p class="message-editor-actions">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <span class="hint">Enter saves, Esc cancels</span>
      </p>
    </form>
  );
}
